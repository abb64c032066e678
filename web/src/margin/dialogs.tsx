/** What is done with a margin account: money in and out, borrow, repay. Each dialog says first what is possible. */
import { useEffect, useState } from "react";
import { borrowRepay, type IsolatedAccount, lend, type MarginRow, maxBorrowable, maxTransferable, type Pocket, type Pool, readPools, transfer, type Where } from "../api/margin";
import { type Decimal, max, min, multiply, parse, parseTyped, toText } from "../lib/decimal";
import { show } from "../lib/format";
import { rateText, yearly } from "../lib/margin";
import { spot } from "../state/account";
import { lookAgain, margin, type MarginState } from "../state/margin";
import { say } from "../state/notices";
import { useDeed, useRead } from "../state/reading";
import { useStore } from "../state/store";
import { rulesOf } from "../state/venue";
import { Dialog } from "../ui/Dialog";
import { Form, Refused, SelectField, TextField } from "../ui/kit";
import { amount8, marketName } from "./words";

const HOURS = 24;

/** The amount field's fault, where what is typed is none that may be sent. */
function amountFault(typed: string, most: Decimal | null, asset: string, mostWords: string): string {
  if (!typed.trim()) return "";
  const amount = parseTyped(typed);
  if (amount === null || amount <= 0n) return "This is not an amount.";
  if (toText(amount).split(".")[1] !== undefined && toText(amount).split(".")[1]!.length > 8) return "Amounts have 8 decimals at most.";
  return most !== null && amount > most ? `${mostWords} ${amount8(most)} ${asset}.` : "";
}

function AmountField(props: { asset: string; value: string; onChange: (value: string) => void; most: Decimal | null; mostWords: string; allText?: string; simulated?: boolean }) {
  const { asset, most } = props;
  const fault = amountFault(props.value, most, asset, props.mostWords);
  return (
    <>
      <TextField
        label="Amount"
        value={props.value}
        onChange={props.onChange}
        decimal
        unit={asset}
        error={fault}
        hint={most === null ? "…" : `${props.mostWords} ${amount8(most)} ${asset}${props.simulated ? ", by simulated index prices" : ""}.`}
        autoFocus
      />
      {most !== null && most > 0n && (
        <p className="dialog-quick">
          <button type="button" className="link-button" onClick={() => props.onChange(toText(most))}>
            {props.allText ?? "Use all of it"}
          </button>
        </p>
      )}
    </>
  );
}

const isReady = (typed: string, most: Decimal | null): boolean => {
  const amount = parseTyped(typed);
  return amount !== null && amount > 0n && (most === null || amount <= most);
};

function Buttons(props: { onClose: () => void; busy: boolean; ready: boolean; children: string }) {
  return (
    <div className="dialog-buttons">
      <button type="button" className="button" onClick={props.onClose}>
        Close
      </button>
      <button className="button primary" disabled={props.busy || !props.ready}>
        {props.children}
      </button>
    </div>
  );
}

// ---------------------------------------------------------------- transfer

const pocketKey = (pocket: Pocket): string => (typeof pocket === "string" ? pocket : pocket.symbol);
const pocketOf = (key: string): Pocket => (key === "SPOT" || key === "CROSS" ? key : { symbol: key });

function pocketName(key: string): string {
  if (key === "SPOT") return "Spot";
  return key === "CROSS" ? "Cross" : `Isolated ${marketName(key)}`;
}

/** What an account takes: of isolated ones their two assets, of the cross one what it lists, of spot everything. */
function takes(key: string, asset: string, cross: readonly MarginRow[]): boolean {
  if (key === "SPOT") return true;
  if (key === "CROSS") return cross.some((row) => row.asset === asset);
  const rules = rulesOf(key);
  return rules !== undefined && (asset === rules.base || asset === rules.quote);
}

