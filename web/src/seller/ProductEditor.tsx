/** An existing product: on sale or not, its words, its pictures, its variants with price and stock. */
import { useCallback, useState } from "react";
import { ApiError } from "../api/rest";
import { addVariant, changeProduct, changeStock, changeVariant, readSellerProduct } from "../api/shop";
import type { NewVariant, SellerProduct, SellerVariant, VariantChanges } from "../api/shop-types";
import { say, sayError } from "../state/notices";
import { Dialog } from "../ui/Dialog";
import { to } from "../ui/route";
import { Moment } from "../ui/states";
import { Images } from "./Images";
import { isAmount } from "../lib/amounts";
import { amountText, Bones, Card, Check, Form, Heading, Read, Refused, StateTag, TextField } from "../ui/kit";
import { attributesOf, type Words, wordsFault, WordsFields } from "./ProductFields";
import { useDeed, useRead } from "../state/reading";
import { faultOf, isCount, isWholeNumber, nameOfOptions } from "./variants";

export function ProductEditor(props: { id: string }) {
  const read = useCallback(() => readSellerProduct(props.id), [props.id]);
  const product = useRead(read);
  return (
    <Read of={product} bones={<><Heading title={<span className="bone" style={{ width: 220, height: 20 }} />} /><section className="card"><Bones rows={8} /></section></>}>
      {(value) => <Editor key={value.id} product={value} onChange={product.set} onStale={product.reload} />}
    </Read>
  );
}

interface Part {
  product: SellerProduct;
  onChange: (product: SellerProduct) => void;
}

function Editor({ product, onChange, onStale }: Part & { onStale: () => void }) {
  const putVariant = (changed: SellerVariant) => onChange({ ...product, variants: product.variants.map((one) => (one.id === changed.id ? changed : one)) });
  return (
    <>
      <Heading
        title={<>{product.title} <StateTag state={product.state} /></>}
        back={{ path: "/seller/products", text: "Products" }}
        about={<>{product.sold} sold · changed <Moment ms={product.updatedAt} /></>}
      >
        {product.state === "active" && <a className="button" {...to(`/shop/p/${product.slug}`)}>See it in the shop</a>}
        <StateButtons product={product} onChange={onChange} />
      </Heading>
      {product.state === "blocked" && <div className="note bad card-note">A moderator has taken this product off sale.</div>}
      <Variants product={product} onChange={onChange} onVariant={putVariant} onStale={onStale} />
      <Images productId={product.id} title={product.title} images={product.images} onChange={(images) => onChange({ ...product, images })} />
      <WordsCard product={product} onChange={onChange} />
    </>
  );
}

function StateButtons({ product, onChange }: Part) {
  const [busy, setBusy] = useState(false);
  const put = async (state: "draft" | "active" | "archived", words: string) => {
    setBusy(true);
    try {
      onChange(await changeProduct(product.id, { state }));
      say(words);
    } catch (error) {
      sayError(error);
    }
    setBusy(false);
  };
  if (product.state === "blocked") return null;
  if (product.state === "active") return <button className="button" disabled={busy} onClick={() => put("archived", "Taken off sale")}>Take off sale</button>;
  return (
    <>
      {product.state === "draft" && <button className="button" disabled={busy} onClick={() => put("archived", "Archived")}>Archive</button>}
      <button className="button primary" disabled={busy} onClick={() => put("active", "On sale")}>Put on sale</button>
    </>
  );
}

