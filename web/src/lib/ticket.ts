/**
 * The order ticket: what was typed, checked against the symbol's rules and the market, becomes either words about what to change
 * or the exact request to send. Pure: it knows no DOM and no network.
 */
import type { LocalBook } from "./book";
import { type Decimal, divide, floorTo, isMultiple, min, multiply, ONE, parseTyped, toText } from "./decimal";
import { group } from "./format";
import type { SymbolRules } from "./rules";

export type Side = "BUY" | "SELL";
export type Kind = "LIMIT" | "MARKET";
export type Execution = "GTC" | "POST" | "IOC" | "FOK";
export type SizeBy = "amount" | "total";

export interface Ticket {
  side: Side;
  kind: Kind;
  execution: Execution;
  price: string;
  /** Base quantity or quote total, whichever `sizeBy` says. */
  size: string;
  sizeBy: SizeBy;
}

export interface Means {
  /** null: nobody is logged in, so nothing is known. */
  availableBase: Decimal | null;
  availableQuote: Decimal | null;
  /** Fractions: 0.001 = 0.1 %. */
  makerFee: Decimal;
  takerFee: Decimal;
}

export interface Checked {
  price: Decimal | null;
  quantity: Decimal | null;
  total: Decimal | null;
  averagePrice: Decimal | null;
  fee: Decimal | null;
  feeRate: Decimal;
  feeAsset: string;
  crosses: boolean;
  priceError: string;
  sizeError: string;
  /** Reasons to ask again before sending; empty = send at once. */
  concerns: string[];
  /** null while something is missing or wrong. */
  request: Record<string, string> | null;
}

const FAR = ONE / 20n; // 5 % past the other side's best price
const AWAY = ONE / 5n; // 20 % behind the market, most likely a slip
const IMPACT = ONE / 50n; // a market order that would move the price 2 %

const percentOf = (ratio: Decimal): string => `${(Number(ratio / 10n ** 8n) / 100).toFixed(1)}%`;

export function checkTicket(ticket: Ticket, rules: SymbolRules, book: LocalBook, means: Means): Checked {
  const { side, kind } = ticket;
  const buying = side === "BUY";
  const checked: Checked = {
    price: null, quantity: null, total: null, averagePrice: null, fee: null, feeRate: means.takerFee,
    feeAsset: buying ? rules.base : rules.quote, crosses: kind === "MARKET", priceError: "", sizeError: "", concerns: [], request: null,
  };

  if (kind === "LIMIT") readPrice(ticket, rules, book, checked);
  const typedSize = readSize(ticket, rules, checked);
  if (typedSize !== null) {
    if (kind === "LIMIT") sizeAtPrice(ticket, rules, typedSize, checked);
    else sizeOnBook(ticket, rules, book, typedSize, checked);
    checkQuantity(ticket, rules, checked);
    checkMeans(ticket, rules, means, typedSize, checked);
  }
  checked.feeRate = kind === "LIMIT" && !checked.crosses ? means.makerFee : means.takerFee;
  const received = buying ? checked.quantity : checked.total;
  checked.fee = received === null ? null : multiply(received, checked.feeRate);
  if (typedSize !== null && !checked.priceError && !checked.sizeError && checked.quantity && (kind === "MARKET" || checked.price)) {
    checked.request = toRequest(ticket, rules, checked, typedSize);
    checked.concerns = concernsOf(ticket, book, checked);
  }
  return checked;
}

function readPrice(ticket: Ticket, rules: SymbolRules, book: LocalBook, checked: Checked): void {
  if (!ticket.price.trim()) return;
  const price = parseTyped(ticket.price);
  if (price === null) checked.priceError = "Type a number, with a point for decimals";
  else if (price <= 0n) checked.priceError = "The price must be above zero";
  else if (!isMultiple(price, rules.tick)) checked.priceError = `Prices move in steps of ${toText(rules.tick)}`;
  else if (price < rules.minPrice) checked.priceError = `The lowest price is ${group(toText(rules.minPrice))}`;
  else if (rules.maxPrice && price > rules.maxPrice) checked.priceError = `The highest price is ${group(toText(rules.maxPrice))}`;
  if (checked.priceError || price === null) return;
  checked.price = price;
  checked.crosses = ticket.side === "BUY" ? book.bestAsk > 0n && price >= book.bestAsk : book.bestBid > 0n && price <= book.bestBid;
  if (checked.crosses && ticket.execution === "POST") {
    const best = ticket.side === "BUY" ? book.bestAsk : book.bestBid;
    checked.priceError = `Post-only would trade at once: stay ${ticket.side === "BUY" ? "below" : "above"} ${group(toText(best))}`;
  }
}

