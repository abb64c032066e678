/** What the member owns on this venue: open orders, order history, fills, balances. */
import { Pencil, X } from "lucide-react";
import { type FormEvent, type KeyboardEvent, type ReactNode, useId, useMemo, useState } from "react";
import { ApiError } from "../api/rest";
import type { Fill, Order } from "../api/types";
import { expiryWords } from "../api/words";
import { type Decimal, isMultiple, multiply, parse, parseTyped, toText } from "../lib/decimal";
import { show, showCompact } from "../lib/format";
import { hiddenOf, isLiquidation, isWaiting, listOf, triggerText, typeName } from "../lib/orders";
import type { SymbolRules } from "../lib/rules";
import { averageOf, type Holding, type OpenOrder } from "../state/trading";
import { useHoldings } from "../state/holdings";
import { session } from "../state/session";
import { useStore } from "../state/store";
import { rulesOf, tickers, worth } from "../state/venue";
import { Dialog } from "../ui/Dialog";
import { to } from "../ui/route";
import { Empty, Moment } from "../ui/states";
import { type Column, Table } from "../ui/Table";
import { useDesk, useIsOpened, useOpenOrders } from "./useDesk";

const TABS = [
  { key: "open", text: "Open orders" },
  { key: "history", text: "Order history" },
  { key: "fills", text: "Fills" },
  { key: "balances", text: "Balances" },
] as const;

type Tab = (typeof TABS)[number]["key"];

export function Mine({ rules }: { rules: SymbolRules | null }) {
  const [tab, setTab] = useState<Tab>("open");
  const [here, setHere] = useState(false);
  const member = useStore(session).state;
  const orders = useOpenOrders();
  const opened = useIsOpened();
  const id = useId();

  const onKey = (event: KeyboardEvent) => {
    const at = TABS.findIndex(({ key }) => key === tab);
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!step) return;
    event.preventDefault();
    const next = TABS[(at + step + TABS.length) % TABS.length]!.key;
    setTab(next);
    document.getElementById(`${id}-${next}`)?.focus();
  };

  const shown = here && rules ? (orders?.filter((order) => order.symbol === rules.symbol) ?? null) : orders;
  return (
    <section className="panel mine" aria-label="Your orders and balances">
      <div className="panel-head">
        <div className="tabs" role="tablist" aria-label="Your orders and balances" onKeyDown={onKey}>
          {TABS.map(({ key, text }) => (
            <button
              key={key}
              id={`${id}-${key}`}
              role="tab"
              aria-selected={key === tab}
              aria-controls={`${id}-body`}
              tabIndex={key === tab ? 0 : -1}
              onClick={() => setTab(key)}
            >
              {text}
              {key === "open" && orders && orders.length > 0 && <span className="count">{orders.length}</span>}
            </button>
          ))}
        </div>
        {tab === "open" && member === "member" && rules && (
          <div className="mine-tools">
            <label className="check">
              <input type="checkbox" checked={here} onChange={(event) => setHere(event.target.checked)} />
              Only {rules.base}/{rules.quote}
            </label>
            <CancelAll rules={rules} orders={orders ?? []} />
          </div>
        )}
      </div>
      <div className="mine-body" id={`${id}-body`} role="tabpanel" aria-labelledby={`${id}-${tab}`}>
        {member === "anonymous" ? (
          <Empty title="Your orders, fills and balances appear here">
            <p>
              <a {...to("/login")}>Log in</a> or <a {...to("/signup")}>sign up</a> to trade.
            </p>
          </Empty>
        ) : !opened ? (
          <Empty title="This margin account is not open yet">
            <p>It opens with the first funds that you move in; what you do with it appears here.</p>
          </Empty>
        ) : (
          <>
            {tab === "open" && <OpenOrders rows={shown} />}
            {tab === "history" && <History rules={rules} />}
            {tab === "fills" && <Fills rules={rules} />}
            {tab === "balances" && <Balances />}
          </>
        )}
      </div>
    </section>
  );
}

