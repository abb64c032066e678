/** Margin as the dialect speaks of it (/sapi/v1/margin), in the app's own shapes. */
import { type Decimal, parse } from "../lib/decimal";
import { type Bars, readLevel } from "../lib/margin";
import { get, postForm } from "./rest";
import type { MarginAssetRow } from "./types";

export interface MarginRow {
  asset: string;
  free: Decimal;
  locked: Decimal;
  borrowed: Decimal;
  interest: Decimal;
  net: Decimal;
}

export interface CrossAccount {
  created: boolean;
  level: number;
  liquidating: boolean;
  /** The level goes by an index price of which a source is made up. */
  simulated: boolean;
  /** False while the account is frozen or being liquidated. */
  trades: boolean;
  rows: MarginRow[];
}

export interface IsolatedAccount {
  symbol: string;
  created: boolean;
  level: number;
  /** 0n where nothing can be liquidated. */
  liquidationPrice: Decimal;
  indexPrice: Decimal;
  liquidating: boolean;
  /** Level, index and liquidation price go by a source that is made up. */
  simulated: boolean;
  trades: boolean;
  base: MarginRow;
  quote: MarginRow;
}

const toRow = (row: MarginAssetRow): MarginRow => ({
  asset: row.asset, free: parse(row.free), locked: parse(row.locked), borrowed: parse(row.borrowed), interest: parse(row.interest), net: parse(row.netAsset),
});

/** Where the level of an account stands that is being sold. */
export const LIQUIDATING = "FORCE_LIQUIDATION";

const owes = (rows: readonly MarginRow[]): boolean => rows.some((row) => row.borrowed + row.interest > 0n);

let bars: Promise<Bars> | null = null;

/** The operator sets them once; read once for each visit. */
export function readBars(): Promise<Bars> {
  bars ??= askBars().catch((error: unknown) => {
    bars = null;
    throw error;
  });
  return bars;
}

/** A threshold was passed: perhaps because the operator moved it. */
export const forgetBars = (): void => {
  bars = null;
};

async function askBars(): Promise<Bars> {
  const told = await get<{ normalBar: string; marginCallBar: string; forceLiquidationBar: string }>("/sapi/v1/margin/tradeCoeff");
  return { borrow: Number(told.normalBar), call: Number(told.marginCallBar), liquidation: Number(told.forceLiquidationBar) };
}

export async function readCross(): Promise<CrossAccount> {
  const told = await get<{
    created: boolean; marginLevel: string; marginLevelStatus: string; simulated: boolean; tradeEnabled: boolean; userAssets: MarginAssetRow[];
  }>("/sapi/v1/margin/account");
  const rows = told.userAssets.map(toRow);
  return {
    created: told.created, level: readLevel(told.marginLevel, owes(rows)), liquidating: told.marginLevelStatus === LIQUIDATING, simulated: told.simulated,
    trades: told.tradeEnabled, rows,
  };
}

interface ToldIsolated {
  symbol: string;
  isolatedCreated: boolean;
  marginLevel: string;
  marginLevelStatus: string;
  simulated: boolean;
  liquidatePrice: string;
  indexPrice: string;
  tradeEnabled: boolean;
  baseAsset: MarginAssetRow;
  quoteAsset: MarginAssetRow;
}

export async function readIsolated(): Promise<IsolatedAccount[]> {
  const { assets } = await get<{ assets: ToldIsolated[] }>("/sapi/v1/margin/isolated/account");
  return assets.map((one) => {
    const [base, quote] = [toRow(one.baseAsset), toRow(one.quoteAsset)];
    return {
      symbol: one.symbol, created: one.isolatedCreated, level: readLevel(one.marginLevel, owes([base, quote])),
      liquidationPrice: parse(one.liquidatePrice), indexPrice: parse(one.indexPrice),
      liquidating: one.marginLevelStatus === LIQUIDATING, simulated: one.simulated, trades: one.tradeEnabled, base, quote,
    };
  });
}

/** Which margin account is meant: the cross one, or the isolated one of a symbol. */
export type Where = { symbol: string | null };

