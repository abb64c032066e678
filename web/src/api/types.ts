/** Shapes that the venue's API sends, as far as the app reads them. */
import type { Side } from "../lib/ticket";

export type { DepthChange, DepthSnapshot } from "../lib/book";
export type { SymbolInfo } from "../lib/rules";

export interface Config {
  ws: string;
  demo: boolean;
}

export interface Ticker24h {
  symbol: string;
  openPrice: string;
  highPrice: string;
  lowPrice: string;
  lastPrice: string;
  volume: string;
  quoteVolume: string;
}

export interface MiniTicker {
  s: string;
  c: string;
  o: string;
  h: string;
  l: string;
  v: string;
  q: string;
}

export interface TradeRow {
  id: number;
  price: string;
  qty: string;
  time: number;
  isBuyerMaker: boolean;
}

export interface TradeEvent {
  t: number;
  p: string;
  q: string;
  T: number;
  m: boolean;
}

/** [open time, open, high, low, close, volume, …] */
export type KlineRow = [number, string, string, string, string, string, ...unknown[]];

export interface KlineEvent {
  k: { t: number; i: string; o: string; h: string; l: string; c: string; v: string };
}

export interface Order {
  symbol: string;
  orderId: number;
  clientOrderId: string;
  price: string;
  origQty: string;
  executedQty: string;
  cummulativeQuoteQty: string;
  origQuoteOrderQty?: string;
  status: string;
  timeInForce: string;
  type: string;
  side: Side;
  time: number;
  updateTime: number;
  /** -1 or absent: of no list. */
  orderListId?: number;
  stopPrice?: string;
  /** Basis points. */
  trailingDelta?: number;
  /** -1 until a trailing stop follows the price. */
  trailingTime?: number;
  icebergQty?: string;
  /** -1 until the order is in the book. */
  workingTime?: number;
  goodTillDate?: number;
  pegPriceType?: string;
  peggedPrice?: string;
  expiryReason?: string;
  selfTradePreventionMode?: string;
}

export interface OrderList {
  orderListId: number;
  contingencyType: string;
  listOrderStatus: string;
  symbol: string;
  orders: { symbol: string; orderId: number; clientOrderId: string }[];
}

export interface PlacedList extends OrderList {
  orderReports: PlacedOrder[];
}

export interface PlacedOrder extends Omit<Order, "time" | "updateTime"> {
  transactTime: number;
  fills?: { price: string; qty: string; commission: string; commissionAsset: string; tradeId: number }[];
}

export interface Fill {
  symbol: string;
  id: number;
  orderId: number;
  price: string;
  qty: string;
  quoteQty: string;
  commission: string;
  commissionAsset: string;
  time: number;
  isBuyer: boolean;
  isMaker: boolean;
}

export interface Balance {
  asset: string;
  free: string;
  locked: string;
}

export interface Commission {
  standardCommission: { maker: string; taker: string };
}

export interface ExecutionReport {
  e: "executionReport";
  s: string;
  i: number;
  c: string;
  C: string;
  S: Side;
  o: string;
  f: string;
  q: string;
  p: string;
  x: string;
  X: string;
  r: string;
  z: string;
  Z: string;
  l: string;
  L: string;
  n: string;
  N: string | null;
  /** Self-trade prevention. */
  V: string;
  T: number;
  t: number;
  m: boolean;
  O: number;
  Q: string;
  P?: string;
  F?: string;
  g?: number;
  d?: number;
  D?: number;
  w: boolean;
  W?: number;
  gP?: string;
  gp?: string;
  eR?: string;
  /** Extension: until when a GTD order waits. */
  gtd?: number;
}

export interface ListStatus {
  e: "listStatus";
  s: string;
  g: number;
  c: string;
  L: string;
  O: { s: string; i: number; c: string }[];
}

export interface AccountPosition {
  e: "outboundAccountPosition";
  B: { a: string; f: string; l: string }[];
}

/** The level of a margin account passed a threshold. */
export interface MarginLevelChange {
  e: "MARGIN_LEVEL_STATUS_CHANGE";
  E: number;
  l: string;
  s: string;
  /** By an index price of which a source is made up. */
  sim?: boolean;
}

/** One asset of a margin account. */
export interface MarginAssetRow {
  asset: string;
  free: string;
  locked: string;
  borrowed: string;
  interest: string;
  netAsset: string;
}

export type UserEvent = ExecutionReport | ListStatus | AccountPosition | MarginLevelChange | { e: "balanceUpdate" | "listenKeyExpired" | "serverShutdown" };

export interface Me {
  email: string;
  account: number;
  csrf: string;
  role: string;
}

export interface ApiKey {
  apiKey: string;
  label: string;
  type: string;
  scopes: string[];
  createdAt: number;
}

export interface SessionInfo {
  id: string;
  current: boolean;
  createdAt: number;
  lastSeenAt: number;
  address: string;
  userAgent: string;
}
