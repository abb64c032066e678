/**
 * Checks the ticket against the symbol's rules and the market: it becomes either words about what to change or the exact request to
 * send (ticketRequest.ts). Pure: it knows no DOM and no network.
 */
import type { LocalBook } from "./book";
import { ceilTo, type Decimal, divide, floorTo, isMultiple, max, min, multiply, ONE, parseTyped, toText } from "./decimal";
import { group } from "./format";
import type { SymbolRules } from "./rules";
import { type Checked, hasExtras, hasLimit, isPegged, isStop, type MarketView, mayShowPart, type Means, type PriceName, type Ticket } from "./ticket";
import { exitConcerns, exitsComplete, hasExits, isList, otherSide, readExits, sizeExits } from "./ticketExits";
import { toRequest } from "./ticketRequest";
import { contingentType, deltaOf, percentOfDelta, type Side } from "./triggers";

const FAR = ONE / 20n; // 5 % past the other side's best price
const AWAY = ONE / 5n; // 20 % behind the market, most likely a slip
const IMPACT = ONE / 50n; // a market order that would move the price 2 %
const NOT_A_NUMBER = "Type a number, with a point for decimals";

const percentOf = (ratio: Decimal): string => `${(Number(ratio / 10n ** 8n) / 100).toFixed(1)}%`;
const nice = (value: Decimal): string => group(toText(value));

/** Orders that are bound to each other borrow nothing. */
const meansOf = (ticket: Ticket, means: Means): Means => (isList(ticket) ? { ...means, loanBase: undefined, loanQuote: undefined } : means);

export function checkTicket(ticket: Ticket, rules: SymbolRules, view: MarketView, given: Means): Checked {
  const means = meansOf(ticket, given);
  const buying = ticket.side === "BUY";
  const checked: Checked = {
    price: null, trigger: null, stopLimit: null, delta: null, visible: null, goodTill: null, pegOffset: 0,
    profit: null, loss: null, lossLimit: null, exitQuantity: null, type: ticket.kind === "MARKET" ? "MARKET" : "LIMIT",
    quantity: null, total: null, stopTotal: null, averagePrice: null, fee: null, feeRate: means.takerFee, feeAsset: buying ? rules.base : rules.quote,
    crosses: ticket.kind !== "LIMIT", errors: {}, concerns: [], request: null,
  };
  readPrices(ticket, rules, view, checked);
  readSize(ticket, rules, view, checked);
  readExtras(ticket, rules, view, checked);
  checkQuantity(ticket, rules, checked);
  sizeExits(ticket, rules, means, checked);
  checkMeans(ticket, rules, means, checked);
  checkCounts(ticket, rules, means, checked);
  checked.feeRate = checked.crosses ? means.takerFee : means.makerFee;
  const received = buying ? checked.quantity : checked.total;
  checked.fee = received === null ? null : multiply(received, checked.feeRate);
  if (!Object.keys(checked.errors).length && isComplete(ticket, checked)) {
    checked.request = toRequest(ticket, rules, checked);
    checked.concerns = [...concernsOf(ticket, view, checked), ...exitConcerns(ticket, rules, means, checked)];
  }
  return checked;
}

// ---------------------------------------------------------------- prices

function readPrices(ticket: Ticket, rules: SymbolRules, view: MarketView, checked: Checked): void {
  const { book } = view;
  const buying = ticket.side === "BUY";
  if (isPegged(ticket)) {
    readOffset(ticket, checked);
    const ladder = (ticket.peg === "PRIMARY_PEG") === buying ? book.bids : book.asks;
    checked.price = ladder.prices[checked.pegOffset] ?? null;
  }
  else if (hasLimit(ticket)) checked.price = readPrice("price", ticket, rules, checked);
  if (isStop(ticket)) checked.trigger = readPrice("trigger", ticket, rules, checked);
  if (ticket.kind === "OCO" && ticket.executes === "LIMIT") checked.stopLimit = readPrice("stopLimit", ticket, rules, checked);
  if (ticket.kind === "TRAILING") readDistance(ticket, rules, view, checked);
  readExits(ticket, (field) => readPrice(field, ticket, rules, checked), checked);
  if (!isPegged(ticket)) checkBand("price", ticket.side, rules, view, checked);
  checkBand("stopLimit", ticket.side, rules, view, checked);
  for (const field of ["profit", "lossLimit"] as const) checkBand(field, otherSide(ticket.side), rules, view, checked);

  if (ticket.kind === "LIMIT") checkCrossing(ticket, book, checked);
  else if (ticket.kind === "OCO") checkPair(ticket, view, checked);
  else if (isStop(ticket)) checkTrigger(ticket, view, checked);
}

