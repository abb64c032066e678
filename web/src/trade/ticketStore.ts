/** What is being typed into the order ticket. Kept outside the form because the book, the chart and the keyboard write it too. */
import { type Decimal, toText } from "../lib/decimal";
import type { Side, Ticket } from "../lib/ticket";
import { Store } from "../state/store";

const BLANK: Ticket = { side: "BUY", kind: "LIMIT", execution: "GTC", price: "", size: "", sizeBy: "amount" };

export const ticket = new Store<Ticket>(BLANK);

/** False until the person sets a price or a size: till then the price follows the best one of the ticket's side. */
export const priceTouched = { value: false };

/** On phones the ticket is a sheet that opens from below. */
export const ticketSheet = new Store(false);

export function write(changes: Partial<Ticket>): void {
  if (changes.price !== undefined) priceTouched.value = true;
  ticket.update((present) => ({ ...present, ...changes }));
}

export function resetTicket(): void {
  priceTouched.value = false;
  ticket.update(({ side, kind, execution }) => ({ ...BLANK, side, kind, execution }));
}

export function followBest(): void {
  priceTouched.value = false;
  ticket.update((present) => ({ ...present, price: "" }));
}

export function takeSide(side: Side): void {
  if (!ticket.get().price || !ticket.get().size) priceTouched.value = false;
  ticket.update((present) => ({ ...present, side, price: priceTouched.value ? present.price : "" }));
}

/** A price picked from the book or the chart. */
export function takePrice(price: Decimal): void {
  write({ kind: "LIMIT", price: toText(price) });
}
