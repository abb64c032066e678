/** Isolated accounts: each backs one pair, and no other can be drawn into its liquidation. */
import { useState } from "react";
import { type IsolatedAccount, readPairs } from "../api/margin";
import { show, showPercent } from "../lib/format";
import { toNumber } from "../lib/decimal";
import { type Bars, distanceTo } from "../lib/margin";
import { useRead } from "../state/reading";
import { rulesOf } from "../state/venue";
import { Card, Heading } from "../ui/kit";
import { to } from "../ui/route";
import { Empty } from "../ui/states";
import { BorrowDialog, RepayDialog, rowsOf, TransferDialog } from "./dialogs";
import { Gauge } from "./Gauge";
import { AssetsTable, LastLiquidation, WithMargin } from "./parts";
import { marketName } from "./words";

type Doing = { what: "in" | "out" | "borrow" | "repay"; symbol: string; asset?: string } | null;

export function IsolatedPage() {
  const [doing, setDoing] = useState<Doing>(null);
  const pairs = useRead(readPairs);
  const close = () => setDoing(null);
  return (
    <>
      <Heading title="Isolated margin" about="One account for one pair. If it is liquidated, nothing else of yours is touched.">
        <button className="button primary" disabled={!pairs.value?.length} onClick={() => setDoing({ what: "in", symbol: pairs.value![0]! })}>
          Move funds in
        </button>
      </Heading>
      <WithMargin>
        {({ isolated, bars }) => {
          const open = [...isolated.values()].filter((one) => one.created);
          const account = doing && isolated.get(doing.symbol);
          return (
            <>
              {open.map((one) => (
                <IsolatedCard key={one.symbol} account={one} bars={bars} onDo={(what, asset) => setDoing({ what, symbol: one.symbol, asset })} />
              ))}
              {!open.length && (
                <section className="card">
                  <Empty title="No isolated account yet">
                    <p>An account opens with the first funds that you move to its pair.</p>
                  </Empty>
                </section>
              )}
              {doing?.what === "in" && <TransferDialog from="SPOT" to={{ symbol: doing.symbol }} isolatedPairs={pairs.value ?? []} onClose={close} />}
              {doing?.what === "out" && <TransferDialog from={{ symbol: doing.symbol }} to="SPOT" isolatedPairs={pairs.value ?? []} onClose={close} />}
              {doing?.what === "borrow" && account && (
                <BorrowDialog where={{ symbol: doing.symbol }} assets={rowsOf(account).map((row) => row.asset)} asset={doing.asset} onClose={close} />
              )}
              {doing?.what === "repay" && account && <RepayDialog where={{ symbol: doing.symbol }} rows={rowsOf(account)} asset={doing.asset} onClose={close} />}
            </>
          );
        }}
      </WithMargin>
    </>
  );
}

function IsolatedCard(props: { account: IsolatedAccount; bars: Bars; onDo: (what: "in" | "out" | "borrow" | "repay", asset?: string) => void }) {
  const { account, bars, onDo } = props;
  const rules = rulesOf(account.symbol);
  const places = rules?.pricePlaces ?? 2;
  const away = distanceTo(toNumber(account.liquidationPrice), toNumber(account.indexPrice));
  return (
    <Card
      title={marketName(account.symbol)}
      about={account.trades ? undefined : "Orders wait while this account is frozen or being liquidated."}
      deeds={
        <span className="deeds">
          <a className="button small" {...to(`/trade/${account.symbol}`)}>
            Trade
          </a>
          <button className="button small" onClick={() => onDo("out")}>
            Move out
          </button>
          <button className="button small" onClick={() => onDo("in")}>
            Move in
          </button>
        </span>
      }
    >
      <LastLiquidation symbol={account.symbol} />
      <div className="body margin-level">
        <Gauge {...account} bars={bars} label={`Margin level of ${marketName(account.symbol)}`} />
        <dl className="facts tall">
          <dt>Liquidated at{account.simulated && account.liquidationPrice > 0n && " (simulated)"}</dt>
          <dd data-testid="liquidation-price">
            {account.liquidationPrice ? `${show(account.liquidationPrice, places)} ${rules?.quote ?? ""}` : "—"}
            {away !== null && <span className="quiet"> {showPercent(away)} from the index</span>}
          </dd>
          <dt>Index price{account.simulated && " (simulated)"}</dt>
          <dd data-testid="index-price">{account.indexPrice ? `${show(account.indexPrice, places)} ${rules?.quote ?? ""}` : "—"}</dd>
        </dl>
      </div>
      <AssetsTable label={`Assets of ${marketName(account.symbol)}`} rows={rowsOf(account)} onBorrow={(asset) => onDo("borrow", asset)} onRepay={(asset) => onDo("repay", asset)} />
    </Card>
  );
}