export function TransferDialog(props: { from: Pocket; to: Pocket; asset?: string; isolatedPairs?: readonly string[]; onClose: () => void }) {
  const state = useStore(margin);
  const owned = useStore(spot.holdings);
  const [ends, setEnds] = useState({ from: pocketKey(props.from), to: pocketKey(props.to) });
  const [chosen, setChosen] = useState(props.asset ?? "");
  const [typed, setTyped] = useState("");
  const deed = useDeed(true);
  const cross = state?.cross.rows ?? [];
  const pairs = [...new Set([ends.from, ends.to, ...(state?.isolated.keys() ?? []), ...(props.isolatedPairs ?? [])])].filter((key) => key !== "SPOT" && key !== "CROSS");
  const pockets = ["SPOT", "CROSS", ...pairs];
  const assets = [...new Set([...cross.map((row) => row.asset), ...pairs.flatMap((key) => [rulesOf(key)?.base ?? "", rulesOf(key)?.quote ?? ""])])].filter(
    (asset) => asset && takes(ends.from, asset, cross) && takes(ends.to, asset, cross),
  );
  const asset = assets.includes(chosen) ? chosen : (assets.find((one) => one === "USDT") ?? assets[0] ?? "");
  const fromMargin = ends.from !== "SPOT";
  const limit = useMost(fromMargin && asset ? `${ends.from}:${asset}` : "", () => maxTransferable({ symbol: ends.from === "CROSS" ? null : ends.from }, asset));
  const most = fromMargin ? limit : owned ? max(owned.get(asset)?.available ?? 0n, 0n) : null;
  const send = async () => {
    const amount = toText(parseTyped(typed)!);
    const done = await deed.run({ ...ends, asset, amount }, (key) => transfer(pocketOf(ends.from), pocketOf(ends.to), asset, amount, key));
    if (!done) return;
    say(`${show(parse(amount), 8).replace(/\.?0+$/, "")} ${asset} moved to ${pocketName(ends.to).toLowerCase()}`);
    lookAgain();
    props.onClose();
  };
  const choose = (end: "from" | "to") => (key: string) => {
    const other = end === "from" ? "to" : "from";
    setEnds((present) => (present[other] === key ? { from: present.to, to: present.from } : { ...present, [end]: key }));
    setTyped("");
  };
  const choices = pockets.map((key) => ({ value: key, text: pocketName(key) }));
  const simulated = fromMargin && isSimulated(state, ends.from === "CROSS" ? null : ends.from);
  return (
    <Dialog title="Transfer" onClose={props.onClose}>
      <Form onSubmit={() => isReady(typed, most) && send()}>
        <div className="dialog-pair">
          <SelectField label="From" value={ends.from} onChange={choose("from")} choices={choices} />
          <SelectField label="To" value={ends.to} onChange={choose("to")} choices={choices} />
        </div>
        <SelectField
          label="Asset"
          value={asset}
          onChange={(value) => {
            setChosen(value);
            setTyped("");
          }}
          choices={assets.map((one) => ({ value: one, text: one }))}
        />
        <AmountField asset={asset} value={typed} onChange={setTyped} most={most} mostWords={fromMargin ? "Free to leave:" : "Available:"} simulated={simulated} />
        {fromMargin && <p className="field-hint">What backs your loans stays: only what leaves the level high enough can be taken out.</p>}
        <Refused of={deed.refused} />
        <Buttons onClose={props.onClose} busy={deed.busy} ready={isReady(typed, most)}>
          Transfer
        </Buttons>
      </Form>
    </Dialog>
  );
}

/** What an account may borrow or let go is told by its level; that one may go by a simulated price. */
const isSimulated = (state: MarginState | null, symbol: string | null): boolean => (symbol ? state?.isolated.get(symbol) : state?.cross)?.simulated ?? false;

/** A limit that the venue computes; null while it is asked, 0 where it refuses to say. */
function useMost(of: string, read: () => Promise<Decimal>): Decimal | null {
  const [told, setTold] = useState<{ of: string; most: Decimal } | null>(null);
  useEffect(() => {
    if (!of) return;
    let current = true;
    read()
      .then((most) => current && setTold({ of, most }))
      .catch(() => current && setTold({ of, most: 0n }));
    return () => {
      current = false;
    };
    // `of` says all that `read` depends on.
  }, [of]);
  return told?.of === of ? told.most : null;
}

