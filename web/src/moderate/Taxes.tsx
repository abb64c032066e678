/** Tax rates by country and class; a country without one pays no tax. */
import { Plus, X } from "lucide-react";
import { useState } from "react";
import { ApiError } from "../api/rest";
import { putTaxes, readTaxes } from "../api/shop";
import type { TaxRate } from "../api/shop-types";
import { COUNTRIES, countryName } from "../lib/countries";
import { percentText, ppmOf } from "../lib/amounts";
import { Bones, Card, Heading, Read, Refused } from "../ui/kit";
import { useRead } from "../state/reading";
import { say, sayError } from "../state/notices";
import { Empty } from "../ui/states";
import { TAX_CLASSES } from "./Categories";

interface Row extends Omit<TaxRate, "ppm"> {
  id: number;
  percent: string;
}

let nextId = 1;
const rowOf = ({ ppm, ...rate }: TaxRate): Row => ({ ...rate, id: nextId++, percent: percentText(ppm) });
const same = (rows: Row[], rates: TaxRate[]): boolean =>
  JSON.stringify(rows.map(({ id: _, percent, ...rate }) => ({ ...rate, ppm: ppmOf(percent) })).map(sorted)) === JSON.stringify(rates.map(sorted));
const sorted = (rate: object): [string, unknown][] => Object.entries(rate).sort(([a], [b]) => (a < b ? -1 : 1));

export function Taxes() {
  const taxes = useRead(readTaxes);
  return (
    <>
      <Heading title="Taxes" about="The buyer's country decides, with the tax class of the goods' category. A country without a rate pays no tax." />
      <Read of={taxes} bones={<section className="card"><Bones rows={6} /></section>}>
        {(rates) => <Rates key={taxes.at} rates={rates} onSaved={taxes.set} />}
      </Read>
    </>
  );
}

function Rates({ rates, onSaved }: { rates: TaxRate[]; onSaved: (rates: TaxRate[]) => void }) {
  const [rows, setRows] = useState(() => rates.map(rowOf));
  const [refused, setRefused] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const change = (id: number, changes: Partial<Row>) => setRows(rows.map((row) => (row.id === id ? { ...row, ...changes } : row)));
  const keys = rows.map((row) => `${row.country} ${row.taxClass}`);
  const twice = keys.find((key, index) => keys.indexOf(key) !== index);
  const fault = twice
    ? `There are two rates for ${countryName(twice.slice(0, 2))}, ${twice.slice(3)}.`
    : rows.some((row) => !row.name.trim()) ? "Each rate needs a name, such as VAT." : rows.some((row) => ppmOf(row.percent) === null) ? "A rate is 0 to 100 percent." : "";
  const changed = fault !== "" || !same(rows, rates);
  const save = async () => {
    setBusy(true);
    setRefused(null);
    try {
      const asked = rows.map(({ id: _, percent, ...rate }) => ({ ...rate, name: rate.name.trim(), ppm: ppmOf(percent)! }));
      const saved = await putTaxes(asked);
      say("Saved");
      onSaved(saved.rates ?? asked);
    } catch (error) {
      if (error instanceof ApiError) setRefused(error);
      else sayError(error);
    }
    setBusy(false);
  };
  return (
    <Card title="Rates" deeds={<button className="button small" onClick={() => setRows([...rows, { id: nextId++, country: "DE", taxClass: "standard", name: "VAT", percent: "19", inclusive: true }])}><Plus size={14} aria-hidden="true" /> Add a rate</button>}>
      {rows.length === 0 ? (
        <Empty title="No rates: nobody pays tax" />
      ) : (
        <div className="wide" tabIndex={0} role="region" aria-label="Rates">
          <table className="grid matrix">
            <thead>
              <tr>
                <th scope="col">Country</th>
                <th scope="col">Class</th>
                <th scope="col">Name</th>
                <th scope="col" className="right">Percent</th>
                <th scope="col">In the price</th>
                <th scope="col"><span className="visually-hidden">Actions</span></th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row, index) => (
                <tr key={row.id}>
                  <td><span className="input"><select aria-label={`Country of rate ${index + 1}`} value={row.country} onChange={(event) => change(row.id, { country: event.target.value })}>{COUNTRIES.map((one) => <option key={one.value} value={one.value}>{one.text}</option>)}</select></span></td>
                  <td><span className="input"><select aria-label={`Class of rate ${index + 1}`} value={row.taxClass} onChange={(event) => change(row.id, { taxClass: event.target.value })}>{TAX_CLASSES.map((one) => <option key={one.value} value={one.value}>{one.text}</option>)}</select></span></td>
                  <td><span className="input"><input aria-label={`Name of rate ${index + 1}`} maxLength={40} value={row.name} onChange={(event) => change(row.id, { name: event.target.value })} /></span></td>
                  <td><span className={`input number ${ppmOf(row.percent) === null ? "bad" : ""}`}><input aria-label={`Percent of rate ${index + 1}`} inputMode="decimal" value={row.percent} onChange={(event) => change(row.id, { percent: event.target.value })} /></span></td>
                  <td><input type="checkbox" aria-label={`Rate ${index + 1} is contained in the price`} checked={row.inclusive} onChange={(event) => change(row.id, { inclusive: event.target.checked })} /></td>
                  <td className="right"><button className="icon-button" aria-label={`Remove rate ${index + 1}`} onClick={() => setRows(rows.filter((one) => one.id !== row.id))}><X size={15} /></button></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <div className="more spread">
        <span className="field-error" role="status">{fault}</span>
        <span className="deeds">
          {refused && <Refused of={refused} />}
          <button className="button primary" disabled={!changed || fault !== "" || busy} onClick={save}>Save all rates</button>
        </span>
      </div>
    </Card>
  );
}
