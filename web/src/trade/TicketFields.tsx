/** The fields of the ticket: numbers that step with the arrows, and the prices that each kind of order needs. */
import { ChevronDown } from "lucide-react";
import { type KeyboardEvent, useId } from "react";
import { type Decimal, ONE, toText } from "../lib/decimal";
import { show } from "../lib/format";
import type { SymbolRules } from "../lib/rules";
import { type Checked, hasLimit, isPegged, type MarketView, risesToTrigger, type Ticket } from "../lib/ticket";
import { stepText } from "../lib/ticketCheck";
import { pegWords } from "../lib/ticketWords";
import { percentOfDelta } from "../lib/triggers";
import { otherSide } from "../lib/ticketExits";
import type { Executes, Side } from "../lib/triggers";
import { Segments } from "../ui/Segments";
import { type PriceField, pricePlace, write } from "./ticketStore";

const EXIT_FIELDS: ReadonlySet<PriceField> = new Set<PriceField>(["profit", "loss", "lossLimit"]);
const DISTANCES = [100, 200, 500];

/** Up and down: one step, ten with Shift. */
export function stepKeys(value: string, step: Decimal, start: Decimal, onChange: (text: string) => void) {
  return (event: KeyboardEvent<HTMLInputElement>) => {
    const direction = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
    if (!direction) return;
    event.preventDefault();
    onChange(stepText(value, step, direction * (event.shiftKey ? 10 : 1), start));
  };
}

interface Sheet {
  ticket: Ticket;
  checked: Checked;
  rules: SymbolRules;
  view: MarketView;
}

/** The prices of the ticket's kind, in the order in which they matter. */
export function PriceFields(props: Sheet) {
  const { ticket, rules, view } = props;
  const { side, kind } = ticket;
  const buying = side === "BUY";
  if (kind === "MARKET") {
    const best = buying ? view.book.bestAsk : view.book.bestBid;
    return (
      <p className="note market-note">
        {view.book.state === "live" && best ? `Best ${buying ? "offer" : "bid"} ${show(best, rules.pricePlaces)} ${rules.quote}` : "Waiting for the book"}
      </p>
    );
  }
  if (kind === "LIMIT") return <LimitField {...props} />;
  if (kind === "STOP") {
    return (
      <>
        <PriceInput {...props} field="trigger" label="Stop price" hint={triggerHint(props)} />
        <OnceTriggered ticket={ticket} />
        {hasLimit(ticket) && <LimitField {...props} />}
      </>
    );
  }
  if (kind === "TRAILING") {
    return (
      <>
        <DistanceField {...props} />
        <PriceInput {...props} field="trigger" label="Start price" placeholder="at once" hint={ticket.trigger ? triggerHint(props) : ""} />
        <OnceTriggered ticket={ticket} />
        {hasLimit(ticket) && <LimitField {...props} />}
      </>
    );
  }
  return (
    <>
      <PriceInput {...props} field="price" label="Take profit" hint={`${buying ? "Buys below" : "Sells above"} the last price`} />
      <PriceInput {...props} field="trigger" label="Stop price" hint={`${buying ? "Buys above" : "Sells below"} the last price`} />
      <OnceTriggered ticket={ticket} />
      {ticket.executes === "LIMIT" && (
        <PriceInput {...props} field="stopLimit" label="Stop limit" quick={ticket.trigger ? [{ text: "As stop", take: () => write({ stopLimit: ticket.trigger }) }] : []} />
      )}
    </>
  );
}

/** On which side of the last price the trigger lies, in words. */
function triggerHint({ ticket, checked, rules, view }: Sheet): string {
  if (!view.last) return "";
  const last = `${show(view.last, rules.pricePlaces)}`;
  const rises = risesToTrigger(ticket, checked);
  if (rises === null) return `Last price ${last}`;
  const begins = ticket.kind === "TRAILING" ? "begins to follow" : "waits";
  return rises ? `Above the last price, ${last}: ${begins} ${ticket.kind === "TRAILING" ? "after" : "for"} a rise` : `Below the last price, ${last}: ${begins} ${ticket.kind === "TRAILING" ? "after" : "for"} a fall`;
}

function OnceTriggered({ ticket }: { ticket: Ticket }) {
  return <Execution side={ticket.side} value={ticket.executes} onChange={(executes) => write({ executes })} />;
}

function Execution(props: { side: Side; value: Executes; onChange: (value: Executes) => void }) {
  return (
    <div className="choice-line">
      <span className="field-label">Then {props.side === "BUY" ? "buy" : "sell"}</span>
      <Segments
        label="Once triggered"
        className="plain"
        value={props.value}
        onChange={props.onChange}
        choices={[
          { value: "LIMIT", text: "At a limit", title: "At your limit or better; what is not there waits in the book" },
          { value: "MARKET", text: "At market", title: "At the best prices there are then" },
        ]}
      />
    </div>
  );
}