/** All of the market's orders, or one side of them where both sides have some. */
function CancelAll({ rules, orders }: { rules: SymbolRules; orders: readonly OpenOrder[] }) {
  const desk = useDesk();
  const here = orders.filter((order) => order.symbol === rules.symbol);
  const market = `${rules.base}/${rules.quote}`;
  const both = new Set(here.map((order) => order.side)).size === 2;
  return (
    <span className="button-row">
      {both && (
        <>
          <button className="button small" aria-label={`Cancel the buys of ${market}`} title={`Cancel every open buy order of ${market}`} onClick={() => desk.cancelAll(rules.symbol, "BUY")}>
            Buys
          </button>
          <button className="button small" aria-label={`Cancel the sells of ${market}`} title={`Cancel every open sell order of ${market}`} onClick={() => desk.cancelAll(rules.symbol, "SELL")}>
            Sells
          </button>
        </>
      )}
      <button className="button small" disabled={!here.length} title={`Cancel every open order of ${market}`} onClick={() => desk.cancelAll(rules.symbol)}>
        Cancel all
      </button>
    </span>
  );
}

// ---------------------------------------------------------------- cells

function marketName(symbol: string): ReactNode {
  const rules = rulesOf(symbol);
  return rules ? (
    <>
      {rules.base}
      <span className="quiet">/{rules.quote}</span>
    </>
  ) : (
    symbol
  );
}

const SideCell = ({ side }: { side: string }) => <span className={side === "BUY" ? "up" : "down"}>{side === "BUY" ? "Buy" : "Sell"}</span>;

const price = (symbol: string, text: string): string => {
  const value = parse(text || "0");
  return value ? show(value, rulesOf(symbol)?.pricePlaces ?? 2) : "—";
};

const quantity = (symbol: string, text: string): string => show(parse(text || "0"), rulesOf(symbol)?.quantityPlaces ?? 8);

const total = (symbol: string, value: Decimal): string => show(value, Math.max(2, rulesOf(symbol)?.pricePlaces ?? 2));

const trigger = (order: Order): string => triggerText(order, (value) => show(value, rulesOf(order.symbol)?.pricePlaces ?? 2));

/** The limit; what executes at market, or takes its price from the book, says so. */
function limitText(order: Order): string {
  if (/^(MARKET|STOP_LOSS|TAKE_PROFIT)$/.test(order.type)) return "Market";
  const pegged = parse(order.peggedPrice || "0");
  if (order.pegPriceType && !pegged) return (order.pegPriceType === "PRIMARY_PEG") === (order.side === "BUY") ? "Best bid" : "Best offer";
  if (pegged) return price(order.symbol, order.peggedPrice!);
  return price(order.symbol, order.price);
}

function TypeCell({ order }: { order: Order }) {
  const desk = useDesk();
  const type = useStore(desk.listTypes).get(listOf(order) ?? -1);
  return (
    <>
      {desk.kind !== "SPOT" && isLiquidation(order) ? "Liquidation" : typeName(order)}
      {listOf(order) !== null && <span className="tag list-tag">{type ?? "List"}</span>}
    </>
  );
}

const STATUSES: Record<string, string> = {
  NEW: "Open", PARTIALLY_FILLED: "Partly filled", FILLED: "Filled", CANCELED: "Cancelled", EXPIRED: "Expired", EXPIRED_IN_MATCH: "Expired (own order)", REJECTED: "Refused",
};

function StatusCell({ order }: { order: Order }) {
  const reason = expiryWords(order.expiryReason);
  return (
    <span title={reason}>
      {STATUSES[order.status] ?? order.status}
      {reason && <span className="quiet extra-inline">: {reason.charAt(0).toLowerCase() + reason.slice(1)}</span>}
    </span>
  );
}

const sizeOf = (order: Order): string => (parse(order.origQty) ? quantity(order.symbol, order.origQty) : quantity(order.symbol, order.executedQty));

const orderColumns: Column<Order>[] = [
  { key: "time", head: "Time", extra: true, cell: (order) => <Moment ms={order.time} /> },
  { key: "market", head: "Market", cell: (order) => marketName(order.symbol) },
  { key: "side", head: "Side", cell: (order) => <SideCell side={order.side} /> },
  { key: "type", head: "Type", extra: true, cell: (order) => <TypeCell order={order} /> },
];

// ---------------------------------------------------------------- open orders

