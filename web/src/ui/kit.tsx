/** The pieces that the pages of shop, sellers and moderators are made of: frame, states, money, fields, tables. */
import { RotateCw } from "lucide-react";
import { type FormEvent, type ReactNode, useEffect, useId, useRef } from "react";
import type { ApiError } from "../api/rest";
import { imageUrl } from "../api/shop";
import type { ImageRef, Money } from "../api/shop-types";
import { showAge } from "../lib/format";
import { isZero, showAmount, showGlance, showMoney } from "../lib/money";
import { useStore } from "../state/store";
import { place, to } from "./route";
import { Empty } from "./states";
import type { Pages, Reading } from "../state/reading";

// ---------------------------------------------------------------- frame

export interface Place {
  path: string;
  text: string;
  /** A figure beside the name, shown while it is not 0. */
  count?: number;
}

export const usePath = (): string => useStore(place).replace(/[?#].*$/, "").replace(/\/+$/, "") || "/";

/** Pages of one office: places at the side, on narrow screens above. The first place stands for the office itself. */
export function Office(props: { title: string; places: readonly Place[]; children: ReactNode }) {
  const path = usePath();
  const [home] = props.places;
  const here = props.places.findLast((one) => path === one.path || (one !== home && path.startsWith(`${one.path}/`)));
  useEffect(() => {
    document.title = `${here && here !== home ? `${here.text} · ` : ""}${props.title} · CryptoShop`;
  }, [here, home, props.title]);
  const nav = useRef<HTMLElement>(null);
  useEffect(() => keepInSight(nav.current), [here?.path]);
  return (
    <div className="office sided">
      <nav className="office-places" aria-label={props.title} ref={nav}>
        <p className="office-title">{props.title}</p>
        {props.places.map((one) => (
          <a key={one.path} {...to(one.path)} aria-current={one === here ? "page" : undefined}>
            {one.text}
            {one.count ? <span className="count">{one.count}</span> : null}
          </a>
        ))}
      </nav>
      <main className="office-page">{props.children}</main>
    </div>
  );
}

/** On narrow screens a row of links is scrolled to where one is. */
function keepInSight(row: HTMLElement | null): void {
  const current = row?.querySelector<HTMLElement>("[aria-current]");
  if (row && current) row.scrollLeft += current.getBoundingClientRect().left - row.getBoundingClientRect().left - (row.clientWidth - current.clientWidth) / 2;
}

export function Heading(props: { title: ReactNode; back?: { path: string; text: string }; about?: ReactNode; children?: ReactNode }) {
  return (
    <header className="office-head">
      <div>
        {props.back && (
          <a className="back" {...to(props.back.path)}>
            {props.back.text}
          </a>
        )}
        <h1>{props.title}</h1>
        {props.about && <p>{props.about}</p>}
      </div>
      {props.children && <div className="office-deeds">{props.children}</div>}
    </header>
  );
}

export function Card(props: { title: string; about?: ReactNode; deeds?: ReactNode; className?: string; id?: string; children: ReactNode }) {
  const id = useId();
  return (
    <section className={`card ${props.className ?? ""}`} aria-labelledby={id} id={props.id}>
      <header>
        <div>
          <h2 id={id}>{props.title}</h2>
          {props.about && <p>{props.about}</p>}
        </div>
        {props.deeds}
      </header>
      {props.children}
    </section>
  );
}

// ---------------------------------------------------------------- states

export function Bones(props: { rows?: number }) {
  return (
    <div className="bones" aria-busy="true">
      {Array.from({ length: props.rows ?? 3 }, (_, i) => (
        <span key={i} className="bone" style={{ width: `${88 - ((i * 17) % 40)}%` }} />
      ))}
    </div>
  );
}

function Again(props: { onClick: () => void }) {
  return (
    <button className="button small" onClick={props.onClick}>
      <RotateCw size={14} aria-hidden="true" /> Try again
    </button>
  );
}

/** Loading, failed, or what was read; greyed with its age when it could not be read again. */
export function Read<T>(props: { of: Reading<T>; bones?: ReactNode; children: (value: T) => ReactNode }) {
  const { value, error, at, reload } = props.of;
  if (value === null && error) {
    return (
      <Empty title="This could not be loaded">
        <p>{error}</p>
        <Again onClick={reload} />
      </Empty>
    );
  }
  if (value === null) return props.bones ?? <Bones />;
  return (
    <>
      {error && (
        <div className="note warn stale-note" role="status">
          <span>
            {error} What you see is {showAge(Date.now() - at)} old.
          </span>
          <Again onClick={reload} />
        </div>
      )}
      {error ? <div className="stale">{props.children(value)}</div> : props.children(value)}
    </>
  );
}

export function Refused(props: { of: ApiError | null; children?: ReactNode }) {
  if (!props.of) return null;
  return (
    <div className="note bad" role="alert">
      {props.of.message}
      {props.children}
    </div>
  );
}

const TONES: Record<string, string> = {
  held: "accent", pending: "", released: "good", refunded: "", divided: "", failed: "bad",
  unfulfilled: "warn", partially_shipped: "warn", shipped: "accent", received: "good", canceled: "", returned: "",
  open: "bad", withdrawn: "", for_buyer: "", for_seller: "good",
  active: "good", draft: "", archived: "", blocked: "bad",
  applied: "warn", approved: "good", rejected: "bad", suspended: "bad",
  settling: "warn", done: "good", stuck: "bad", waiting: "warn", delivered: "good", requested: "warn", declined: "",
};

const STATE_WORDS: Record<string, string> = {
  held: "In escrow", unfulfilled: "To ship", partially_shipped: "Partly shipped", for_buyer: "Decided for the buyer", for_seller: "Decided for the seller",
  canceled: "Cancelled", divided: "Divided",
};

export const stateWords = (state: string): string => STATE_WORDS[state] ?? state.charAt(0).toUpperCase() + state.slice(1).replaceAll("_", " ");

export function StateTag(props: { state: string; text?: string }) {
  return <span className={`tag ${TONES[props.state] ?? ""}`}>{props.text ?? stateWords(props.state)}</span>;
}

/** An order's three states, as far as they say something. */
export function OrderTags(props: { of: { payment: string; fulfilment: string; dispute: string } }) {
  const { payment, fulfilment, dispute } = props.of;
  return (
    <span className="tags">
      <StateTag state={fulfilment} />
      <span className="payment"><StateTag state={payment} /></span>
      {dispute !== "none" && <StateTag state={dispute} text={dispute === "open" ? "Disputed" : undefined} />}
    </span>
  );
}

// ---------------------------------------------------------------- money

/** All that is there, at least two decimals. */
export const amountText = (amount: string): string => showAmount({ asset: "", amount });

/** At a `glance` large amounts lose their last places; the whole is there on hover. */
export function Amount(props: { of: Money; sign?: string; glance?: boolean }) {
  return (
    <span className="amount" title={props.glance ? showMoney(props.of) : undefined}>
      {props.sign}
      {props.glance ? showGlance(props.of) : amountText(props.of.amount)} <span className="unit">{props.of.asset}</span>
    </span>
  );
}

/** One line for each asset; a dash for none. */
export function Amounts(props: { of: Money[]; glance?: boolean }) {
  const shown = props.of.filter((money) => !isZero(money));
  if (!shown.length) return <span className="quiet">0</span>;
  return shown.map((money) => (
    <span key={money.asset} className="amount-line">
      <Amount of={money} glance={props.glance} />
    </span>
  ));
}

// ---------------------------------------------------------------- fields

interface FieldProps {
  label: string;
  hint?: ReactNode;
  /** Shown instead of the hint. */
  error?: string;
}

function Frame(props: FieldProps & { id: string; children: ReactNode }) {
  return (
    <div className="field">
      <label htmlFor={props.id}>{props.label}</label>
      {props.children}
      {props.error ? (
        <p className="field-error" id={`${props.id}-more`}>
          {props.error}
        </p>
      ) : (
        props.hint && (
          <p className="field-hint" id={`${props.id}-more`}>
            {props.hint}
          </p>
        )
      )}
    </div>
  );
}

const described = (props: FieldProps, id: string) => ({
  "aria-describedby": props.error || props.hint ? `${id}-more` : undefined,
  "aria-invalid": props.error ? true : undefined,
});

export function TextField(
  props: FieldProps & {
    value: string;
    onChange: (value: string) => void;
    lines?: number;
    most?: number;
    unit?: string;
    decimal?: boolean;
    type?: string;
    required?: boolean;
    placeholder?: string;
    autoFocus?: boolean;
    disabled?: boolean;
    list?: string;
  },
) {
  const id = useId();
  const shared = {
    id, value: props.value, maxLength: props.most, required: props.required, placeholder: props.placeholder, autoFocus: props.autoFocus, "data-first": props.autoFocus || undefined,
    disabled: props.disabled, ...described(props, id),
  };
  return (
    <Frame {...props} id={id}>
      <div className={`input ${props.lines ? "tall" : ""} ${props.error ? "bad" : ""} ${props.decimal ? "number" : ""}`}>
        {props.lines ? (
          <textarea {...shared} rows={props.lines} onChange={(event) => props.onChange(event.target.value)} />
        ) : (
          <input
            {...shared}
            type={props.type ?? "text"}
            inputMode={props.decimal ? "decimal" : undefined}
            autoComplete="off"
            list={props.list}
            onChange={(event) => props.onChange(event.target.value)}
          />
        )}
        {props.unit && <span className="unit">{props.unit}</span>}
      </div>
    </Frame>
  );
}

export function SelectField(
  props: FieldProps & { value: string; onChange: (value: string) => void; choices: readonly { value: string; text: string }[]; disabled?: boolean },
) {
  const id = useId();
  return (
    <Frame {...props} id={id}>
      <div className="input">
        <select id={id} value={props.value} disabled={props.disabled} onChange={(event) => props.onChange(event.target.value)} {...described(props, id)}>
          {props.choices.map((one) => (
            <option key={one.value} value={one.value}>
              {one.text}
            </option>
          ))}
        </select>
      </div>
    </Frame>
  );
}

export function Check(props: { label: string; checked: boolean; onChange: (checked: boolean) => void; disabled?: boolean }) {
  return (
    <label className="check">
      <input type="checkbox" checked={props.checked} disabled={props.disabled} onChange={(event) => props.onChange(event.target.checked)} />
      <span>{props.label}</span>
    </label>
  );
}

export function Form(props: { onSubmit: () => void; label?: string; className?: string; children: ReactNode }) {
  return (
    <form
      className={`form ${props.className ?? ""}`}
      aria-label={props.label}
      noValidate
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        props.onSubmit();
      }}
    >
      {props.children}
    </form>
  );
}