const isolatedOf = ({ symbol }: Where) => ({ isolatedSymbol: symbol ?? undefined });

export async function maxBorrowable(where: Where, asset: string): Promise<Decimal> {
  return parse((await get<{ amount: string }>("/sapi/v1/margin/maxBorrowable", { asset, ...isolatedOf(where) })).amount);
}

export async function maxTransferable(where: Where, asset: string): Promise<Decimal> {
  return parse((await get<{ amount: string }>("/sapi/v1/margin/maxTransferable", { asset, ...isolatedOf(where) })).amount);
}

const madeAt = new Map<string, string>();
const KEY_LENGTH = 19;

/** The venue does one `clientTranId` once: the moment of the decision, then the decision's own key. */
function onceBy(key: string): string {
  const id = madeAt.get(key) ?? `${Date.now()}${key.replaceAll("-", "").slice(0, KEY_LENGTH)}`;
  madeAt.set(key, id);
  return id;
}

export function borrowRepay(type: "BORROW" | "REPAY", where: Where, asset: string, amount: string, key: string): Promise<unknown> {
  return postForm("/sapi/v1/margin/borrow-repay", {
    type, asset, amount, isIsolated: where.symbol ? "TRUE" : "FALSE", symbol: where.symbol ?? undefined, clientTranId: onceBy(key),
  });
}

/** Spot, cross, or the isolated account of a symbol. */
export type Pocket = "SPOT" | "CROSS" | { symbol: string };

/** The dialect's names, which are not of one mould. */
function transferType(from: Pocket, to: Pocket): string {
  if (from === "SPOT") return to === "CROSS" ? "MAIN_MARGIN" : "MAIN_ISOLATED_MARGIN";
  if (to === "SPOT") return from === "CROSS" ? "MARGIN_MAIN" : "ISOLATED_MARGIN_MAIN";
  return `${from === "CROSS" ? "MARGIN" : "ISOLATEDMARGIN"}_${to === "CROSS" ? "MARGIN" : "ISOLATEDMARGIN"}`;
}

export function transfer(from: Pocket, to: Pocket, asset: string, amount: string, key: string): Promise<unknown> {
  const symbolOf = (pocket: Pocket) => (typeof pocket === "string" ? undefined : pocket.symbol);
  return postForm("/sapi/v1/asset/transfer", {
    type: transferType(from, to), asset, amount, fromSymbol: symbolOf(from), toSymbol: symbolOf(to), clientTranId: onceBy(key),
  });
}

// ---------------------------------------------------------------- terms and pools

export interface Pool {
  asset: string;
  lent: Decimal;
  borrowed: Decimal;
  free: Decimal;
  utilization: number;
  /** A day, as shares of the principal. */
  borrowRate: number;
  lendRate: number;
  /** What of it is the member's, with what it earned. */
  mine: Decimal;
}

export async function readPools(): Promise<Pool[]> {
  const rows = await get<
    { asset: string; lent: string; borrowed: string; free: string; utilization: string; dailyInterestRate: string; dailyLendingRate: string; amount: string }[]
  >("/sapi/v1/margin/lending");
  return rows.map((row) => ({
    asset: row.asset, lent: parse(row.lent), borrowed: parse(row.borrowed), free: parse(row.free), utilization: Number(row.utilization),
    borrowRate: Number(row.dailyInterestRate), lendRate: Number(row.dailyLendingRate), mine: parse(row.amount),
  }));
}

/** Without an amount, all is taken out. */
export function lend(type: "LEND" | "REDEEM", asset: string, amount: string | undefined, key: string): Promise<{ amount: string }> {
  return postForm("/sapi/v1/margin/lending", { type, asset, amount, clientTranId: onceBy(key) });
}

/** Symbols on which there are isolated accounts. */
export async function readPairs(): Promise<string[]> {
  return (await get<{ symbol: string }[]>("/sapi/v1/margin/isolated/allPairs")).map(({ symbol }) => symbol);
}

