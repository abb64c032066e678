/**
 * The member's balances, open orders, order history and fills. Filled from REST, kept by the user data stream; each (re)connection
 * reads everything again, so nothing that happened meanwhile is missed. What the venue confirmed wins over what was assumed.
 */
import { get, postForm, putForm, remove } from "../api/rest";
import type {
  AccountPosition, Balance, Commission, ExecutionReport, Fill, Order, OrderList, PlacedList, PlacedOrder, UserEvent,
} from "../api/types";
import { expiryWords } from "../api/words";
import { type Decimal, min, parse, toText } from "../lib/decimal";
import { show } from "../lib/format";
import { isOpen, isWaiting, listOf, supersedes, triggerText, typeName } from "../lib/orders";
import type { Side } from "../lib/ticket";
import type { Request } from "../lib/ticketRequest";
import { say, sayBad, sayError } from "./notices";
import { Store } from "./store";
import { rulesOf, venue } from "./venue";

export interface Holding {
  asset: string;
  available: Decimal;
  held: Decimal;
}

/** An open order; `pending` says what we asked for and await. */
export interface OpenOrder extends Order {
  pending?: "cancel" | "edit";
}

export interface Fees {
  maker: Decimal;
  taker: Decimal;
}

/** null: not loaded yet. */
export const holdings = new Store<ReadonlyMap<string, Holding> | null>(null);
export const openOrders = new Store<readonly OpenOrder[] | null>(null);
/** What binds the orders of a list, by the list's id: OCO, OTO. */
export const listTypes = new Store<ReadonlyMap<number, string>>(new Map());
export const fees = new Store<ReadonlyMap<string, Fees>>(new Map());
/** Per symbol, newest first. */
export const history = new Store<ReadonlyMap<string, readonly Order[]>>(new Map());
export const fills = new Store<ReadonlyMap<string, readonly Fill[]>>(new Map());

const HISTORY_LIMIT = 500;
const KEEP_ALIVE_MS = 20 * 60_000;
const RETRY_MS = 2_000;

let stream: WebSocket | null = null;
let generation = 0;
let keepAlive = 0;
let watched = new Set<string>();

export function openAccount(): void {
  closeAccount();
  connect(generation).catch(() => retry(generation));
}

export function closeAccount(): void {
  generation++;
  clearInterval(keepAlive);
  stream?.close();
  stream = null;
  watched = new Set();
  known.clear();
  holdings.set(null);
  openOrders.set(null);
  listTypes.set(new Map());
  fees.set(new Map());
  history.set(new Map());
  fills.set(new Map());
}

function retry(of: number): void {
  setTimeout(() => {
    if (of === generation) connect(of).catch(() => retry(of));
  }, RETRY_MS);
}

async function connect(of: number): Promise<void> {
  while (venue.get().state !== "ready") await new Promise((resolve) => setTimeout(resolve, 50));
  const { listenKey } = await postForm<{ listenKey: string }>("/api/v3/userDataStream");
  if (of !== generation) return;
  const socket = new WebSocket(`${venue.get().config.ws}/ws/${listenKey}`);
  stream = socket;
  clearInterval(keepAlive);
  keepAlive = window.setInterval(() => putForm("/api/v3/userDataStream", { listenKey }).catch(() => socket.close()), KEEP_ALIVE_MS);
  const early: UserEvent[] = [];
  let loaded = false;
  socket.onmessage = (message: MessageEvent<string>) => {
    const event = JSON.parse(message.data) as UserEvent;
    if (loaded) take(event);
    else early.push(event);
  };
  socket.onclose = () => of === generation && retry(of);
  socket.onopen = async () => {
    try {
      await reload();
    } catch {
      socket.close();
      return;
    }
    loaded = true;
    for (const event of early) take(event);
  };
}

