/**
 * One account that trades, spot or margin: its balances, open orders, order history and fills. Filled from REST, kept by the user data
 * stream; each (re)connection reads everything again, so nothing that happened meanwhile is missed. What the venue confirmed wins over
 * what was assumed.
 */
import { get, postForm, putForm, remove } from "../api/rest";
import type { AccountPosition, ExecutionReport, Fill, Order, OrderList, PlacedList, PlacedOrder, UserEvent } from "../api/types";
import { expiryWords } from "../api/words";
import { type Decimal, min, parse, toText } from "../lib/decimal";
import { show } from "../lib/format";
import { isOpen, isWaiting, listOf, supersedes, triggerText, typeName } from "../lib/orders";
import type { AccountKind, Request, Side } from "../lib/ticket";
import { say, sayBad, sayError } from "./notices";
import { Store } from "./store";
import { rulesOf, venue } from "./venue";

export interface Holding {
  asset: string;
  available: Decimal;
  held: Decimal;
  /** Principal and interest owed; of margin accounts. */
  borrowed?: Decimal;
  interest?: Decimal;
}

/** An open order; `pending` says what we asked for and await. */
export interface OpenOrder extends Order {
  pending?: "cancel" | "edit";
}

/** Where an account is found: the folder of its endpoints, how requests name it, its balances and its stream. */
export interface Source {
  kind: AccountKind;
  /** /api/v3 or /sapi/v1/margin */
  base: string;
  /** What every request of this account carries; open orders are asked for with it alone. */
  naming: Record<string, string>;
  readHoldings: () => Promise<Holding[]>;
  /** Opens a user data stream, or keeps one alive. */
  stream: { path: string; params: Record<string, string> };
}

const HISTORY_LIMIT = 500;
const KEEP_ALIVE_MS = 20 * 60_000;
const RETRY_MS = 2_000;
const KNOWN_MAX = 5_000;

const newestFirst = (a: Order, b: Order): number => b.orderId - a.orderId;

export class TradingAccount {
  /** null: not loaded yet. */
  readonly holdings = new Store<ReadonlyMap<string, Holding> | null>(null);
  readonly openOrders = new Store<readonly OpenOrder[] | null>(null);
  /** What binds the orders of a list, by the list's id: OCO, OTO. */
  readonly listTypes = new Store<ReadonlyMap<number, string>>(new Map());
  /** Per symbol, newest first. */
  readonly history = new Store<ReadonlyMap<string, readonly Order[]>>(new Map());
  readonly fills = new Store<ReadonlyMap<string, readonly Fill[]>>(new Map());

  private stream: WebSocket | null = null;
  private generation = 0;
  private keepAlive = 0;
  private readonly watched = new Set<string>();
  /** The newest word about each order, so that an answer which comes late changes nothing. */
  private readonly known = new Map<number, Order>();

  /** `onEvent` hears what this class has no use for. */
  constructor(
    readonly source: Source,
    private readonly onEvent: (event: UserEvent) => void = () => undefined,
  ) {}

  get kind(): AccountKind {
    return this.source.kind;
  }

  get isOpen(): boolean {
    return this.stream !== null;
  }

  open(): void {
    this.close();
    const of = this.generation;
    this.connect(of).catch(() => this.retry(of));
  }

  close(): void {
    this.generation++;
    clearInterval(this.keepAlive);
    this.stream?.close();
    this.stream = null;
    this.watched.clear();
    this.known.clear();
    this.holdings.set(null);
    this.openOrders.set(null);
    this.listTypes.set(new Map());
    this.history.set(new Map());
    this.fills.set(new Map());
  }

  private retry(of: number): void {
    setTimeout(() => {
      if (of === this.generation) this.connect(of).catch(() => this.retry(of));
    }, RETRY_MS);
  }

  private async connect(of: number): Promise<void> {
    while (venue.get().state !== "ready") await new Promise((resolve) => setTimeout(resolve, 50));
    const { path, params } = this.source.stream;
    const { listenKey } = await postForm<{ listenKey: string }>(path, params);
    if (of !== this.generation) return;
    const socket = new WebSocket(`${venue.get().config.ws}/ws/${listenKey}`);
    this.stream = socket;
    clearInterval(this.keepAlive);
    this.keepAlive = window.setInterval(() => putForm(path, { ...params, listenKey }).catch(() => socket.close()), KEEP_ALIVE_MS);
    const early: UserEvent[] = [];
    let loaded = false;
    socket.onmessage = (message: MessageEvent<string>) => {
      const event = JSON.parse(message.data) as UserEvent;
      if (loaded) this.take(event);
      else early.push(event);
    };
    socket.onclose = () => of === this.generation && this.retry(of);
    socket.onopen = async () => {
      try {
        await this.reload();
      } catch {
        socket.close();
        return;
      }
      loaded = true;
      for (const event of early) this.take(event);
    };
  }

