/** The order ticket: what is typed is checked as one types, and the button says exactly what it will do. */
import { ChevronDown } from "lucide-react";
import { type FormEvent, type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { ApiError, postJson } from "../api/rest";
import { LocalBook } from "../lib/book";
import { type Decimal, multiply, ONE, parse, toText } from "../lib/decimal";
import { group, show, showAge } from "../lib/format";
import type { SymbolRules } from "../lib/rules";
import { type Checked, checkTicket, type Means, percentUsed, sizeForPercent, stepText } from "../lib/ticket";
import { fees, holdings, place } from "../state/account";
import type { Market } from "../state/market";
import { say, sayError } from "../state/notices";
import { session } from "../state/session";
import { FrameStore, useStore } from "../state/store";
import { venue } from "../state/venue";
import { Dialog } from "../ui/Dialog";
import { to } from "../ui/route";
import { Segments } from "../ui/Segments";
import { useLostAge } from "../ui/Shell";
import { followBest, priceTouched, takeSide, ticket as ticketStore, ticketSheet, write } from "./ticketStore";

const STILL = new FrameStore(0);
const NO_BOOK = new LocalBook();
const DEFAULT_FEE = parse("0.001");
const MARKS = [25, 50, 75, 100];
const SLOW_MS = 300;

const EXECUTIONS = [
  { value: "GTC", text: "GTC", title: "Good till cancelled: stays in the book until it fills" },
  { value: "POST", text: "Post-only", title: "Only adds to the book; refused if it would trade at once" },
  { value: "IOC", text: "IOC", title: "Immediate or cancel: takes what is there, cancels the rest" },
  { value: "FOK", text: "FOK", title: "Fill or kill: the whole amount at once, or nothing" },
] as const;

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
      {[40, 32, 28, 36, 36, 20, 64, 44].map((height, i) => (
        <span key={i} className="bone" style={{ height }} />
      ))}
    </div>
  );
}

function useMeans(rules: SymbolRules): Means {
  const owned = useStore(holdings);
  const rates = useStore(fees).get(rules.symbol);
  return useMemo(
    () => ({
      availableBase: owned ? (owned.get(rules.base)?.available ?? 0n) : null,
      availableQuote: owned ? (owned.get(rules.quote)?.available ?? 0n) : null,
      makerFee: rates?.maker ?? DEFAULT_FEE,
      takerFee: rates?.taker ?? DEFAULT_FEE,
    }),
    [owned, rates, rules],
  );
}