async function reload(): Promise<void> {
  const of = generation;
  const [account, orders, lists] = await Promise.all([
    get<{ balances: Balance[] }>("/api/v3/account"),
    get<Order[]>("/api/v3/openOrders"),
    get<OrderList[]>("/api/v3/openOrderList"),
    ...[...watched].map(loadSymbol),
  ]);
  if (of !== generation) return;
  holdings.set(new Map(account.balances.map((row) => [row.asset, { asset: row.asset, available: parse(row.free), held: parse(row.locked) }])));
  for (const order of orders) known.set(order.orderId, order);
  openOrders.set([...orders].sort(newestFirst));
  listTypes.set(new Map(lists.map((list) => [list.orderListId, list.contingencyType])));
}

/** History, fills and fees of a symbol, from now on kept up to date. */
export async function watchSymbol(symbol: string): Promise<void> {
  if (watched.has(symbol)) return;
  watched.add(symbol);
  await loadSymbol(symbol);
}

async function loadSymbol(symbol: string): Promise<void> {
  const of = generation;
  const [orders, trades, commission] = await Promise.all([
    get<Order[]>("/api/v3/allOrders", { symbol, limit: HISTORY_LIMIT }),
    get<Fill[]>("/api/v3/myTrades", { symbol, limit: HISTORY_LIMIT }),
    get<Commission>("/api/v3/account/commission", { symbol }),
  ]);
  if (of !== generation) return;
  history.update((all) => new Map(all).set(symbol, orders.filter((order) => !isOpen(order)).reverse()));
  fills.update((all) => new Map(all).set(symbol, [...trades].reverse()));
  const { maker, taker } = commission.standardCommission;
  fees.update((all) => new Map(all).set(symbol, { maker: parse(maker), taker: parse(taker) }));
}

function take(event: UserEvent): void {
  if (event.e === "executionReport") takeReport(event);
  else if (event.e === "outboundAccountPosition") takePosition(event);
  else if (event.e === "listStatus") noteList(event.g, event.c);
  else if (event.e === "listenKeyExpired") stream?.close();
}

function takePosition(event: AccountPosition): void {
  holdings.update((present) => {
    const next = new Map(present);
    for (const row of event.B) next.set(row.a, { asset: row.a, available: parse(row.f), held: parse(row.l) });
    return next;
  });
}

function takeReport(report: ExecutionReport): void {
  const order: Order = {
    symbol: report.s, orderId: report.i, clientOrderId: report.C || report.c, price: report.p, origQty: report.q, executedQty: report.z,
    cummulativeQuoteQty: report.Z, origQuoteOrderQty: report.Q, status: report.X, timeInForce: report.f, type: report.o, side: report.S,
    time: report.O, updateTime: report.T, orderListId: report.g, stopPrice: report.P, trailingDelta: report.d, trailingTime: report.D,
    icebergQty: report.F, workingTime: report.w ? (report.W ?? report.T) : -1, goodTillDate: report.gtd, pegPriceType: report.gP, peggedPrice: report.gp,
    expiryReason: report.eR,
  };
  noteTurn(order, known.get(order.orderId));
  put(order);
  if (report.x === "TRADE") {
    noteFill({
      symbol: report.s, id: report.t, orderId: report.i, price: report.L, qty: report.l, quoteQty: "", commission: report.n,
      commissionAsset: report.N ?? "", time: report.T, isBuyer: report.S === "BUY", isMaker: report.m,
    });
    if (report.m) say(`${report.S === "BUY" ? "Bought" : "Sold"} ${amountText(report.s, report.l)} at ${priceText(report.s, report.L)}`);
  }
}

