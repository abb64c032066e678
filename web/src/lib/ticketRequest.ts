/** What the ticket sends: the dialect's endpoint and its parameters. */
import { parseTyped, toText } from "./decimal";
import type { SymbolRules } from "./rules";
import { type Checked, hasExtras, hasLimit, isPegged, mayShowPart, type Request, type Ticket } from "./ticket";
import { exitParams, hasExits, isList } from "./ticketExits";

/** `checked` holds all that the ticket's kind needs. */
export function toRequest(ticket: Ticket, rules: SymbolRules, checked: Checked): Request {
  const common = {
    symbol: rules.symbol, newOrderRespType: "FULL",
    ...(ticket.prevention ? { selfTradePreventionMode: ticket.prevention } : {}),
    ...sideEffects(ticket),
  };
  const margin = ticket.account !== "SPOT";
  const list = (name: string): string => `${margin ? "/sapi/v1/margin/order" : "/api/v3/orderList"}/${name}`;
  if (hasExits(ticket)) {
    const both = checked.profit !== null && checked.loss !== null;
    return { path: list(both ? "otoco" : "oto"), params: { ...common, ...exitParams(ticket, orderParams(ticket, checked), checked) } };
  }
  const sided = { ...common, side: ticket.side };
  if (ticket.kind === "OCO") return { path: list("oco"), params: { ...sided, ...pairParams(ticket, checked) } };
  return { path: margin ? "/sapi/v1/margin/order" : "/api/v3/order", params: { ...sided, ...orderParams(ticket, checked) } };
}

function sideEffects(ticket: Ticket): Record<string, string> {
  if (ticket.account === "SPOT") return {};
  const effect = ticket.borrows && !isList(ticket) ? (ticket.repays ? "AUTO_BORROW_REPAY" : "MARGIN_BUY") : ticket.repays ? "AUTO_REPAY" : "NO_SIDE_EFFECT";
  return { isIsolated: ticket.account === "ISOLATED" ? "TRUE" : "FALSE", sideEffectType: effect };
}

function orderParams(ticket: Ticket, checked: Checked): Record<string, string> {
  const quantity = toText(checked.quantity!);
  if (ticket.kind === "MARKET") return { type: "MARKET", ...(ticket.sizeBy === "total" ? { quoteOrderQty: toText(parseTyped(ticket.size)!) } : { quantity }) };
  const params: Record<string, string> = { type: ticket.kind === "LIMIT" && ticket.postOnly ? "LIMIT_MAKER" : checked.type, quantity };
  if (checked.trigger !== null) params.stopPrice = toText(checked.trigger);
  if (checked.delta !== null) params.trailingDelta = String(checked.delta);
  if (isPegged(ticket)) {
    params.pegPriceType = ticket.peg;
    if (checked.pegOffset) Object.assign(params, { pegOffsetType: "PRICE_LEVEL", pegOffsetValue: String(checked.pegOffset) });
  } else if (hasLimit(ticket)) params.price = toText(checked.price!);
  if (hasExtras(ticket)) Object.assign(params, lastingParams(ticket, checked, params.type === "LIMIT_MAKER"));
  if (checked.visible !== null && mayShowPart(ticket)) params.icebergQty = toText(checked.visible);
  return params;
}

function lastingParams(ticket: Ticket, checked: Checked, maker: boolean): Record<string, string> {
  if (ticket.lasting === "GTD") return { timeInForce: "GTD", goodTillDate: String(checked.goodTill) };
  return maker ? {} : { timeInForce: ticket.lasting };
}

/** The one above the last price and the one below it. */
function pairParams(ticket: Ticket, checked: Checked): Record<string, string> {
  const [profit, stop] = ticket.side === "BUY" ? ["below", "above"] : ["above", "below"];
  const params: Record<string, string> = {
    quantity: toText(checked.quantity!),
    [`${profit}Type`]: "LIMIT_MAKER", [`${profit}Price`]: toText(checked.price!),
    [`${stop}Type`]: checked.type, [`${stop}StopPrice`]: toText(checked.trigger!),
  };
  if (checked.stopLimit !== null) Object.assign(params, { [`${stop}Price`]: toText(checked.stopLimit), [`${stop}TimeInForce`]: "GTC" });
  return params;
}
