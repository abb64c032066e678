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
  filters: Filter[];
}

export interface SymbolRules {
  symbol: string;
  base: string;
  quote: string;
  trading: boolean;
  tick: Decimal;
  minPrice: Decimal;
  maxPrice: Decimal;
  step: Decimal;
  minQuantity: Decimal;
  maxQuantity: Decimal;
  maxMarketQuantity: Decimal;
  minNotional: Decimal;
  maxNotional: Decimal;
  minNotionalForMarket: boolean;
  pricePlaces: number;
  quantityPlaces: number;
  quotePlaces: number;
  basePlaces: number;
}

export function readRules(info: SymbolInfo): SymbolRules {
  const field = (type: string, name: string): Decimal | null => {
    const value = info.filters.find((filter) => filter.filterType === type)?.[name];
    return typeof value === "string" ? parse(value) : null;
  };
  const flag = (type: string, name: string): boolean | null => {
    const value = info.filters.find((filter) => filter.filterType === type)?.[name];
    return typeof value === "boolean" ? value : null;
  };
  const tick = field("PRICE_FILTER", "tickSize") ?? 1n;
  const step = field("LOT_SIZE", "stepSize") ?? 1n;
  const maxQuantity = field("LOT_SIZE", "maxQty") ?? 0n;
  return {
    symbol: info.symbol,
    base: info.baseAsset,
    quote: info.quoteAsset,
    trading: info.status === "TRADING",
    tick,
    minPrice: field("PRICE_FILTER", "minPrice") ?? 0n,
    maxPrice: field("PRICE_FILTER", "maxPrice") ?? 0n,
    step,
    minQuantity: field("LOT_SIZE", "minQty") ?? 0n,
    maxQuantity,
    maxMarketQuantity: field("MARKET_LOT_SIZE", "maxQty") || maxQuantity,
    minNotional: field("NOTIONAL", "minNotional") ?? field("MIN_NOTIONAL", "minNotional") ?? 0n,
    maxNotional: field("NOTIONAL", "maxNotional") ?? 0n,
    minNotionalForMarket: flag("NOTIONAL", "applyMinToMarket") ?? flag("MIN_NOTIONAL", "applyToMarket") ?? true,
    pricePlaces: placesOf(tick),
    quantityPlaces: placesOf(step),
    quotePlaces: Math.min(info.quoteAssetPrecision, 8),
    basePlaces: Math.min(info.baseAssetPrecision, 8),
  };
}