// ---------------------------------------------------------------- borrow and repay

const whereText = ({ symbol }: Where): string => (symbol ? `isolated ${marketName(symbol)}` : "cross");

export function BorrowDialog(props: { where: Where; assets: readonly string[]; asset?: string; onClose: () => void }) {
  const { where } = props;
  const pools = useRead(readPools);
  const [asset, setAsset] = useState(props.asset ?? props.assets[0] ?? "");
  const [typed, setTyped] = useState("");
  const deed = useDeed(true);
  const most = useMost(`${where.symbol}:${asset}`, () => maxBorrowable(where, asset));
  const rate = pools.value?.find((pool) => pool.asset === asset)?.borrowRate;
  const simulated = isSimulated(useStore(margin), where.symbol);
  const amount = parseTyped(typed);
  const send = async () => {
    const text = toText(amount!);
    const done = await deed.run({ asset, amount: text, ...where }, (key) => borrowRepay("BORROW", where, asset, text, key));
    if (!done) return;
    say(`Borrowed ${amount8(amount!)} ${asset}`);
    lookAgain();
    props.onClose();
  };
  return (
    <Dialog title={`Borrow in ${whereText(where)}`} onClose={props.onClose}>
      <Form onSubmit={() => isReady(typed, most) && send()}>
        <SelectField
          label="Asset"
          value={asset}
          onChange={(value) => {
            setAsset(value);
            setTyped("");
          }}
          choices={props.assets.map((one) => ({ value: one, text: one }))}
        />
        <AmountField asset={asset} value={typed} onChange={setTyped} most={most} mostWords="You can borrow" allText="Borrow all of it" simulated={simulated} />
        <RateFacts rate={rate} amount={amount} asset={asset} />
        <Refused of={deed.refused} />
        <Buttons onClose={props.onClose} busy={deed.busy} ready={isReady(typed, most)}>
          {`Borrow ${amount ? `${amount8(amount)} ` : ""}${asset}`}
        </Buttons>
      </Form>
    </Dialog>
  );
}

/** Interest is simple and charged for each started clock hour, the first at once. */
function RateFacts(props: { rate: number | undefined; amount: Decimal | null; asset: string }) {
  const { rate, amount } = props;
  const hourly = rate === undefined ? undefined : rate / HOURS;
  const first = hourly !== undefined && amount ? multiply(amount, BigInt(Math.ceil(hourly * 1e12))) : null;
  return (
    <dl className="facts">
      <dt>Interest an hour</dt>
      <dd>{hourly === undefined ? <span className="bone" style={{ width: 90 }} /> : `${rateText(hourly)} (${rateText(yearly(rate!))} a year)`}</dd>
      <dt>First hour, charged at once</dt>
      <dd>{first === null ? "—" : `≈ ${amount8(first)} ${props.asset}`}</dd>
    </dl>
  );
}

