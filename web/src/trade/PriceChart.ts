/**
 * The drawn chart: candles with volume below, the member's orders as lines and fills as arrows. Owns its lightweight-charts
 * instance and its data feed; React only mounts it. Floats are fine here: these numbers become pixels.
 */
import {
  CandlestickSeries,
  ColorType,
  createChart,
  createSeriesMarkers,
  CrosshairMode,
  HistogramSeries,
  type IChartApi,
  type IPriceLine,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  LineStyle,
  type SeriesMarker,
  TickMarkType,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import { get } from "../api/rest";
import type { Fill, KlineEvent, KlineRow, Order } from "../api/types";
import { toNumber } from "../lib/decimal";
import { group } from "../lib/format";
import { isWaiting } from "../lib/orders";
import type { SymbolRules } from "../lib/rules";
import type { Market } from "../state/market";
import { onAppearance } from "../state/settings";
import { marketSocket } from "../state/venue";
import type { Interval } from "./intervals";

export interface Bar {
  time: UTCTimestamp;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

export type ChartState = "loading" | "ready" | "empty" | "failed";

const PAGE = 500;
const PAGE_AHEAD = 30; // bars left of the view at which the next page is fetched
const FIRST_VIEW = 120;

const toBar = (row: KlineRow): Bar => ({
  time: (row[0] / 1000) as UTCTimestamp, open: +row[1], high: +row[2], low: +row[3], close: +row[4], volume: +row[5],
});

export class PriceChart {
  private readonly chart: IChartApi;
  private readonly candles: ISeriesApi<"Candlestick">;
  private readonly volumes: ISeriesApi<"Histogram">;
  private readonly markers: ISeriesMarkersPluginApi<Time>;
  private lines: IPriceLine[] = [];
  private liquidation: { price: number; simulated: boolean; line: IPriceLine } | null = null;
  private bars: Bar[] = [];
  private orders: readonly Order[] = [];
  private fills: readonly Fill[] = [];
  private colors = readColors();
  private exhausted = false;
  private paging = false;
  private closed = false;
  private readonly closers: (() => void)[] = [];

  constructor(
    box: HTMLElement,
    private readonly rules: SymbolRules,
    private readonly interval: Interval,
    market: Market,
    private readonly onState: (state: ChartState) => void,
    private readonly onRead: (bar: Bar | null) => void,
  ) {
    this.chart = createChart(box, {
      autoSize: true,
      crosshair: { mode: CrosshairMode.Normal },
      timeScale: { timeVisible: true, secondsVisible: false, rightOffset: 6, tickMarkFormatter: formatTick },
      rightPriceScale: { scaleMargins: { top: 0.08, bottom: 0.22 } },
      localization: { timeFormatter: (time: Time) => formatMoment(time as number) },
    });
    this.candles = this.chart.addSeries(CandlestickSeries, {
      priceFormat: {
        type: "custom",
        minMove: toNumber(rules.tick),
        formatter: (price: number) => group(price.toFixed(rules.pricePlaces)),
      },
    });
    this.volumes = this.chart.addSeries(HistogramSeries, {
      priceScaleId: "volume", priceFormat: { type: "volume" }, lastValueVisible: false, priceLineVisible: false,
    });
    this.volumes.priceScale().applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
    this.markers = createSeriesMarkers(this.candles, []);
    this.dress();

    this.chart.subscribeCrosshairMove((move) => {
      const at = move.time === undefined ? undefined : this.bars.find((bar) => bar.time === move.time);
      this.onRead(at ?? null);
    });
    this.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (range && range.from < PAGE_AHEAD) this.fetchOlder();
    });
    const socket = marketSocket();
    this.closers.push(
      onAppearance(() => this.dress()),
      socket.listen<KlineEvent>(`${rules.symbol.toLowerCase()}@kline_${interval}`, ({ k }) =>
        this.take(toBar([k.t, k.o, k.h, k.l, k.c, k.v])),
      ),
      socket.onRestored(() => this.fetchNewest()),
      market.trades.subscribe(() => this.follow(market)),
    );
    this.fetchNewest();
  }

  close(): void {
    this.closed = true;
    for (const close of this.closers) close();
    this.chart.remove();
  }

  get last(): Bar | null {
    return this.bars[this.bars.length - 1] ?? null;
  }

  async fetchNewest(): Promise<void> {
    try {
      const rows = await this.fetch({});
      if (this.closed) return;
      const fresh = rows.map(toBar);
      const first = !this.bars.length;
      const from = fresh[0]?.time ?? Infinity;
      this.bars = [...this.bars.filter((bar) => bar.time < from), ...fresh];
      this.draw();
      if (first && fresh.length) {
        this.chart.timeScale().setVisibleLogicalRange({ from: fresh.length - FIRST_VIEW, to: fresh.length + 5 });
      }
      this.onState(this.bars.length ? "ready" : "empty");
      this.onRead(null);
    } catch {
      if (!this.closed && !this.bars.length) this.onState("failed");
    }
  }

  private fetch(range: { endTime?: number }): Promise<KlineRow[]> {
    return get<KlineRow[]>("/api/v3/klines", { symbol: this.rules.symbol, interval: this.interval, limit: PAGE, ...range });
  }

  private async fetchOlder(): Promise<void> {
    const oldest = this.bars[0];
    if (this.paging || this.exhausted || !oldest) return;
    this.paging = true;
    try {
      const older = (await this.fetch({ endTime: oldest.time * 1000 - 1 })).map(toBar).filter((bar) => bar.time < oldest.time);
      if (this.closed) return;
      this.exhausted = older.length === 0;
      if (older.length) {
        this.bars = [...older, ...this.bars];
        this.draw();
      }
    } catch {
      // Dragging on asks again.
    }
    this.paging = false;
  }

  /** A candle from the venue: authoritative. */
  private take(bar: Bar): void {
    const last = this.last;
    if (last && bar.time < last.time) return;
    if (last && bar.time === last.time) this.bars[this.bars.length - 1] = bar;
    else this.bars.push(bar);
    if (this.bars.length === 1) this.onState("ready");
    this.paint(bar);
    if (last && bar.time !== last.time) this.drawFills();
  }

  /** Between two candle messages the newest trade moves the close. */
  private follow(market: Market): void {
    const last = this.last;
    const trade = market.trades.get()?.[0];
    if (!last || !trade || trade.time < last.time * 1000) return;
    const price = toNumber(trade.price);
    if (price === last.close) return;
    const moved = { ...last, close: price, high: Math.max(last.high, price), low: Math.min(last.low, price) };
    this.bars[this.bars.length - 1] = moved;
    this.paint(moved);
  }

  private paint(bar: Bar): void {
    this.candles.update(bar);
    this.volumes.update(this.toVolume(bar));
    this.onRead(null);
  }

  private toVolume(bar: Bar) {
    return { time: bar.time, value: bar.volume, color: bar.close >= bar.open ? this.colors.upSoft : this.colors.downSoft };
  }

  private draw(): void {
    this.candles.setData(this.bars);
    this.volumes.setData(this.bars.map((bar) => this.toVolume(bar)));
    this.drawFills();
  }

  showOrders(orders: readonly Order[]): void {
    this.orders = orders;
    for (const line of this.lines) this.candles.removePriceLine(line);
    this.lines = orders.flatMap((order) => this.linesOf(order));
  }

  /** Dashed where the order has its limit, dotted where it waits for the last price. */
  private linesOf(order: Order): IPriceLine[] {
    const { up, down } = this.colors;
    const color = order.side === "BUY" ? up : down;
    const rest = +order.origQty - +order.executedQty;
    const what = `${order.side === "BUY" ? "Buy" : "Sell"}${rest > 0 ? ` ${trim(rest, this.rules)}` : ""}`;
    const draw = (price: number, lineStyle: LineStyle, title: string) =>
      this.candles.createPriceLine({ price, color, lineStyle, lineWidth: 1, axisLabelVisible: true, title });
    const stop = isWaiting(order) ? +(order.stopPrice ?? 0) : 0;
    const limit = +(order.peggedPrice ?? order.price);
    return [
      ...(stop ? [draw(stop, LineStyle.Dotted, `${order.trailingDelta ? "Trail" : "Stop"}: ${what.toLowerCase()}`)] : []),
      ...(limit && limit !== stop ? [draw(limit, LineStyle.Dashed, stop ? `${what} after stop` : what)] : []),
    ];
  }

  /** A line at the price at which the account is liquidated; 0 takes it away. */
  showLiquidation(price: number, simulated: boolean): void {
    if (this.liquidation) this.candles.removePriceLine(this.liquidation.line);
    this.liquidation = null;
    if (!price) return;
    const title = simulated ? "Liquidation (simulated)" : "Liquidation";
    const line = this.candles.createPriceLine({ price, color: this.colors.warn, lineStyle: LineStyle.Solid, lineWidth: 1, axisLabelVisible: true, title });
    this.liquidation = { price, simulated, line };
  }

  showFills(fills: readonly Fill[]): void {
    this.fills = fills;
    this.drawFills();
  }

  /** One arrow a candle and side, however many fills it had. */
  private drawFills(): void {
    const oldest = this.bars[0]?.time ?? Infinity;
    const sums = new Map<string, { time: UTCTimestamp; buy: boolean; size: number }>();
    for (const fill of this.fills) {
      if (fill.time / 1000 < oldest) continue;
      const bar = this.bars.findLast((one) => one.time * 1000 <= fill.time);
      if (!bar) continue;
      const key = `${bar.time}${fill.isBuyer}`;
      const sum = sums.get(key) ?? { time: bar.time, buy: fill.isBuyer, size: 0 };
      sum.size += +fill.qty;
      sums.set(key, sum);
    }
    const markers: SeriesMarker<Time>[] = [...sums.values()]
      .sort((a, b) => a.time - b.time)
      .map(({ time, buy, size }) => ({
        time,
        position: buy ? "belowBar" : "aboveBar",
        shape: buy ? "arrowUp" : "arrowDown",
        color: buy ? this.colors.up : this.colors.down,
        text: `${buy ? "B" : "S"} ${trim(size, this.rules)}`,
        size: 1,
      }));
    this.markers.setMarkers(markers);
  }

  /** Puts on the page's colours; called again when they change. */
  private dress(): void {
    this.colors = readColors();
    const { up, down, text, border, strong, surface } = this.colors;
    this.chart.applyOptions({
      layout: {
        background: { type: ColorType.Solid, color: surface },
        textColor: text,
        fontFamily: "Inter, system-ui, sans-serif",
        fontSize: 11,
        attributionLogo: true,
      },
      grid: { vertLines: { color: border }, horzLines: { color: border } },
      rightPriceScale: { borderColor: border },
      timeScale: { borderColor: border },
      crosshair: { vertLine: { color: strong, labelBackgroundColor: strong }, horzLine: { color: strong, labelBackgroundColor: strong } },
    });
    this.candles.applyOptions({
      upColor: up, downColor: down, borderVisible: false, wickUpColor: up, wickDownColor: down, priceLineColor: strong,
    });
    if (this.bars.length) this.draw();
    this.showOrders(this.orders);
    if (this.liquidation) this.showLiquidation(this.liquidation.price, this.liquidation.simulated);
  }
}

function trim(size: number, rules: SymbolRules): string {
  return size.toFixed(rules.quantityPlaces).replace(/\.?0+$/, "");
}

function readColors() {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const up = color("--up-fill");
  const down = color("--down-fill");
  return {
    up, down, upSoft: `${up}55`, downSoft: `${down}55`, text: color("--text-2"), border: color("--border"), strong: color("--chart-line"), warn: color("--warn"), surface: color("--surface-1"),
  };
}

const moment = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const dayOfMonth = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const month = new Intl.DateTimeFormat("en-GB", { month: "short" });
const year = new Intl.DateTimeFormat("en-GB", { year: "numeric" });

const formatMoment = (seconds: number): string => moment.format(seconds * 1000);

/** The axis speaks the person's own time zone. */
function formatTick(time: Time, type: TickMarkType): string {
  const format = { [TickMarkType.Year]: year, [TickMarkType.Month]: month, [TickMarkType.DayOfMonth]: dayOfMonth }[type as number] ?? clock;
  return format.format((time as number) * 1000);
}
