/** The options that most orders do without, folded; what deviates from the usual is said on the fold. */
import { useEffect, useId, useRef } from "react";
import { ONE } from "../lib/decimal";
import type { SymbolRules } from "../lib/rules";
import { type Checked, hasExtras, type Lasting, mayShowPart, type Peg, type Ticket } from "../lib/ticket";
import { extrasSummary, preventionWords } from "../lib/ticketWords";
import { Segments } from "../ui/Segments";
import { NumberField, stepKeys } from "./TicketFields";
import { write } from "./ticketStore";

const LASTINGS: readonly { value: Lasting; text: string; title: string }[] = [
  { value: "GTC", text: "GTC", title: "Good till cancelled: stays in the book until it fills" },
  { value: "GTD", text: "GTD", title: "Good till a date: what is left then expires" },
  { value: "IOC", text: "IOC", title: "Immediate or cancel: takes what is there, cancels the rest" },
  { value: "FOK", text: "FOK", title: "Fill or kill: the whole amount at once, or nothing" },
];

export function TicketExtras(props: { ticket: Ticket; checked: Checked; rules: SymbolRules }) {
  const { ticket, checked, rules } = props;
  const fold = useRef<HTMLDetailsElement>(null);
  const summary = extrasSummary(ticket, rules);
  const faulty = checked.errors.visible ?? checked.errors.goodTill ?? checked.errors.pegOffset;
  useEffect(() => {
    if (faulty && fold.current) fold.current.open = true;
  }, [faulty]);
  const extras = hasExtras(ticket);
  if (!extras && rules.preventions.length < 2) return null;
  return (
    <details className="extras" ref={fold}>
      <summary>
        Options{summary && <span className="extras-said">{summary}</span>}
      </summary>
      <div className="extras-body">
        {extras && <LastingField ticket={ticket} checked={checked} />}
        {extras && ticket.kind === "LIMIT" && (
          <label className="check">
            <input
              type="checkbox"
              checked={ticket.postOnly}
              onChange={(event) => write({ postOnly: event.target.checked, ...(ticket.lasting === "GTD" ? {} : { lasting: "GTC" }) })}
            />
            <span>Post-only: refused if it would trade at once</span>
          </label>
        )}
        {extras && rules.pegs && <PegField ticket={ticket} checked={checked} />}
        {rules.icebergs && mayShowPart(ticket) && (
          <NumberField
            name="visible"
            label="Show only"
            unit={rules.base}
            value={ticket.visible}
            placeholder="all"
            error={checked.errors.visible ?? ""}
            hint={ticket.visible ? "Each part that is shown anew queues anew." : ""}
            onChange={(visible) => write({ visible })}
            onKeyDown={stepKeys(ticket.visible, rules.step, 0n, (visible) => write({ visible }))}
          />
        )}
        {rules.preventions.length > 1 && <PreventionField ticket={ticket} rules={rules} />}
      </div>
    </details>
  );
}

function LastingField({ ticket, checked }: { ticket: Ticket; checked: Checked }) {
  const id = useId();
  const taking = ticket.lasting === "IOC" || ticket.lasting === "FOK";
  const choices = ticket.kind === "LIMIT" && ticket.postOnly && !taking ? LASTINGS.slice(0, 2) : LASTINGS;
  return (
    <>
      <div className="choice-line">
        <span className="field-label">Lasts</span>
        <Segments
          label="How long"
          className="plain"
          value={ticket.lasting}
          onChange={(lasting) => write({ lasting, ...(lasting === "IOC" || lasting === "FOK" ? { postOnly: false } : {}) })}
          choices={choices}
        />
      </div>
      {ticket.lasting === "GTD" && (
        <div className="field">
          <div className={`input ${checked.errors.goodTill ? "bad" : ""}`}>
            <label htmlFor={id}>Until</label>
            <input
              id={id}
              type="datetime-local"
              value={ticket.goodTill}
              aria-invalid={checked.errors.goodTill !== undefined}
              aria-describedby={checked.errors.goodTill ? `${id}-more` : undefined}
              onChange={(event) => write({ goodTill: event.target.value })}
            />
          </div>
          {checked.errors.goodTill && (
            <p className="field-error" id={`${id}-more`}>
              {checked.errors.goodTill}
            </p>
          )}
        </div>
      )}
    </>
  );
}

function PegField({ ticket, checked }: { ticket: Ticket; checked: Checked }) {
  const id = useId();
  const [own, other] = ticket.side === "BUY" ? ["bid", "offer"] : ["offer", "bid"];
  const onOffset = (pegOffset: string) => write({ pegOffset });
  return (
    <>
    <div className="input">
      <label htmlFor={id}>Price from</label>
      <select id={id} value={ticket.peg} onChange={(event) => write({ peg: event.target.value as Peg })}>
        <option value="">What I type</option>
        <option value="PRIMARY_PEG">The best {own} then</option>
        <option value="MARKET_PEG">The best {other} then</option>
      </select>
    </div>
    {ticket.peg && (
      <NumberField
        name="pegOffset"
        label="Levels behind it"
        unit="levels"
        value={ticket.pegOffset}
        placeholder="0"
        error={checked.errors.pegOffset ?? ""}
        onChange={onOffset}
        onKeyDown={stepKeys(ticket.pegOffset, ONE, ONE, onOffset)}
      />
    )}
    </>
  );
}

function PreventionField({ ticket, rules }: { ticket: Ticket; rules: SymbolRules }) {
  const id = useId();
  return (
    <div className="input">
      <label htmlFor={id}>Own orders</label>
      <select id={id} value={ticket.prevention || rules.defaultPrevention} onChange={(event) => write({ prevention: event.target.value === rules.defaultPrevention ? "" : event.target.value })}>
        {rules.preventions.map((mode) => (
          <option key={mode} value={mode}>
            {preventionWords(mode)}
          </option>
        ))}
      </select>
    </div>
  );
}
