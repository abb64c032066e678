/** Where the seller ships to and what it costs: zones of countries, each with its methods. */
import { Plus, X } from "lucide-react";
import { useState } from "react";
import { addMethod, addZone, putMethod, putZone, readZones, removeMethod, removeZone } from "../api/shop";
import type { Method, MethodForm, Zone } from "../api/shop-types";
import { say, sayError } from "../state/notices";
import { Dialog } from "../ui/Dialog";
import { Empty } from "../ui/states";
import { COUNTRIES, countryName } from "../lib/countries";
import { isAmount, isAmountOrZero } from "../lib/amounts";
import { amountText, Bones, Card, Form, Heading, Read, Refused, SelectField, TextField } from "../ui/kit";
import { useAssets } from "./NewProduct";
import { useDeed, useRead } from "../state/reading";
import { isCount } from "./variants";

export function Shipping() {
  const zones = useRead(readZones);
  const [editing, setEditing] = useState<Zone | "new" | null>(null);
  const [method, setMethod] = useState<{ zone: Zone; method: Method | null } | null>(null);
  const put = (zone: Zone) => {
    const all = zones.value ?? [];
    zones.set(all.some((one) => one.id === zone.id) ? all.map((one) => (one.id === zone.id ? zone : one)) : [...all, zone]);
  };
  const drop = async (zone: Zone) => {
    try {
      await removeZone(zone.id);
      zones.set((zones.value ?? []).filter((one) => one.id !== zone.id));
      say(`${zone.name} removed`);
    } catch (error) {
      sayError(error);
    }
  };
  const dropMethod = async (zone: Zone, one: Method) => {
    try {
      await removeMethod(one.id);
      put({ ...zone, methods: zone.methods.filter((other) => other.id !== one.id) });
      say(`${one.name} removed`);
    } catch (error) {
      sayError(error);
    }
  };
  return (
    <>
      <Heading title="Shipping" about="A buyer's country decides the zone; who lives in none of them cannot order.">
        <button className="button primary" onClick={() => setEditing("new")}>Add a zone</button>
      </Heading>
      <Read of={zones} bones={<section className="card"><Bones rows={5} /></section>}>
        {(all) =>
          all.length === 0 ? (
            <section className="card">
              <Empty title="You do not ship anywhere yet">
                <p>Add a zone with the countries you ship to, then a method with its price.</p>
              </Empty>
            </section>
          ) : (
            all.map((zone) => (
              <Card
                key={zone.id}
                title={zone.name}
                about={<Countries codes={zone.countries} />}
                deeds={
                  <span className="deeds">
                    <button className="button small" onClick={() => setEditing(zone)}>Change</button>
                    <button className="button small danger" onClick={() => drop(zone)}>Remove</button>
                  </span>
                }
              >
                {zone.methods.length > 0 && (
                  <div className="wide" tabIndex={0} role="region" aria-label={`Methods of ${zone.name}`}>
                    <table className="grid">
                      <thead>
                        <tr>
                          <th scope="col">Method</th>
                          <th scope="col" className="right">Price</th>
                          <th scope="col" className="right extra">Per kg</th>
                          <th scope="col" className="right extra">Free from</th>
                          <th scope="col" className="right extra">Up to</th>
                          <th scope="col" className="right">Days</th>
                          <th scope="col" className="right"><span className="visually-hidden">Actions</span></th>
                        </tr>
                      </thead>
                      <tbody>
                        {zone.methods.map((one) => (
                          <tr key={one.id}>
                            <td>{one.name}</td>
                            <td className="right">{amountText(one.basePrice)} <span className="unit">{one.asset}</span></td>
                            <td className="right extra">{amountText(one.pricePerKg)}</td>
                            <td className="right extra">{one.freeFrom === null ? "—" : amountText(one.freeFrom)}</td>
                            <td className="right extra">{one.weightMaxG === null ? "—" : `${one.weightMaxG} g`}</td>
                            <td className="right">{one.daysMin === one.daysMax ? one.daysMin : `${one.daysMin}–${one.daysMax}`}</td>
                            <td className="right">
                              <span className="deeds">
                                <button className="button small" onClick={() => setMethod({ zone, method: one })}>Change<span className="visually-hidden"> {one.name}</span></button>
                                <button className="icon-button" aria-label={`Remove ${one.name}`} onClick={() => dropMethod(zone, one)}><X size={15} /></button>
                              </span>
                            </td>
                          </tr>
                        ))}
                      </tbody>
                    </table>
                  </div>
                )}
                <div className="more">
                  <button className="button small" onClick={() => setMethod({ zone, method: null })}><Plus size={14} aria-hidden="true" /> Add a method</button>
                </div>
              </Card>
            ))
          )
        }
      </Read>
      {editing && <ZoneDialog zone={editing === "new" ? null : editing} onChange={put} onClose={() => setEditing(null)} />}
      {method && (
        <MethodDialog
          method={method.method}
          zone={method.zone}
          onChange={(one) => put({ ...method.zone, methods: method.method ? method.zone.methods.map((other) => (other.id === one.id ? one : other)) : [...method.zone.methods, one] })}
          onClose={() => setMethod(null)}
        />
      )}
    </>
  );
}

