/** What is being typed into the order ticket. Kept outside the form because the book, the chart and the keyboard write it too. */
import { type Decimal, toText } from "../lib/decimal";
import { BLANK, hasLimit, isPegged, isStop, type Kind, type PriceName as PriceField, type Side, type Ticket } from "../lib/ticket";
import { Store } from "../state/store";

/** What follows a filled order is of the other side, so that it goes when the sides change. */
const NO_EXITS = { profit: "", loss: "", lossLimit: "" };

export const ticket = new Store<Ticket>(BLANK);

/** False until the person sets a price or a size: till then a limit order's price follows the best one of the ticket's side. */
export const priceTouched = { value: false };

export type { PriceField };

/** The price field that had the focus last: where a price picked from the book goes. */
export const pricePlace: { value: PriceField | null } = { value: null };

/** On phones the ticket is a sheet that opens from below. */
export const ticketSheet = new Store(false);

export function write(changes: Partial<Ticket>): void {
  if (changes.price !== undefined) priceTouched.value = true;
  if (changes.kind !== undefined) pricePlace.value = null;
  ticket.update((present) => ({ ...present, ...(meansOtherTrigger(present.kind, changes.kind) ? { trigger: "" } : {}), ...changes }));
}

/** Where a trailing stop begins is not where a stop triggers. */
const meansOtherTrigger = (before: Kind, after: Kind | undefined): boolean => after !== undefined && (before === "TRAILING") !== (after === "TRAILING");

/** The way of trading stays, what was typed goes. */
export function resetTicket(): void {
  priceTouched.value = false;
  pricePlace.value = null;
  ticket.update((present) => ({ ...present, price: "", trigger: "", stopLimit: "", size: "", sizeBy: "amount", visible: "", goodTill: "", prevention: "", pegOffset: "", ...NO_EXITS }));
}

export function followBest(): void {
  priceTouched.value = false;
  ticket.update((present) => ({ ...present, price: "" }));
}

export function takeSide(side: Side): void {
  if (!ticket.get().price || !ticket.get().size) priceTouched.value = false;
  ticket.update((present) => ({ ...present, ...(side === present.side ? {} : NO_EXITS), side, price: priceTouched.value || isStop(present) ? present.price : "" }));
}

/** A price picked from the book or the chart goes to the field that was used last. */
export function takePrice(price: Decimal): void {
  const present = ticket.get();
  const field = pricePlace.value ?? (isStop(present) ? "trigger" : "price");
  if (field === "price" && (!hasLimit(present) || isPegged(present))) write({ kind: "LIMIT", peg: "", price: toText(price) });
  else write({ [field]: toText(price) });
}
