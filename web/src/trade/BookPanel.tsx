/** The live book: asks above, spread, bids below, as many rows as there is room for. Painted once per animation frame. */
import { type KeyboardEvent, memo, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { basisPoints, groupSteps, type Level } from "../lib/book";
import { ceilTo, type Decimal, floorTo, parse, placesOf, toText } from "../lib/decimal";
import { group, show } from "../lib/format";
import { isWaiting } from "../lib/orders";
import type { SymbolRules } from "../lib/rules";
import type { Market } from "../state/market";
import { FrameStore, useStore } from "../state/store";
import { GlanceTabs } from "./GlanceTabs";
import { takePrice } from "./ticketStore";
import { useOpenOrders } from "./useDesk";

const ROW = 20;
const SPREAD = 32;
const STILL = new FrameStore(0);

interface Props {
  rules: SymbolRules | null;
  market: Market | null;
  stale: boolean;
  glance: "book" | "trades";
  onGlance: (glance: "book" | "trades") => void;
}

export function BookPanel({ rules, market, stale, glance, onGlance }: Props) {
  const [step, setStep] = useState<Decimal | null>(null);
  const body = useRef<HTMLDivElement>(null);
  const rows = useRowCount(body);
  useStore(market?.bookFrame ?? STILL);
  const book = market?.book;
  const live = book?.state === "live";
  const magnitude = live ? toText(book.mid).split(".")[0]!.length : 0;
  const steps = useMemo(
    () => (rules ? groupSteps(rules.tick, magnitude ? 10n ** BigInt(magnitude - 1) * 10n ** 12n : 0n) : []),
    [rules, magnitude],
  );
  const chosen = step ?? rules?.tick ?? 1n;

  return (
    <section className="panel book" aria-label="Order book">
      <div className="panel-head">
        <h2 className="wide-only">Order book</h2>
        <GlanceTabs glance={glance} onGlance={onGlance} />
        <label className="group-step" title="Group prices">
          <span className="visually-hidden">Group prices by</span>
          <select value={toText(chosen)} onChange={(event) => setStep(parse(event.target.value))}>
            {steps.map((one) => (
              <option key={toText(one)} value={toText(one)}>
                {group(toText(one))}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div className="ladder-head" aria-hidden="true">
        <span>Price{rules && ` (${rules.quote})`}</span>
        <span>Amount{rules && ` (${rules.base})`}</span>
        <span>Sum</span>
      </div>
      <div className={`ladders ${stale ? "stale" : ""}`} ref={body} aria-busy={!live}>
        {live && rules ? (
          <Ladders market={market!} rules={rules} step={chosen} rows={rows} />
        ) : (
          <Bones rows={rows} />
        )}
      </div>
    </section>
  );
}

function useRowCount(body: React.RefObject<HTMLDivElement | null>): number {
  const [rows, setRows] = useState(10);
  useLayoutEffect(() => {
    const element = body.current!;
    const measure = () => setRows(Math.max(4, Math.floor((element.clientHeight - SPREAD) / 2 / ROW)));
    const sizes = new ResizeObserver(measure);
    sizes.observe(element);
    measure();
    return () => sizes.disconnect();
  }, [body]);
  return rows;
}

function Bones({ rows }: { rows: number }) {
  const side = Array.from({ length: rows }, (_, i) => (
    <div key={i} className="ladder-row">
      <span className="bone" style={{ width: 64 }} />
      <span className="bone" style={{ width: 40 + ((i * 13) % 20), justifySelf: "end" }} />
      <span className="bone" style={{ width: 40, justifySelf: "end" }} />
    </div>
  ));
  return (
    <>
      <div className="ladder">{side}</div>
      <div className="spread" />
      <div className="ladder">{side}</div>
    </>
  );
}

interface Placed {
  rules: SymbolRules;
  market: Market;
  step: Decimal;
  rows: number;
}

function Ladders({ rules, market, step, rows }: Placed) {
  const { book } = market;
  const asks = book.asks.grouped(step, rows);
  const bids = book.bids.grouped(step, rows);
  const sum = (levels: Level[]) => levels.reduce((total, [, size]) => total + size, 0n);
  const deepest = [sum(asks), sum(bids)].reduce((a, b) => (a > b ? a : b));
  const { bestAsk, bestBid, mid } = book;
  return (
    <>
      <Ladder side="ask" levels={asks} deepest={deepest} rules={rules} step={step} rows={rows} />
      <div className="spread" data-testid="spread">
        {bestAsk && bestBid ? (
          <>
            <strong>{show(mid, rules.pricePlaces)}</strong>
            <span>
              spread {show(bestAsk - bestBid, rules.pricePlaces)} · {basisPoints(bestAsk - bestBid, mid).toFixed(2)} bps
            </span>
          </>
        ) : (
          <span>{bestAsk ? "No bids right now" : bestBid ? "No offers right now" : "The book is empty"}</span>
        )}
      </div>
      <Ladder side="bid" levels={bids} deepest={deepest} rules={rules} step={step} rows={rows} />
    </>
  );
}

interface LadderProps {
  side: "ask" | "bid";
  levels: Level[];
  deepest: Decimal;
  rules: SymbolRules;
  step: Decimal;
  rows: number;
}

function Ladder({ side, levels, deepest, rules, step, rows }: LadderProps) {
  const [active, setActive] = useState(-1);
  const own = useOwnPrices(rules.symbol, side, step);
  useEffect(() => setActive(-1), [rules.symbol, step]);

  let running = 0n;
  const shown = levels.map(([price, size]) => {
    running += size;
    return { price, size, sum: running, share: deepest ? Number((running * 1000n) / deepest) / 10 : 0 };
  });
  if (side === "ask") shown.reverse();

  const onKey = (event: KeyboardEvent) => {
    const at = active < 0 ? (side === "ask" ? shown.length : -1) : active;
    if (event.key === "ArrowDown") setActive(Math.min(at + 1, shown.length - 1));
    else if (event.key === "ArrowUp") setActive(Math.max(at - 1, 0));
    else if (event.key === "Enter" && shown[active]) takePrice(shown[active].price);
    else return;
    event.preventDefault();
  };

  const places = Math.max(placesOf(step), step === rules.tick ? rules.pricePlaces : 0);
  return (
    <div
      className={`ladder ${side}`}
      role="listbox"
      tabIndex={0}
      aria-label={side === "ask" ? "Offers: choose one to take its price" : "Bids: choose one to take its price"}
      aria-activedescendant={shown[active] ? `${side}-${toText(shown[active].price)}` : undefined}
      style={{ height: rows * ROW }}
      onKeyDown={onKey}
      onBlur={() => setActive(-1)}
    >
      {shown.map(({ price, size, sum, share }, index) => (
        <Row
          key={toText(price)}
          side={side}
          price={price}
          priceText={show(price, places)}
          size={show(size, rules.quantityPlaces)}
          sum={show(sum, rules.quantityPlaces)}
          share={share}
          mine={own.has(price)}
          active={index === active}
        />
      ))}
    </div>
  );
}

interface RowProps {
  side: "ask" | "bid";
  price: Decimal;
  priceText: string;
  size: string;
  sum: string;
  share: number;
  mine: boolean;
  active: boolean;
}

const Row = memo(function Row({ side, price, priceText, size, sum, share, mine, active }: RowProps) {
  const text = toText(price);
  return (
    <div
      id={`${side}-${text}`}
      className={`ladder-row ${mine ? "mine" : ""} ${active ? "active" : ""}`}
      role="option"
      aria-selected={active}
      data-price={text}
      title={mine ? "You have an order here" : undefined}
      onClick={() => takePrice(price)}
    >
      <i className="depth" style={{ transform: `scaleX(${share / 100})` }} />
      <span className={side === "ask" ? "down" : "up"}>{priceText}</span>
      <span>{size}</span>
      <span className="quiet">{sum}</span>
      {mine && <span className="visually-hidden">your order</span>}
    </div>
  );
});

/** Grouped prices at which the member has open orders on this side. */
function useOwnPrices(symbol: string, side: "ask" | "bid", step: Decimal): ReadonlySet<Decimal> {
  const orders = useOpenOrders();
  return useMemo(() => {
    const prices = new Set<Decimal>();
    for (const order of orders ?? []) {
      if (order.symbol !== symbol || (order.side === "SELL") !== (side === "ask") || isWaiting(order)) continue;
      const price = parse(order.peggedPrice ?? order.price);
      prices.add(side === "ask" ? ceilTo(price, step) : floorTo(price, step));
    }
    return prices;
  }, [orders, symbol, side, step]);
}