// ---------------------------------------------------------------- tables and pictures

export interface Cell<R> {
  head: string;
  right?: boolean;
  /** Left out on narrow screens. */
  extra?: boolean;
  cell: (row: R) => ReactNode;
}

const BONE_ROWS = 4;

/** A table that grows page by page. */
export function PagedTable<R>(props: {
  label: string;
  rows: Pages<R> | Reading<R[]>;
  columns: readonly Cell<R>[];
  rowKey: (row: R) => string | number;
  empty: ReactNode;
}) {
  const { rows, columns } = props;
  const classOf = (column: Cell<R>) => `${column.right ? "right" : ""} ${column.extra ? "extra" : ""}`;
  const head = (
    <thead>
      <tr>
        {columns.map((column) => (
          <th key={column.head} scope="col" className={classOf(column)}>
            {column.head.startsWith("(") ? <span className="visually-hidden">{column.head.slice(1, -1)}</span> : column.head}
          </th>
        ))}
      </tr>
    </thead>
  );
  const bones = (
    <div className="wide" aria-busy="true">
      <table className="grid">
        {head}
        <tbody>
          {Array.from({ length: BONE_ROWS }, (_, i) => (
            <tr key={i}>
              {columns.map((column) => (
                <td key={column.head} className={classOf(column)}>
                  <span className="bone" style={{ width: 72, marginLeft: column.right ? "auto" : 0 }} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
  return (
    <Read of={rows as Reading<R[]>} bones={bones}>
      {(items) =>
        items.length === 0 ? (
          props.empty
        ) : (
          <>
            <div className="wide" tabIndex={0} role="region" aria-label={props.label}>
              <table className="grid">
                {head}
                <tbody>
                  {items.map((row) => (
                    <tr key={props.rowKey(row)}>
                      {columns.map((column) => (
                        <td key={column.head} className={classOf(column)}>
                          {column.cell(row)}
                        </td>
                      ))}
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            {"more" in rows && rows.more && (
              <div className="more">
                <button className="button small" disabled={rows.loading} onClick={rows.loadMore}>
                  {rows.loading ? "Loading" : "Show more"}
                </button>
              </div>
            )}
          </>
        )
      }
    </Read>
  );
}

export function Thumb(props: { image: ImageRef | null; size?: number }) {
  const size = props.size ?? 40;
  if (!props.image) return <span className="thumb" style={{ width: size, height: size }} aria-hidden="true" />;
  return <img className="thumb" src={imageUrl(props.image, "small")} alt="" width={size} height={size} loading="lazy" />;
}

/** Links side by side that choose what a list shows. */
export function Filters(props: { label: string; choices: readonly { path: string; text: string }[] }) {
  const path = usePath();
  const nav = useRef<HTMLElement>(null);
  useEffect(() => keepInSight(nav.current), [path]);
  return (
    <nav className="filters" aria-label={props.label} ref={nav}>
      {props.choices.map((one) => (
        <a key={one.path} {...to(one.path)} aria-current={path === one.path.replace(/\?.*$/, "") ? "page" : undefined}>
          {one.text}
        </a>
      ))}
    </nav>
  );
}
