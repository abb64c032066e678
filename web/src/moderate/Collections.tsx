/** Collections: rows of the shop's home, each a choice of products. */
import { ArrowDown, ArrowUp, X } from "lucide-react";
import { useState } from "react";
import { ApiError } from "../api/rest";
import { addCollection, changeCollection, readAdminCollections, readCollection, removeCollection, searchProducts } from "../api/shop";
import type { AdminCollection, ProductCard } from "../api/shop-types";
import { Bones, Card, Form, Heading, Read, Refused, TextField, Thumb } from "../ui/kit";
import { useDeed, useRead } from "../state/reading";
import { say, sayError } from "../state/notices";
import { Dialog } from "../ui/Dialog";
import { to } from "../ui/route";
import { Empty } from "../ui/states";

export function Collections() {
  const collections = useRead(readAdminCollections);
  const [editing, setEditing] = useState<AdminCollection | "new" | null>(null);
  const drop = async (one: AdminCollection) => {
    try {
      await removeCollection(one.slug);
      collections.set((collections.value ?? []).filter((other) => other.slug !== one.slug));
      say(`${one.name} removed`);
    } catch (error) {
      sayError(error);
    }
  };
  return (
    <>
      <Heading title="Collections" about="Rows of the shop's home, chosen by hand.">
        <button className="button primary" onClick={() => setEditing("new")}>Add a collection</button>
      </Heading>
      <Read of={collections} bones={<section className="card"><Bones rows={4} /></section>}>
        {(all) => (
          <section className="card" aria-label="Collections">
            {all.length === 0 ? (
              <Empty title="No collections yet"><p>Choose products that belong together; they become a row of the home page.</p></Empty>
            ) : (
              <ul className="entries">
                {all.map((one) => (
                  <li key={one.slug}>
                    <span><a {...to(`/shop/search?collection=${one.slug}`)}>{one.name}</a><span className="quiet sub">{one.rule ? "Found by a search" : `${one.count} ${one.count === 1 ? "product" : "products"}`}</span></span>
                    <span className="deeds">
                      <button className="button small" onClick={() => setEditing(one)}>Change<span className="visually-hidden"> {one.name}</span></button>
                      <button className="button small danger" onClick={() => drop(one)}>Remove<span className="visually-hidden"> {one.name}</span></button>
                    </span>
                  </li>
                ))}
              </ul>
            )}
          </section>
        )}
      </Read>
      {editing && <CollectionDialog collection={editing === "new" ? null : editing} onDone={collections.reload} onClose={() => setEditing(null)} />}
    </>
  );
}

function CollectionDialog(props: { collection: AdminCollection | null; onDone: () => void; onClose: () => void }) {
  const { collection } = props;
  const [read] = useState(() => async (): Promise<ProductCard[]> => (collection && !collection.rule ? (await readCollection(collection.slug, { limit: 100 })).items : []));
  const products = useRead(read);
  return (
    <Dialog title={collection ? collection.name : "Add a collection"} onClose={props.onClose}>
      <Read of={products}>{(present) => <CollectionForm {...props} present={present} />}</Read>
    </Dialog>
  );
}

function CollectionForm(props: { collection: AdminCollection | null; present: ProductCard[]; onDone: () => void; onClose: () => void }) {
  const { collection } = props;
  const [name, setName] = useState(collection?.name ?? "");
  const [chosen, setChosen] = useState(props.present);
  const [query, setQuery] = useState("");
  const [found, setFound] = useState<ProductCard[] | null>(null);
  const [refused, setRefused] = useState<ApiError | null>(null);
  const deed = useDeed(true);
  const byRule = collection?.rule != null;
  const ready = name.trim().length >= 2;
  const find = async () => {
    try {
      setFound((await searchProducts({ q: query.trim(), limit: 8 })).items);
    } catch (error) {
      sayError(error);
    }
  };
  const move = (index: number, by: number) => {
    const next = [...chosen];
    next.splice(index + by, 0, ...next.splice(index, 1));
    setChosen(next);
  };
  const save = async () => {
    const form = { name: name.trim(), ...(byRule ? {} : { products: chosen.map((one) => one.id) }) };
    setRefused(null);
    if (!collection) {
      if (!(await deed.run(form, (key) => addCollection(form, key)))) return;
    } else {
      try {
        await changeCollection(collection.slug, form);
      } catch (error) {
        if (error instanceof ApiError) setRefused(error);
        else sayError(error);
        return;
      }
    }
    say("Saved");
    props.onDone();
    props.onClose();
  };
  const candidates = found?.filter((one) => !chosen.some((other) => other.id === one.id));
  return (
    <div className="form">
      <TextField label="Name" value={name} onChange={setName} most={60} required autoFocus />
      {byRule ? <p className="note">Its products are found by a search, so there are none to choose.</p> : <>
      <Form className="find" label="Find products" onSubmit={() => query.trim() && find()}>
        <TextField label="Find products to add" value={query} onChange={setQuery} />
        <button className="button" disabled={!query.trim()}>Find</button>
      </Form>
      {candidates && (
        <ul className="entries" aria-label="Found">
          {candidates.length === 0 && <li className="quiet">Nothing found</li>}
          {candidates.map((one) => (
            <li key={one.id}>
              <span className="with-thumb"><Thumb image={one.image} size={28} /><span className="clip">{one.title}</span></span>
              <button className="button small" onClick={() => setChosen([...chosen, one])}>Add<span className="visually-hidden"> {one.title}</span></button>
            </li>
          ))}
        </ul>
      )}
      <Card title={`In it: ${chosen.length}`}>
        <ol className="entries">
          {chosen.map((one, index) => (
            <li key={one.id}>
              <span className="with-thumb"><Thumb image={one.image} size={28} /><span className="clip">{one.title}</span></span>
              <span className="deeds">
                <button className="icon-button" aria-label={`${one.title} up`} disabled={index === 0} onClick={() => move(index, -1)}><ArrowUp size={14} /></button>
                <button className="icon-button" aria-label={`${one.title} down`} disabled={index === chosen.length - 1} onClick={() => move(index, 1)}><ArrowDown size={14} /></button>
                <button className="icon-button" aria-label={`Without ${one.title}`} onClick={() => setChosen(chosen.filter((other) => other.id !== one.id))}><X size={14} /></button>
              </span>
            </li>
          ))}
        </ol>
      </Card>
      </>}
      <Refused of={refused ?? deed.refused} />
      <div className="dialog-buttons">
        <button className="button" onClick={props.onClose}>Close</button>
        <button className="button primary" disabled={!ready || deed.busy} onClick={save}>Save</button>
      </div>
    </div>
  );
}