const OFFSET_MAX = 100;

function readOffset(ticket: Ticket, checked: Checked): void {
  const typed = ticket.pegOffset.trim();
  if (!/^\d{0,3}$/.test(typed) || Number(typed) > OFFSET_MAX) checked.errors.pegOffset = `Whole levels, up to ${OFFSET_MAX}`;
  else checked.pegOffset = Number(typed);
}

function readPrice(field: PriceName, ticket: Ticket, rules: SymbolRules, checked: Checked): Decimal | null {
  if (!ticket[field].trim()) return null;
  const price = parseTyped(ticket[field]);
  const fault =
    price === null ? NOT_A_NUMBER
    : price <= 0n ? "The price must be above zero"
    : !isMultiple(price, rules.tick) ? `Prices move in steps of ${toText(rules.tick)}`
    : price < rules.minPrice ? `The lowest price is ${nice(rules.minPrice)}`
    : rules.maxPrice && price > rules.maxPrice ? `The highest price is ${nice(rules.maxPrice)}`
    : "";
  if (fault) checked.errors[field] = fault;
  return fault ? null : price;
}

/** Prices too far from the last one are refused at the door. */
function checkBand(field: PriceName, side: Side, rules: SymbolRules, { last }: MarketView, checked: Checked): void {
  const price = checked[field];
  const band = rules.band?.[side];
  if (!band || !last || price === null) return;
  const lowest = band.down ? multiply(last, band.down) : 0n;
  const highest = band.up ? multiply(last, band.up) : 0n;
  if (price < lowest || (highest && price > highest)) {
    const ends = [lowest && `from ${nice(ceilTo(lowest, rules.tick))}`, highest && `up to ${nice(floorTo(highest, rules.tick))}`];
    checked.errors[field] ??= `Too far from the market: now prices ${ends.filter(Boolean).join(" ")} are taken`;
  }
}

function checkCrossing(ticket: Ticket, book: LocalBook, checked: Checked): void {
  const { price } = checked;
  if (price === null) return;
  const buying = ticket.side === "BUY";
  const other = buying ? book.bestAsk : book.bestBid;
  checked.crosses = other > 0n && (buying ? price >= other : price <= other);
  if (ticket.postOnly && ticket.peg === "MARKET_PEG") checked.errors.price = "Post-only cannot take the other side's price";
  else if (ticket.peg === "PRIMARY_PEG" && (ticket.lasting === "IOC" || ticket.lasting === "FOK")) checked.errors.price = "Nothing trades at once at the own side's price: let the order last";
  else if (checked.crosses && ticket.postOnly && !ticket.peg) {
    checked.errors.price = `Post-only would trade at once: stay ${buying ? "below" : "above"} ${nice(other)}`;
  }
}

/** A stop, or the activation of a trailing one: on which side of the last price it lies decides what it is. */
function checkTrigger(ticket: Ticket, { last }: MarketView, checked: Checked): void {
  const { trigger } = checked;
  if (trigger === null) {
    if (ticket.kind === "TRAILING") checked.type = contingentType(ticket.side, ticket.side === "BUY", ticket.executes);
    return;
  }
  if (!last) checked.errors.trigger = "Nothing was traded here yet, so there is no price to wait from";
  else if (trigger === last) checked.errors.trigger = `The last price is ${nice(last)}: it would trigger at once`;
  checked.type = contingentType(ticket.side, trigger > last, ticket.executes);
}