  private async reload(): Promise<void> {
    const of = this.generation;
    const { base, naming } = this.source;
    const [holdings, orders, lists] = await Promise.all([
      this.source.readHoldings(),
      get<Order[]>(`${base}/openOrders`, naming),
      get<OrderList[]>(`${base}/openOrderList`, naming),
      ...[...this.watched].map((symbol) => this.loadSymbol(symbol)),
    ]);
    if (of !== this.generation) return;
    this.holdings.set(new Map(holdings.map((row) => [row.asset, row])));
    for (const order of orders) this.known.set(order.orderId, order);
    this.openOrders.set([...orders].sort(newestFirst));
    this.listTypes.set(new Map(lists.map((list) => [list.orderListId, list.contingencyType])));
  }

  /** What of margin accounts is owed now. */
  noteOwed(rows: readonly { asset: string; borrowed: Decimal; interest: Decimal }[]): void {
    this.holdings.update((present) => {
      const changed = rows.filter(({ asset, borrowed, interest }) => {
        const known = present?.get(asset);
        return known && (known.borrowed !== borrowed || known.interest !== interest);
      });
      if (!present || !changed.length) return present;
      const next = new Map(present);
      for (const { asset, borrowed, interest } of changed) next.set(asset, { ...next.get(asset)!, borrowed, interest });
      return next;
    });
  }

  /** History and fills of a symbol, from now on kept up to date. */
  async watchSymbol(symbol: string): Promise<void> {
    if (this.watched.has(symbol)) return;
    this.watched.add(symbol);
    await this.loadSymbol(symbol);
  }

  private async loadSymbol(symbol: string): Promise<void> {
    const of = this.generation;
    const { base, naming } = this.source;
    const [orders, trades] = await Promise.all([
      get<Order[]>(`${base}/allOrders`, { ...naming, symbol, limit: HISTORY_LIMIT }),
      get<Fill[]>(`${base}/myTrades`, { ...naming, symbol, limit: HISTORY_LIMIT }),
    ]);
    if (of !== this.generation) return;
    this.history.update((all) => new Map(all).set(symbol, orders.filter((order) => !isOpen(order)).reverse()));
    this.fills.update((all) => new Map(all).set(symbol, [...trades].reverse()));
  }

  // -------------------------------------------------------------- what the stream tells

  private take(event: UserEvent): void {
    if (event.e === "executionReport") this.takeReport(event);
    else if (event.e === "outboundAccountPosition") this.takePosition(event);
    else if (event.e === "listStatus") this.noteList(event.g, event.c);
    else if (event.e === "listenKeyExpired") this.stream?.close();
    this.onEvent(event);
  }

  private takePosition(event: AccountPosition): void {
    this.holdings.update((present) => {
      const next = new Map(present);
      for (const row of event.B) next.set(row.a, { ...next.get(row.a), asset: row.a, available: parse(row.f), held: parse(row.l) });
      return next;
    });
  }

  private takeReport(report: ExecutionReport): void {
    const order = ofReport(report);
    this.noteTurn(order);
    this.put(order);
    if (report.x !== "TRADE") return;
    this.noteFill({
      symbol: report.s, id: report.t, orderId: report.i, price: report.L, qty: report.l, quoteQty: "", commission: report.n,
      commissionAsset: report.N ?? "", time: report.T, isBuyer: report.S === "BUY", isMaker: report.m,
    });
    if (report.m) say(`${report.S === "BUY" ? "Bought" : "Sold"} ${amountText(report.s, report.l)} at ${priceText(report.s, report.L)}`);
  }

  /** What the owner should know of an order that waited: it started, or could not. */
  private noteTurn(order: Order): void {
    const before = this.known.get(order.orderId);
    if (!before || !isWaiting(before) || order.status === "CANCELED" || order.expiryReason === "OCO_TRIGGER") return;
    const what = `${order.side === "BUY" ? "buy" : "sell"} ${amountText(order.symbol, order.origQty)}`;
    if (order.status === "EXPIRED") sayBad(`The order to ${what} expired${order.expiryReason ? `: ${expiryWords(order.expiryReason).toLowerCase()}` : ""}`);
    else if (!isWaiting(order)) say(`Triggered: ${what}`);
  }

