/** The venue as everybody sees it: its configuration, its markets and their rules, their tickers, and the one market socket. */
import { get } from "../api/rest";
import { StreamSocket } from "../api/socket";
import type { Config, MiniTicker, SymbolInfo, Ticker24h } from "../api/types";
import { type Decimal, parse } from "../lib/decimal";
import { readRules, type SymbolRules } from "../lib/rules";
import { FrameStore, Store } from "./store";

export interface Ticker {
  last: Decimal;
  open: Decimal;
  high: Decimal;
  low: Decimal;
  volume: Decimal;
  quoteVolume: Decimal;
}

export interface Venue {
  state: "loading" | "ready" | "failed";
  error: string;
  config: Config;
  markets: SymbolRules[];
}

export const venue = new Store<Venue>({ state: "loading", error: "", config: { ws: "", demo: false }, markets: [] });
export const tickers = new FrameStore<ReadonlyMap<string, Ticker>>(new Map());
export const link = new Store<{ state: "connecting" | "live" | "lost"; since: number }>({ state: "connecting", since: Date.now() });

let socket: StreamSocket | null = null;

export function marketSocket(): StreamSocket {
  if (!socket) throw new Error("the venue is not loaded");
  return socket;
}

const RETRY_MS = 3_000;

export async function loadVenue(): Promise<void> {
  try {
    const [config, info] = await Promise.all([
      get<Config>("/config.json"),
      get<{ symbols: SymbolInfo[] }>("/api/v3/exchangeInfo"),
    ]);
    if (!socket) openSocket(config.ws);
    venue.set({ state: "ready", error: "", config, markets: info.symbols.map(readRules) });
    await loadTickers();
  } catch (error) {
    if (venue.get().state !== "ready") venue.set({ ...venue.get(), state: "failed", error: (error as Error).message });
    setTimeout(loadVenue, RETRY_MS);
  }
}

function openSocket(url: string): void {
  const opened = new StreamSocket(`${url}/stream`);
  socket = opened;
  opened.onLink(() => {
    const lost = opened.link === "lost";
    link.set({ state: opened.link, since: lost ? opened.lastHeard : Date.now() });
  });
  opened.onRestored(() => loadTickers().catch(() => undefined));
  opened.listen<MiniTicker[]>("!miniTicker@arr", (rows) => {
    const next = new Map(newest);
    for (const row of rows) {
      next.set(row.s, {
        last: parse(row.c), open: parse(row.o), high: parse(row.h), low: parse(row.l), volume: parse(row.v), quoteVolume: parse(row.q),
      });
    }
    publish(next);
  });
}

/** The newest tickers, painted or not. */
let newest: ReadonlyMap<string, Ticker> = new Map();

function publish(next: ReadonlyMap<string, Ticker>): void {
  newest = next;
  tickers.schedule(() => newest);
}

async function loadTickers(): Promise<void> {
  const rows = await get<Ticker24h[]>("/api/v3/ticker/24hr");
  const next = new Map<string, Ticker>();
  for (const row of rows) {
    next.set(row.symbol, {
      last: parse(row.lastPrice), open: parse(row.openPrice), high: parse(row.highPrice), low: parse(row.lowPrice),
      volume: parse(row.volume), quoteVolume: parse(row.quoteVolume),
    });
  }
  publish(next);
}

/** A trade is newer than the once-a-second tickers. */
export function noteLast(symbol: string, last: Decimal): void {
  const ticker = newest.get(symbol);
  if (!ticker || ticker.last === last) return;
  const high = last > ticker.high ? last : ticker.high;
  const low = last < ticker.low || ticker.low === 0n ? last : ticker.low;
  publish(new Map(newest).set(symbol, { ...ticker, last, high, low }));
}

/** What a market is doing, where that changed since the app was loaded; in an auction, where it would end now. */
export interface MarketState {
  status: string;
  indicative: { price: Decimal; quantity: Decimal } | null;
}

export const marketStates = new Store<ReadonlyMap<string, MarketState>>(new Map());

export const stateOf = (rules: SymbolRules, states: ReadonlyMap<string, MarketState>): MarketState => states.get(rules.symbol) ?? { status: rules.status, indicative: null };

const STATE_MS = 5_000;
const STATE_MOVING_MS = 2_000; // while a market does not trade

/** Looks after a market's state while its page is open; returns what ends that. */
export function watchState(rules: SymbolRules): () => void {
  let timer = 0;
  let ended = false;
  const look = async () => {
    try {
      const told = await get<{ status: string; indicativePrice: string; indicativeQty: string }>("/api/v3/auction", { symbol: rules.symbol });
      if (ended) return;
      const indicative = { price: parse(told.indicativePrice), quantity: parse(told.indicativeQty) };
      marketStates.update((present) => new Map(present).set(rules.symbol, { status: told.status, indicative: indicative.price ? indicative : null }));
    } catch {
      // The header tells a lost connection; the next look follows.
    }
    if (!ended) timer = window.setTimeout(look, stateOf(rules, marketStates.get()).status === "TRADING" ? STATE_MS : STATE_MOVING_MS);
  };
  timer = window.setTimeout(look, rules.status === "TRADING" ? STATE_MS : 0);
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}

export const rulesOf = (symbol: string): SymbolRules | undefined => venue.get().markets.find((market) => market.symbol === symbol);

/** What one unit of `asset` is worth in `inAsset`, by last prices, straight or turned round; null where no market says. */
export function worth(asset: string, inAsset: string, prices: ReadonlyMap<string, Ticker>): number | null {
  if (asset === inAsset) return 1;
  for (const market of venue.get().markets) {
    const last = prices.get(market.symbol)?.last;
    if (!last) continue;
    if (market.base === asset && market.quote === inAsset) return Number(last) / 1e12;
    if (market.quote === asset && market.base === inAsset) return 1e12 / Number(last);
  }
  return null;
}