// ---------------------------------------------------------------- index prices

export interface IndexPrice {
  symbol: string;
  price: Decimal;
  at: number;
  frozen: boolean;
  /** One of the sources is made up. */
  simulated: boolean;
  sources: { asset: string; name: string; price: Decimal; at: number; fresh: boolean; simulated: boolean }[];
}

/** What a source that is made up is called, and none other. */
const SIMULATED = "simulated";

export async function readIndex(symbol: string): Promise<IndexPrice> {
  const told = await get<{
    symbol: string; price: string; calcTime: number; frozen: boolean; simulated: boolean;
    sources: { asset: string; name: string; price: string; time: number; fresh: boolean }[];
  }>("/sapi/v1/margin/priceIndex", { symbol });
  return {
    symbol: told.symbol, price: parse(told.price), at: told.calcTime, frozen: told.frozen, simulated: told.simulated,
    sources: told.sources.map((one) => ({
      asset: one.asset, name: one.name, price: parse(one.price), at: one.time, fresh: one.fresh, simulated: one.name === SIMULATED,
    })),
  };
}

// ---------------------------------------------------------------- history

interface Rows<T> {
  rows: T[];
  total: number;
}

export interface LoanEntry {
  /** AUTO: an order did it. */
  type: string;
  txId: number;
  timestamp: number;
  asset: string;
  isolatedSymbol?: string;
  amount: string;
  principal: string;
  interest: string;
  status: string;
}

export interface InterestEntry {
  txId: number;
  interestAccuredTime: number;
  asset: string;
  isolatedSymbol?: string;
  principal: string;
  interest: string;
  interestRate: string;
  type: string;
}

export interface TransferEntry {
  txId: number;
  timestamp: number;
  asset: string;
  amount: string;
  status: string;
  type: string;
  transFrom: string;
  transTo: string;
  fromSymbol?: string;
  toSymbol?: string;
}

export interface LiquidationEntry {
  orderId: number;
  updatedTime: number;
  symbol: string;
  side: string;
  isIsolated: boolean;
  avgPrice: string;
  executedQty: string;
  qty: string;
  price: string;
}

/** A margin call, a step of a liquidation, or a debt that nothing covered. */
export interface CallEntry {
  type: string;
  timestamp: number;
  marginLevel: string;
  assetValue: string;
  debtValue: string;
  /** What stands here goes by an index price of which a source is made up. */
  simulated: boolean;
  asset?: string;
  /** Brought by a part that was sold; of a bad debt, what was owed. */
  amount?: string;
  fee?: string;
  symbol?: string;
  orderId?: number;
}

const PAGE = 25;

/** Pages of a history count from 1; the key of the next one is its number. */
async function page<T>(path: string, params: Record<string, string | number | undefined>, after: string | undefined): Promise<{ items: T[]; next: string }> {
  const current = Number(after ?? 1);
  const { rows, total } = await get<Rows<T>>(path, { ...params, current, size: PAGE });
  return { items: rows, next: current * PAGE < total ? String(current + 1) : "" };
}

type Ask = { after?: string };
type Of = { symbol: string | null };

export const readLoans = (type: "BORROW" | "REPAY", of: Of, { after }: Ask) => page<LoanEntry>("/sapi/v1/margin/borrow-repay", { type, ...isolatedOf(of) }, after);
export const readInterest = (of: Of, { after }: Ask) => page<InterestEntry>("/sapi/v1/margin/interestHistory", isolatedOf(of), after);
export const readTransfers = (of: Of, { after }: Ask) => page<TransferEntry>("/sapi/v1/margin/transfer", isolatedOf(of), after);
export const readCalls = (of: Of, { after }: Ask) =>
  page<CallEntry>("/sapi/v1/margin/levelEvents", of.symbol ? { isIsolated: "TRUE", symbol: of.symbol } : { isIsolated: "FALSE" }, after);
export const readLiquidations = (of: Of, { after }: Ask) => page<LiquidationEntry>("/sapi/v1/margin/forceLiquidationRec", isolatedOf(of), after);