/** An OCO's two prices lie on both sides of the last one. */
function checkPair(ticket: Ticket, { last }: MarketView, checked: Checked): void {
  const buying = ticket.side === "BUY";
  checked.type = contingentType(ticket.side, buying, ticket.executes);
  if (!last && (checked.price || checked.trigger)) {
    checked.errors.trigger ??= "Nothing was traded here yet, so there is no price to wait from";
    return;
  }
  const profit = checked.price;
  if (profit !== null && (buying ? profit >= last : profit <= last)) {
    checked.errors.price ??= `Taking profit ${buying ? "buys below" : "sells above"} the last price, ${nice(last)}`;
  }
  const { trigger } = checked;
  if (trigger !== null && (buying ? trigger <= last : trigger >= last)) {
    checked.errors.trigger ??= `The stop ${buying ? "buys above" : "sells below"} the last price, ${nice(last)}`;
  }
}

function readDistance(ticket: Ticket, rules: SymbolRules, { last }: MarketView, checked: Checked): void {
  if (!ticket.distance.trim() || !rules.trailing) return;
  const delta = deltaOf(ticket.distance);
  if (delta === null) {
    checked.errors.distance = "Type percent between 0.01 and 99.99, in steps of 0.01";
    return;
  }
  const above = checked.trigger === null ? ticket.side === "BUY" : checked.trigger > last;
  const { minAbove, maxAbove, minBelow, maxBelow } = rules.trailing;
  const [least, most] = above ? [minAbove, maxAbove] : [minBelow, maxBelow];
  if (delta < least || delta > most) checked.errors.distance = `Between ${percentOfDelta(least)} and ${percentOfDelta(most)} percent are taken here`;
  else checked.delta = delta;
}

// ---------------------------------------------------------------- size

/** The price at which an order that is no market order is valued: what it would pay, or bring, as far as one can know. */
function valuePrice(ticket: Ticket, { last }: MarketView, checked: Checked): Decimal | null {
  if (ticket.kind === "OCO") return checked.price;
  if (hasLimit(ticket)) return checked.price;
  return checked.trigger ?? (ticket.kind === "TRAILING" ? last || null : null);
}

/** The price at which money is held: of an OCO the dearer of the two. */
function holdPrice(ticket: Ticket, view: MarketView, checked: Checked): Decimal | null {
  const price = valuePrice(ticket, view, checked);
  if (ticket.kind !== "OCO" || price === null) return price;
  return max(price, stopPrice(ticket, checked) ?? 0n);
}

/** What the stop of an OCO trades at, as far as one can know. */
const stopPrice = (ticket: Ticket, checked: Checked): Decimal | null => (ticket.executes === "LIMIT" ? checked.stopLimit : checked.trigger);

function readSize(ticket: Ticket, rules: SymbolRules, view: MarketView, checked: Checked): void {
  if (!ticket.size.trim()) return;
  const size = parseTyped(ticket.size);
  if (size === null) checked.errors.size = NOT_A_NUMBER;
  else if (size <= 0n) checked.errors.size = "The size must be above zero";
  else if (ticket.sizeBy === "amount" && !isMultiple(size, rules.step)) checked.errors.size = `Amounts move in steps of ${toText(rules.step)} ${rules.base}`;
  else if (ticket.sizeBy === "total" && !isMultiple(size, ONE / 10n ** BigInt(rules.quotePlaces))) {
    checked.errors.size = `${rules.quote} has ${rules.quotePlaces} decimals`;
  } else if (ticket.kind === "MARKET") sizeOnBook(ticket, rules, view.book, size, checked);
  else sizeAtPrice(ticket, rules, view, size, checked);
}

function sizeAtPrice(ticket: Ticket, rules: SymbolRules, view: MarketView, size: Decimal, checked: Checked): void {
  const price = valuePrice(ticket, view, checked);
  if (ticket.sizeBy === "amount") checked.quantity = size;
  else if (price) checked.quantity = floorTo(divide(size, price), rules.step);
  if (price && checked.quantity !== null) checked.total = multiply(price, checked.quantity);
  checked.averagePrice = price;
  const stop = ticket.kind === "OCO" ? stopPrice(ticket, checked) : null;
  if (stop !== null && checked.quantity !== null) checked.stopTotal = multiply(stop, checked.quantity);
}