function OpenOrders({ rows }: { rows: readonly OpenOrder[] | null }) {
  const desk = useDesk();
  const [editing, setEditing] = useState<OpenOrder | null>(null);
  const [ending, setEnding] = useState<OpenOrder | null>(null);
  const columns = useMemo<Column<OpenOrder>[]>(
    () => [
      ...orderColumns,
      { key: "trigger", head: "Trigger", right: true, extra: true, cell: (order) => trigger(order) || <span className="quiet">—</span> },
      { key: "price", head: "Price", right: true, cell: (order) => <PriceCell order={order} /> },
      { key: "amount", head: "Amount", right: true, cell: (order) => <SizeCell order={order} /> },
      { key: "filled", head: "Filled", right: true, cell: (order) => <Filled order={order} /> },
      {
        key: "act",
        head: "",
        right: true,
        stuck: true,
        cell: (order) => (
          <span className="row-tools">
            {mayChange(order) && (
              <button className="icon-button small" aria-label={`Change the order at ${order.price}`} title="Change" disabled={!!order.pending} onClick={() => setEditing(order)}>
                <Pencil size={14} />
              </button>
            )}
            <button
              className="icon-button small"
              aria-label={listOf(order) === null ? `Cancel the order at ${order.price}` : `Cancel the order at ${order.price} and those bound to it`}
              title={listOf(order) === null ? "Cancel" : "Cancel it and those bound to it"}
              disabled={!!order.pending}
              onClick={() => (listOf(order) === null ? desk.cancel(order) : setEnding(order))}
            >
              <X size={16} />
            </button>
          </span>
        ),
      },
    ],
    [desk],
  );
  return (
    <>
      <Table
        label="Open orders"
        columns={columns}
        rows={rows}
        rowKey={(order) => order.orderId}
        rowClass={(order) => `${order.pending ? "pending" : ""} ${listOf(order) === null ? "" : "bound"}`}
        empty={
          <Empty title="No open orders">
            <p>Limit orders and stops wait here until they fill or you cancel them.</p>
          </Empty>
        }
      />
      {editing && <EditOrder order={editing} onClose={() => setEditing(null)} />}
      {ending && <EndList order={ending} onClose={() => setEnding(null)} />}
    </>
  );
}

/** Orders of a list stand as they were placed; a pegged one has no price of its own. */
const mayChange = (order: Order): boolean => listOf(order) === null && !order.pegPriceType;

/** On phones, where there is no column for it, what waits shows its trigger instead of its limit. */
function PriceCell({ order }: { order: Order }) {
  if (!isWaiting(order) || !trigger(order)) return limitText(order);
  return (
    <>
      <span className="extra-inline">{limitText(order)}</span>
      <span className="narrow-inline">{trigger(order)}</span>
    </>
  );
}

function SizeCell({ order }: { order: Order }) {
  const hidden = hiddenOf(order);
  return (
    <>
      {hidden !== null && <span className="quiet extra-inline">{hidden ? `${toText(hidden)} hidden` : "all shown"} · </span>}
      {quantity(order.symbol, order.origQty)}
    </>
  );
}

function EndList({ order, onClose }: { order: OpenOrder; onClose: () => void }) {
  const desk = useDesk();
  const orders = useOpenOrders();
  const bound = (orders ?? []).filter((other) => listOf(other) === listOf(order));
  const both = bound.length === 2;
  return (
    <Dialog title={both ? "Cancel both orders?" : "Cancel all orders of the list?"} onClose={onClose}>
      <p>{both ? "This order is one of a pair. Cancelling it cancels the other too:" : "These orders are bound to each other. They end together:"}</p>
      <ul className="concerns">
        {bound.map((one) => (
          <li key={one.orderId}>
            {one.side === "BUY" ? "Buy" : "Sell"} {quantity(one.symbol, one.origQty)}, {typeName(one).toLowerCase()} {[trigger(one), limitText(one)].filter(Boolean).join(" at ")}
          </li>
        ))}
      </ul>
      <div className="dialog-buttons">
        <button type="button" className="button" onClick={onClose}>
          Keep {both ? "both" : "them"}
        </button>
        <button
          type="button"
          className="button primary"
          onClick={() => {
            onClose();
            desk.cancel(order);
          }}
        >
          Cancel {both ? "both" : "them"}
        </button>
      </div>
    </Dialog>
  );
}