function TicketForm({ rules, market }: { rules: SymbolRules; market: Market | null }) {
  const typed = useStore(ticketStore);
  useStore(market?.bookFrame ?? STILL);
  const book = market?.book ?? NO_BOOK;
  const means = useMeans(rules);
  const member = useStore(session).state === "member";
  const lost = useLostAge();
  const [sending, setSending] = useState<"" | "sent" | "slow">("");
  const [refusal, setRefusal] = useState("");
  const [asking, setAsking] = useState<{ checked: Checked; concerns: string[] } | null>(null);
  const form = useRef<HTMLFormElement>(null);

  const own = typed.side === "BUY" ? book.bestBid : book.bestAsk;
  const ticket = useMemo(() => (typed.price || priceTouched.value || !own ? typed : { ...typed, price: toText(own) }), [typed, own]);
  const checked = checkTicket(ticket, rules, book, means);
  const buying = ticket.side === "BUY";
  useTicketKeys(form);

  /** A size belongs to a price: from the first one on, the price stays where it is. */
  const writeSize = (size: string) => write(ticket.kind === "LIMIT" && size ? { size, price: ticket.price } : { size });

  useEffect(() => setRefusal(""), [typed]);

  const send = async (wanted: Checked) => {
    if (!wanted.request || sending) return;
    setAsking(null);
    setRefusal("");
    setSending("sent");
    const slow = setTimeout(() => setSending("slow"), SLOW_MS);
    try {
      await place(wanted.request);
      write({ size: "" });
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
    if (!member || !rules.trading) return;
    if (!checked.request) {
      form.current?.querySelector<HTMLInputElement>("input[aria-invalid=true], input[inputmode=decimal]:placeholder-shown")?.focus();
      return;
    }
    const concerns = lost === null ? checked.concerns : [`The connection is lost; prices are ${showAge(lost)} old.`, ...checked.concerns];
    if (concerns.length) setAsking({ checked, concerns });
    else send(checked);
  };

  const step = (field: "price" | "size") => (event: KeyboardEvent<HTMLInputElement>) => {
    const direction = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
    if (!direction) return;
    event.preventDefault();
    const count = direction * (event.shiftKey ? 10 : 1);
    if (field === "price") write({ price: stepText(ticket.price, rules.tick, count, own) });
    else writeSize(stepText(ticket.size, ticket.sizeBy === "amount" ? rules.step : ONE, count, 0n));
  };

  const percent = percentUsed(ticket, checked, means);
  const slide = (value: number) => writeSize(value === 0 ? "" : sizeForPercent(ticket, rules, book, means, value));

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
      <Segments
        label="Order type"
        value={ticket.kind}
        onChange={(kind) => write({ kind })}
        choices={[
          { value: "LIMIT", text: "Limit", title: "At your price or better" },
          { value: "MARKET", text: "Market", title: "Now, at the best prices there are" },
        ]}
      />
      {ticket.kind === "LIMIT" ? (
        <>
          <NumberField
            name="price"
            label="Price"
            unit={rules.quote}
            value={ticket.price}
            error={checked.priceError}
            onChange={(price) => write({ price })}
            onKeyDown={step("price")}
            quick={own ? [{ text: buying ? "Best bid" : "Best offer", take: () => write({ price: toText(own) }) }] : []}
          />
          <Segments label="How long" className="plain" value={ticket.execution} onChange={(execution) => write({ execution })} choices={EXECUTIONS} />
        </>
      ) : (
        <p className="note market-note">
          {book.state === "live" && (buying ? book.bestAsk : book.bestBid)
            ? `Best ${buying ? "offer" : "bid"} ${show(buying ? book.bestAsk : book.bestBid, rules.pricePlaces)} ${rules.quote}`
            : "Waiting for the book"}
        </p>
      )}
      <NumberField
        name="size"
        label={ticket.sizeBy === "amount" ? "Amount" : "Total"}
        unit={ticket.sizeBy === "amount" ? rules.base : rules.quote}
        value={ticket.size}
        error={checked.sizeError}
        onChange={writeSize}
        onKeyDown={step("size")}
        onUnit={() => write({ sizeBy: ticket.sizeBy === "amount" ? "total" : "amount", size: convertSize(ticket.sizeBy, checked, rules) })}
        unitTitle={`type the ${ticket.sizeBy === "amount" ? `total in ${rules.quote}` : `amount in ${rules.base}`} instead`}
      />
      <div className="slide">
        <input
          type="range"
          min={0}
          max={100}
          step={1}
          value={percent}
          disabled={!member}
          aria-label={`Share of the available ${buying ? rules.quote : rules.base}`}
          aria-valuetext={`${percent} percent`}
          style={{ "--share": `${percent}%` } as React.CSSProperties}
          onChange={(event) => slide(Number(event.target.value))}
        />
        <div className="marks">
          {MARKS.map((mark) => (
            <button key={mark} type="button" disabled={!member} aria-label={`Use ${mark} percent`} onClick={() => slide(mark)}>
              {mark}%
            </button>
          ))}
        </div>
      </div>
      <Estimate checked={checked} rules={rules} means={means} buying={buying} market={ticket.kind === "MARKET"} />
      {refusal && (
        <p className="note refusal" role="alert">
          {refusal}
        </p>
      )}
      {member ? (
        <button className={`button submit ${buying ? "buy" : "sell"}`} type="submit" disabled={!rules.trading || sending !== ""} aria-busy={sending === "slow"}>
          {sending === "slow" ? "Sending…" : rules.trading ? actionText(buying, checked, rules) : `${rules.base}/${rules.quote} is halted`}
        </button>
      ) : (
        <LoginInstead />
      )}
      {member && <DemoFunds rules={rules} means={means} buying={buying} />}
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
              {actionText(buying, asking.checked, rules)}
            </button>
          </div>
        </Dialog>
      )}
    </form>
  );
}

function actionText(buying: boolean, checked: Checked, rules: SymbolRules): string {
  const amount = checked.quantity ? ` ${group(toText(checked.quantity))}` : "";
  return `${buying ? "Buy" : "Sell"}${amount} ${rules.base}`;
}

function convertSize(from: "amount" | "total", checked: Checked, rules: SymbolRules): string {
  const value = from === "amount" ? checked.total : checked.quantity;
  if (!value) return "";
  return show(value, from === "amount" ? rules.quotePlaces : rules.quantityPlaces).replace(/[^\d.]/g, "").replace(/\.?0+$/, "");
}

function NumberField(props: {
  name: string;
  label: string;
  unit: string;
  value: string;
  error: string;
  onChange: (text: string) => void;
  onKeyDown: (event: KeyboardEvent<HTMLInputElement>) => void;
  onUnit?: () => void;
  unitTitle?: string;
  quick?: { text: string; take: () => void }[];
}) {
  const id = useId();
  return (
    <div className="field">
      <div className={`input number ${props.error ? "bad" : ""}`}>
        <label htmlFor={id}>{props.label}</label>
        {props.quick?.map(({ text, take }) => (
          <button key={text} type="button" className="link-button quick-price" onClick={take}>
            {text}
          </button>
        ))}
        <input
          id={id}
          name={props.name}
          inputMode="decimal"
          placeholder="0"
          value={props.value}
          aria-invalid={props.error !== ""}
          aria-describedby={props.error ? `${id}-error` : undefined}
          onChange={(event) => props.onChange(event.target.value.replace(/[^\d.,\s]/g, ""))}
          onFocus={(event) => event.target.select()}
          onKeyDown={props.onKeyDown}
        />
        {props.onUnit ? (
          <button type="button" className="unit unit-button" aria-label={`${props.unit}: ${props.unitTitle}`} onClick={props.onUnit}>
            {props.unit}
            <ChevronDown size={12} aria-hidden="true" />
          </button>
        ) : (
          <span className="unit">{props.unit}</span>
        )}
      </div>
      {props.error && (
        <p className="field-error" id={`${id}-error`}>
          {props.error}
        </p>
      )}
    </div>
  );
}

