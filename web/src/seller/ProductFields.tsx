/** What a new and an existing product's forms have in common: words, category, attributes. */
import { Plus, X } from "lucide-react";
import { readCategories } from "../api/shop";
import type { Category } from "../api/shop-types";
import { SelectField, TextField } from "../ui/kit";
import { useRead } from "../state/reading";

export interface Words {
  title: string;
  description: string;
  /** "" until one is chosen. */
  categoryId: string;
  attributes: [string, string][];
}

export const wordsFault = (words: Words): string =>
  words.title.trim().length < 2 ? "A title has at least 2 characters." : !words.categoryId ? "Choose a category." : "";

export const attributesOf = (words: Words): Record<string, string> =>
  Object.fromEntries(words.attributes.map(([name, value]) => [name.trim(), value.trim()]).filter(([name, value]) => name && value));

/** Categories with their place in the tree, parents before children. */
export function treeOf<C extends Pick<Category, "id" | "parentId" | "name">>(categories: readonly C[]): { category: C; depth: number }[] {
  const known = new Set(categories.map((one) => one.id));
  const below = (parent: number | null, depth: number): { category: C; depth: number }[] =>
    categories
      .filter((one) => (parent === null ? one.parentId === null || !known.has(one.parentId) : one.parentId === parent))
      .flatMap((category) => [{ category, depth }, ...(depth < 8 ? below(category.id, depth + 1) : [])]);
  return below(null, 0);
}

export function WordsFields(props: { words: Words; onChange: (words: Words) => void }) {
  const { words } = props;
  const change = (changes: Partial<Words>) => props.onChange({ ...words, ...changes });
  const categories = useRead(readCategories);
  const attribute = (index: number, pair: [string, string] | null) =>
    change({ attributes: words.attributes.flatMap((old, at) => (at === index ? (pair ? [pair] : []) : [old])) });
  return (
    <>
      <TextField label="Title" value={words.title} onChange={(title) => change({ title })} most={120} required />
      <TextField
        label="Description" value={words.description} onChange={(description) => change({ description })} lines={6} most={10_000}
        hint="What it is, what it is made of, what comes with it. Empty lines separate paragraphs."
      />
      <SelectField
        label="Category"
        value={words.categoryId}
        onChange={(categoryId) => change({ categoryId })}
        error={categories.error}
        choices={[
          { value: "", text: categories.value ? "Choose one" : "Loading" },
          ...treeOf(categories.value ?? []).map(({ category, depth }) => ({ value: String(category.id), text: `${"\u2003".repeat(depth)}${category.name}` })),
        ]}
      />
      <fieldset className="attributes">
        <legend>Attributes</legend>
        <p className="field-hint">Buyers filter by them: Material, Origin, Language.</p>
        {words.attributes.map(([name, value], index) => (
          <div className="name-value" key={index}>
            <span className="input"><input aria-label={`Attribute ${index + 1}, name`} placeholder="Name" maxLength={40} value={name} onChange={(event) => attribute(index, [event.target.value, value])} /></span>
            <span className="input"><input aria-label={`Attribute ${index + 1}, value`} placeholder="Value" maxLength={80} value={value} onChange={(event) => attribute(index, [name, event.target.value])} /></span>
            <button type="button" className="icon-button" aria-label={`Remove attribute ${name || index + 1}`} onClick={() => attribute(index, null)}><X size={15} /></button>
          </div>
        ))}
        {words.attributes.length < 20 && (
          <button type="button" className="button small" onClick={() => change({ attributes: [...words.attributes, ["", ""]] })}>
            <Plus size={14} aria-hidden="true" /> Add an attribute
          </button>
        )}
      </fieldset>
    </>
  );
}
