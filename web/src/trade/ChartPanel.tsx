import { useEffect, useMemo, useRef, useState } from "react";
import { toNumber } from "../lib/decimal";
import { group, showPercent } from "../lib/format";
import type { SymbolRules } from "../lib/rules";
import type { Market } from "../state/market";
import { choose, settings } from "../state/settings";
import { useStore } from "../state/store";
import { Segments } from "../ui/Segments";
import { Empty } from "../ui/states";
import { INTERVALS, isInterval } from "./intervals";
import { type Bar, type ChartState, PriceChart } from "./PriceChart";
import { useLiquidationPrice } from "./MarginTicket";
import { useDesk } from "./useDesk";

export function ChartPanel(props: { rules: SymbolRules | null; market: Market | null; stale: boolean }) {
  const { rules, market } = props;
  const saved = useStore(settings).interval;
  const interval = isInterval(saved) ? saved : "5m";
  const box = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<PriceChart | null>(null);
  const [state, setState] = useState<ChartState>("loading");
  const [bar, setBar] = useState<Bar | null>(null);

  useEffect(() => {
    if (!rules || !market || market.symbol !== rules.symbol) return;
    setState("loading");
    setBar(null);
    const drawn = new PriceChart(box.current!, rules, interval, market, setState, (read) => setBar(read ?? drawn?.last ?? null));
    setChart(drawn);
    return () => {
      setChart(null);
      drawn.close();
    };
  }, [rules, market, interval]);

  const desk = useDesk();
  const orders = useStore(desk.openOrders);
  const ownFills = useStore(desk.fills).get(rules?.symbol ?? "");
  const here = useMemo(() => (orders ?? []).filter((order) => order.symbol === rules?.symbol), [orders, rules]);
  useEffect(() => chart?.showOrders(here), [chart, here]);
  useEffect(() => chart?.showFills(ownFills ?? []), [chart, ownFills]);
  const liquidation = useLiquidationPrice(desk.kind, rules?.symbol ?? "");
  useEffect(() => chart?.showLiquidation(toNumber(liquidation.price), liquidation.simulated), [chart, liquidation.price, liquidation.simulated]);

  return (
    <section className="panel chart" aria-label="Price chart">
      <div className="panel-head">
        <Segments label="Candle width" className="plain" choices={INTERVALS} value={interval} onChange={(value) => choose({ interval: value })} />
        {rules && bar && <ReadOut bar={bar} rules={rules} />}
      </div>
      <div className={`chart-body ${props.stale ? "stale" : ""}`}>
        <div className="chart-box" ref={box} role="group" aria-label={`Candles of ${rules ? `${rules.base} in ${rules.quote}` : "the market"}`} />
        {state === "loading" && <ChartBones />}
        {state === "empty" && (
          <Empty title="No candles yet">
            <p>The first trade starts the chart.</p>
          </Empty>
        )}
        {state === "failed" && (
          <Empty title="The candles could not be loaded">
            <button className="button small" onClick={() => chart?.fetchNewest()}>
              Try again
            </button>
          </Empty>
        )}
      </div>
    </section>
  );
}

function ReadOut({ bar, rules }: { bar: Bar; rules: SymbolRules }) {
  const price = (value: number) => group(value.toFixed(rules.pricePlaces));
  const change = bar.open ? bar.close / bar.open - 1 : 0;
  const tone = bar.close >= bar.open ? "up" : "down";
  return (
    <p className="read-out" data-testid="read-out">
      {(["open", "high", "low", "close"] as const).map((name) => (
        <span key={name}>
          <abbr title={name}>{name[0]!.toUpperCase()}</abbr> <b className={tone}>{price(bar[name])}</b>
        </span>
      ))}
      <span className={tone}>{showPercent(change)}</span>
      <span className="read-volume">
        <abbr title={`volume in ${rules.base}`}>V</abbr> <b>{group(bar.volume.toFixed(Math.min(rules.quantityPlaces, 3)))}</b>
      </span>
    </p>
  );
}

/** Bars of fixed heights where the candles will be. */
function ChartBones() {
  return (
    <div className="chart-bones" aria-hidden="true">
      {Array.from({ length: 36 }, (_, i) => (
        <span key={i} className="bone" style={{ height: `${24 + 18 * Math.abs(Math.sin(i / 3.1)) + 10 * Math.abs(Math.cos(i / 1.7))}%` }} />
      ))}
    </div>
  );
}
