/** The ticket's choice of account, and what of a margin account matters while one trades: its level, what would be borrowed and repaid. */
import { lazy, Suspense, useEffect, useState } from "react";
import { maxBorrowable } from "../api/margin";
import { type Decimal, toText } from "../lib/decimal";
import { group, show } from "../lib/format";
import { levelText, zoneOf, zoneText } from "../lib/margin";
import type { SymbolRules } from "../lib/rules";
import type { AccountKind, Ticket } from "../lib/ticket";
import { isList } from "../lib/ticketExits";
import { isCreated, margin, type MarginState, useMargin } from "../state/margin";
import { useStore } from "../state/store";
import { to } from "../ui/route";
import { Segments } from "../ui/Segments";
import { write } from "./ticketStore";
import { useDesk } from "./useDesk";

const TransferDialog = lazy(() => import("../margin/dialogs").then((part) => ({ default: part.TransferDialog })));

const ACCOUNTS: readonly { value: AccountKind; text: string; title: string }[] = [
  { value: "SPOT", text: "Spot", title: "Trade with what you have" },
  { value: "CROSS", text: "Cross", title: "Trade with borrowed money; everything in the cross account backs it" },
  { value: "ISOLATED", text: "Isolated", title: "Trade with borrowed money; only what is in this pair's account backs it" },
];

export function AccountSwitch({ ticket }: { ticket: Ticket }) {
  return <Segments label="Account" className="plain accounts" value={ticket.account} onChange={(account) => write({ account })} choices={ACCOUNTS} />;
}

/** Level, liquidation price and side effects of the margin account that trades; how to open it where it is not there. */
export function MarginLine({ ticket, rules, loan }: { ticket: Ticket; rules: SymbolRules; loan: Decimal }) {
  const state = useMargin(ticket.account !== "SPOT");
  const [moving, setMoving] = useState(false);
  if (ticket.account === "SPOT") return null;
  const created = isCreated(state, ticket.account, rules.symbol);
  return (
    <div className="margin-line">
      {state && created && <Standing ticket={ticket} rules={rules} state={state} />}
      {state && !created && <p className="field-hint">This account opens with the first funds that you move in.</p>}
      <div className="choice-line">
        <button type="button" className="button small" onClick={() => setMoving(true)}>
          Move funds in
        </button>
        {created && (
          <span className="checks">
            <SideEffect
              label="Borrow"
              title={isList(ticket) ? "Orders that are bound to each other borrow nothing" : "Borrow what the order lacks, when it is placed"}
              disabled={isList(ticket)}
              checked={ticket.borrows && !isList(ticket)}
              onChange={(borrows) => write({ borrows })}
            />
            <SideEffect label="Repay" title="Repay what is owed with what the order brings" checked={ticket.repays} onChange={(repays) => write({ repays })} />
          </span>
        )}
      </div>
      {loan > 0n && (
        <p className="field-hint" data-testid="loan">
          Borrows {group(toText(loan))} {ticket.side === "BUY" ? rules.quote : rules.base}; interest is charged by the hour, the first at once.
        </p>
      )}
      {moving && (
        <Suspense fallback={null}>
          <TransferDialog
            from="SPOT"
            to={ticket.account === "CROSS" ? "CROSS" : { symbol: rules.symbol }}
            asset={ticket.side === "BUY" ? rules.quote : rules.base}
            onClose={() => setMoving(false)}
          />
        </Suspense>
      )}
    </div>
  );
}

function SideEffect(props: { label: string; title: string; checked: boolean; disabled?: boolean; onChange: (checked: boolean) => void }) {
  return (
    <label className="check" title={props.title}>
      <input type="checkbox" checked={props.checked} disabled={props.disabled} onChange={(event) => props.onChange(event.target.checked)} />
      <span>{props.label}</span>
    </label>
  );
}

function Standing({ ticket, rules, state }: { ticket: Ticket; rules: SymbolRules; state: MarginState }) {
  const isolated = state.isolated.get(rules.symbol);
  const level = ticket.account === "CROSS" ? state.cross.level : (isolated?.level ?? Infinity);
  const { liquidating, simulated } = (ticket.account === "CROSS" ? state.cross : isolated) ?? state.cross;
  const zone = zoneOf(level, state.bars, liquidating);
  return (
    <dl className="estimate" data-zone={zone}>
      <dt>
        <a {...to(ticket.account === "CROSS" ? "/margin" : "/margin/isolated")}>Margin level</a>
      </dt>
      <dd data-testid="ticket-level">{level === Infinity ? levelText(level) : `${levelText(level)} · ${zoneText(zone)}`}</dd>
      {ticket.account === "ISOLATED" && isolated && isolated.liquidationPrice > 0n && (
        <>
          <dt>Liquidated at</dt>
          <dd>
            {show(isolated.liquidationPrice, rules.pricePlaces)} {rules.quote}
          </dd>
        </>
      )}
      {simulated && level !== Infinity && <dd className="wide-hint">by simulated index prices</dd>}
    </dl>
  );
}

/** null while the venue is asked. */
export interface Loans {
  base: Decimal | null;
  quote: Decimal | null;
}

const NO_LOANS: Loans = { base: 0n, quote: 0n };
const UNKNOWN_LOANS: Loans = { base: null, quote: null };
const SETTLE_MS = 400;

/** What could be borrowed right now, where the ticket borrows; asked again after each change of the account. */
export function useLoans(ticket: Ticket, rules: SymbolRules): Loans {
  const desk = useDesk();
  const owned = useStore(desk.holdings);
  const [told, setTold] = useState<{ of: string; loans: Loans }>({ of: "", loans: NO_LOANS });
  const of = ticket.borrows && ticket.account !== "SPOT" && owned ? `${ticket.account}:${rules.symbol}` : "";
  useEffect(() => {
    if (!of) return;
    let current = true;
    const where = { symbol: ticket.account === "ISOLATED" ? rules.symbol : null };
    const timer = setTimeout(async () => {
      const [base, quote] = await Promise.all([rules.base, rules.quote].map((asset) => maxBorrowable(where, asset).catch(() => 0n)));
      if (current) setTold({ of, loans: { base: base!, quote: quote! } });
    }, SETTLE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [of, owned, rules, ticket.account]);
  if (!of) return NO_LOANS;
  return told.of === of ? told.loans : UNKNOWN_LOANS;
}

/** Where the isolated account of the market is liquidated, 0n where it is not traded, or nothing is owed; and whether that goes by a simulated price. */
export function useLiquidationPrice(kind: AccountKind, symbol: string): { price: Decimal; simulated: boolean } {
  const state = useStore(margin);
  const account = kind === "ISOLATED" ? state?.isolated.get(symbol) : undefined;
  return { price: account?.liquidationPrice ?? 0n, simulated: account?.simulated ?? false };
}