/** What the owner should know of an order that waited: it started, or could not. */
function noteTurn(order: Order, before: Order | undefined): void {
  if (!before || !isWaiting(before)) return;
  const what = `${order.side === "BUY" ? "buy" : "sell"} ${amountText(order.symbol, order.origQty)}`;
  if (order.status === "EXPIRED" && order.expiryReason !== "OCO_TRIGGER") {
    sayBad(`The order to ${what} expired${order.expiryReason ? `: ${expiryWords(order.expiryReason).toLowerCase()}` : ""}`);
  } else if (!isWaiting(order) && order.status !== "CANCELED" && order.status !== "EXPIRED" && order.type !== "LIMIT") say(`Triggered: ${what}`);
}

function noteList(list: number, type: string): void {
  listTypes.update((present) => (present.get(list) === type ? present : new Map(present).set(list, type)));
}

/** The newest word about each order, so that an answer which comes late changes nothing. */
const known = new Map<number, Order>();
const KNOWN_MAX = 5_000;

/** The order's newest known state goes where it belongs: among the open ones or into history. */
function put(order: Order): void {
  if (order.status === "REJECTED" || !supersedes(order, known.get(order.orderId))) return;
  if (known.size >= KNOWN_MAX) known.delete(known.keys().next().value!);
  known.set(order.orderId, order);
  openOrders.update((present) => {
    const others = (present ?? []).filter((other) => other.orderId !== order.orderId);
    return isOpen(order) ? [order, ...others].sort(newestFirst) : others;
  });
  if (isOpen(order)) return;
  history.update((all) => {
    const present = all.get(order.symbol);
    if (!present) return all;
    const others = present.filter((other) => other.orderId !== order.orderId);
    return new Map(all).set(order.symbol, [order, ...others].sort(newestFirst).slice(0, HISTORY_LIMIT));
  });
}

const newestFirst = (a: Order, b: Order): number => b.orderId - a.orderId;

function noteFill(fill: Fill): void {
  fills.update((all) => {
    const present = all.get(fill.symbol);
    if (!present || present.some((other) => other.id === fill.id && other.isBuyer === fill.isBuyer)) return all;
    return new Map(all).set(fill.symbol, [fill, ...present].slice(0, HISTORY_LIMIT));
  });
}

const amountText = (symbol: string, quantity: string): string => {
  const rules = rulesOf(symbol);
  return rules ? `${show(parse(quantity), rules.quantityPlaces)} ${rules.base}` : quantity;
};

const priceText = (symbol: string, price: string): string => {
  const rules = rulesOf(symbol);
  return rules ? `${show(parse(price), rules.pricePlaces)} ${rules.quote}` : price;
};

// ---------------------------------------------------------------- what a member can do

/** Places an order and says what became of it. Throws the venue's refusal as ApiError. */
export async function place({ path, params }: Request): Promise<void> {
  const placed = await postForm<PlacedOrder | PlacedList>(path, params);
  if ("orderReports" in placed) {
    noteList(placed.orderListId, placed.contingencyType);
    placed.orderReports.forEach(putPlaced);
    say("Both orders of the pair are open");
  } else {
    putPlaced(placed);
    say(outcome(placed));
  }
}

const putPlaced = (placed: PlacedOrder): void => put(ofPlaced(placed));
const ofPlaced = (placed: PlacedOrder): Order => ({ ...placed, time: placed.transactTime, updateTime: placed.transactTime });

function outcome(order: PlacedOrder): string {
  if (isWaiting(ofPlaced(order))) {
    const when = triggerText(ofPlaced(order), (price) => show(price, rulesOf(order.symbol)?.pricePlaces ?? 2));
    return `${typeName(ofPlaced(order))} placed: ${order.side === "BUY" ? "buy" : "sell"} ${amountText(order.symbol, order.origQty)}, ${when}`;
  }
  const done = parse(order.executedQty);
  const verb: Record<Side, string> = { BUY: "Bought", SELL: "Sold" };
  const traded = done ? `${verb[order.side]} ${amountText(order.symbol, order.executedQty)} at ${priceText(order.symbol, averageOf(order))}` : "";
  if (order.status === "FILLED") return traded;
  if (order.status === "NEW" || order.status === "PARTIALLY_FILLED") {
    const left = toText(parse(order.origQty) - done);
    const open = `${order.side === "BUY" ? "Buy" : "Sell"} order open: ${amountText(order.symbol, left)} at ${priceText(order.symbol, order.price)}`;
    return traded ? `${traded}. ${open}` : open;
  }
  return traded ? `${traded}; the rest was cancelled` : "Nothing could be traded at that price; the order was cancelled";
}

