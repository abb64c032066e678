import { memo } from "react";
import type { Decimal } from "../lib/decimal";
import { show, showClock, showMoment } from "../lib/format";
import type { SymbolRules } from "../lib/rules";
import type { Market, PublicTrade } from "../state/market";
import { FrameStore, useStore } from "../state/store";
import { Empty } from "../ui/states";
import { GlanceTabs } from "./GlanceTabs";

const NONE = new FrameStore<readonly PublicTrade[] | null>(null);
const SHOWN = 60;

export function TradesPanel(props: {
  rules: SymbolRules | null;
  market: Market | null;
  stale: boolean;
  glance: "book" | "trades";
  onGlance: (glance: "book" | "trades") => void;
}) {
  const { rules } = props;
  const trades = useStore(props.market?.trades ?? NONE);
  return (
    <section className="panel trades" aria-label="Market trades">
      <div className="panel-head">
        <h2 className="wide-only">Trades</h2>
        <GlanceTabs glance={props.glance} onGlance={props.onGlance} />
      </div>
      <div className="ladder-head" aria-hidden="true">
        <span>Price{rules && ` (${rules.quote})`}</span>
        <span>Amount{rules && ` (${rules.base})`}</span>
        <span>Time</span>
      </div>
      <div className={`scroll ${props.stale ? "stale" : ""}`} tabIndex={0} role="region" aria-label="Latest trades">
        {!trades || !rules ? (
          Array.from({ length: 12 }, (_, i) => (
            <div key={i} className="ladder-row">
              <span className="bone" style={{ width: 64 }} />
              <span className="bone" style={{ width: 44, justifySelf: "end" }} />
              <span className="bone" style={{ width: 48, justifySelf: "end" }} />
            </div>
          ))
        ) : trades.length ? (
          trades
            .slice(0, SHOWN)
            .map((trade) => (
              <Row
                key={trade.id}
                price={trade.price}
                size={trade.size}
                time={trade.time}
                sold={trade.sold}
                pricePlaces={rules.pricePlaces}
                quantityPlaces={rules.quantityPlaces}
              />
            ))
        ) : (
          <Empty title="No trades yet">
            <p>The first one will appear here.</p>
          </Empty>
        )}
      </div>
    </section>
  );
}

interface RowProps {
  price: Decimal;
  size: Decimal;
  time: number;
  sold: boolean;
  pricePlaces: number;
  quantityPlaces: number;
}

const Row = memo(function Row({ price, size, time, sold, pricePlaces, quantityPlaces }: RowProps) {
  return (
    <div className="ladder-row">
      <span className={sold ? "down" : "up"}>
        <span className="visually-hidden">{sold ? "sold at " : "bought at "}</span>
        {show(price, pricePlaces)}
      </span>
      <span>{show(size, quantityPlaces)}</span>
      <time className="quiet" title={showMoment(time)}>
        {showClock(time)}
      </time>
    </div>
  );
});