function Filled({ order }: { order: Order }) {
  if (order.status === "PENDING_NEW") return <span title="Waits until the first order of its list is filled">Pending</span>;
  if (isWaiting(order)) return <span title={`Waits for the last price: ${trigger(order)}`}>Waiting</span>;
  const size = parse(order.origQty);
  const share = size ? Number((parse(order.executedQty) * 1000n) / size) / 10 : 0;
  return <span title={`${quantity(order.symbol, order.executedQty)} filled`}>{share.toFixed(share % 1 ? 1 : 0)}%</span>;
}

/** The numbers of an order that can be changed, as they are typed. */
function editable(order: OpenOrder): Record<"stopPrice" | "price" | "quantity", string> {
  const typed = (text: string | undefined): string => (text && parse(text) ? toText(parse(text)) : "");
  return { stopPrice: typed(order.stopPrice), price: typed(order.price), quantity: typed(order.origQty) };
}

function EditOrder({ order, onClose }: { order: OpenOrder; onClose: () => void }) {
  const desk = useDesk();
  const rules = rulesOf(order.symbol)!;
  const [before] = useState(() => editable(order));
  const [typed, setTyped] = useState(before);
  const [refusal, setRefusal] = useState("");
  const [busy, setBusy] = useState(false);
  const id = useId();
  const values = { stopPrice: parseTyped(typed.stopPrice), price: parseTyped(typed.price), quantity: parseTyped(typed.quantity) };
  const off = (name: keyof typeof values, step: Decimal): boolean => before[name] !== "" && (values[name] === null || values[name] <= 0n || !isMultiple(values[name], step));
  const done = parse(order.executedQty);
  const rest = values.quantity === null ? "" : toText(values.quantity - done);
  const error =
    off("stopPrice", rules.tick) || off("price", rules.tick) ? `Prices move in steps of ${toText(rules.tick)} ${rules.quote}`
    : off("quantity", rules.step) ? `Amounts move in steps of ${toText(rules.step)} ${rules.base}`
    : values.quantity !== null && values.quantity <= done ? `${toText(done)} ${rules.base} of it are filled: the amount must be above that`
    : "";
  const samePrices = values.price === parseTyped(before.price) && values.stopPrice === parseTyped(before.stopPrice);
  const keepsPlace = samePrices && values.quantity !== null && values.quantity < parse(order.origQty);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (error || busy) return;
    setBusy(true);
    try {
      const text = (value: Decimal | null) => (value === null ? undefined : toText(value));
      await desk.edit(order, { stopPrice: text(values.stopPrice), price: text(values.price), quantity: toText(values.quantity!) }, keepsPlace);
      onClose();
    } catch (problem) {
      setRefusal(problem instanceof ApiError ? problem.message : String(problem));
      setBusy(false);
    }
  };

  const fields = [
    { name: "stopPrice", label: "Stop price", unit: rules.quote },
    { name: "price", label: "Price", unit: rules.quote },
    { name: "quantity", label: "Amount", unit: rules.base },
  ] as const;
  return (
    <Dialog title={`Change ${order.side === "BUY" ? "buy" : "sell"} order`} onClose={onClose}>
      <form className="form" onSubmit={submit} noValidate autoComplete="off">
        {fields
          .filter(({ name }) => before[name])
          .map(({ name, label, unit }) => (
            <div key={name} className="input number">
              <label htmlFor={`${id}-${name}`}>{label}</label>
              <input id={`${id}-${name}`} inputMode="decimal" value={typed[name]} onChange={(event) => setTyped({ ...typed, [name]: event.target.value })} />
              <span className="unit">{unit}</span>
            </div>
          ))}
        <p className={error ? "field-error" : "field-hint"}>
          {error || (keepsPlace ? "The order keeps its place in the queue." : done ? `${toText(done)} ${rules.base} are filled; the other ${rest} queue anew.` : "The order is replaced in one step and queues anew.")}
        </p>
        {refusal && (
          <p className="note refusal" role="alert">
            {refusal}
          </p>
        )}
        <div className="dialog-buttons">
          <button type="button" className="button" onClick={onClose}>
            Keep as it is
          </button>
          <button className="button primary" disabled={!!error || busy}>
            Change order
          </button>
        </div>
      </form>
    </Dialog>
  );
}

