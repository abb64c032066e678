/** What the member has: a total in an asset of choice, then per asset what is available and what is held and why, and how it came about. */
import "../styles/seller.css";
import { useCallback, useEffect, useRef, useState } from "react";
import { postJson } from "../api/rest";
import { readCredit, readHolds, readWalletEntries } from "../api/shop";
import type { Hold, Money, PageAsk, WalletEntry } from "../api/shop-types";
import { max, parseTyped, toText } from "../lib/decimal";
import { show, showCompact } from "../lib/format";
import { columnPlaces, isZero, rateVia, showAmount, showMoney, sumByAsset } from "../lib/money";
import { Amount, type Cell, Form, PagedTable, Refused, SelectField, TextField } from "../ui/kit";
import { type Reading, useDeed, usePages, useRead } from "../state/reading";
import { type Holding, spot } from "../state/account";
import { useHoldings } from "../state/holdings";
import { say } from "../state/notices";
import { choose, settings } from "../state/settings";
import { useStore } from "../state/store";
import { tickers, venue, worth } from "../state/venue";
import { Dialog } from "../ui/Dialog";
import { to } from "../ui/route";
import { Empty, Moment } from "../ui/states";
import { MembersOnly } from "./MembersOnly";

const BRIDGES = ["USDT", "BTC"];

export default function Wallet() {
  return (
    <MembersOnly what="your wallet">
      <Pockets />
    </MembersOnly>
  );
}

function useAssets(): string[] {
  const { markets } = useStore(venue);
  return [...new Set(markets.flatMap((market) => [market.quote, market.base]))].sort();
}

const RECORDED_MS = [1_500, 4_500]; // by when what moved is recorded, mostly and at the latest

/** Called back shortly after the balances changed, however often they do. */
function useWhenMoved(call: () => void): void {
  const latest = useRef(call);
  latest.current = call;
  useEffect(() => {
    const timers = new Set<number>();
    const soon = () => {
      if (timers.size) return;
      for (const delay of RECORDED_MS) {
        const timer = window.setTimeout(() => {
          timers.delete(timer);
          latest.current();
        }, delay);
        timers.add(timer);
      }
    };
    const stop = spot.holdings.subscribe(soon);
    soon(); // what moved just before this opened may not be recorded yet
    return () => {
      stop();
      timers.forEach(clearTimeout);
    };
  }, []);
}

function Pockets() {
  const holds = useRead(readHolds);
  const credit = useRead(readCredit);
  const [asset, setAsset] = useState("");
  useWhenMoved(() => {
    holds.reload();
    credit.reload();
  });
  return (
    <main className="page office">
      <header>
        <div>
          <h1>Wallet</h1>
          <p>Available is yours to use. Held is set aside by your open orders. What you paid for goods waits in escrow until you have them.</p>
        </div>
      </header>
      <Balances holds={holds.value} onAsset={setAsset} />
      <Holds of={holds} />
      {credit.value && credit.value.balances.some((money) => !isZero(money)) && (
        <section className="card" aria-label="Store credit">
          <header>
            <div>
              <h2>Store credit</h2>
              <p>{credit.value.balances.filter((money) => !isZero(money)).map((money) => showMoney(money)).join(" · ")}</p>
            </div>
            <a className="button small" {...to("/shop/credit")}>
              Gift cards and credit
            </a>
          </header>
        </section>
      )}
      <History asset={asset} onAsset={setAsset} />
    </main>
  );
}

