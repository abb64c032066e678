/** What happened to margin accounts: loans, interest, transfers, liquidations. Cross and isolated have histories of their own. */
import { type ReactNode, useCallback } from "react";
import {
  type CallEntry, type InterestEntry, type LiquidationEntry, type LoanEntry, readCalls, readInterest, readLiquidations, readLoans, readTransfers, type TransferEntry,
} from "../api/margin";
import { multiply, parse } from "../lib/decimal";
import { show } from "../lib/format";
import { levelText, rateText } from "../lib/margin";
import { useMargin } from "../state/margin";
import { useStore } from "../state/store";
import { usePages } from "../state/reading";
import type { Listed, PageAsk } from "../api/shop-types";
import { Card, type Cell, Filters, Heading, PagedTable, usePath } from "../ui/kit";
import { rulesOf } from "../state/venue";
import { go, query } from "../ui/route";
import { Empty, Moment } from "../ui/states";
import { amount8, marketName } from "./words";

const KINDS = [
  { path: "/margin/history", text: "Borrows" },
  { path: "/margin/history/repays", text: "Repays" },
  { path: "/margin/history/interest", text: "Interest" },
  { path: "/margin/history/transfers", text: "Transfers" },
  { path: "/margin/history/liquidations", text: "Liquidations" },
  { path: "/margin/history/calls", text: "Margin calls" },
];

export function History() {
  const path = usePath();
  const state = useMargin();
  const symbol = new URLSearchParams(useStore(query)).get("account") ?? "";
  const accounts = [...(state?.isolated.values() ?? [])].filter((one) => one.created);
  const of = symbol ? `?account=${symbol}` : "";
  const kinds = KINDS.map(({ path: kind, text }) => ({ path: kind + of, text }));
  const kind = KINDS.find((one) => one.path === path) ?? KINDS[0]!;
  const known = accounts.some((one) => one.symbol === symbol);
  return (
    <>
      <Heading title="History" about="Every loan, every interest and every liquidation of your margin accounts." />
      <Filters label="Kinds of history" choices={kinds} />
      <Card
        title={kind.text}
        deeds={
          <div className="input">
            <select aria-label="Account" value={symbol} onChange={({ target }) => go(`${path}${target.value && `?account=${target.value}`}`, true)}>
              <option value="">Cross</option>
              {symbol && !known && <option value={symbol}>Isolated {marketName(symbol)}</option>}
              {accounts.map((one) => (
                <option key={one.symbol} value={one.symbol}>
                  Isolated {marketName(one.symbol)}
                </option>
              ))}
            </select>
          </div>
        }
      >
        <Kind key={kind.path + of} path={kind.path} symbol={symbol || null} />
      </Card>
    </>
  );
}

function Kind({ path, symbol }: { path: string; symbol: string | null }) {
  if (path.endsWith("/repays")) return <Loans type="REPAY" symbol={symbol} />;
  if (path.endsWith("/interest")) return <Pages read={readInterest} symbol={symbol} columns={INTEREST} rowKey={(row) => `${row.txId}${row.interestAccuredTime}`} empty="No interest yet" />;
  if (path.endsWith("/transfers")) return <Pages read={readTransfers} symbol={symbol} columns={TRANSFERS} rowKey={(row) => `${row.txId}${row.timestamp}`} empty="Nothing was moved yet" />;
  if (path.endsWith("/liquidations")) {
    return <Pages read={readLiquidations} symbol={symbol} columns={LIQUIDATIONS} rowKey={(row) => row.orderId} empty="Nothing was liquidated" />;
  }
  if (path.endsWith("/calls")) {
    return (
      <>
        <SimulatedNote symbol={symbol} />
        <Pages read={readCalls} symbol={symbol} columns={CALLS} rowKey={(row) => `${row.timestamp}${row.type}${row.asset ?? ""}${row.orderId ?? ""}`} empty="No margin call yet" />
      </>
    );
  }
  return <Loans type="BORROW" symbol={symbol} />;
}

function SimulatedNote({ symbol }: { symbol: string | null }) {
  const state = useMargin();
  const account = symbol ? state?.isolated.get(symbol) : state?.cross;
  return account?.simulated ? <p className="note last-liquidation">Levels and values go by index prices of which a source is simulated.</p> : null;
}

function Pages<R>(props: {
  read: (of: { symbol: string | null }, ask: PageAsk) => Promise<Listed<R>>;
  symbol: string | null;
  columns: readonly Cell<R>[];
  rowKey: (row: R) => string | number;
  empty: string;
}) {
  const { read, symbol } = props;
  const rows = usePages(useCallback((ask: PageAsk) => read({ symbol }, ask), [read, symbol]));
  return <PagedTable label="History" rows={rows} columns={props.columns} rowKey={props.rowKey} empty={<Empty title={props.empty} />} />;
}

const amount = (text: string): string => amount8(parse(text));

function Loans({ type, symbol }: { type: "BORROW" | "REPAY"; symbol: string | null }) {
  const read = useCallback((of: { symbol: string | null }, ask: PageAsk) => readLoans(type, of, ask), [type]);
  return <Pages read={read} symbol={symbol} columns={type === "BORROW" ? BORROWS : REPAYS} rowKey={(row) => `${row.txId}${row.timestamp}`} empty={type === "BORROW" ? "Nothing was borrowed yet" : "Nothing was repaid yet"} />;
}