/** What follows on the other side once the order is filled. */
export function ExitFields(props: Sheet) {
  const { ticket, checked, rules } = props;
  const side = otherSide(ticket.side);
  const [buys, above] = [side === "BUY", side === "SELL"];
  const deed = buys ? "Buys back" : "Sells";
  return (
    <div className="exits">
      <label className="check">
        <input type="checkbox" checked={ticket.exits} onChange={(event) => write({ exits: event.target.checked })} />
        <span>Take profit or stop once it is filled</span>
      </label>
      {ticket.exits && (
        <>
          <PriceInput {...props} field="profit" label="Take profit" placeholder="none" hint={`${deed} ${above ? "above" : "below"} the order's price`} />
          <PriceInput {...props} field="loss" label="Stop price" placeholder="none" hint={`${deed} when ${rules.base} ${above ? "falls" : "rises"} to it`} />
          {ticket.loss.trim() && <Execution side={side} value={ticket.lossExecutes} onChange={(lossExecutes) => write({ lossExecutes })} />}
          {ticket.loss.trim() && ticket.lossExecutes === "LIMIT" && (
            <PriceInput {...props} field="lossLimit" label="Stop limit" quick={[{ text: "As stop", take: () => write({ lossLimit: ticket.loss }) }]} />
          )}
          {checked.quantity !== null && !ticket.profit.trim() && !ticket.loss.trim() && <p className="field-hint">Type one of the two prices, or both.</p>}
        </>
      )}
    </div>
  );
}

function LimitField(props: Sheet) {
  const { ticket, rules, view } = props;
  const buying = ticket.side === "BUY";
  if (isPegged(ticket)) {
    return (
      <div className="field">
        <p className="note market-note">
          Price: {pegWords(ticket, props.checked)}
          {props.checked.price ? `, now ${show(props.checked.price, rules.pricePlaces)}` : ""}{" "}
          <button type="button" className="link-button" onClick={() => write({ peg: "" })}>
            Type one
          </button>
        </p>
        {props.checked.errors.price && <p className="field-error">{props.checked.errors.price}</p>}
      </div>
    );
  }
  const own = buying ? view.book.bestBid : view.book.bestAsk;
  const quick =
    ticket.kind !== "LIMIT" ? (ticket.trigger && ticket.kind === "STOP" ? [{ text: "As stop", take: () => write({ price: ticket.trigger }) }] : [])
    : own ? [{ text: buying ? "Best bid" : "Best offer", take: () => write({ price: toText(own) }) }]
    : [];
  return <PriceInput {...props} field="price" label="Price" quick={quick} />;
}

function PriceInput(
  props: Sheet & { field: PriceField; label: string; hint?: string; placeholder?: string; quick?: readonly { text: string; take: () => void }[] },
) {
  const { ticket, rules, view, field } = props;
  const own = ticket.side === "BUY" ? view.book.bestBid : view.book.bestAsk;
  const onChange = (text: string) => write({ [field]: text });
  return (
    <NumberField
      name={field}
      label={props.label}
      unit={rules.quote}
      value={ticket[field]}
      error={props.checked.errors[field] ?? ""}
      hint={props.hint}
      placeholder={props.placeholder}
      onChange={onChange}
      onKeyDown={stepKeys(ticket[field], rules.tick, field === "price" ? own : (EXIT_FIELDS.has(field) && props.checked.price) || view.last, onChange)}
      onFocus={() => (pricePlace.value = field)}
      quick={props.quick}
    />
  );
}

function DistanceField({ ticket, checked }: Sheet) {
  const onChange = (distance: string) => write({ distance });
  return (
    <NumberField
      name="distance"
      label="Distance"
      unit="%"
      value={ticket.distance}
      error={checked.errors.distance ?? ""}
      onChange={onChange}
      onKeyDown={stepKeys(ticket.distance, ONE / 10n, ONE, onChange)}
      quick={DISTANCES.map((delta) => ({ text: `${percentOfDelta(delta)}%`, take: () => onChange(percentOfDelta(delta)) }))}
    />
  );
}

export function NumberField(props: {
  name: string;
  label: string;
  unit: string;
  value: string;
  error: string;
  /** Shown while there is no error. */
  hint?: string;
  onChange: (text: string) => void;
  onKeyDown: (event: KeyboardEvent<HTMLInputElement>) => void;
  onUnit?: () => void;
  unitTitle?: string;
  quick?: readonly { text: string; take: () => void }[];
  placeholder?: string;
  onFocus?: () => void;
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
          placeholder={props.placeholder ?? "0"}
          value={props.value}
          aria-invalid={props.error !== ""}
          aria-describedby={props.error || props.hint ? `${id}-more` : undefined}
          onChange={(event) => props.onChange(event.target.value.replace(/[^\d.,\s]/g, ""))}
          onFocus={(event) => {
            event.target.select();
            props.onFocus?.();
          }}
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
      {(props.error || props.hint) && (
        <p className={props.error ? "field-error" : "field-hint"} id={`${id}-more`}>
          {props.error || props.hint}
        </p>
      )}
    </div>
  );
}
