/** Where to send it: the addresses a buyer has kept, and a form for another. */
import { type FormEvent, useId, useState } from "react";
import { ApiError } from "../api/rest";
import { addAddress, putAddress } from "../api/shop";
import type { Address, AddressForm as Fields } from "../api/shop-types";
import { Intention } from "../lib/intention";
import { COUNTRIES, countryName } from "../lib/countries";

const EMPTY: Fields = { name: "", line1: "", line2: "", city: "", region: "", postcode: "", country: "", phone: "" };
const TEXT_MAX = 100;

const FIELDS: { name: keyof Fields; text: string; complete: string; needed?: boolean; half?: boolean }[] = [
  { name: "name", text: "Name", complete: "name", needed: true },
  { name: "line1", text: "Street and number", complete: "address-line1", needed: true },
  { name: "line2", text: "Flat, floor, company (if any)", complete: "address-line2" },
  { name: "postcode", text: "Postcode", complete: "postal-code", needed: true, half: true },
  { name: "city", text: "City", complete: "address-level2", needed: true, half: true },
  { name: "region", text: "State or region (if any)", complete: "address-level1", half: true },
  { name: "phone", text: "Phone (if any)", complete: "tel", half: true },
];

export const addressLines = (address: Fields): string[] =>
  [address.name, address.line1, address.line2, [address.postcode, address.city].filter(Boolean).join(" "), address.region, countryName(address.country)].filter(Boolean);

export function AddressText({ of }: { of: Fields }) {
  const [name, ...rest] = addressLines(of);
  return (
    <address>
      <b>{name}</b>
      <span>{rest.join(", ")}</span>
    </address>
  );
}

export function AddressForm(props: { of?: Address; onDone: (address: Address) => void; onCancel?: () => void }) {
  const [fields, setFields] = useState<Fields>(props.of ?? EMPTY);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState("");
  const [intention] = useState(() => new Intention());
  const id = useId();
  const missing = [...FIELDS.filter(({ needed }) => needed).map(({ name }) => name), "country" as const].filter((name) => !fields[name].trim());

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (missing.length) return document.getElementById(`${id}-${missing[0]}`)?.focus();
    if (busy) return;
    setBusy(true);
    setRefusal("");
    const { name, line1, line2, city, region, postcode, country, phone } = fields;
    const address = { name, line1, line2, city, region, postcode, country, phone };
    try {
      props.onDone(await (props.of ? putAddress(props.of.id, address) : intention.send(address, (key) => addAddress(address, key))));
    } catch (error) {
      setRefusal(error instanceof ApiError ? error.message : String(error));
    }
    setBusy(false);
  };

  const bad = (name: keyof Fields) => tried && missing.includes(name);
  return (
    <form className="form address-form" onSubmit={submit} noValidate aria-label="Address">
      {FIELDS.map(({ name, text, complete, half }) => (
        <div key={name} className={`field ${half ? "half" : ""}`}>
          <label htmlFor={`${id}-${name}`}>{text}</label>
          <div className={`input ${bad(name) ? "bad" : ""}`}>
            <input
              id={`${id}-${name}`}
              autoComplete={complete}
              maxLength={TEXT_MAX}
              aria-invalid={bad(name) || undefined}
              value={fields[name]}
              onChange={(event) => setFields({ ...fields, [name]: event.target.value })}
            />
          </div>
          {bad(name) && <span className="field-error">This is needed</span>}
        </div>
      ))}
      <div className="field">
        <label htmlFor={`${id}-country`}>Country</label>
        <div className={`input ${bad("country") ? "bad" : ""}`}>
          <select id={`${id}-country`} autoComplete="country" value={fields.country} onChange={(event) => setFields({ ...fields, country: event.target.value })}>
            <option value="">Choose</option>
            {COUNTRIES.map(({ value, text }) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        </div>
        {bad("country") && <span className="field-error">This is needed</span>}
      </div>
      {refusal && (
        <p className="note refusal" role="alert">
          {refusal}
        </p>
      )}
      <div className="form-buttons">
        <button className="button primary" disabled={busy}>
          {props.of ? "Save" : "Use this address"}
        </button>
        {props.onCancel && (
          <button type="button" className="button" onClick={props.onCancel}>
            Back
          </button>
        )}
      </div>
    </form>
  );
}