const SHOWN = 8;

function Countries({ codes }: { codes: string[] }) {
  if (!codes.length) return <>The rest of the world</>;
  const names = codes.map(countryName);
  return <span title={names.join(", ")}>{names.slice(0, SHOWN).join(", ")}{names.length > SHOWN && ` and ${names.length - SHOWN} more`}</span>;
}

const EUROPEAN_UNION = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE".split(" ");

function ZoneDialog(props: { zone: Zone | null; onChange: (zone: Zone) => void; onClose: () => void }) {
  const { zone } = props;
  const [name, setName] = useState(zone?.name ?? "");
  const [countries, setCountries] = useState<string[]>(zone?.countries ?? []);
  const deed = useDeed(true);
  const ready = name.trim() !== "";
  const add = (codes: string[]) => setCountries([...new Set([...countries, ...codes])]);
  const save = async () => {
    const form = { name: name.trim(), countries };
    const saved = await deed.run(form, (key) => (zone ? putZone(zone.id, form) : addZone(form, key)));
    if (!saved) return;
    say("Saved");
    props.onChange({ ...saved, methods: saved.methods ?? zone?.methods ?? [] });
    props.onClose();
  };
  return (
    <Dialog title={zone ? zone.name : "Add a zone"} onClose={props.onClose}>
      <Form onSubmit={() => ready && save()}>
        <TextField label="Name" value={name} onChange={setName} most={60} placeholder="European Union" required autoFocus />
        <SelectField label="Add a country" value="" onChange={(code) => code && add([code])} choices={[{ value: "", text: "Choose" }, ...COUNTRIES.filter((one) => !countries.includes(one.value))]} />
        <div className="deeds">
          <button type="button" className="button small" onClick={() => add(EUROPEAN_UNION)}>Add the European Union</button>
          {countries.length > 0 && <button type="button" className="button small" onClick={() => setCountries([])}>Rest of the world</button>}
        </div>
        {countries.length ? (
          <ul className="country-chips" aria-label="Countries">
            {countries.map((code) => (
              <li key={code}>
                {countryName(code)}
                <button type="button" className="icon-button" aria-label={`Without ${countryName(code)}`} onClick={() => setCountries(countries.filter((one) => one !== code))}><X size={13} /></button>
              </li>
            ))}
          </ul>
        ) : (
          <p className="note">Without a country the zone stands for the rest of the world.</p>
        )}
        <Refused of={deed.refused} />
        <div className="dialog-buttons">
          <button type="button" className="button" onClick={props.onClose}>Close</button>
          <button className="button primary" disabled={!ready || deed.busy}>Save</button>
        </div>
      </Form>
    </Dialog>
  );
}

const plain = (amount: string): string => amountText(amount).replace(/[^\d.]/g, "");