function readSize(ticket: Ticket, rules: SymbolRules, checked: Checked): Decimal | null {
  if (!ticket.size.trim()) return null;
  const size = parseTyped(ticket.size);
  if (size === null) checked.sizeError = "Type a number, with a point for decimals";
  else if (size <= 0n) checked.sizeError = "The size must be above zero";
  else if (ticket.sizeBy === "amount" && !isMultiple(size, rules.step)) checked.sizeError = `Amounts move in steps of ${toText(rules.step)} ${rules.base}`;
  else if (ticket.sizeBy === "total" && !isMultiple(size, ONE / 10n ** BigInt(rules.quotePlaces))) {
    checked.sizeError = `${rules.quote} has ${rules.quotePlaces} decimals`;
  } else return size;
  return null;
}

function sizeAtPrice(ticket: Ticket, rules: SymbolRules, size: Decimal, checked: Checked): void {
  if (ticket.sizeBy === "amount") checked.quantity = size;
  else if (checked.price) checked.quantity = floorTo(divide(size, checked.price), rules.step);
  if (checked.price && checked.quantity !== null) checked.total = multiply(checked.price, checked.quantity);
  checked.averagePrice = checked.price;
}

function sizeOnBook(ticket: Ticket, rules: SymbolRules, book: LocalBook, size: Decimal, checked: Checked): void {
  const walk = book.walk(ticket.side, ticket.sizeBy === "amount" ? { quantity: size } : { total: size });
  checked.quantity = ticket.sizeBy === "amount" ? size : floorTo(walk.quantity, rules.step);
  checked.total = walk.total;
  checked.averagePrice = walk.quantity > 0n ? divide(walk.total, walk.quantity) : null;
  checked.price = walk.worst || null;
  if (walk.quantity === 0n) checked.sizeError = `Nobody ${ticket.side === "BUY" ? "sells" : "buys"} right now`;
}

function checkQuantity(ticket: Ticket, rules: SymbolRules, checked: Checked): void {
  const { quantity, total } = checked;
  if (quantity === null || checked.sizeError) return;
  const most = ticket.kind === "MARKET" ? rules.maxMarketQuantity : rules.maxQuantity;
  if (quantity < rules.minQuantity || quantity === 0n) checked.sizeError = `The smallest amount is ${toText(rules.minQuantity)} ${rules.base}`;
  else if (most && quantity > most) checked.sizeError = `The largest amount is ${group(toText(most))} ${rules.base}`;
  else if (total === null) return;
  else if (total < rules.minNotional && (ticket.kind === "LIMIT" || rules.minNotionalForMarket)) {
    checked.sizeError = `The order must be worth at least ${group(toText(rules.minNotional))} ${rules.quote}`;
  } else if (rules.maxNotional && total > rules.maxNotional) {
    checked.sizeError = `The order may be worth at most ${group(toText(rules.maxNotional))} ${rules.quote}`;
  }
}

function checkMeans(ticket: Ticket, rules: SymbolRules, means: Means, size: Decimal, checked: Checked): void {
  if (checked.sizeError) return;
  if (ticket.side === "BUY") {
    const needed = ticket.kind === "MARKET" && ticket.sizeBy === "total" ? size : checked.total;
    if (means.availableQuote !== null && needed !== null && needed > means.availableQuote) {
      checked.sizeError = `You have ${group(toText(means.availableQuote))} ${rules.quote} available`;
    }
  } else if (means.availableBase !== null && checked.quantity !== null && checked.quantity > means.availableBase) {
    checked.sizeError = `You have ${group(toText(means.availableBase))} ${rules.base} available`;
  }
}

