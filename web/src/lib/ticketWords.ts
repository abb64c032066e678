/** What a ticket will do, in one sentence and on its button. */
import { type Decimal, toText } from "./decimal";
import { group } from "./format";
import type { SymbolRules } from "./rules";
import { type Checked, hasExtras, hasLimit, isPegged, type MarketView, risesToTrigger, type Ticket } from "./ticket";
import { exitSentence, hasExits, otherSide } from "./ticketExits";
import { percentOfDelta, type Side, trailedPrice } from "./triggers";

const nice = (value: Decimal): string => group(toText(value));
const verb = (side: Side): string => (side === "BUY" ? "buy" : "sell");
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** "Buy 0.25 BTC", "Place stop: sell 0.25 BTC" */
export function actionText(ticket: Ticket, checked: Checked, rules: SymbolRules): string {
  const amount = checked.quantity ? `${nice(checked.quantity)} ` : "";
  const what = `${verb(ticket.side)} ${amount}${rules.base}`;
  const before = { LIMIT: "", MARKET: "", STOP: "Place stop: ", TRAILING: "Place trailing stop: ", OCO: "Place pair: " }[ticket.kind];
  return before ? before + what : capital(what) + (hasExits(ticket) ? `, then ${verb(otherSide(ticket.side))}` : "");
}

/** One sentence of what will happen; "" while too little is known for one. */
export function sentence(ticket: Ticket, checked: Checked, rules: SymbolRules, view: MarketView): string {
  if (!checked.quantity) return "";
  const what = `${verb(ticket.side)} ${nice(checked.quantity)} ${rules.base}`;
  if (ticket.kind === "MARKET") return `${capital(what)} now, at the best prices there are.`;
  if (ticket.kind === "OCO") return pairSentence(ticket, checked, rules, what);
  const price = atPrice(ticket, checked);
  if (price === null) return "";
  if (ticket.kind === "LIMIT") return `${capital(what)} ${price}${lastingWords(ticket, checked)}.${exitSentence(ticket, checked, rules)}`;
  const when = ticket.kind === "STOP" ? whenReached(checked, rules, risesToTrigger(ticket, checked)) : whenTrailed(ticket, checked, rules, view);
  return when && `${when}, ${what} ${price}.`;
}

/** "at 59,900 or better", "at the market price"; null while the price is missing. */
function atPrice(ticket: Ticket, checked: Checked): string | null {
  if (!hasLimit(ticket)) return "at the market price";
  if (isPegged(ticket)) return `at the ${pegWords(ticket, checked)} of that moment`;
  return checked.price === null ? null : `at ${nice(checked.price)} or better`;
}

/** "best bid", "offer 2 levels behind the best" */
export function pegWords(ticket: Ticket, checked: Checked): string {
  const side = (ticket.peg === "PRIMARY_PEG") === (ticket.side === "BUY") ? "bid" : "offer";
  const behind = checked.pegOffset;
  return behind ? `${side} ${behind} ${behind === 1 ? "level" : "levels"} behind the best` : `best ${side}`;
}

function whenReached(checked: Checked, rules: SymbolRules, rises: boolean | null): string {
  return rises === null ? "" : `When ${rules.base} ${rises ? "rises" : "falls"} to ${nice(checked.trigger!)}`;
}

function whenTrailed(ticket: Ticket, checked: Checked, rules: SymbolRules, view: MarketView): string {
  if (checked.delta === null) return "";
  const rises = risesToTrigger(ticket, checked);
  const start = checked.trigger === null ? "" : rises === null ? null : `Once ${rules.base} has ${rises ? "risen" : "fallen"} to ${nice(checked.trigger)}: `;
  if (start === null) return "";
  const way = ticket.side === "SELL" ? "falls" : "rises";
  const best = ticket.side === "SELL" ? "below its highest" : "above its lowest";
  const from = checked.trigger ?? view.last;
  const at = from ? nice(trailedPrice(ticket.side, from, checked.delta, rules.tick)) : "";
  const since = start ? `since${at && ` (then ${at})`}` : `from now on${at && ` (now ${at})`}`;
  return `${start || `When ${rules.base} `}${start && "when it "}${way} ${percentOfDelta(checked.delta)}% ${best} price ${since}`;
}

function pairSentence(ticket: Ticket, checked: Checked, rules: SymbolRules, what: string): string {
  const { price, trigger, stopLimit, errors } = checked;
  if (price === null || trigger === null || errors.price || errors.trigger || (ticket.executes === "LIMIT" && stopLimit === null)) return "";
  const stop = stopLimit === null ? "at the market price" : `at ${nice(stopLimit)} or better`;
  const way = ticket.side === "BUY" ? "rises" : "falls";
  return `${capital(what)} at ${nice(price)} or better; or, when ${rules.base} ${way} to ${nice(trigger)} before that, ${stop}. The first cancels the other.`;
}

const showDay = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

function lastingWords(ticket: Ticket, checked: Checked): string {
  if (ticket.postOnly) return ", only if it joins the book without trading at once";
  if (ticket.lasting === "IOC") return "; what is not there at once is cancelled";
  if (ticket.lasting === "FOK") return ", all at once or not at all";
  if (ticket.lasting === "GTD") return checked.goodTill === null ? "" : `; what is left on ${showDay.format(checked.goodTill)} expires`;
  return checked.crosses ? "; what does not fill at once waits in the book" : "; it waits in the book until somebody takes it";
}

const PEGS: Record<string, string> = { PRIMARY_PEG: "own side's best price", MARKET_PEG: "other side's best price" };
const PREVENTIONS: Record<string, string> = {
  NONE: "trade with each other", EXPIRE_TAKER: "the new one expires", EXPIRE_MAKER: "the older one expires", EXPIRE_BOTH: "both expire", DECREMENT: "both shrink",
  TRANSFER: "hand over without fees",
};

/** What happens where the order would meet one of the same owner. */
export const preventionWords = (mode: string): string => capital(PREVENTIONS[mode] ?? mode);

/** What the folded options say, so that nothing works unseen; "" where all is as usual. */
export function extrasSummary(ticket: Ticket, rules: SymbolRules): string {
  const parts: string[] = [];
  if (hasExtras(ticket)) {
    if (ticket.kind === "LIMIT" && ticket.postOnly) parts.push("post-only");
    if (ticket.lasting !== "GTC") parts.push(ticket.lasting);
    if (ticket.peg) parts.push(PEGS[ticket.peg]! + (ticket.pegOffset.trim() ? `, ${ticket.pegOffset} behind` : ""));
    if (ticket.visible) parts.push(`shows ${ticket.visible} ${rules.base}`);
  }
  if (ticket.prevention && ticket.prevention !== rules.defaultPrevention) parts.push(`own orders: ${PREVENTIONS[ticket.prevention] ?? ticket.prevention}`);
  return parts.join(", ");
}