function WordsCard({ product, onChange }: Part) {
  const [words, setWords] = useState<Words>({
    title: product.title, description: product.description, categoryId: String(product.category.id), attributes: Object.entries(product.attributes),
  });
  const [refused, setRefused] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const fault = wordsFault(words);
  const attributes = attributesOf(words);
  const changed =
    words.title.trim() !== product.title || words.description !== product.description || Number(words.categoryId) !== product.category.id ||
    JSON.stringify(Object.entries(attributes)) !== JSON.stringify(Object.entries(product.attributes));
  const save = async () => {
    if (fault || !changed) return;
    setBusy(true);
    setRefused(null);
    try {
      onChange(await changeProduct(product.id, { title: words.title.trim(), description: words.description, categoryId: Number(words.categoryId), attributes }));
      say("Saved");
    } catch (error) {
      if (error instanceof ApiError) setRefused(error);
      else sayError(error);
    }
    setBusy(false);
  };
  return (
    <Card title="What it is">
      <Form className="body" label="What it is" onSubmit={save}>
        <WordsFields words={words} onChange={setWords} />
        {fault && <div className="note bad" role="alert">{fault}</div>}
        <Refused of={refused} />
        <div className="form-end">
          <button className="button primary" disabled={!changed || fault !== "" || busy}>Save</button>
        </div>
      </Form>
    </Card>
  );
}

// ---------------------------------------------------------------- variants

