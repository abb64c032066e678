/** A symbol's rules, read from exchangeInfo: what a price and a quantity must satisfy before the venue will take them. */
import { type Decimal, parse, placesOf } from "./decimal";

export interface Filter {
  filterType: string;
  [name: string]: string | number | boolean;
}

export interface SymbolInfo {
  symbol: string;
  status: string;
  baseAsset: string;
  quoteAsset: string;
  baseAssetPrecision: number;
  quoteAssetPrecision: number;
  orderTypes: string[];
  icebergAllowed?: boolean;
  ocoAllowed?: boolean;
  allowTrailingStop?: boolean;
  pegInstructionsAllowed?: boolean;
  isMarginTradingAllowed?: boolean;
  defaultSelfTradePreventionMode?: string;
  allowedSelfTradePreventionModes?: string[];
  filters: Filter[];
}

/** Factors of the last price between which a price of this side may lie. */
export interface Band {
  down: Decimal;
  up: Decimal;
}

/** Least and most basis points of a trailing stop that begins above or below the last price. */
export interface TrailingLimits {
  minAbove: number;
  maxAbove: number;
  minBelow: number;
  maxBelow: number;
}

export interface SymbolRules {
  symbol: string;
  base: string;
  quote: string;
  /** As it was when the app loaded; state/venue.ts knows the present one. */
  status: string;
  types: ReadonlySet<string>;
  icebergs: boolean;
  pairs: boolean;
  trailing: TrailingLimits | null;
  pegs: boolean;
  margin: boolean;
  preventions: readonly string[];
  defaultPrevention: string;
  tick: Decimal;
  minPrice: Decimal;
  maxPrice: Decimal;
  step: Decimal;
  minQuantity: Decimal;
  maxQuantity: Decimal;
  maxMarketQuantity: Decimal;
  minMarketQuantity: Decimal;
  minNotional: Decimal;
  maxNotional: Decimal;
  minNotionalForMarket: boolean;
  maxNotionalForMarket: boolean;
  band: Record<"BUY" | "SELL", Band> | null;
  /** Limits that are 0 are off. */
  icebergParts: number;
  maxOrders: number;
  maxTriggered: number;
  maxIcebergs: number;
  maxLists: number;
  maxPosition: Decimal;
  pricePlaces: number;
  quantityPlaces: number;
  quotePlaces: number;
  basePlaces: number;
}

const TRAILING_MAX = 9_999; // less than the whole

export function readRules(info: SymbolInfo): SymbolRules {
  const field = (type: string, name: string): Decimal | null => {
    const value = info.filters.find((filter) => filter.filterType === type)?.[name];
    return typeof value === "string" ? parse(value) : null;
  };
  const flag = (type: string, name: string): boolean | null => {
    const value = info.filters.find((filter) => filter.filterType === type)?.[name];
    return typeof value === "boolean" ? value : null;
  };
  const count = (type: string, name: string): number => Number(info.filters.find((filter) => filter.filterType === type)?.[name] ?? 0);
  const band = (side: "bid" | "ask"): Band | null => {
    const up = field("PERCENT_PRICE_BY_SIDE", `${side}MultiplierUp`) ?? field("PERCENT_PRICE", "multiplierUp");
    const down = field("PERCENT_PRICE_BY_SIDE", `${side}MultiplierDown`) ?? field("PERCENT_PRICE", "multiplierDown");
    return up === null || down === null ? null : { up, down };
  };
  const [buys, sells] = [band("bid"), band("ask")];
  const tick = field("PRICE_FILTER", "tickSize") ?? 1n;
  const step = field("LOT_SIZE", "stepSize") ?? 1n;
  const maxQuantity = field("LOT_SIZE", "maxQty") ?? 0n;
  return {
    symbol: info.symbol,
    base: info.baseAsset,
    quote: info.quoteAsset,
    status: info.status,
    types: new Set(info.orderTypes),
    icebergs: info.icebergAllowed ?? false,
    pairs: info.ocoAllowed ?? false,
    trailing: info.allowTrailingStop
      ? {
          minAbove: count("TRAILING_DELTA", "minTrailingAboveDelta") || 1,
          maxAbove: count("TRAILING_DELTA", "maxTrailingAboveDelta") || TRAILING_MAX,
          minBelow: count("TRAILING_DELTA", "minTrailingBelowDelta") || 1,
          maxBelow: count("TRAILING_DELTA", "maxTrailingBelowDelta") || TRAILING_MAX,
        }
      : null,
    pegs: info.pegInstructionsAllowed ?? false,
    margin: info.isMarginTradingAllowed ?? false,
    preventions: info.allowedSelfTradePreventionModes ?? [],
    defaultPrevention: info.defaultSelfTradePreventionMode ?? "NONE",
    tick,
    minPrice: field("PRICE_FILTER", "minPrice") ?? 0n,
    maxPrice: field("PRICE_FILTER", "maxPrice") ?? 0n,
    step,
    minQuantity: field("LOT_SIZE", "minQty") ?? 0n,
    maxQuantity,
    maxMarketQuantity: field("MARKET_LOT_SIZE", "maxQty") || maxQuantity,
    minMarketQuantity: field("MARKET_LOT_SIZE", "minQty") ?? 0n,
    minNotional: field("NOTIONAL", "minNotional") ?? field("MIN_NOTIONAL", "minNotional") ?? 0n,
    maxNotional: field("NOTIONAL", "maxNotional") ?? 0n,
    minNotionalForMarket: flag("NOTIONAL", "applyMinToMarket") ?? flag("MIN_NOTIONAL", "applyToMarket") ?? true,
    maxNotionalForMarket: flag("NOTIONAL", "applyMaxToMarket") ?? false,
    band: buys && sells ? { BUY: buys, SELL: sells } : null,
    icebergParts: count("ICEBERG_PARTS", "limit"),
    maxOrders: count("MAX_NUM_ORDERS", "maxNumOrders"),
    maxTriggered: count("MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders"),
    maxIcebergs: count("MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders"),
    maxLists: count("MAX_NUM_ORDER_LISTS", "maxNumOrderLists"),
    maxPosition: field("MAX_POSITION", "maxPosition") ?? 0n,
    pricePlaces: placesOf(tick),
    quantityPlaces: placesOf(step),
    quotePlaces: Math.min(info.quoteAssetPrecision, 8),
    basePlaces: Math.min(info.baseAssetPrecision, 8),
  };
}