function sizeOnBook(ticket: Ticket, rules: SymbolRules, book: LocalBook, size: Decimal, checked: Checked): void {
  const walk = book.walk(ticket.side, ticket.sizeBy === "amount" ? { quantity: size } : { total: size });
  checked.quantity = ticket.sizeBy === "amount" ? size : floorTo(walk.quantity, rules.step);
  checked.total = walk.total;
  checked.averagePrice = walk.quantity > 0n ? divide(walk.total, walk.quantity) : null;
  checked.price = walk.worst || null;
  if (walk.quantity === 0n) checked.errors.size = `Nobody ${ticket.side === "BUY" ? "sells" : "buys"} right now`;
}

function checkQuantity(ticket: Ticket, rules: SymbolRules, checked: Checked): void {
  const { quantity } = checked;
  if (quantity === null || checked.errors.size) return;
  const market = !hasLimit(ticket);
  const least = market ? max(rules.minQuantity, rules.minMarketQuantity) : rules.minQuantity;
  const most = market ? rules.maxMarketQuantity : rules.maxQuantity;
  if (quantity < least || quantity === 0n) checked.errors.size = `The smallest amount is ${toText(least)} ${rules.base}`;
  else if (most && quantity > most) checked.errors.size = `The largest amount is ${nice(most)} ${rules.base}`;
  else for (const worth of worthsOf(checked)) checkWorth(worth, market, rules, checked);
}

/** What the order is worth; of an OCO each of its two. */
const worthsOf = ({ total, stopTotal }: Checked): Decimal[] => [total, stopTotal].filter((worth) => worth !== null);

function checkWorth(worth: Decimal, market: boolean, rules: SymbolRules, checked: Checked): void {
  if (worth < rules.minNotional && (!market || rules.minNotionalForMarket)) {
    checked.errors.size = `The order must be worth at least ${nice(rules.minNotional)} ${rules.quote}`;
  } else if (rules.maxNotional && worth > rules.maxNotional && (!market || rules.maxNotionalForMarket)) {
    checked.errors.size = `The order may be worth at most ${nice(rules.maxNotional)} ${rules.quote}`;
  }
}

function checkMeans(ticket: Ticket, rules: SymbolRules, means: Means, checked: Checked): void {
  if (checked.errors.size) return;
  const buying = ticket.side === "BUY";
  const [own, loan, asset] = buying ? [means.availableQuote, means.loanQuote, rules.quote] : [means.availableBase, means.loanBase, rules.base];
  const needed = buying ? toPay(ticket, checked) : (checked.quantity ?? 0n);
  if (own === null || loan === null) return;
  if (needed > own + (loan ?? 0n)) {
    checked.errors.size = loan ? `You have ${nice(own)} ${asset} and can borrow ${nice(loan)}` : `You have ${nice(own)} ${asset} available`;
  }
}

/** The most that a purchase may take of the quote asset. */
function toPay(ticket: Ticket, checked: Checked): Decimal {
  if (ticket.kind === "MARKET" && ticket.sizeBy === "total") return parseTyped(ticket.size) ?? 0n;
  return worthsOf(checked).reduce((most, worth) => max(most, worth), 0n);
}

/** What the ticket would borrow: what it needs beyond what is there. */
export function loanOf(ticket: Ticket, means: Means, checked: Checked): Decimal {
  if (!ticket.borrows || isList(ticket) || checked.quantity === null) return 0n;
  const [own, needed] = ticket.side === "BUY" ? [means.availableQuote, toPay(ticket, checked)] : [means.availableBase, checked.quantity];
  return own === null ? 0n : max(needed - max(own, 0n), 0n);
}

function checkCounts(ticket: Ticket, rules: SymbolRules, means: Means, checked: Checked): void {
  const { open } = means;
  if (!open || checked.quantity === null || checked.errors.size) return;
  const adds = ticket.kind === "OCO" ? 2 : 1 + (hasExits(ticket) ? Number(checked.profit !== null) + Number(checked.loss !== null) : 0);
  const waits = isStop(ticket) || checked.loss !== null;
  const full =
    ticket.kind === "MARKET" ? ""
    : rules.maxOrders && open.orders + adds > rules.maxOrders ? `${rules.maxOrders} open orders`
    : rules.maxTriggered && waits && open.triggered >= rules.maxTriggered ? `${rules.maxTriggered} waiting orders`
    : rules.maxIcebergs && checked.visible !== null && open.icebergs >= rules.maxIcebergs ? `${rules.maxIcebergs} icebergs`
    : rules.maxLists && isList(ticket) && open.lists >= rules.maxLists ? `${rules.maxLists} lists of orders`
    : "";
  if (full) checked.errors.size = `You have ${full}, as many as this market allows`;
  else if (rules.maxPosition && ticket.side === "BUY" && open.position + checked.quantity > rules.maxPosition) {
    checked.errors.size = `You may have ${nice(rules.maxPosition)} ${rules.base} at most, open orders included`;
  }
}