function Variants({ product, onChange, onVariant, onStale }: Part & { onVariant: (variant: SellerVariant) => void; onStale: () => void }) {
  const [editing, setEditing] = useState<SellerVariant | null>(null);
  const [adding, setAdding] = useState(false);
  return (
    <Card
      title="Price and stock"
      about="Free is what can be bought now: on hand, less what is reserved by open checkouts, sold but not shipped, or kept back."
      deeds={<button className="button small" onClick={() => setAdding(true)}>Add a variant</button>}
    >
      <div className="wide" tabIndex={0} role="region" aria-label="Price and stock">
        <table className="grid">
          <thead>
            <tr>
              <th scope="col">Variant</th>
              <th scope="col" className="right">Price ({product.asset})</th>
              <th scope="col" className="right">On hand</th>
              <th scope="col" className="right extra">Reserved</th>
              <th scope="col" className="right extra">To ship</th>
              <th scope="col" className="right extra">Kept back</th>
              <th scope="col" className="right">Free</th>
              <th scope="col" className="right"><span className="visually-hidden">Actions</span></th>
            </tr>
          </thead>
          <tbody>
            {product.variants.map((variant) => (
              <tr key={variant.id} data-sku={variant.sku} className={variant.active ? "" : "off"}>
                <td>
                  {nameOfOptions(variant.options) || variant.sku} {!variant.active && <span className="tag">Not sold</span>}
                  {nameOfOptions(variant.options) && <span className="quiet sub">{variant.sku}</span>}
                </td>
                <td className="right">{amountText(variant.price.amount)}</td>
                <td className="right"><StockCell variant={variant} onChange={onVariant} /></td>
                <td className="right extra">{variant.reserved}</td>
                <td className="right extra">{variant.allocated}</td>
                <td className="right extra">{variant.threshold}</td>
                <td className="right"><b>{Math.max(0, variant.onHand - variant.reserved - variant.allocated - variant.threshold)}</b></td>
                <td className="right"><button className="button small" onClick={() => setEditing(variant)}>Change<span className="visually-hidden"> {nameOfOptions(variant.options) || variant.sku}</span></button></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {editing && <VariantDialog asset={product.asset} variant={editing} onChange={onVariant} onClose={() => setEditing(null)} />}
      {adding && (
        <AddDialog
          product={product}
          onClose={() => setAdding(false)}
          onAdded={(added) => {
            onChange({ ...product, variants: [...product.variants, added] });
            onStale();
          }}
        />
      )}
    </Card>
  );
}

/**
 * How many are there, set as a change to what was seen. Where it is another number by now (something was shipped, somebody else counted)
 * nothing is changed, and the person decides again with the new number in view.
 */
function StockCell({ variant, onChange }: { variant: SellerVariant; onChange: (variant: SellerVariant) => void }) {
  const [text, setText] = useState<string | null>(null);
  const [conflict, setConflict] = useState<{ wanted: number; saw: number; now: number } | null>(null);
  const deed = useDeed(true);
  const name = nameOfOptions(variant.options) || variant.sku;
  const wanted = text !== null && isCount(text) ? Number(text) : null;
  const set = async (target: number, was: number) => {
    const change = target - was;
    if (change === 0) return setText(null);
    const [outcome, error] = await attempt(() => changeStock(variant.id, change, was));
    if (outcome) {
      setText(null);
      setConflict(null);
      onChange(outcome);
      say(`${name}: ${outcome.onHand} on hand`);
    } else if (error instanceof ApiError && typeof error.more.onHand === "number") {
      setConflict({ wanted: target, saw: was, now: error.more.onHand });
      onChange({ ...variant, onHand: error.more.onHand });
    } else sayError(error);
  };
  const attempt = async (post: () => Promise<SellerVariant>): Promise<[SellerVariant | null, unknown]> => {
    let failed: unknown = null;
    const answer = await deed.run({ id: variant.id, text, was: variant.onHand }, async () => {
      try {
        return await post();
      } catch (error) {
        failed = error;
        throw error;
      }
    });
    return [answer, failed];
  };
  if (conflict) {
    const change = conflict.wanted - conflict.saw;
    return (
      <div className="conflict" role="alert">
        <p>
          You saw {conflict.saw}, but {conflict.now} are on hand by now. Nothing was changed.
        </p>
        <span className="deeds">
          <button className="button small" onClick={() => { setConflict(null); setText(null); }}>Keep {conflict.now}</button>
          {conflict.now + change >= 0 && conflict.now + change !== conflict.wanted && (
            <button className="button small" disabled={deed.busy} onClick={() => set(conflict.now + change, conflict.now)}>
              {change > 0 ? `Add ${change}` : `Take ${-change} off`}: {conflict.now + change}
            </button>
          )}
          <button className="button small" disabled={deed.busy} onClick={() => set(conflict.wanted, conflict.now)}>Set to {conflict.wanted}</button>
        </span>
      </div>
    );
  }
  return (
    <form
      className="stock-cell"
      onSubmit={(event) => {
        event.preventDefault();
        if (wanted !== null) void set(wanted, variant.onHand);
      }}
    >
      {text !== null && (
        <button className="button small primary" disabled={wanted === null || deed.busy}>
          {wanted === null || wanted === variant.onHand ? "Set" : wanted > variant.onHand ? `+${wanted - variant.onHand}` : `−${variant.onHand - wanted}`}
        </button>
      )}
      <span className={`input number ${text !== null && wanted === null ? "bad" : ""}`}>
        <input
          aria-label={`On hand, ${name}`}
          inputMode="numeric"
          autoComplete="off"
          value={text ?? String(variant.onHand)}
          onChange={(event) => setText(event.target.value)}
          onBlur={() => text !== null && wanted === variant.onHand && setText(null)}
          onKeyDown={(event) => event.key === "Escape" && setText(null)}
        />
      </span>
    </form>
  );
}

function VariantDialog(props: { asset: string; variant: SellerVariant; onChange: (variant: SellerVariant) => void; onClose: () => void }) {
  const { variant } = props;
  const [price, setPrice] = useState(amountText(variant.price.amount).replace(/[^\d.]/g, ""));
  const [weight, setWeight] = useState(String(variant.weightG));
  const [threshold, setThreshold] = useState(String(variant.threshold));
  const [active, setActive] = useState(variant.active);
  const [refused, setRefused] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const ready = isAmount(price) && isCount(weight) && isWholeNumber(threshold);
  const save = async () => {
    if (!ready) return;
    const changes: VariantChanges = {};
    if (amountText(price.trim()) !== amountText(variant.price.amount)) changes.price = price.trim();
    if (Number(weight) !== variant.weightG) changes.weightG = Number(weight);
    if (Number(threshold) !== variant.threshold) changes.threshold = Number(threshold);
    if (active !== variant.active) changes.active = active;
    if (!Object.keys(changes).length) return props.onClose();
    setBusy(true);
    setRefused(null);
    try {
      props.onChange(await changeVariant(variant.id, changes));
      say("Saved");
      props.onClose();
    } catch (error) {
      if (error instanceof ApiError) setRefused(error);
      else sayError(error);
      setBusy(false);
    }
  };
  return (
    <Dialog title={nameOfOptions(variant.options) || variant.sku} onClose={props.onClose}>
      <Form onSubmit={save}>
        <TextField label="Price" value={price} onChange={setPrice} decimal unit={props.asset} error={isAmount(price) ? "" : "This is not an amount above 0."} autoFocus />
        <TextField label="Weight" value={weight} onChange={setWeight} decimal unit="g" error={isCount(weight) ? "" : "A whole number of grams."} />
        <TextField label="Kept back from sale" value={threshold} onChange={setThreshold} decimal error={isWholeNumber(threshold) ? "" : "A whole number."} hint="A negative number allows so many back-orders." />
        <Check label="Sold in the shop" checked={active} onChange={setActive} />
        <p className="field-hint">Open checkouts keep the price they were quoted; carts are told of the new one.</p>
        <Refused of={refused} />
        <div className="dialog-buttons">
          <button type="button" className="button" onClick={props.onClose}>Close</button>
          <button className="button primary" disabled={!ready || busy}>Save</button>
        </div>
      </Form>
    </Dialog>
  );
}

function AddDialog(props: { product: SellerProduct; onAdded: (variant: SellerVariant) => void; onClose: () => void }) {
  const { product } = props;
  const names = [...new Set(product.variants.flatMap((one) => Object.keys(one.options)))];
  const [options, setOptions] = useState<Record<string, string>>(Object.fromEntries(names.map((name) => [name, ""])));
  const [row, setRow] = useState({ sku: "", price: "", weightG: String(product.variants[0]?.weightG ?? 0), onHand: "0", threshold: "0" });
  const deed = useDeed(true);
  const [tried, setTried] = useState(false);
  const missing = names.find((name) => !options[name]?.trim());
  const fault = missing ? `Say the ${missing.toLowerCase()} of this variant.` : faultOf(row, [...product.variants, row]);
  const save = async () => {
    setTried(true);
    if (fault) return;
    const asked: NewVariant = {
      sku: row.sku.trim(), options: Object.fromEntries(Object.entries(options).map(([name, value]) => [name, value.trim()])), price: row.price.trim(),
      weightG: Number(row.weightG || 0), onHand: Number(row.onHand), threshold: Number(row.threshold),
    };
    const added = await deed.run(asked, (key) => addVariant(product.id, asked, key));
    if (!added) return;
    say("Variant added");
    props.onAdded(added);
    props.onClose();
  };
  const field = (name: keyof typeof row, label: string, decimal = true) => (
    <TextField label={label} value={row[name]} onChange={(value) => setRow({ ...row, [name]: value })} decimal={decimal} most={40} unit={name === "price" ? product.asset : undefined} />
  );
  return (
    <Dialog title="Add a variant" onClose={props.onClose}>
      <Form onSubmit={save}>
        {names.map((name) => (
          <TextField key={name} label={name} value={options[name] ?? ""} onChange={(value) => setOptions({ ...options, [name]: value })} most={40} />
        ))}
        {field("sku", "SKU", false)}
        {field("price", "Price")}
        <div className="fields">
          {field("onHand", "On hand")}
          {field("weightG", "Weight in grams")}
        </div>
        {tried && fault && <div className="note bad" role="alert">{fault}</div>}
        <Refused of={deed.refused} />
        <div className="dialog-buttons">
          <button type="button" className="button" onClick={props.onClose}>Close</button>
          <button className="button primary" disabled={deed.busy}>Add the variant</button>
        </div>
      </Form>
    </Dialog>
  );
}
