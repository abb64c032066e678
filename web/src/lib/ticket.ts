/** The order ticket: what can be typed into it, and what becomes of that once it is checked (ticketCheck.ts). */
import type { LocalBook } from "./book";
import type { Decimal } from "./decimal";
import { type Executes, type Side, waitsForRise } from "./triggers";

export type { Side } from "./triggers";
export type Kind = "LIMIT" | "MARKET" | "STOP" | "TRAILING" | "OCO";
export type Lasting = "GTC" | "GTD" | "IOC" | "FOK";
export type SizeBy = "amount" | "total";
export type Peg = "" | "PRIMARY_PEG" | "MARKET_PEG";
/** Which of the member's accounts trades. */
export type AccountKind = "SPOT" | "CROSS" | "ISOLATED";

export interface Ticket {
  side: Side;
  kind: Kind;
  /** The limit; of an OCO the price at which it takes its profit. */
  price: string;
  /** What the last price must reach: a stop, or where a trailing stop begins to follow ("" = at once). */
  trigger: string;
  /** The limit of an OCO's stop. */
  stopLimit: string;
  /** How far a trailing stop stays behind, in percent. */
  distance: string;
  /** What a triggered order executes as. */
  executes: Executes;
  /** Base quantity or quote total, whichever `sizeBy` says. */
  size: string;
  sizeBy: SizeBy;
  lasting: Lasting;
  /** Local time of GTD, as the date field writes it: 2026-11-22T18:00. */
  goodTill: string;
  postOnly: boolean;
  /** The part of an iceberg that others see; "" = all. */
  visible: string;
  peg: Peg;
  /** How many levels behind that best price; "" = none. */
  pegOffset: string;
  /** Something follows on the other side once the order is filled: a take profit, a stop, or both. */
  exits: boolean;
  profit: string;
  loss: string;
  lossLimit: string;
  lossExecutes: Executes;
  /** Self-trade prevention; "" = the symbol's own. */
  prevention: string;
  account: AccountKind;
  /** Borrow what a purchase or sale lacks; repay with what it brings. Of margin accounts only. */
  borrows: boolean;
  repays: boolean;
}

export const BLANK: Ticket = {
  side: "BUY", kind: "LIMIT", price: "", trigger: "", stopLimit: "", distance: "", executes: "LIMIT", size: "", sizeBy: "amount", lasting: "GTC",
  goodTill: "", postOnly: false, visible: "", peg: "", pegOffset: "", exits: false, profit: "", loss: "", lossLimit: "", lossExecutes: "MARKET", prevention: "", account: "SPOT", borrows: false, repays: false,
};

/** What the market looks like now; `last` 0: nothing was traded yet. */
export interface MarketView {
  book: LocalBook;
  last: Decimal;
  now: number;
}

/** What of the member's is open on the symbol, as far as limits count it. */
export interface OpenCounts {
  orders: number;
  triggered: number;
  icebergs: number;
  lists: number;
  /** Base in the account and in open buy orders. */
  position: Decimal;
}

export interface Means {
  /** null: nobody is logged in, so nothing is known. */
  availableBase: Decimal | null;
  availableQuote: Decimal | null;
  /** What could be borrowed on top; null while the venue is asked. Absent without borrowing. */
  loanBase?: Decimal | null;
  loanQuote?: Decimal | null;
  /** Fractions: 0.001 = 0.1 %. Negative: the maker is paid. */
  makerFee: Decimal;
  takerFee: Decimal;
  open?: OpenCounts;
}

export type PriceName = "price" | "trigger" | "stopLimit" | "profit" | "loss" | "lossLimit";
export type Field = PriceName | "distance" | "size" | "visible" | "goodTill" | "pegOffset";

/** What is sent: the dialect's endpoint and its parameters. */
export interface Request {
  path: string;
  params: Record<string, string>;
}

export interface Checked {
  price: Decimal | null;
  trigger: Decimal | null;
  stopLimit: Decimal | null;
  /** Basis points. */
  delta: number | null;
  visible: Decimal | null;
  goodTill: number | null;
  pegOffset: number;
  /** Of what follows once the order is filled. */
  profit: Decimal | null;
  loss: Decimal | null;
  lossLimit: Decimal | null;
  exitQuantity: Decimal | null;
  /** The dialect's type of the order, of an OCO that of its stop. */
  type: string;
  quantity: Decimal | null;
  total: Decimal | null;
  /** Of an OCO: what its stop would trade for. */
  stopTotal: Decimal | null;
  averagePrice: Decimal | null;
  fee: Decimal | null;
  feeRate: Decimal;
  feeAsset: string;
  /** It takes from the book at once, or when it is triggered. */
  crosses: boolean;
  errors: Partial<Record<Field, string>>;
  /** Reasons to ask again before sending; empty = send at once. */
  concerns: string[];
  /** null while something is missing or wrong. */
  request: Request | null;
}

export const isStop = (ticket: Ticket): boolean => ticket.kind === "STOP" || ticket.kind === "TRAILING" || ticket.kind === "OCO";

/** It has a limit price, typed or pegged. */
export const hasLimit = ({ kind, executes }: Ticket): boolean => kind === "LIMIT" || kind === "OCO" || (kind !== "MARKET" && executes === "LIMIT");

/** How long, how much is shown and pegs are of single orders with a limit. */
export const hasExtras = (ticket: Ticket): boolean => ticket.kind !== "OCO" && hasLimit(ticket);

export const isPegged = (ticket: Ticket): boolean => ticket.peg !== "" && hasExtras(ticket);

/** Who stays in the book can hide a part. */
export const mayShowPart = (ticket: Ticket): boolean => hasExtras(ticket) && (ticket.lasting === "GTC" || ticket.lasting === "GTD");

/** Whether the trigger waits for a rise; null while it is not known. */
export function risesToTrigger(ticket: Ticket, checked: Checked): boolean | null {
  return checked.trigger === null || checked.errors.trigger ? null : waitsForRise(checked.type, ticket.side);
}