function Estimate(props: { checked: Checked; rules: SymbolRules; means: Means; buying: boolean; market: boolean }) {
  const { checked, rules, means, buying, market } = props;
  const available = buying ? means.availableQuote : means.availableBase;
  const places = (asset: string) => (asset === rules.base ? rules.basePlaces : rules.quotePlaces);
  const showIn = (value: Decimal | null, asset: string) => (value === null ? "—" : `${show(value, Math.min(places(asset), 8))} ${asset}`);
  const asset = buying ? rules.quote : rules.base;
  const received = checked.fee === null ? null : (buying ? checked.quantity! : checked.total!) - checked.fee;
  return (
    <dl className="estimate">
      <dt>Available</dt>
      <dd data-testid="available">{available === null ? "—" : `${show(available, buying ? Math.max(2, rules.pricePlaces) : rules.quantityPlaces)} ${asset}`}</dd>
      {market && (
        <>
          <dt>Average price</dt>
          <dd>{checked.averagePrice ? `≈ ${show(checked.averagePrice, rules.pricePlaces)} ${rules.quote}` : "—"}</dd>
        </>
      )}
      <dt>
        Fee ({show(multiply(checked.feeRate, parse("100")), 3).replace(/0$/, "")}% {checked.crosses ? "taker" : "maker"})
      </dt>
      <dd>{checked.fee === null ? "—" : `≈ ${showIn(checked.fee, checked.feeAsset)}`}</dd>
      <dt>You receive</dt>
      <dd>{received === null ? "—" : `≈ ${showIn(received, checked.feeAsset)}`}</dd>
      <dt className="strong">Total</dt>
      <dd className="strong">{checked.total === null ? "—" : `${market ? "≈ " : ""}${show(checked.total, Math.max(2, rules.pricePlaces))} ${rules.quote}`}</dd>
    </dl>
  );
}

/** The two assets of this market, available and held. */
function Pair({ rules }: { rules: SymbolRules }) {
  const owned = useStore(holdings);
  if (!owned) return null;
  return (
    <section className="pair" aria-label="Your assets here">
      <header>
        <h2>Assets</h2>
        <a {...to("/wallet")}>Wallet</a>
      </header>
      <dl>
        {[rules.base, rules.quote].map((asset) => {
          const { available, held } = owned.get(asset) ?? { available: 0n, held: 0n };
          return (
            <div key={asset} style={{ display: "contents" }} data-asset={asset}>
              <dt>{asset}</dt>
              <dd data-testid={`available-${asset}`}>{show(available, 8)}</dd>
              {held > 0n && (
                <>
                  <dt className="held">held by orders</dt>
                  <dd className="held">{show(held, 8)}</dd>
                </>
              )}
            </div>
          );
        })}
      </dl>
    </section>
  );
}

function LoginInstead() {
  const { config } = useStore(venue);
  return (
    <div className="login-instead">
      <a className="button primary" {...to("/login")}>
        Log in to trade
      </a>
      <p className="field-hint">
        New here? <a {...to("/signup")}>Sign up</a>
        {config.demo && ", it takes ten seconds and the money is play money"}.
      </p>
    </div>
  );
}

function DemoFunds(props: { rules: SymbolRules; means: Means; buying: boolean }) {
  const { config } = useStore(venue);
  const asset = props.buying ? props.rules.quote : props.rules.base;
  const available = props.buying ? props.means.availableQuote : props.means.availableBase;
  if (!config.demo || available !== 0n) return null;
  return (
    <p className="field-hint">
      You have no {asset} yet.{" "}
      <button
        type="button"
        className="link-button"
        onClick={() =>
          postJson("/account/faucet", { asset })
            .then(() => say(`Demo ${asset} added`))
            .catch(sayError)
        }
      >
        Get demo {asset}
      </button>
    </p>
  );
}

/** B and S choose the side, L and M the kind, from anywhere but text fields; Esc clears, then leaves. */
function useTicketKeys(form: React.RefObject<HTMLFormElement | null>) {
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey || target.closest("dialog, [role=combobox], textarea, input[type=text], input[type=email], input[type=password]")) return;
      const key = event.key.toLowerCase();
      if (key === "b" || key === "s" || key === "l" || key === "m") {
        event.preventDefault();
        if (key === "b" || key === "s") takeSide(key === "b" ? "BUY" : "SELL");
        else write({ kind: key === "l" ? "LIMIT" : "MARKET" });
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
  }, [form]);
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
