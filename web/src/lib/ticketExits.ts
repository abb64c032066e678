/**
 * What follows once a limit order is filled: on the other side a take profit, a stop, or both, of which one cancels the other.
 * With the order they are a list (OTO, OTOCO): nothing of it is held or borrowed for until the order is filled.
 */
import { type Decimal, floorTo, max, multiply, ONE, toText } from "./decimal";
import { group } from "./format";
import type { SymbolRules } from "./rules";
import type { Checked, Field, Means, Ticket } from "./ticket";
import type { Side } from "./triggers";

export const hasExits = (ticket: Ticket): boolean => ticket.kind === "LIMIT" && ticket.exits;

/** Its orders stand and fall together; such orders borrow nothing. */
export const isList = (ticket: Ticket): boolean => ticket.kind === "OCO" || hasExits(ticket);

export const otherSide = (side: Side): Side => (side === "BUY" ? "SELL" : "BUY");

const nice = (value: Decimal): string => group(toText(value));

/** Where the stop of the exits trades, as far as one can know. */
const lossPrice = ({ loss, lossLimit }: Checked): Decimal | null => lossLimit ?? loss;

type ReadPrice = (field: "profit" | "loss" | "lossLimit") => Decimal | null;

/** The exits' prices, on their sides of the order's own. */
export function readExits(ticket: Ticket, readPrice: ReadPrice, checked: Checked): void {
  if (!hasExits(ticket)) return;
  checked.profit = readPrice("profit");
  checked.loss = readPrice("loss");
  if (ticket.loss.trim() && ticket.lossExecutes === "LIMIT") checked.lossLimit = readPrice("lossLimit");
  const { price, profit, loss, errors } = checked;
  if (price === null) return;
  const buying = ticket.side === "BUY";
  const [above, below] = buying ? [profit, loss] : [loss, profit];
  const fields: [Field, Field] = buying ? ["profit", "loss"] : ["loss", "profit"];
  const name = (field: Field) => (field === "profit" ? "Taking profit" : "The stop");
  if (above !== null && above <= price) errors[fields[0]] ??= `${name(fields[0])} ${buying ? "sells" : "buys"} above the order's price, ${nice(price)}`;
  if (below !== null && below >= price) errors[fields[1]] ??= `${name(fields[1])} ${buying ? "sells" : "buys"} below the order's price, ${nice(price)}`;
}

/** What a purchase brings is less its fee, so that much can be sold; a sale is bought back whole. */
export function sizeExits(ticket: Ticket, rules: SymbolRules, means: Means, checked: Checked): void {
  const { quantity, errors } = checked;
  if (!hasExits(ticket) || quantity === null || errors.size) return;
  const fee = max(max(means.makerFee, means.takerFee), 0n);
  const size = ticket.side === "BUY" ? floorTo(multiply(quantity, ONE - fee), rules.step) : quantity;
  const worths = [checked.profit, lossPrice(checked)].filter((price) => price !== null).map((price) => multiply(price, size));
  if (size < rules.minQuantity || size === 0n) errors.size = "Too little is left of it, after the fee, for what follows";
  else if (worths.some((worth) => worth < rules.minNotional)) errors.size = `What follows must be worth at least ${nice(rules.minNotional)} ${rules.quote}`;
  else checked.exitQuantity = size;
}

export const exitsComplete = (ticket: Ticket, checked: Checked): boolean =>
  !hasExits(ticket) || ((checked.profit !== null || checked.loss !== null) && (checked.loss === null || ticket.lossExecutes === "MARKET" || checked.lossLimit !== null));

/** A sale that is bought back dearer needs more than it brought. */
export function exitConcerns(ticket: Ticket, rules: SymbolRules, means: Means, checked: Checked): string[] {
  const dearest = max(checked.profit ?? 0n, lossPrice(checked) ?? 0n);
  if (!hasExits(ticket) || ticket.side === "BUY" || means.availableQuote === null || !checked.total || !checked.exitQuantity) return [];
  const needed = multiply(dearest, checked.exitQuantity);
  const there = means.availableQuote + checked.total - (checked.fee ?? 0n);
  if (needed <= there) return [];
  return [`Buying back at ${nice(dearest)} takes ${nice(needed)} ${rules.quote}; with what the sale brings you would have ${nice(there)}. Without the rest, what follows is refused when its turn comes.`];
}

/** "Once all of it is bought: sell 0.2497 BTC at 65,000 or better; or, when BTC falls to 61,000 before that, at the market price." */
export function exitSentence(ticket: Ticket, checked: Checked, rules: SymbolRules): string {
  const { profit, loss, lossLimit, exitQuantity } = checked;
  if (!hasExits(ticket) || !exitQuantity || !exitsComplete(ticket, checked)) return "";
  const buying = ticket.side === "BUY";
  const stop = loss !== null ? `when ${rules.base} ${buying ? "falls" : "rises"} to ${nice(loss)}` : "";
  const how = lossLimit === null ? "at the market price" : `at ${nice(lossLimit)} or better`;
  const what = `${buying ? "sell" : "buy"} ${nice(exitQuantity)} ${rules.base}`;
  const then = profit === null ? `${what} ${how} ${stop}` : `${what} at ${nice(profit)} or better${stop && `; or, ${stop} before that, ${how}`}`;
  return ` Once all of it is ${buying ? "bought" : "sold"}: ${then}.`;
}

const named = (prefix: string, params: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(params).map(([name, value]) => [prefix + name.charAt(0).toUpperCase() + name.slice(1), value]));

/** The parameters of an OTO or OTOCO whose first order is `working`. */
export function exitParams(ticket: Ticket, working: Record<string, string>, checked: Checked): Record<string, string> {
  const side = otherSide(ticket.side);
  const quantity = toText(checked.exitQuantity!);
  const first = named("working", { side: ticket.side, ...working });
  const stop: Record<string, string> = { type: checked.lossLimit === null ? "STOP_LOSS" : "STOP_LOSS_LIMIT", stopPrice: toText(checked.loss ?? 0n) };
  if (checked.lossLimit !== null) Object.assign(stop, { price: toText(checked.lossLimit), timeInForce: "GTC" });
  const profit = { price: toText(checked.profit ?? 0n) };
  if (checked.profit === null) return { ...first, ...named("pending", { side, quantity, ...stop }) };
  // Alone it may also take what is there already; of a pair it waits in the book.
  if (checked.loss === null) return { ...first, ...named("pending", { side, quantity, type: "LIMIT", timeInForce: "GTC", ...profit }) };
  const [ofProfit, ofStop] = side === "SELL" ? ["pendingAbove", "pendingBelow"] : ["pendingBelow", "pendingAbove"];
  return { ...first, ...named("pending", { side, quantity }), ...named(ofProfit!, { type: "LIMIT_MAKER", ...profit }), ...named(ofStop!, stop) };
}
