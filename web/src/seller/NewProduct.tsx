/** A new product, as a draft: words, price asset, and its matrix of variants. Pictures come when it exists. */
import { Plus, X } from "lucide-react";
import { useState } from "react";
import { addProduct } from "../api/shop";
import type { NewProduct as Asked } from "../api/shop-types";
import { say } from "../state/notices";
import { useStore } from "../state/store";
import { venue } from "../state/venue";
import { go } from "../ui/route";
import { Card, Form, Heading, Refused, SelectField, TextField } from "../ui/kit";
import { attributesOf, type Words, wordsFault, WordsFields } from "./ProductFields";
import { useDeed } from "../state/reading";
import { faultOf, matrix, nameOfOptions, type Option, type VariantDraft, VARIANTS_MAX } from "./variants";

const OPTIONS_MAX = 3;

/** An option as it is typed: its values stand in one line. */
interface TypedOption {
  name: string;
  values: string;
}

const read = (typed: TypedOption[]): Option[] =>
  typed.map(({ name, values }) => ({ name: name.trim(), values: [...new Set(values.split(",").map((one) => one.trim()).filter(Boolean))] }));

export function useAssets(): string[] {
  const { markets } = useStore(venue);
  return [...new Set(markets.flatMap((market) => [market.quote, market.base]))].sort();
}

export function NewProduct() {
  const assets = useAssets();
  const [words, setWords] = useState<Words>({ title: "", description: "", categoryId: "", attributes: [] });
  const [chosen, setAsset] = useState("");
  const asset = chosen || (assets.includes("USDT") ? "USDT" : (assets[0] ?? ""));
  const [options, setOptions] = useState<TypedOption[]>([]);
  const [typed, setTyped] = useState<VariantDraft[]>([]);
  const [tried, setTried] = useState(false);
  const deed = useDeed(true);
  const rows = matrix(read(options), typed, words.title);
  const fault = wordsFault(words) || rows.map((row) => faultOf(row, rows)).find(Boolean) || "";

  const change = (index: number, changes: Partial<VariantDraft>) => setTyped(rows.map((row, at) => (at === index ? { ...row, ...changes } : row)));
  const option = (index: number, changes: TypedOption | null) => setOptions(options.flatMap((old, at) => (at === index ? (changes ? [changes] : []) : [old])));
  const forAll = (name: "price" | "weightG" | "onHand") => setTyped(rows.map((row) => ({ ...row, [name]: rows[0]![name] })));

  const send = async () => {
    setTried(true);
    if (fault || !asset) return;
    const asked: Asked = {
      title: words.title.trim(), description: words.description.trim(), categoryId: Number(words.categoryId), asset, attributes: attributesOf(words),
      variants: rows.map((row) => ({
        sku: row.sku.trim(), options: row.options, price: row.price.trim(), weightG: Number(row.weightG.trim() || 0), onHand: Number(row.onHand), threshold: Number(row.threshold),
      })),
    };
    const product = await deed.run(asked, (key) => addProduct(asked, key));
    if (!product) return;
    say("Saved as a draft. Add pictures, then put it on sale.");
    go(`/seller/products/${product.id}`, true);
  };

  return (
    <>
      <Heading title="Add a product" back={{ path: "/seller/products", text: "Products" }} about="It stays a draft until you put it on sale." />
      <Form label="New product" onSubmit={send}>
        <Card title="What it is">
          <div className="body form"><WordsFields words={words} onChange={setWords} /></div>
        </Card>
        <Card title="Variants" about="One row for each way to combine the options, each with a price and a stock of its own.">
          <div className="body form">
            <div className="fields">
              <SelectField label="Priced and paid in" value={asset} onChange={setAsset} choices={assets.map((one) => ({ value: one, text: one }))} hint="Buyers may pay with another asset; you receive this one." />
            </div>
            {options.map((one, index) => (
              <div className="option-row name-value" key={index}>
                <TextField label={`Option ${index + 1}`} value={one.name} onChange={(name) => option(index, { ...one, name })} placeholder="Size" most={30} />
                <TextField label={`Values of ${one.name.trim() || `option ${index + 1}`}, with commas between`} value={one.values} onChange={(values) => option(index, { ...one, values })} placeholder="S, M, L" most={400} />
                <button type="button" className="icon-button" aria-label={`Remove option ${one.name || index + 1}`} onClick={() => option(index, null)}><X size={15} /></button>
              </div>
            ))}
            {options.length < OPTIONS_MAX && (
              <div>
                <button type="button" className="button small" onClick={() => setOptions([...options, { name: "", values: "" }])}>
                  <Plus size={14} aria-hidden="true" /> {options.length ? "Add another option" : "Add options, such as size or colour"}
                </button>
              </div>
            )}
          </div>
          <MatrixTable rows={rows} asset={asset} onChange={change} />
          <div className="more spread">
            {rows.length > 1 ? (
              <span className="deeds">
                <span className="quiet">First row for all:</span>
                <button type="button" className="link-button" onClick={() => forAll("price")}>price</button>
                <button type="button" className="link-button" onClick={() => forAll("weightG")}>weight</button>
                <button type="button" className="link-button" onClick={() => forAll("onHand")}>stock</button>
              </span>
            ) : <span />}
            <span className="quiet">{rows.length >= VARIANTS_MAX ? `At most ${VARIANTS_MAX} variants` : `${rows.length} ${rows.length === 1 ? "variant" : "variants"}`}</span>
          </div>
        </Card>
        {tried && fault && <div className="note bad" role="alert">{fault}</div>}
        <Refused of={deed.refused} />
        <div className="form-end">
          <button className="button primary" disabled={deed.busy}>Save as a draft</button>
        </div>
      </Form>
    </>
  );
}

function MatrixTable(props: { rows: VariantDraft[]; asset: string; onChange: (index: number, changes: Partial<VariantDraft>) => void }) {
  const { rows, asset, onChange } = props;
  const named = rows.length > 1 || Object.keys(rows[0]?.options ?? {}).length > 0;
  const field = (index: number, row: VariantDraft, name: "sku" | "price" | "weightG" | "onHand" | "threshold", label: string) => (
    <span className={`input ${name === "sku" ? "" : "number"}`}>
      <input
        aria-label={named ? `${label} of ${nameOfOptions(row.options)}` : label}
        inputMode={name === "sku" ? undefined : name === "price" ? "decimal" : "numeric"}
        maxLength={40}
        autoComplete="off"
        value={row[name]}
        onChange={(event) => onChange(index, name === "sku" ? { ownSku: event.target.value } : { [name]: event.target.value })}
      />
    </span>
  );
  return (
    <div className="wide" tabIndex={0} role="region" aria-label="Variants">
      <table className="grid matrix">
        <thead>
          <tr>
            {named && <th scope="col">Variant</th>}
            <th scope="col">SKU</th>
            <th scope="col" className="right">Price ({asset})</th>
            <th scope="col" className="right">On hand</th>
            <th scope="col" className="right">Weight (g)</th>
            <th scope="col" className="right" title="So many are never sold; a negative number allows back-orders">Kept back</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={JSON.stringify(row.options)}>
              {named && <th scope="row">{nameOfOptions(row.options)}</th>}
              <td>{field(index, row, "sku", "SKU")}</td>
              <td>{field(index, row, "price", "Price")}</td>
              <td>{field(index, row, "onHand", "On hand")}</td>
              <td>{field(index, row, "weightG", "Weight in grams")}</td>
              <td>{field(index, row, "threshold", "Kept back")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
