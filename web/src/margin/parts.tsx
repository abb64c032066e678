/** Pieces that several margin pages show. */
import { type ReactNode, useCallback } from "react";
import { type MarginRow, readCalls } from "../api/margin";
import { RotateCw } from "lucide-react";
import { showAge } from "../lib/format";
import { lookAgain, margin, marginFault, type MarginState, useMargin } from "../state/margin";
import { useRead } from "../state/reading";
import { useStore } from "../state/store";
import { Bones } from "../ui/kit";
import { to } from "../ui/route";
import { Empty, Moment } from "../ui/states";
import { liquidationsPath } from "../lib/margin";
import { amount8 } from "./words";

/** Loading, failed, or what is known; greyed with its age when it could not be read again. */
export function WithMargin(props: { children: (state: MarginState) => ReactNode }) {
  const state = useMargin();
  const { error, at } = useStore(marginFault);
  const again = (
    <button className="button small" onClick={() => lookAgain()}>
      <RotateCw size={14} aria-hidden="true" /> Try again
    </button>
  );
  if (!state) {
    return error ? (
      <Empty title="Your margin accounts could not be loaded">
        <p>{error}</p>
        {again}
      </Empty>
    ) : (
      <section className="card">
        <Bones rows={6} />
      </section>
    );
  }
  return (
    <>
      {error && (
        <div className="note warn stale-note" role="status">
          <span>
            {error} What you see is {showAge(Date.now() - at)} old.
          </span>
          {again}
        </div>
      )}
      <div className={error ? "stale" : undefined}>{props.children(state)}</div>
    </>
  );
}

const RECENT_MS = 3 * 24 * 3600_000;

/** What happened while nobody looked: an account that was liquidated not long ago says so, and where the rest of it is told. */
export function LastLiquidation({ symbol }: { symbol: string | null }) {
  const told = useStore(margin);
  const state = symbol ? told?.isolated.get(symbol) : told?.cross;
  // Read again when the account was or is no longer liquidated.
  const read = useCallback(() => (state?.created ? readCalls({ symbol }, {}) : Promise.resolve(null)), [symbol, state?.created, state?.liquidating]);
  const last = useRead(read).value?.items.find((row) => row.type === "LIQUIDATION_STARTED");
  if (!last || state?.liquidating || Date.now() - last.timestamp > RECENT_MS) return null;
  return (
    <p className="note warn last-liquidation" role="status">
      Liquidated <Moment ms={last.timestamp} />: orders were cancelled and what was needed was sold to repay what was owed.{" "}
      <a {...to(liquidationsPath(symbol))}>See what was sold</a>
    </p>
  );
}

/** Assets of an account: what is there, what is owed, what is left. */
export function AssetsTable(props: { label: string; rows: readonly MarginRow[]; onBorrow: (asset: string) => void; onRepay: (asset: string) => void }) {
  return (
    <div className="wide" tabIndex={0} role="region" aria-label={props.label}>
      <table className="grid">
        <thead>
          <tr>
            <th scope="col">Asset</th>
            <th scope="col" className="right">Free</th>
            <th scope="col" className="right extra">In orders</th>
            <th scope="col" className="right">Borrowed</th>
            <th scope="col" className="right extra">Interest</th>
            <th scope="col" className="right extra">Net</th>
            <th scope="col" className="right">
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {props.rows.map((row) => (
            <tr key={row.asset} data-asset={row.asset}>
              <td>
                <b>{row.asset}</b>
              </td>
              <Figure of={row.free} />
              <Figure of={row.locked} extra />
              <Figure of={row.borrowed} />
              <Figure of={row.interest} extra />
              <td className={`right extra ${row.net < 0n ? "down" : ""}`}>{row.net < 0n ? `\u2212${amount8(-row.net)}` : row.net ? amount8(row.net) : <span className="quiet">—</span>}</td>
              <td className="right">
                <span className="row-tools">
                  <button className="button small" onClick={() => props.onBorrow(row.asset)} aria-label={`Borrow ${row.asset}`}>
                    Borrow
                  </button>
                  {row.borrowed + row.interest > 0n && (
                    <button className="button small" onClick={() => props.onRepay(row.asset)} aria-label={`Repay ${row.asset}`}>
                      Repay
                    </button>
                  )}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Figure(props: { of: bigint; extra?: boolean }) {
  return <td className={`right ${props.extra ? "extra" : ""}`}>{props.of ? amount8(props.of) : <span className="quiet">—</span>}</td>;
}