// ---------------------------------------------------------------- extras

function readExtras(ticket: Ticket, rules: SymbolRules, view: MarketView, checked: Checked): void {
  if (!hasExtras(ticket)) return;
  if (ticket.lasting === "GTD") readGoodTill(ticket, view.now, checked);
  if (ticket.visible.trim() && mayShowPart(ticket)) readVisible(ticket, rules, checked);
}

function readGoodTill(ticket: Ticket, now: number, checked: Checked): void {
  if (!ticket.goodTill) return;
  const at = new Date(ticket.goodTill).getTime();
  if (Number.isNaN(at)) checked.errors.goodTill = "Choose a day and a time";
  else if (at <= now) checked.errors.goodTill = "That has passed already";
  else checked.goodTill = at;
}

function readVisible(ticket: Ticket, rules: SymbolRules, checked: Checked): void {
  const visible = parseTyped(ticket.visible);
  const { quantity } = checked;
  const parts = visible && quantity ? Number((quantity + visible - 1n) / visible) : 0;
  const fault =
    visible === null ? NOT_A_NUMBER
    : !isMultiple(visible, rules.step) ? `Amounts move in steps of ${toText(rules.step)} ${rules.base}`
    : visible < rules.minQuantity || visible <= 0n ? `The smallest amount is ${toText(rules.minQuantity)} ${rules.base}`
    : quantity !== null && visible > quantity ? "More than the order has"
    : rules.icebergParts && parts > rules.icebergParts ? `Show at least ${nice(partOf(quantity!, rules))} ${rules.base}: ${rules.icebergParts} parts are the most`
    : "";
  if (fault) checked.errors.visible = fault;
  else checked.visible = visible;
}

/** The smallest part that a quantity can be shown in. */
function partOf(quantity: Decimal, rules: SymbolRules): Decimal {
  const part = quantity / BigInt(rules.icebergParts);
  return max(ceilTo(part, rules.step), rules.step);
}

function isComplete(ticket: Ticket, checked: Checked): boolean {
  if (!checked.quantity || !exitsComplete(ticket, checked)) return false;
  if (hasLimit(ticket) && !isPegged(ticket) && !checked.price) return false;
  if ((ticket.kind === "STOP" || ticket.kind === "OCO") && !checked.trigger) return false;
  if (ticket.kind === "OCO" && ticket.executes === "LIMIT" && !checked.stopLimit) return false;
  if (ticket.kind === "TRAILING" && !checked.delta) return false;
  return ticket.lasting !== "GTD" || !hasExtras(ticket) || checked.goodTill !== null;
}

// ---------------------------------------------------------------- concerns

function concernsOf(ticket: Ticket, view: MarketView, checked: Checked): string[] {
  if (ticket.kind === "MARKET") return marketConcerns(ticket, view.book, checked);
  if (ticket.kind === "LIMIT") return isPegged(ticket) ? [] : limitConcerns(ticket, view.book, checked);
  const limit = ticket.kind === "OCO" ? checked.stopLimit : ticket.executes === "LIMIT" && !isPegged(ticket) ? checked.price : null;
  return limit === null || checked.trigger === null || ticket.kind === "TRAILING" ? [] : stopConcerns(ticket.side, checked.trigger, limit);
}

function limitConcerns(ticket: Ticket, book: LocalBook, checked: Checked): string[] {
  const price = checked.price!;
  const buying = ticket.side === "BUY";
  const [other, own] = buying ? [book.bestAsk, book.bestBid] : [book.bestBid, book.bestAsk];
  const past = other ? divide(buying ? price - other : other - price, other) : 0n;
  const behind = own ? divide(buying ? own - price : price - own, own) : 0n;
  if (past > FAR) return [`The price is ${percentOf(past)} ${buying ? "above the lowest offer" : "below the highest bid"}.`];
  if (behind > AWAY) return [`The price is ${percentOf(behind)} away from the market, so the order may never fill.`];
  return [];
}

