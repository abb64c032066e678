/** The order ticket: what is typed is checked as one types, a sentence says what will happen, and the button what it will do. */
import { ChevronDown } from "lucide-react";
import { type FormEvent, useEffect, useMemo, useRef, useState } from "react";
import { ApiError } from "../api/rest";
import { LocalBook } from "../lib/book";
import { ONE, parse, toFixed } from "../lib/decimal";
import { showAge } from "../lib/format";
import { countOpen } from "../lib/orders";
import type { SymbolRules } from "../lib/rules";
import { type AccountKind, type Checked, hasLimit, isPegged, type Kind, type MarketView, type Means, type Ticket } from "../lib/ticket";
import { checkTicket, loanOf, percentUsed, sizeForPercent } from "../lib/ticketCheck";
import { isList } from "../lib/ticketExits";
import { actionText, sentence } from "../lib/ticketWords";
import { fees, type Holding } from "../state/account";
import { margin } from "../state/margin";
import type { Market } from "../state/market";
import { sayError } from "../state/notices";
import { session } from "../state/session";
import { FrameStore, useStore } from "../state/store";
import { marketStates, stateOf, tickers } from "../state/venue";
import { Dialog } from "../ui/Dialog";
import { Segments } from "../ui/Segments";
import { useLostAge } from "../ui/Shell";
import { AccountSwitch, type Loans, MarginLine, useLoans } from "./MarginTicket";
import { DemoFunds, Estimate, LoginInstead, Pair } from "./TicketEstimate";
import { TicketExtras } from "./TicketExtras";
import { ExitFields, NumberField, PriceFields, stepKeys } from "./TicketFields";
import { followBest, priceTouched, takeSide, ticket as ticketStore, ticketSheet, write } from "./ticketStore";
import { useDesk, useIsOpened } from "./useDesk";

const STILL = new FrameStore(0);
const NO_BOOK = new LocalBook();
const DEFAULT_FEE = parse("0.001");
const MARKS = [25, 50, 75, 100];
const SLOW_MS = 300;

const KINDS: readonly { value: Kind; text: string; title: string; key: string }[] = [
  { value: "LIMIT", text: "Limit", title: "At your price or better (L)", key: "l" },
  { value: "MARKET", text: "Market", title: "Now, at the best prices there are (M)", key: "m" },
  { value: "STOP", text: "Stop", title: "Once the last price reaches yours: stop loss or take profit (P)", key: "p" },
  { value: "TRAILING", text: "Trailing", title: "A stop that follows the price at a distance (T)", key: "t" },
  { value: "OCO", text: "OCO", title: "Take profit and stop, one cancels the other (O)", key: "o" },
];

/** The kinds of order that the market takes. */
function kindsOf(rules: SymbolRules) {
  const takes: Record<Kind, boolean> = {
    LIMIT: true, MARKET: rules.types.has("MARKET"), STOP: rules.types.has("STOP_LOSS"), TRAILING: rules.trailing !== null, OCO: rules.pairs,
  };
  return KINDS.filter(({ value }) => takes[value]);
}

export function TicketPanel(props: { rules: SymbolRules | null; market: Market | null }) {
  return (
    <section className="panel ticket" aria-label="Place an order">
      {props.rules ? <TicketForm rules={props.rules} market={props.market} /> : <TicketBones />}
      {props.rules && <Pair rules={props.rules} />}
    </section>
  );
}

function TicketBones() {
  return (
    <div className="ticket-form" aria-busy="true">
      {[40, 32, 36, 36, 20, 28, 20, 64, 44].map((height, i) => (
        <span key={i} className="bone" style={{ height }} />
      ))}
    </div>
  );
}

const NOTHING: ReadonlyMap<string, Holding> = new Map();

function useMeans(rules: SymbolRules, loans: Loans): Means {
  const desk = useDesk();
  const present = useStore(desk.holdings);
  const owned = useIsOpened() ? present : NOTHING;
  const rates = useStore(fees).get(rules.symbol);
  const orders = useStore(desk.openOrders);
  return useMemo(() => {
    const base = owned?.get(rules.base);
    return {
      availableBase: owned ? (base?.available ?? 0n) : null,
      availableQuote: owned ? (owned.get(rules.quote)?.available ?? 0n) : null,
      loanBase: loans.base,
      loanQuote: loans.quote,
      makerFee: rates?.maker ?? DEFAULT_FEE,
      takerFee: rates?.taker ?? DEFAULT_FEE,
      open: orders ? countOpen(orders, rules.symbol, (base?.available ?? 0n) + (base?.held ?? 0n)) : undefined,
    };
  }, [owned, rates, orders, rules, loans]);
}

function useView(rules: SymbolRules, market: Market | null): MarketView {
  useStore(market?.bookFrame ?? STILL);
  const last = useStore(tickers).get(rules.symbol)?.last ?? 0n;
  return { book: market?.book ?? NO_BOOK, last, now: Date.now() };
}