function concernsOf(ticket: Ticket, book: LocalBook, checked: Checked): string[] {
  const concerns: string[] = [];
  const { price } = checked;
  const buying = ticket.side === "BUY";
  const other = buying ? book.bestAsk : book.bestBid;
  if (ticket.kind === "LIMIT" && price) {
    const past = other ? divide(buying ? price - other : other - price, other) : 0n;
    const own = buying ? book.bestBid : book.bestAsk;
    const behind = own ? divide(buying ? own - price : price - own, own) : 0n;
    if (past > FAR) concerns.push(`The price is ${percentOf(past)} ${buying ? "above the lowest offer" : "below the highest bid"}.`);
    if (behind > AWAY) concerns.push(`The price is ${percentOf(behind)} away from the market, so the order may never fill.`);
  }
  if (ticket.kind === "MARKET") {
    const walk = book.walk(ticket.side, ticket.sizeBy === "amount" && checked.quantity ? { quantity: checked.quantity } : { total: checked.total ?? 0n });
    const impact = other && walk.worst ? divide(buying ? walk.worst - other : other - walk.worst, other) : 0n;
    if (!walk.complete && ticket.sizeBy === "amount") concerns.push("The order is larger than everything the book shows; what cannot fill is cancelled.");
    else if (impact > IMPACT) concerns.push(`The order is large: it would move the price by ${percentOf(impact)}.`);
  }
  return concerns;
}

function toRequest(ticket: Ticket, rules: SymbolRules, checked: Checked, size: Decimal): Record<string, string> {
  const common = { symbol: rules.symbol, side: ticket.side, newOrderRespType: "FULL" };
  if (ticket.kind === "MARKET") {
    const by: Record<string, string> = ticket.sizeBy === "total" ? { quoteOrderQty: toText(size) } : { quantity: toText(size) };
    return { ...common, type: "MARKET", ...by };
  }
  const limit = { quantity: toText(checked.quantity!), price: toText(checked.price!) };
  if (ticket.execution === "POST") return { ...common, type: "LIMIT_MAKER", ...limit };
  return { ...common, type: "LIMIT", timeInForce: ticket.execution, ...limit };
}

/** The size that spends `percent` of what is available, as text for the size field; "" where it cannot be known yet. */
export function sizeForPercent(ticket: Ticket, rules: SymbolRules, book: LocalBook, means: Means, percent: number): string {
  const share = (value: Decimal): Decimal => (value * BigInt(percent)) / 100n;
  const quoteStep = ONE / 10n ** BigInt(rules.quotePlaces);
  if (ticket.side === "SELL") {
    if (means.availableBase === null) return "";
    const quantity = floorTo(share(means.availableBase), rules.step);
    if (ticket.sizeBy === "amount") return toText(quantity);
    const price = ticket.kind === "LIMIT" ? parseTyped(ticket.price) : null;
    const total = ticket.kind === "MARKET" ? book.walk("SELL", { quantity }).total : price ? multiply(price, quantity) : null;
    return total === null ? "" : toText(floorTo(total, quoteStep));
  }
  if (means.availableQuote === null) return "";
  const total = floorTo(share(means.availableQuote), quoteStep);
  if (ticket.sizeBy === "total") return toText(total);
  if (ticket.kind === "MARKET") return toText(floorTo(book.walk("BUY", { total }).quantity, rules.step));
  const price = parseTyped(ticket.price);
  return price ? toText(floorTo(divide(total, price), rules.step)) : "";
}

/** How much of what is available the ticket uses, 0-100, for the slider. */
export function percentUsed(ticket: Ticket, checked: Checked, means: Means): number {
  const [used, available] = ticket.side === "BUY" ? [checked.total, means.availableQuote] : [checked.quantity, means.availableBase];
  if (!used || !available) return 0;
  return Math.round(Number((min(used, available) * 1000n) / available) / 10);
}

/** One tick or lot up or down from what is typed; never below one step. */
export function stepText(text: string, step: Decimal, count: number, start: Decimal): string {
  const current = parseTyped(text);
  if (current === null) return start > 0n ? toText(floorTo(start, step)) : toText(step);
  const moved = floorTo(current, step) + step * BigInt(count);
  return toText(moved < step ? step : moved);
}