export const averageOf = (order: Pick<Order, "executedQty" | "cummulativeQuoteQty">): string => {
  const done = parse(order.executedQty);
  return done ? toText((parse(order.cummulativeQuoteQty) * 10n ** 12n) / done) : "0";
};

function mark(orderId: number, pending: OpenOrder["pending"]): void {
  openOrders.update((present) => present?.map((order) => (order.orderId === orderId ? { ...order, pending } : order)) ?? null);
}

/** Cancels the order, and those that stand or fall with it. */
export async function cancel(order: OpenOrder): Promise<void> {
  const list = listOf(order);
  if (list !== null) return cancelList(order.symbol, list);
  mark(order.orderId, "cancel");
  try {
    const cancelled = await remove<Order>("/api/v3/order", { symbol: order.symbol, orderId: order.orderId });
    put({ ...order, ...cancelled, clientOrderId: order.clientOrderId, updateTime: Date.now(), status: "CANCELED" });
  } catch (error) {
    mark(order.orderId, undefined);
    sayError(error);
  }
}

async function cancelList(symbol: string, orderListId: number): Promise<void> {
  const bound = openOrders.get()?.filter((order) => listOf(order) === orderListId) ?? [];
  for (const order of bound) mark(order.orderId, "cancel");
  try {
    await remove("/api/v3/orderList", { symbol, orderListId });
    for (const order of bound) put({ ...order, updateTime: Date.now(), status: "CANCELED" });
  } catch (error) {
    for (const order of bound) mark(order.orderId, undefined);
    sayError(error);
  }
}

/** Every open order of the symbol, or only its purchases or sales. */
export async function cancelAll(symbol: string, side?: Side): Promise<void> {
  const mine = openOrders.get()?.filter((order) => order.symbol === symbol && (!side || order.side === side)) ?? [];
  for (const order of mine) mark(order.orderId, "cancel");
  try {
    await remove("/api/v3/openOrders", { symbol, side });
    say(`Cancelled ${mine.length} ${mine.length === 1 ? "order" : "orders"}`);
  } catch (error) {
    for (const order of mine) mark(order.orderId, undefined);
    sayError(error);
  }
}

/** Either the same order with a smaller amount, or cancel-and-replace in one step with all else as it was. */
export async function edit(order: OpenOrder, changes: { price?: string; stopPrice?: string; quantity: string }, keepsPlace: boolean): Promise<void> {
  mark(order.orderId, "edit");
  try {
    if (keepsPlace) {
      await putForm("/api/v3/order/amend/keepPriority", { symbol: order.symbol, orderId: order.orderId, newQty: changes.quantity });
    } else {
      const visible = parse(order.icebergQty || "0");
      const limit = !/^(STOP_LOSS|TAKE_PROFIT)$/.test(order.type);
      await postForm("/api/v3/order/cancelReplace", {
        symbol: order.symbol, side: order.side, type: order.type, ...changes, cancelReplaceMode: "STOP_ON_FAILURE", cancelOrderId: order.orderId,
        timeInForce: limit && (order.type !== "LIMIT_MAKER" || order.timeInForce === "GTD") ? order.timeInForce : undefined,
        goodTillDate: order.goodTillDate || undefined,
        trailingDelta: order.trailingDelta || undefined,
        icebergQty: visible ? toText(min(visible, parse(changes.quantity))) : undefined,
      });
    }
    say("Order changed");
  } finally {
    mark(order.orderId, undefined);
  }
}