function TicketForm({ rules, market }: { rules: SymbolRules; market: Market | null }) {
  const desk = useDesk();
  const typed = useStore(ticketStore);
  const view = useView(rules, market);
  const member = useStore(session).state === "member";
  const account = rules.margin && member ? typed.account : "SPOT";
  const means = useMeans(rules, useLoans({ ...typed, account }, rules));
  const { status } = stateOf(rules, useStore(marketStates));
  const lost = useLostAge();
  const [sending, setSending] = useState<"" | "sent" | "slow">("");
  const [refusal, setRefusal] = useState("");
  const [asking, setAsking] = useState<{ checked: Checked; concerns: string[] } | null>(null);
  const form = useRef<HTMLFormElement>(null);

  const kinds = useMemo(() => kindsOf(rules), [rules]);
  const kind = kinds.some(({ value }) => value === typed.kind) ? typed.kind : "LIMIT";
  const best = typed.side === "BUY" ? view.book.bestBid : view.book.bestAsk;
  const ticket = useMemo(() => {
    const follows = kind === "LIMIT" && !typed.price && !priceTouched.value && best && !isPegged(typed);
    return { ...typed, account, kind, price: follows ? toFixed(best, rules.pricePlaces) : typed.price };
  }, [typed, account, kind, best, rules]);
  const checked = checkTicket(ticket, rules, view, means);
  const buying = ticket.side === "BUY";
  const opening = useWaiting(account, rules.symbol) || openingOf(status, ticket, rules);
  useTicketKeys(form, kinds);

  /** A size belongs to a price: from the first one on, a limit order's price stays where it is. */
  const writeSize = (size: string) => write(ticket.kind === "LIMIT" && size && !isPegged(ticket) ? { size, price: ticket.price } : { size });

  useEffect(() => setRefusal(""), [typed]);

  const send = async (wanted: Checked) => {
    if (!wanted.request || sending) return;
    setAsking(null);
    setRefusal("");
    setSending("sent");
    const { size } = ticketStore.get();
    const slow = setTimeout(() => setSending("slow"), SLOW_MS);
    try {
      await desk.place(wanted.request);
      if (ticketStore.get().size === size) write({ size: "" }); // else the next one is being typed already
      ticketSheet.set(false);
    } catch (error) {
      if (error instanceof ApiError) setRefusal(error.message);
      else sayError(error);
    }
    clearTimeout(slow);
    setSending("");
  };

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!member || opening) return;
    if (!checked.request) {
      form.current?.querySelector<HTMLInputElement>("input[aria-invalid=true], input[inputmode=decimal]:placeholder-shown:not([name=visible])")?.focus();
      return;
    }
    const concerns = lost === null ? checked.concerns : [`The connection is lost; prices are ${showAge(lost)} old.`, ...checked.concerns];
    if (concerns.length) setAsking({ checked, concerns });
    else send(checked);
  };

  const said = sentence(ticket, checked, rules, view);
  return (
    <form className="ticket-form" ref={form} onSubmit={submit} noValidate autoComplete="off">
      <div className="sheet-head">
        <h2>
          {rules.base}/{rules.quote}
        </h2>
        <button type="button" className="icon-button" aria-label="Close the order form" onClick={() => ticketSheet.set(false)}>
          <ChevronDown size={18} />
        </button>
      </div>
      {rules.margin && member && <AccountSwitch ticket={ticket} />}
      <div className={`sides ${buying ? "buying" : "selling"}`}>
        <Segments
          label="Side"
          value={ticket.side}
          onChange={takeSide}
          choices={[
            { value: "BUY", text: "Buy", title: "Buy (B)" },
            { value: "SELL", text: "Sell", title: "Sell (S)" },
          ]}
        />
      </div>
      <Segments label="Order type" className="kinds" value={ticket.kind} onChange={(chosen) => write({ kind: chosen })} choices={kinds} />
      <PriceFields ticket={ticket} checked={checked} rules={rules} view={view} />
      <NumberField
        name="size"
        label={ticket.sizeBy === "amount" ? "Amount" : "Total"}
        unit={ticket.sizeBy === "amount" ? rules.base : rules.quote}
        value={ticket.size}
        error={checked.errors.size ?? ""}
        onChange={writeSize}
        onKeyDown={stepKeys(ticket.size, ticket.sizeBy === "amount" ? rules.step : ONE, 0n, writeSize)}
        onUnit={() => write({ sizeBy: ticket.sizeBy === "amount" ? "total" : "amount", size: convertSize(ticket.sizeBy, checked, rules) })}
        unitTitle={`type the ${ticket.sizeBy === "amount" ? `total in ${rules.quote}` : `amount in ${rules.base}`} instead`}
      />
      <SizeSlide
        percent={percentUsed(ticket, checked, means)}
        disabled={!member}
        asset={buying ? rules.quote : rules.base}
        onChange={(percent) => writeSize(percent === 0 ? "" : sizeForPercent(ticket, rules, view, means, percent))}
      />
      {kind === "LIMIT" && rules.pairs && <ExitFields ticket={ticket} checked={checked} rules={rules} view={view} />}
      <TicketExtras ticket={ticket} checked={checked} rules={rules} />
      <MarginLine ticket={ticket} rules={rules} loan={loanOf(ticket, means, checked)} />
      <Estimate checked={checked} rules={rules} means={means} buying={buying} estimated={!hasLimit(ticket)} />
      {said && (
        <p className="said" data-testid="sentence">
          {said}
        </p>
      )}
      {refusal && (
        <p className="note refusal" role="alert">
          {refusal}
        </p>
      )}
      {member ? (
        <button className={`button submit ${buying ? "buy" : "sell"}`} type="submit" disabled={opening !== "" || sending !== ""} aria-busy={sending === "slow"}>
          {sending === "slow" ? "Sending…" : opening || actionText(ticket, checked, rules)}
        </button>
      ) : (
        <LoginInstead />
      )}
      {member && account === "SPOT" && <DemoFunds rules={rules} means={means} buying={buying} />}
      {asking && (
        <Dialog title="Is this what you mean?" onClose={() => setAsking(null)}>
          <ul className="concerns">
            {asking.concerns.map((concern) => (
              <li key={concern}>{concern}</li>
            ))}
          </ul>
          <div className="dialog-buttons">
            <button type="button" className="button" onClick={() => setAsking(null)}>
              Change it
            </button>
            <button type="button" className={`button ${buying ? "buy" : "sell"}`} onClick={() => send(asking.checked)}>
              {actionText(ticket, asking.checked, rules)}
            </button>
          </div>
        </Dialog>
      )}
    </form>
  );
}

