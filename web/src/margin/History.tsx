/** What happened to margin accounts: loans, interest, transfers, liquidations. Cross and isolated have histories of their own. */
import { useCallback, useState } from "react";
import {
  type CallEntry, type InterestEntry, type LiquidationEntry, type LoanEntry, readCalls, readInterest, readLiquidations, readLoans, readTransfers, type TransferEntry,
} from "../api/margin";
import { parse } from "../lib/decimal";
import { levelText, rateText } from "../lib/margin";
import { useMargin } from "../state/margin";
import { usePages } from "../state/reading";
import type { Listed, PageAsk } from "../api/shop-types";
import { Card, type Cell, Filters, Heading, PagedTable, usePath } from "../ui/kit";
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
  const [symbol, setSymbol] = useState("");
  const accounts = [...(state?.isolated.values() ?? [])].filter((one) => one.created);
  const kind = KINDS.find((one) => one.path === path) ?? KINDS[0]!;
  const of = symbol || null;
  return (
    <>
      <Heading title="History" about="Every loan, every interest and every liquidation of your margin accounts." />
      <Filters label="Kinds of history" choices={KINDS} />
      <Card
        title={kind.text}
        deeds={
          <div className="input">
            <select aria-label="Account" value={symbol} onChange={(event) => setSymbol(event.target.value)}>
              <option value="">Cross</option>
              {accounts.map((one) => (
                <option key={one.symbol} value={one.symbol}>
                  Isolated {marketName(one.symbol)}
                </option>
              ))}
            </select>
          </div>
        }
      >
        <Kind key={`${kind.path}${symbol}`} path={kind.path} symbol={of} />
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
    return <Pages read={readCalls} symbol={symbol} columns={CALLS} rowKey={(row) => `${row.timestamp}${row.type}${row.asset ?? ""}`} empty="No margin call yet" />;
  }
  return <Loans type="BORROW" symbol={symbol} />;
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
  { head: "Market", cell: (row) => marketName(row.symbol) },
  { head: "Side", cell: (row) => <span className={row.side === "BUY" ? "up" : "down"}>{row.side === "BUY" ? "Bought" : "Sold"}</span> },
  { head: "Amount", right: true, cell: (row) => amount(row.executedQty) },
  { head: "Average price", right: true, cell: (row) => amount(row.avgPrice) },
];

const CALL_WORDS: Record<string, string> = {
  MARGIN_CALL: "Margin call", LIQUIDATION_STARTED: "Liquidation began", LIQUIDATION: "Part sold", LIQUIDATION_ENDED: "Liquidation ended",
  BAD_DEBT: "A debt that nothing covered",
};

const CALLS: Cell<CallEntry>[] = [
  { head: "When", cell: (row) => <Moment ms={row.timestamp} /> },
  { head: "What", cell: (row) => CALL_WORDS[row.type] ?? row.type },
  { head: "Level", right: true, cell: (row) => levelText(Number(row.marginLevel)) },
  { head: "Assets", right: true, extra: true, cell: (row) => amount(row.assetValue) },
  { head: "Debts", right: true, extra: true, cell: (row) => amount(row.debtValue) },
];