function MethodDialog(props: { zone: Zone; method: Method | null; onChange: (method: Method) => void; onClose: () => void }) {
  const { method } = props;
  const assets = useAssets();
  const [form, setForm] = useState({
    name: method?.name ?? "", asset: method?.asset ?? "", basePrice: method ? plain(method.basePrice) : "", pricePerKg: method ? plain(method.pricePerKg) : "0",
    freeFrom: method?.freeFrom ? plain(method.freeFrom) : "", weightMaxG: method?.weightMaxG ? String(method.weightMaxG) : "",
    daysMin: String(method?.daysMin ?? 2), daysMax: String(method?.daysMax ?? 5),
  });
  const [tried, setTried] = useState(false);
  const deed = useDeed(true);
  const asset = form.asset || (assets.includes("USDT") ? "USDT" : (assets[0] ?? ""));
  const put = (name: keyof typeof form) => (value: string) => setForm({ ...form, [name]: value });
  const days = isCount(form.daysMin) && isCount(form.daysMax) && Number(form.daysMin) <= Number(form.daysMax);
  const faults = {
    name: form.name.trim() ? "" : "A method needs a name.",
    basePrice: isAmountOrZero(form.basePrice) ? "" : "This is not an amount.",
    pricePerKg: isAmountOrZero(form.pricePerKg) ? "" : "This is not an amount.",
    freeFrom: !form.freeFrom.trim() || isAmount(form.freeFrom) ? "" : "An amount above 0, or nothing.",
    weightMaxG: !form.weightMaxG.trim() || (isCount(form.weightMaxG) && Number(form.weightMaxG) > 0) ? "" : "Grams above 0, or nothing.",
    days: days ? "" : "From the fewest to the most.",
  };
  const told = (name: keyof typeof faults) => (tried ? faults[name] : "");
  const save = async () => {
    setTried(true);
    if (Object.values(faults).some(Boolean)) return;
    const asked: MethodForm = {
      name: form.name.trim(), asset, basePrice: form.basePrice.trim(), pricePerKg: form.pricePerKg.trim(), freeFrom: form.freeFrom.trim() || null,
      weightMaxG: form.weightMaxG.trim() ? Number(form.weightMaxG) : null, daysMin: Number(form.daysMin), daysMax: Number(form.daysMax),
    };
    const saved = await deed.run(asked, (key) => (method ? putMethod(method.id, asked) : addMethod(props.zone.id, asked, key)));
    if (!saved) return;
    say("Saved");
    props.onChange(saved);
    props.onClose();
  };
  return (
    <Dialog title={method ? method.name : `Add a method to ${props.zone.name}`} onClose={props.onClose}>
      <Form onSubmit={save}>
        <TextField label="Name" value={form.name} onChange={put("name")} most={60} placeholder="Standard parcel" error={told("name")} autoFocus />
        <SelectField label="Priced in" value={asset} onChange={put("asset")} choices={assets.map((one) => ({ value: one, text: one }))} hint="Offered for goods that are priced in the same asset." />
        <div className="fields">
          <TextField label="Price" value={form.basePrice} onChange={put("basePrice")} decimal unit={asset} error={told("basePrice")} />
          <TextField label="For each started kilogram" value={form.pricePerKg} onChange={put("pricePerKg")} decimal unit={asset} error={told("pricePerKg")} />
          <TextField label="Free from (optional)" value={form.freeFrom} onChange={put("freeFrom")} decimal unit={asset} error={told("freeFrom")} />
          <TextField label="Up to (optional)" value={form.weightMaxG} onChange={put("weightMaxG")} decimal unit="g" error={told("weightMaxG")} />
          <TextField label="Days, fewest" value={form.daysMin} onChange={put("daysMin")} decimal error={told("days")} />
          <TextField label="Days, most" value={form.daysMax} onChange={put("daysMax")} decimal />
        </div>
        <Refused of={deed.refused} />
        <div className="dialog-buttons">
          <button type="button" className="button" onClick={props.onClose}>Close</button>
          <button className="button primary" disabled={deed.busy}>Save</button>
        </div>
      </Form>
    </Dialog>
  );
}