function Balances(props: { holds: Hold[] | null; onAsset: (asset: string) => void }) {
  const rows = useHoldings(spot);
  const prices = useStore(tickers);
  const { showIn } = useStore(settings);
  const { config, markets } = useStore(venue);
  const [moving, setMoving] = useState<"in" | "out" | null>(null);
  const escrow = new Map(sumByAsset((props.holds ?? []).filter((hold) => hold.kind === "escrow").map((hold) => hold.amount)).map((money) => [money.asset, money]));
  const rateOf = (asset: string) => rateVia(asset, showIn, BRIDGES, (a, b) => worth(a, b, prices));
  const valueOf = (row: Holding) => (rateOf(row.asset) ?? 0) * (Number(row.available + row.held) / 1e12);
  const sum = rows?.reduce((total, row) => total + valueOf(row), 0) ?? null;
  const small = sum !== null && sum !== 0 && sum < 100 ? 6 : 2;
  const totalText = sum === null ? "" : sum < 1e6 ? show(BigInt(Math.round(sum * 10 ** small)) * 10n ** BigInt(12 - small), small) : showCompact(sum);
  const marketOf = (asset: string) => markets.find((market) => market.base === asset) ?? markets.find((market) => market.quote === asset);
  return (
    <section className="card" aria-label="Balances">
      <header>
        <div>
          <p>Total, at last prices</p>
          <p className="total" data-testid="wallet-total">
            {sum === null ? <span className="bone" style={{ width: 180, height: 28 }} /> : `${totalText} ${showIn}`}
          </p>
        </div>
        <div className="deeds">
          <CountedIn />
          {config.demo && (
            <>
              <button className="button" onClick={() => setMoving("out")}>
                Withdraw
              </button>
              <button className="button primary" onClick={() => setMoving("in")}>
                Deposit
              </button>
            </>
          )}
        </div>
      </header>
      {rows && !rows.length ? (
        <Empty title="Nothing here yet">
          <p>{config.demo ? "Deposit some demo funds above, then trade or shop." : "Deposits appear here."}</p>
        </Empty>
      ) : (
        <div className="wide" tabIndex={0} role="region" aria-label="Balances by asset">
          <table className="grid">
            <thead>
              <tr>
                <th scope="col">Asset</th>
                <th scope="col" className="right">Available</th>
                <th scope="col" className="right">Held</th>
                <th scope="col" className="right extra">In escrow</th>
                <th scope="col" className="right">Worth ({showIn})</th>
                <th scope="col" className="right extra">
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {!rows &&
                [0, 1, 2].map((i) => (
                  <tr key={i}>
                    {[40, 90, 60, 60, 70, 40].map((width, j) => (
                      <td key={j} className={j === 3 || j === 5 ? "extra" : ""}>
                        <span className="bone" style={{ width, marginLeft: j ? "auto" : 0 }} />
                      </td>
                    ))}
                  </tr>
                ))}
              {rows?.map((row) => (
                <tr key={row.asset} data-asset={row.asset}>
                  <td>
                    <a href="#history" onClick={() => props.onAsset(row.asset)}>
                      <b>{row.asset}</b>
                    </a>
                  </td>
                  <td className="right">{show(row.available, 8)}</td>
                  <td className={`right ${row.held ? "" : "quiet"}`}>{row.held ? <a href="#held">{show(row.held, 8)}</a> : "—"}</td>
                  <td className="right extra">
                    {escrow.has(row.asset) ? <a href="#held">{showAmount(escrow.get(row.asset)!)}</a> : <span className="quiet">—</span>}
                  </td>
                  <td className="right">{rateOf(row.asset) === null ? "—" : showCompact(valueOf(row))}</td>
                  <td className="right extra">{marketOf(row.asset) && <a {...to(`/trade/${marketOf(row.asset)!.symbol}`)}>Trade</a>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {moving === "in" && <DepositDialog onClose={() => setMoving(null)} />}
      {moving === "out" && <WithdrawDialog rows={rows ?? []} onClose={() => setMoving(null)} />}
    </section>
  );
}

function CountedIn() {
  const assets = useAssets();
  const { showIn } = useStore(settings);
  return (
    <div className="input">
      <select aria-label="Count the total in" value={showIn} onChange={(event) => choose({ showIn: event.target.value })}>
        {[...new Set([showIn, ...assets])].map((asset) => (
          <option key={asset}>{asset}</option>
        ))}
      </select>
    </div>
  );
}

// ---------------------------------------------------------------- what is held, and why

const KINDS: Record<Hold["kind"], { text: string; tone: string }> = {
  order: { text: "Order", tone: "" },
  escrow: { text: "Escrow", tone: "accent" },
  reserve: { text: "Reserve", tone: "warn" },
};

function WhyText({ hold }: { hold: Hold }) {
  if (hold.kind === "escrow" && hold.orderId) return <a {...to(`/shop/orders/${hold.orderId}`)}>{hold.text}</a>;
  if (hold.kind === "reserve") return <a {...to("/seller/payouts")}>{hold.text}</a>;
  const symbol = / on ([A-Z0-9]+)$/.exec(hold.text)?.[1];
  return symbol ? <a {...to(`/trade/${symbol}`)}>{hold.text}</a> : hold.text;
}

const HOLDS: Cell<Hold>[] = [
  { head: "Why", cell: (row) => <span className={`tag ${KINDS[row.kind]?.tone ?? ""}`}>{KINDS[row.kind]?.text ?? row.kind}</span> },
  { head: "For", cell: (row) => <WhyText hold={row} /> },
  { head: "Since", extra: true, cell: (row) => (row.since ? <Moment ms={row.since} /> : <span className="quiet">—</span>) },
  { head: "Released by itself", extra: true, cell: (row) => (row.until ? <Moment ms={row.until} /> : <span className="quiet">—</span>) },
  { head: "Amount", right: true, cell: (row) => <Amount of={row.amount} /> },
];

function Holds(props: { of: Reading<Hold[]> }) {
  return (
    <section className="card" id="held" aria-label="What is held, and why">
      <header>
        <div>
          <h2>Held, and why</h2>
        </div>
      </header>
      <PagedTable
        label="What is held"
        rows={props.of}
        columns={HOLDS}
        rowKey={(row) => `${row.kind}${row.orderId ?? ""}${row.since}${row.text}${row.amount.asset}${row.amount.amount}`}
        empty={
          <Empty title="Nothing is held">
            <p>Open orders and purchases that are under way appear here.</p>
          </Empty>
        }
      />
    </section>
  );
}

// ---------------------------------------------------------------- history

function EntryText({ row }: { row: WalletEntry }) {
  const text = row.symbol ? `${row.text} on ${row.symbol}` : row.text;
  if (row.orderId) return <a {...to(`/shop/orders/${row.orderId}`)}>{text}</a>;
  return row.symbol ? <a {...to(`/trade/${row.symbol}`)}>{text}</a> : text;
}

function History(props: { asset: string; onAsset: (asset: string) => void }) {
  const assets = useAssets();
  const owned = useHoldings(spot);
  const first = owned?.find((row) => row.asset === "USDT")?.asset ?? owned?.[0]?.asset ?? assets[0] ?? "";
  const asset = props.asset || first;
  return (
    <section className="card" id="history" aria-label="History">
      <header>
        <div>
          <h2>History</h2>
          <p>Every change of what you have, with the balance after it.</p>
        </div>
        <div className="input">
          <select aria-label="History of" value={asset} onChange={(event) => props.onAsset(event.target.value)}>
            {[...new Set([asset, ...assets])].filter(Boolean).map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </div>
      </header>
      {asset && <Entries key={asset} asset={asset} />}
    </section>
  );
}

function Entries({ asset }: { asset: string }) {
  const read = useCallback((ask: PageAsk) => readWalletEntries(asset, { ...ask, limit: 25 }), [asset]);
  const rows = usePages(read);
  useWhenMoved(rows.reload);
  const places = columnPlaces((rows.value ?? []).flatMap((row): Money[] => [row.amount, row.balance]));
  const columns: Cell<WalletEntry>[] = [
    { head: "When", cell: (row) => <Moment ms={row.at} /> },
    { head: "What", cell: (row) => <EntryText row={row} /> },
    { head: `Amount (${asset})`, right: true, cell: (row) => <span className={row.sign === "+" ? "up" : ""}>{row.sign === "+" ? "+" : "\u2212"}{showAmount(row.amount, places)}</span> },
    { head: `Balance (${asset})`, right: true, extra: true, cell: (row) => showAmount(row.balance, places) },
  ];
  return (
    <PagedTable
      label={`History of ${asset}`}
      rows={rows}
      columns={columns}
      rowKey={(row) => `${row.at}${row.text}${row.sign}${row.amount.amount}${row.balance.amount}`}
      empty={<Empty title={`No ${asset} came or went yet`} />}
    />
  );
}

// ---------------------------------------------------------------- the demo's deposit and withdrawal

function DepositDialog(props: { onClose: () => void }) {
  const assets = useAssets();
  const [chosen, setChosen] = useState("");
  const asset = chosen || (assets.includes("USDT") ? "USDT" : (assets[0] ?? ""));
  const deed = useDeed(true);
  const send = async () => {
    const given = await deed.run({ asset, at: Date.now() }, () => postJson<Money>("/account/faucet", { asset }));
    if (!given) return;
    say(`${showMoney(given)} added`);
    props.onClose();
  };
  return (
    <Dialog title="Deposit" onClose={props.onClose}>
      <Form onSubmit={send}>
        <SelectField label="Asset" value={asset} onChange={setChosen} choices={assets.map((one) => ({ value: one, text: one }))} hint="Play money of this demo, a fixed amount each time, a few times an hour." />
        <Refused of={deed.refused} />
        <div className="dialog-buttons">
          <button type="button" className="button" onClick={props.onClose}>
            Close
          </button>
          <button className="button primary" disabled={deed.busy || !asset}>
            Deposit demo {asset}
          </button>
        </div>
      </Form>
    </Dialog>
  );
}

function WithdrawDialog(props: { rows: Holding[]; onClose: () => void }) {
  const { rows } = props;
  const [chosen, setChosen] = useState("");
  const [typed, setTyped] = useState("");
  const deed = useDeed(true);
  const row = rows.find((one) => one.asset === chosen) ?? rows.find((one) => one.asset === "USDT") ?? rows[0];
  const available = max(row?.available ?? 0n, 0n);
  const amount = parseTyped(typed);
  const fault = !typed ? "" : amount === null || amount <= 0n ? "This is not an amount." : amount > available ? `${show(available, 8)} ${row?.asset ?? ""} are available.` : "";
  const ready = row !== undefined && amount !== null && amount > 0n && fault === "";
  const send = async () => {
    const asked = { asset: row!.asset, amount: toText(amount!) };
    const taken = await deed.run({ ...asked, at: Date.now() }, () => postJson<Money>("/account/faucet/return", asked));
    if (!taken) return;
    say(`${showMoney(taken)} withdrawn`);
    props.onClose();
  };
  return (
    <Dialog title="Withdraw" onClose={props.onClose}>
      {row ? (
        <Form onSubmit={() => ready && send()}>
          <SelectField
            label="Asset" value={row.asset} choices={rows.map((one) => ({ value: one.asset, text: one.asset }))}
            onChange={(asset) => {
              setChosen(asset);
              setTyped("");
            }}
          />
          <TextField
            label="Amount" value={typed} onChange={setTyped} decimal unit={row.asset} error={fault} autoFocus
            hint={<>Available: <button type="button" className="link-button" onClick={() => setTyped(toText(available))}>{show(available, 8)} {row.asset}</button></>}
          />
          <p className="field-hint">Play money goes back to the demo it came from.</p>
          <Refused of={deed.refused} />
          <div className="dialog-buttons">
            <button type="button" className="button" onClick={props.onClose}>
              Close
            </button>
            <button className="button primary" disabled={!ready || deed.busy}>
              {ready ? `Withdraw ${showMoney({ asset: row.asset, amount: toText(amount!) })}` : "Withdraw"}
            </button>
          </div>
        </Form>
      ) : (
        <Empty title="There is nothing to withdraw" />
      )}
    </Dialog>
  );
}