const byWhom = (row: LoanEntry): string => (row.type === "AUTO" ? "An order" : "You");

const BORROWS: Cell<LoanEntry>[] = [
  { head: "When", cell: (row) => <Moment ms={row.timestamp} /> },
  { head: "Asset", cell: (row) => row.asset },
  { head: "By", extra: true, cell: byWhom },
  { head: "Borrowed", right: true, cell: (row) => amount(row.principal) },
];

const REPAYS: Cell<LoanEntry>[] = [
  { head: "When", cell: (row) => <Moment ms={row.timestamp} /> },
  { head: "Asset", cell: (row) => row.asset },
  { head: "By", extra: true, cell: byWhom },
  { head: "Repaid", right: true, cell: (row) => amount(row.amount) },
  { head: "Of it interest", right: true, cell: (row) => amount(row.interest) },
  { head: "Of it principal", right: true, extra: true, cell: (row) => amount(row.principal) },
];

const INTEREST: Cell<InterestEntry>[] = [
  { head: "When", cell: (row) => <Moment ms={row.interestAccuredTime} /> },
  { head: "Asset", cell: (row) => row.asset },
  { head: "Principal", right: true, extra: true, cell: (row) => amount(row.principal) },
  { head: "Rate a day", right: true, cell: (row) => rateText(Number(row.interestRate)) },
  { head: "Interest", right: true, cell: (row) => amount(row.interest) },
];

const WHERE: Record<string, string> = { SPOT: "Spot", MAIN: "Spot", CROSS_MARGIN: "Cross", MARGIN: "Cross", ISOLATED_MARGIN: "Isolated" };
const place = (name: string, symbol: string | undefined): string => (symbol ? `Isolated ${marketName(symbol)}` : (WHERE[name] ?? name));

const TRANSFERS: Cell<TransferEntry>[] = [
  { head: "When", cell: (row) => <Moment ms={row.timestamp} /> },
  { head: "From", cell: (row) => place(row.transFrom, row.fromSymbol) },
  { head: "To", cell: (row) => place(row.transTo, row.toSymbol) },
  { head: "Asset", extra: true, cell: (row) => row.asset },
  { head: "Amount", right: true, cell: (row) => `${amount(row.amount)} ${row.asset}` },
];

const LIQUIDATIONS: Cell<LiquidationEntry>[] = [
  { head: "When", cell: (row) => <Moment ms={row.updatedTime} /> },
  { head: "Market", extra: true, cell: (row) => marketName(row.symbol) },
  { head: "Side", cell: (row) => <span className={row.side === "BUY" ? "up" : "down"}>{row.side === "BUY" ? "Bought" : "Sold"}</span> },
  { head: "Amount", right: true, cell: (row) => amount(row.executedQty) },
  { head: "Average price", right: true, cell: (row) => show(parse(row.avgPrice), rulesOf(row.symbol)?.pricePlaces ?? 8) },
  { head: "Total", right: true, extra: true, cell: (row) => show(multiply(parse(row.avgPrice), parse(row.executedQty)), 2) },
];

const CALL_WORDS: Record<string, string> = {
  MARGIN_CALL: "Margin call", LIQUIDATION_STARTED: "Liquidation began: orders cancelled", LIQUIDATION_ENDED: "Liquidation ended",
};

/** What happened, and for a part that was sold what it brought and cost. */
function happened(row: CallEntry): ReactNode {
  const of = (text = "0"): string => `${amount(text)} ${row.asset}`;
  if (row.type === "BAD_DEBT") return `${of(row.amount)} owed that nothing was left to repay: forgiven`;
  if (row.type !== "LIQUIDATION") return CALL_WORDS[row.type] ?? row.type;
  if (!row.orderId) return `What was left, ${of(row.fee)}, went to the insurance`;
  const fee = parse(row.fee ?? "0") ? `, fee ${of(row.fee)}` : "";
  return parse(row.amount ?? "0") ? `Traded on ${marketName(row.symbol!)}: brought ${of(row.amount)}${fee}` : `Nobody traded on ${marketName(row.symbol!)} near the index`;
}

/** Values that nothing is owed for are not told. */
const valued = (row: CallEntry): boolean => !["BAD_DEBT", "LIQUIDATION"].includes(row.type) || Boolean(row.orderId);

const worth = (text: string): string => show(parse(text), 2);

/** Levels beyond what is told are those of who owes nothing. */
const levelOf = (row: CallEntry): string => (parse(row.debtValue) ? levelText(Number(row.marginLevel)) : levelText(Infinity));

const CALLS: Cell<CallEntry>[] = [
  { head: "When", cell: (row) => <Moment ms={row.timestamp} /> },
  { head: "What", cell: (row) => <span className="happened">{happened(row)}</span> },
  { head: "Level", right: true, cell: (row) => (valued(row) ? levelOf(row) : "—") },
  { head: "Assets worth", right: true, extra: true, cell: (row) => (valued(row) ? worth(row.assetValue) : "—") },
  { head: "Debts worth", right: true, extra: true, cell: (row) => (valued(row) ? worth(row.debtValue) : "—") },
];