// ---------------------------------------------------------------- history, fills, balances

function ThisMarket({ rules, what }: { rules: SymbolRules | null; what: string }) {
  return (
    <Empty title={`No ${what} yet`}>
      <p>{rules ? `Yours of ${rules.base}/${rules.quote} will be listed here.` : ""}</p>
    </Empty>
  );
}

const historyColumns: Column<Order>[] = [
  ...orderColumns,
  { key: "trigger", head: "Trigger", right: true, extra: true, cell: (order) => trigger(order) || <span className="quiet">—</span> },
  { key: "price", head: "Price", right: true, extra: true, cell: limitText },
  { key: "average", head: "Average", right: true, cell: (order) => price(order.symbol, averageOf(order)) },
  { key: "amount", head: "Amount", right: true, cell: sizeOf },
  { key: "filled", head: "Filled", right: true, extra: true, cell: (order) => quantity(order.symbol, order.executedQty) },
  { key: "status", head: "Status", right: true, cell: (order) => <StatusCell order={order} /> },
];

function History({ rules }: { rules: SymbolRules | null }) {
  const rows = useStore(useDesk().history).get(rules?.symbol ?? "") ?? null;
  return <Table label="Order history" columns={historyColumns} rows={rows} rowKey={(order) => order.orderId} empty={<ThisMarket rules={rules} what="orders" />} />;
}

const fillColumns: Column<Fill>[] = [
  { key: "time", head: "Time", cell: (fill) => <Moment ms={fill.time} /> },
  { key: "market", head: "Market", extra: true, cell: (fill) => marketName(fill.symbol) },
  { key: "side", head: "Side", cell: (fill) => <SideCell side={fill.isBuyer ? "BUY" : "SELL"} /> },
  { key: "price", head: "Price", right: true, cell: (fill) => price(fill.symbol, fill.price) },
  { key: "amount", head: "Amount", right: true, cell: (fill) => quantity(fill.symbol, fill.qty) },
  { key: "total", head: "Total", right: true, extra: true, cell: (fill) => total(fill.symbol, multiply(parse(fill.price), parse(fill.qty))) },
  { key: "fee", head: "Fee", right: true, extra: true, cell: (fill) => `${toText(parse(fill.commission || "0"))} ${fill.commissionAsset}` },
  { key: "role", head: "Role", right: true, extra: true, cell: (fill) => (fill.isMaker ? "Maker" : "Taker") },
];

function Fills({ rules }: { rules: SymbolRules | null }) {
  const rows = useStore(useDesk().fills).get(rules?.symbol ?? "") ?? null;
  return <Table label="Fills" columns={fillColumns} rows={rows} rowKey={(fill) => `${fill.id}-${fill.isBuyer}`} empty={<ThisMarket rules={rules} what="fills" />} />;
}

function Balances() {
  const desk = useDesk();
  const rows = useHoldings(desk);
  const prices = useStore(tickers);
  const columns: Column<Holding>[] = [
    { key: "asset", head: "Asset", cell: (row) => <b>{row.asset}</b> },
    { key: "available", head: "Available", right: true, cell: (row) => show(row.available, 8) },
    { key: "held", head: "Held", right: true, cell: (row) => show(row.held, 8) },
    desk.kind === "SPOT"
      ? { key: "total", head: "Total", right: true, extra: true, cell: (row) => show(row.available + row.held, 8) }
      : { key: "owed", head: "Owed", right: true, cell: (row) => show((row.borrowed ?? 0n) + (row.interest ?? 0n), 8) },
    {
      key: "worth",
      head: "Worth (USDT)",
      right: true,
      extra: true,
      cell: (row) => {
        const rate = worth(row.asset, "USDT", prices);
        return rate === null ? "—" : showCompact((Number(row.available + row.held) / 1e12) * rate);
      },
    },
  ];
  return (
    <Table
      label="Balances"
      columns={columns}
      rows={rows}
      rowKey={(row) => row.asset}
      empty={
        <Empty title="Nothing here yet">
          <p>
            <a {...to("/wallet")}>Open the wallet</a> to add funds.
          </p>
        </Empty>
      }
    />
  );
}