  private noteList(list: number, type: string): void {
    this.listTypes.update((present) => (present.get(list) === type ? present : new Map(present).set(list, type)));
  }

  /** The order's newest known state goes where it belongs: among the open ones or into history. */
  private put(order: Order): void {
    const { known } = this;
    if (order.status === "REJECTED" || !supersedes(order, known.get(order.orderId))) return;
    if (known.size >= KNOWN_MAX) known.delete(known.keys().next().value!);
    known.set(order.orderId, order);
    this.openOrders.update((present) => {
      const others = (present ?? []).filter((other) => other.orderId !== order.orderId);
      return isOpen(order) ? [order, ...others].sort(newestFirst) : others;
    });
    if (isOpen(order)) return;
    this.history.update((all) => {
      const present = all.get(order.symbol);
      if (!present) return all;
      const others = present.filter((other) => other.orderId !== order.orderId);
      return new Map(all).set(order.symbol, [order, ...others].sort(newestFirst).slice(0, HISTORY_LIMIT));
    });
  }

  private noteFill(fill: Fill): void {
    this.fills.update((all) => {
      const present = all.get(fill.symbol);
      if (!present || present.some((other) => other.id === fill.id && other.isBuyer === fill.isBuyer)) return all;
      return new Map(all).set(fill.symbol, [fill, ...present].slice(0, HISTORY_LIMIT));
    });
  }

  // -------------------------------------------------------------- what a member can do

  /** Places what the ticket asks for and says what became of it. Throws the venue's refusal as ApiError. */
  async place({ path, params }: Request): Promise<void> {
    const placed = await postForm<PlacedOrder | PlacedList>(path, params);
    if ("orderReports" in placed) {
      this.noteList(placed.orderListId, placed.contingencyType);
      for (const report of placed.orderReports) this.put(ofPlaced(report));
      say(listOutcome(placed));
    } else {
      this.put(ofPlaced(placed));
      say(outcome(placed));
    }
  }

  private mark(orderIds: readonly number[], pending: OpenOrder["pending"]): void {
    this.openOrders.update((present) => present?.map((order) => (orderIds.includes(order.orderId) ? { ...order, pending } : order)) ?? null);
  }

  /** Asks for something to be done with open orders, which are greyed meanwhile, and from then on if it was done. */
  private async ask(orders: readonly Order[], request: () => Promise<unknown>): Promise<boolean> {
    const ids = orders.map((order) => order.orderId);
    this.mark(ids, "cancel");
    try {
      await request();
      return true;
    } catch (error) {
      this.mark(ids, undefined);
      sayError(error);
      return false;
    }
  }

  /** Cancels the order, and those that stand or fall with it. */
  async cancel(order: OpenOrder): Promise<void> {
    const { base, naming } = this.source;
    const { symbol, orderId } = order;
    const orderListId = listOf(order);
    const bound = orderListId === null ? [order] : (this.openOrders.get() ?? []).filter((other) => listOf(other) === orderListId);
    const request = () =>
      orderListId === null ? remove(`${base}/order`, { ...naming, symbol, orderId }) : remove(`${base}/orderList`, { ...naming, symbol, orderListId });
    if (!(await this.ask(bound, request))) return;
    for (const one of bound) this.put({ ...one, updateTime: Date.now(), status: "CANCELED" });
  }

  /** Every open order of the symbol, or only its purchases or sales. */
  async cancelAll(symbol: string, side?: Side): Promise<void> {
    const mine = this.openOrders.get()?.filter((order) => order.symbol === symbol && (!side || order.side === side)) ?? [];
    const { base, naming } = this.source;
    const done = await this.ask(mine, () => remove(`${base}/openOrders`, { ...naming, symbol, side }));
    if (done) say(`Cancelled ${mine.length} ${mine.length === 1 ? "order" : "orders"}`);
  }

  /**
   * Either the same order with a smaller amount, or cancel-and-replace in one step with all else as it was. Amounts are of the whole
   * order, so that what is filled already is not placed again; who meanwhile got more of it is refused and looks again.
   */
  async edit(order: OpenOrder, changes: { price?: string; stopPrice?: string; quantity: string }, keepsPlace: boolean): Promise<void> {
    const { base, naming } = this.source;
    this.mark([order.orderId], "edit");
    try {
      if (keepsPlace) {
        await putForm(`${base}/order/amend/keepPriority`, { ...naming, symbol: order.symbol, orderId: order.orderId, newQty: changes.quantity });
      } else {
        const done = parse(order.executedQty);
        const quantity = toText(parse(changes.quantity) - done);
        await postForm(`${base}/order/cancelReplace`, {
          ...naming, symbol: order.symbol, side: order.side, type: order.type, ...changes, quantity, cancelReplaceMode: "STOP_ON_FAILURE",
          cancelOrderId: order.orderId, cancelRestrictions: done ? "ONLY_PARTIALLY_FILLED" : "ONLY_NEW", ...keptTerms(order, quantity),
        });
      }
      say("Order changed");
    } finally {
      this.mark([order.orderId], undefined);
    }
  }
}