/** Why a margin account takes no orders right now; "" while it does. */
function useWaiting(account: AccountKind, symbol: string): string {
  const known = useStore(margin);
  const mine = account === "CROSS" ? known?.cross : account === "ISOLATED" ? known?.isolated.get(symbol) : undefined;
  if (!mine?.created || mine.trades) return "";
  return mine.liquidating ? "This account is being liquidated" : "This account is frozen";
}

/** Why nothing can be placed right now; "" while something can. */
function openingOf(status: string, ticket: Ticket, rules: SymbolRules): string {
  if (status === "TRADING") return "";
  if (status === "AUCTION_MATCH") return ticket.kind === "MARKET" ? "No market orders during the auction" : isList(ticket) ? "No orders bound to each other during the auction" : "";
  return `${rules.base}/${rules.quote} is ${status === "BREAK" ? "closed to new orders" : "halted"}`;
}

function convertSize(from: "amount" | "total", checked: Checked, rules: SymbolRules): string {
  const value = from === "amount" ? checked.total : checked.quantity;
  if (!value) return "";
  return toFixed(value, from === "amount" ? rules.quotePlaces : rules.quantityPlaces).replace(/\.?0+$/, "");
}

function SizeSlide(props: { percent: number; disabled: boolean; asset: string; onChange: (percent: number) => void }) {
  const { percent, disabled } = props;
  return (
    <div className="slide">
      <input
        type="range"
        min={0}
        max={100}
        step={1}
        value={percent}
        disabled={disabled}
        aria-label={`Share of the available ${props.asset}`}
        aria-valuetext={`${percent} percent`}
        style={{ "--share": `${percent}%` } as React.CSSProperties}
        onChange={(event) => props.onChange(Number(event.target.value))}
      />
      <div className="marks">
        {MARKS.map((mark) => (
          <button key={mark} type="button" disabled={disabled} aria-label={`Use ${mark} percent`} onClick={() => props.onChange(mark)}>
            {mark}%
          </button>
        ))}
      </div>
    </div>
  );
}

/** B and S choose the side, L, M, P, T and O the kind, from anywhere but text fields; Esc clears, then leaves. */
function useTicketKeys(form: React.RefObject<HTMLFormElement | null>, kinds: ReturnType<typeof kindsOf>) {
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey || target.closest("dialog, [role=combobox], textarea, select, input[type]:not([type=radio], [type=checkbox], [type=range])")) return;
      const pressed = event.key.toLowerCase();
      const kind = kinds.find(({ key }) => key === pressed);
      if (pressed === "b" || pressed === "s" || kind) {
        event.preventDefault();
        if (kind) write({ kind: kind.value });
        else takeSide(pressed === "b" ? "BUY" : "SELL");
        ticketSheet.set(true);
        requestAnimationFrame(() => form.current?.querySelector<HTMLInputElement>("input[inputmode=decimal]")?.focus());
      } else if (event.key === "Escape") {
        if (ticketStore.get().size) write({ size: "" });
        else if (priceTouched.value) followBest();
        else target.blur?.();
        ticketSheet.set(false);
      }
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [form, kinds]);
}

/** Phones: two thumbs' worth of buttons that open the sheet. */
export function TicketBar() {
  const open = (side: "BUY" | "SELL") => () => {
    takeSide(side);
    ticketSheet.set(true);
  };
  return (
    <div className="ticket-bar">
      <button className="button buy" onClick={open("BUY")}>
        Buy
      </button>
      <button className="button sell" onClick={open("SELL")}>
        Sell
      </button>
    </div>
  );
}
