/** The index prices that levels and liquidations go by, each with the sources behind it. */
import { useEffect, useState } from "react";
import { type IndexPrice, readIndex, readPairs } from "../api/margin";
import { show, showAge } from "../lib/format";
import { useRead } from "../state/reading";
import { rulesOf } from "../state/venue";
import { Card, Heading, Read } from "../ui/kit";
import { Empty } from "../ui/states";
import { marketName } from "./words";

const LOOK_MS = 5_000;

/** Pairs without an index yet answer with an error; they are left out. */
async function readAll(): Promise<IndexPrice[]> {
  const pairs = await readPairs();
  const told = await Promise.allSettled(pairs.map(readIndex));
  return told.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
}

export function Prices() {
  const prices = useRead(readAll);
  const { reload } = prices;
  useEffect(() => {
    const timer = setInterval(reload, LOOK_MS);
    return () => clearInterval(timer);
  }, [reload]);
  return (
    <>
      <Heading
        title="Index prices"
        about="What margin accounts are valued at: the median of several sources, never the last price of this exchange alone. Fewer than two that agree, and the index stands still."
      />
      <Read of={prices}>{(rows) => (rows.length ? rows.map((row) => <IndexCard key={row.symbol} index={row} />) : <Empty title="No index prices yet" />)}</Read>
    </>
  );
}

function IndexCard({ index }: { index: IndexPrice }) {
  const rules = rulesOf(index.symbol);
  return (
    <Card
      title={marketName(index.symbol)}
      deeds={
        <span className="tags">
          {index.frozen && <span className="tag warn">Stands still</span>}
          {index.simulated && <span className="tag">Simulated source</span>}
          <strong className="index-price">
            {show(index.price, rules?.pricePlaces ?? 2)} {rules?.quote}
          </strong>
        </span>
      }
    >
      <div className="wide" tabIndex={0} role="region" aria-label={`Sources of ${marketName(index.symbol)}`}>
        <table className="grid">
          <thead>
            <tr>
              <th scope="col">Source</th>
              <th scope="col">Asset</th>
              <th scope="col" className="right">Price</th>
              <th scope="col" className="right">Age</th>
              <th scope="col" className="right">Counts</th>
            </tr>
          </thead>
          <tbody>
            {index.sources.map((source) => (
              <tr key={`${source.asset}${source.name}`}>
                <td>{source.simulated ? <span title="Made up, for a demo without a network">{source.name}</span> : source.name}</td>
                <td>{source.asset}</td>
                <td className="right">{show(source.price, rules?.pricePlaces ?? 2)}</td>
                <td className="right">
                  <Age at={source.at} />
                </td>
                <td className="right">{source.fresh ? "Fresh" : <span className="quiet">Too old</span>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}

function Age({ at }: { at: number }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return showAge(now - at);
}
