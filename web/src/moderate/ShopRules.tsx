/** The platform's own numbers: commission, times, how far a quote may slip. */
import { useState } from "react";
import { ApiError } from "../api/rest";
import { changeShopSettings, readShopSettings } from "../api/shop";
import type { ShopSettings } from "../api/shop-types";
import { percentText, ppmOf } from "../lib/amounts";
import { Bones, Card, Form, Heading, Read, Refused, TextField } from "../ui/kit";
import { useRead } from "../state/reading";
import { say, sayError } from "../state/notices";

type Name = keyof ShopSettings;

const FIELDS: { name: Name; label: string; unit: string; hint: string; percent?: boolean }[] = [
  { name: "commissionPpm", label: "Commission", unit: "%", hint: "Of what is released to a seller, where neither the seller nor the category has another.", percent: true },
  { name: "slippagePpm", label: "Most that a quote may slip", unit: "%", hint: "A buyer agrees to pay at most so much more than the market asks now.", percent: true },
  { name: "quoteSeconds", label: "A quote holds for", unit: "s", hint: "Then the checkout asks for a new one." },
  { name: "reservationMinutes", label: "Goods are reserved for", unit: "min", hint: "Then they go back on the shelf." },
  { name: "autoReleaseDays", label: "Escrow is released after", unit: "days", hint: "Counted from shipping, if the buyer neither confirms nor disputes." },
  { name: "returnDays", label: "Goods can be returned for", unit: "days", hint: "Counted from receipt." },
];

export function ShopRules() {
  const settings = useRead(readShopSettings);
  return (
    <>
      <Heading title="Settings" about="They hold for what is new; open checkouts and orders keep theirs." />
      <Read of={settings} bones={<section className="card"><Bones rows={5} /></section>}>
        {(value) => <Fields key={settings.at} value={value} onSaved={settings.set} />}
      </Read>
    </>
  );
}

function Fields({ value, onSaved }: { value: ShopSettings; onSaved: (value: ShopSettings) => void }) {
  const [texts, setTexts] = useState<Record<string, string>>(Object.fromEntries(FIELDS.map(({ name, percent }) => [name, percent ? percentText(value[name]) : String(value[name])])));
  const [refused, setRefused] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const numberOf = ({ name, percent }: (typeof FIELDS)[number]): number | null => {
    const text = texts[name]!.trim();
    return percent ? ppmOf(text) : /^\d{1,5}$/.test(text) ? Number(text) : null;
  };
  const changes = Object.fromEntries(FIELDS.flatMap((field) => (numberOf(field) !== null && numberOf(field) !== value[field.name] ? [[field.name, numberOf(field)!]] : []))) as Partial<ShopSettings>;
  const ready = FIELDS.every((field) => numberOf(field) !== null) && Object.keys(changes).length > 0;
  const save = async () => {
    setBusy(true);
    setRefused(null);
    try {
      onSaved({ ...value, ...(await changeShopSettings(changes)) });
      say("Saved");
    } catch (error) {
      if (error instanceof ApiError) setRefused(error);
      else sayError(error);
      setBusy(false);
    }
  };
  return (
    <Card title="Rules of the shop">
      <Form className="body slim" label="Rules of the shop" onSubmit={() => ready && save()}>
        {FIELDS.map((field) => (
          <TextField
            key={field.name} label={field.label} value={texts[field.name]!} onChange={(text) => setTexts({ ...texts, [field.name]: text })} decimal unit={field.unit}
            hint={field.hint} error={numberOf(field) === null ? (field.percent ? "0 to 100." : "A whole number.") : ""}
          />
        ))}
        <Refused of={refused} />
        <div className="form-end"><button className="button primary" disabled={!ready || busy}>Save</button></div>
      </Form>
    </Card>
  );
}