export function RepayDialog(props: { where: Where; rows: readonly MarginRow[]; asset?: string; onClose: () => void }) {
  const { where } = props;
  const owing = props.rows.filter((row) => row.borrowed + row.interest > 0n);
  const [chosen, setChosen] = useState(props.asset ?? "");
  const [typed, setTyped] = useState("");
  const deed = useDeed(true);
  const row = owing.find((one) => one.asset === chosen) ?? owing[0];
  const owed = row ? row.borrowed + row.interest : 0n;
  const most = row ? min(owed, max(row.free, 0n)) : 0n;
  const send = async () => {
    const amount = toText(parseTyped(typed)!);
    const done = await deed.run({ asset: row!.asset, amount, ...where }, (key) => borrowRepay("REPAY", where, row!.asset, amount, key));
    if (!done) return;
    say(`Repaid ${amount8(parse(amount))} ${row!.asset}`);
    lookAgain();
    props.onClose();
  };
  return (
    <Dialog title={`Repay in ${whereText(where)}`} onClose={props.onClose}>
      {row ? (
        <Form onSubmit={() => isReady(typed, most) && send()}>
          <SelectField
            label="Asset"
            value={row.asset}
            onChange={(value) => {
              setChosen(value);
              setTyped("");
            }}
            choices={owing.map((one) => ({ value: one.asset, text: one.asset }))}
          />
          <dl className="facts">
            <dt>Borrowed</dt>
            <dd>
              {amount8(row.borrowed)} {row.asset}
            </dd>
            <dt>Interest so far, paid first</dt>
            <dd>
              {amount8(row.interest)} {row.asset}
            </dd>
            <dt>Free in this account</dt>
            <dd>
              {amount8(row.free)} {row.asset}
            </dd>
          </dl>
          <AmountField asset={row.asset} value={typed} onChange={setTyped} most={most} mostWords="You can repay" allText={most === owed ? "Repay all that is owed" : "Repay what is there"} />
          <Refused of={deed.refused} />
          <Buttons onClose={props.onClose} busy={deed.busy} ready={isReady(typed, most)}>
            Repay
          </Buttons>
        </Form>
      ) : (
        <>
          <p>Nothing is owed in this account.</p>
          <Buttons onClose={props.onClose} busy={false} ready={false}>
            Repay
          </Buttons>
        </>
      )}
    </Dialog>
  );
}

// ---------------------------------------------------------------- lending

export function LendDialog(props: { pool: Pool; out: boolean; onClose: () => void; onDone: () => void }) {
  const { pool, out } = props;
  const owned = useStore(spot.holdings);
  const [typed, setTyped] = useState("");
  const deed = useDeed(true);
  const most = out ? min(pool.mine, pool.free) : owned ? max(owned.get(pool.asset)?.available ?? 0n, 0n) : null;
  const send = async () => {
    const amount = parseTyped(typed)!;
    const all = out && amount === pool.mine;
    const done = await deed.run({ out, asset: pool.asset, amount: toText(amount) }, (key) => lend(out ? "REDEEM" : "LEND", pool.asset, all ? undefined : toText(amount), key));
    if (!done) return;
    say(out ? `${amount8(parse(done.amount))} ${pool.asset} taken out` : `${amount8(amount)} ${pool.asset} lent`);
    props.onDone();
    props.onClose();
  };
  return (
    <Dialog title={out ? `Take ${pool.asset} out` : `Lend ${pool.asset}`} onClose={props.onClose}>
      <Form onSubmit={() => isReady(typed, most) && send()}>
        <AmountField asset={pool.asset} value={typed} onChange={setTyped} most={most} mostWords={out ? "Free to take out:" : "Available in spot:"} />
        <dl className="facts">
          {out ? (
            <>
              <dt>Yours, with what it earned</dt>
              <dd>
                {amount8(pool.mine)} {pool.asset}
              </dd>
              <dt>Not lent right now</dt>
              <dd>
                {amount8(pool.free)} {pool.asset}
              </dd>
            </>
          ) : (
            <>
              <dt>Earns now</dt>
              <dd>{rateText(yearly(pool.lendRate))} a year</dd>
              <dt>Lent to borrowers</dt>
              <dd>{(pool.utilization * 100).toFixed(1)}%</dd>
            </>
          )}
        </dl>
        <p className="field-hint">
          {out ? "What borrowers have comes back as they repay; until then only what is free can leave." : "The rate moves each hour with how much of the pool is borrowed. A loss that no insurance covers is shared by the lenders."}
        </p>
        <Refused of={deed.refused} />
        <Buttons onClose={props.onClose} busy={deed.busy} ready={isReady(typed, most)}>
          {out ? "Take out" : "Lend"}
        </Buttons>
      </Form>
    </Dialog>
  );
}

/** The two rows of an isolated account. */
export const rowsOf = (account: IsolatedAccount): MarginRow[] => [account.base, account.quote];