function marketConcerns(ticket: Ticket, book: LocalBook, checked: Checked): string[] {
  const buying = ticket.side === "BUY";
  const other = buying ? book.bestAsk : book.bestBid;
  const walk = book.walk(ticket.side, ticket.sizeBy === "amount" ? { quantity: checked.quantity! } : { total: checked.total ?? 0n });
  const impact = other && walk.worst ? divide(buying ? walk.worst - other : other - walk.worst, other) : 0n;
  if (!walk.complete && ticket.sizeBy === "amount") return ["The order is larger than everything the book shows; what cannot fill is cancelled."];
  return impact > IMPACT ? [`The order is large: it would move the price by ${percentOf(impact)}.`] : [];
}

/** A limit on the wrong side of its trigger waits where it was meant to trade; one far beyond may trade badly. */
function stopConcerns(side: Side, trigger: Decimal, limit: Decimal): string[] {
  const buying = side === "BUY";
  const beyond = divide(buying ? limit - trigger : trigger - limit, trigger);
  if (beyond < 0n) return [`The limit is ${buying ? "below" : "above"} the trigger: once triggered, the order waits in the book for a better price.`];
  return beyond > FAR ? [`The limit is ${percentOf(beyond)} ${buying ? "above" : "below"} the trigger: it may trade that far away.`] : [];
}

// ---------------------------------------------------------------- slider and steps

/** The size that uses `percent` of what is available and can be borrowed, as text for the size field; "" where it cannot be known yet. */
export function sizeForPercent(ticket: Ticket, rules: SymbolRules, view: MarketView, given: Means, percent: number): string {
  const means = meansOf(ticket, given);
  const share = (value: Decimal): Decimal => (max(value, 0n) * BigInt(percent)) / 100n;
  const quoteStep = ONE / 10n ** BigInt(rules.quotePlaces);
  const checked = checkTicket({ ...ticket, size: "" }, rules, view, means);
  const price = ticket.kind === "MARKET" ? null : valuePrice(ticket, view, checked);
  if (ticket.side === "SELL") {
    if (means.availableBase === null) return "";
    const quantity = floorTo(share(means.availableBase + (means.loanBase ?? 0n)), rules.step);
    if (ticket.sizeBy === "amount") return toText(quantity);
    const total = ticket.kind === "MARKET" ? view.book.walk("SELL", { quantity }).total : price ? multiply(price, quantity) : null;
    return total === null ? "" : toText(floorTo(total, quoteStep));
  }
  if (means.availableQuote === null) return "";
  const total = floorTo(share(means.availableQuote + (means.loanQuote ?? 0n)), quoteStep);
  if (ticket.kind === "MARKET") return toText(ticket.sizeBy === "total" ? total : floorTo(view.book.walk("BUY", { total }).quantity, rules.step));
  const held = holdPrice(ticket, view, checked);
  if (!held || !price) return "";
  const quantity = floorTo(divide(total, held), rules.step);
  return toText(ticket.sizeBy === "amount" ? quantity : held === price ? total : floorTo(multiply(price, quantity), quoteStep));
}

/** How much of what is available (and can be borrowed) the ticket uses, 0-100, for the slider. */
export function percentUsed(ticket: Ticket, checked: Checked, given: Means): number {
  const means = meansOf(ticket, given);
  const buying = ticket.side === "BUY";
  const used = buying ? toPay(ticket, checked) : checked.quantity;
  const own = buying ? means.availableQuote : means.availableBase;
  const available = own === null ? 0n : own + ((buying ? means.loanQuote : means.loanBase) ?? 0n);
  if (!used || available <= 0n) return 0;
  return Math.round(Number((min(used, available) * 1000n) / available) / 10);
}

/** One tick or lot up or down from what is typed; never below one step. */
export function stepText(text: string, step: Decimal, count: number, start: Decimal): string {
  const current = parseTyped(text);
  if (current === null) return start > 0n ? toText(floorTo(start, step)) : toText(step);
  const moved = floorTo(current, step) + step * BigInt(count);
  return toText(moved < step ? step : moved);
}