function listOutcome({ contingencyType, orderReports }: PlacedList): string {
  if (contingencyType === "OCO") return "Both orders of the pair are open";
  const [first, ...rest] = orderReports.map(ofPlaced);
  const waiting = rest.filter((order) => order.status === "PENDING_NEW").length;
  return waiting ? `${outcome(orderReports[0]!)}; ${waiting === 1 ? "one order follows" : "two orders follow"} once it is filled` : `${first!.side === "BUY" ? "Bought" : "Sold"} ${amountText(first!.symbol, first!.executedQty)}; what follows is open`;
}

/** What a replaced order keeps of the one before. */
function keptTerms(order: Order, quantity: string): Record<string, string | number | undefined> {
  const visible = parse(order.icebergQty || "0");
  const timed = !/^(STOP_LOSS|TAKE_PROFIT)$/.test(order.type) && (order.type !== "LIMIT_MAKER" || order.timeInForce === "GTD");
  return {
    timeInForce: timed ? order.timeInForce : undefined,
    goodTillDate: order.goodTillDate || undefined,
    trailingDelta: order.trailingDelta || undefined,
    selfTradePreventionMode: order.selfTradePreventionMode || undefined,
    icebergQty: visible ? toText(min(visible, parse(quantity))) : undefined,
  };
}

const ofPlaced = (placed: PlacedOrder): Order => ({ ...placed, time: placed.transactTime, updateTime: placed.transactTime });

const ofReport = (report: ExecutionReport): Order => ({
  symbol: report.s, orderId: report.i, clientOrderId: report.C || report.c, price: report.p, origQty: report.q, executedQty: report.z,
  cummulativeQuoteQty: report.Z, origQuoteOrderQty: report.Q, status: report.X, timeInForce: report.f, type: report.o, side: report.S,
  time: report.O, updateTime: report.T, orderListId: report.g, stopPrice: report.P, trailingDelta: report.d, trailingTime: report.D,
  icebergQty: report.F, workingTime: report.w ? (report.W ?? report.T) : -1, goodTillDate: report.gtd, pegPriceType: report.gP, peggedPrice: report.gp,
  expiryReason: report.eR, selfTradePreventionMode: report.V,
});

const amountText = (symbol: string, quantity: string): string => {
  const rules = rulesOf(symbol);
  return rules ? `${show(parse(quantity), rules.quantityPlaces)} ${rules.base}` : quantity;
};

const priceText = (symbol: string, price: string): string => {
  const rules = rulesOf(symbol);
  return rules ? `${show(parse(price), rules.pricePlaces)} ${rules.quote}` : price;
};

function outcome(placed: PlacedOrder): string {
  const order = ofPlaced(placed);
  const verb = order.side === "BUY" ? "buy" : "sell";
  if (isWaiting(order)) {
    const when = triggerText(order, (price) => show(price, rulesOf(order.symbol)?.pricePlaces ?? 2));
    return `${typeName(order)} placed: ${verb} ${amountText(order.symbol, order.origQty)}, ${when}`;
  }
  const done = parse(order.executedQty);
  const traded = done ? `${verb === "buy" ? "Bought" : "Sold"} ${amountText(order.symbol, order.executedQty)} at ${priceText(order.symbol, averageOf(order))}` : "";
  if (order.status === "FILLED") return traded;
  if (order.status === "NEW" || order.status === "PARTIALLY_FILLED") {
    const left = toText(parse(order.origQty) - done);
    const open = `${verb === "buy" ? "Buy" : "Sell"} order open: ${amountText(order.symbol, left)} at ${priceText(order.symbol, order.peggedPrice ?? order.price)}`;
    return traded ? `${traded}. ${open}` : open;
  }
  return traded ? `${traded}; the rest was cancelled` : "Nothing could be traded at that price; the order was cancelled";
}

export const averageOf = (order: Pick<Order, "executedQty" | "cummulativeQuoteQty">): string => {
  const done = parse(order.executedQty);
  return done ? toText((parse(order.cummulativeQuoteQty) * 10n ** 12n) / done) : "0";
};
