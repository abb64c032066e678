/** Goods by words, category and facets. The address holds the whole state, so it can be kept, shared and gone back to. */
import { ListFilter, X } from "lucide-react";
import { type FormEvent, type ReactNode, useEffect, useId, useMemo, useState } from "react";
import { readCollection, searchProducts } from "../api/shop";
import type { Facets, FacetValue, ProductPage, ProductSearch, SortOrder } from "../api/shop-types";
import { parseTyped } from "../lib/decimal";
import { filterCount, isByPrice, readSearch, searchPath, SORTS, toggleAttribute } from "../lib/productSearch";
import { sentence } from "../lib/orderWords";
import { settings } from "../state/settings";
import { useStore } from "../state/store";
import { go, place, query, to } from "../ui/route";
import { Empty } from "../ui/states";
import { useKeptList } from "./kept";
import { Bone, ShopPage, Shown, TileBones, Tiles } from "./parts";

const FACET_SHOWN = 8;

export function SearchPage() {
  const asked = useStore(query);
  const collection = new URLSearchParams(asked).get("collection");
  return collection ? <CollectionPage key={collection} slug={collection} /> : <Search />;
}

function CollectionPage({ slug }: { slug: string }) {
  const list = useKeptList(`collection ${slug}`, (ask) => readCollection(slug, ask));
  return (
    <ShopPage title={list.value?.name ?? "Collection"} back={{ path: "/shop", text: "Shop" }}>
      <Shown of={list} what="The collection" bones={<GridBones />}>
        {() => <Tiles list={list} />}
      </Shown>
    </ShopPage>
  );
}

function Search() {
  const path = useStore(place);
  const asked = useStore(query);
  const search = useMemo(() => readSearch(path, asked), [path, asked]);
  const list = useKeptList(`search ${searchPath(search)}`, (ask) => searchProducts({ ...search, sort: search.sort ?? defaultSort(search), ...ask }));
  // The last facets stay in sight while the next answer is under way, so that nothing jumps under the pointer.
  const [last, setLast] = useState<ProductPage | null>(list.value);
  useEffect(() => {
    if (list.value) setLast(list.value);
  }, [list.value]);
  const shown = list.value ?? last;
  const [sheet, setSheet] = useState(false);
  const category = shown?.facets.categories.find(({ value }) => value === search.category);
  const title = search.q ? `“${search.q}”` : (category?.label ?? (search.category ? sentence(search.category.replaceAll("-", "_")) : "All goods"));
  const show = (changes: Partial<ProductSearch>) => go(searchPath({ ...search, ...changes }));
  const filters = filterCount(search);
  const asset = useAssetOf(search, shown?.facets);

  const sortBy = (sort: SortOrder) => show(isByPrice(sort) ? { sort, asset } : { sort });

  return (
    <ShopPage
      title={title}
      className="search-page"
      about={list.value ? `${list.value.total} ${list.value.total === 1 ? "product" : "products"}` : "Looking…"}
      head={
        <div className="search-tools">
          <button className="button filters-button" aria-expanded={sheet} onClick={() => setSheet(!sheet)}>
            <ListFilter size={16} aria-hidden="true" /> Filters{filters ? ` (${filters})` : ""}
          </button>
          <label className="sort">
            <span className="visually-hidden">Sort by</span>
            <span className="input">
              <select value={search.sort ?? defaultSort(search)} onChange={(event) => sortBy(event.target.value as SortOrder)}>
                {SORTS.filter(({ value }) => search.q || value !== "relevance").map(({ value, text }) => (
                  <option key={value} value={value}>
                    {isByPrice(value) ? `${text}, in ${asset}` : text}
                  </option>
                ))}
              </select>
            </span>
          </label>
        </div>
      }
    >
      <div className="search-body">
        <aside className="facets" data-open={sheet} aria-label="Filters" aria-busy={!list.value}>
          {shown ? <FacetList facets={shown.facets} search={search} show={show} /> : <FacetBones />}
          <button className="button primary facets-done" onClick={() => setSheet(false)}>
            Show {list.value ? list.value.total : ""} {list.value?.total === 1 ? "product" : "products"}
          </button>
        </aside>
        <section className="results" aria-label="Products" aria-live="polite" aria-busy={!list.value && !list.error}>
          <Chosen search={search} facets={shown?.facets} show={show} />
          {list.value?.corrected && (
            <p className="note">
              Did you mean <a {...to(searchPath({ ...search, q: list.value.corrected }))}>{list.value.corrected}</a>?
            </p>
          )}
          <Shown of={list} what="The list" bones={<GridBones />}>
            {(found) => (found.items.length ? <Tiles list={list} /> : <NothingFound search={search} />)}
          </Shown>
        </section>
      </div>
    </ShopPage>
  );
}

const defaultSort = (search: ProductSearch): SortOrder => (search.q ? "relevance" : "newest");

/** The asset in which prices are compared: the chosen one, else the one that estimates are shown in, else the first that there is. */
function useAssetOf(search: ProductSearch, facets: Facets | undefined): string {
  const { showIn } = useStore(settings);
  const assets = facets?.assets.map(({ value }) => value) ?? [];
  return search.asset ?? (assets.includes(showIn) || !assets[0] ? showIn : assets[0]);
}

function NothingFound({ search }: { search: ProductSearch }) {
  const narrowed = filterCount(search) > 0;
  return (
    <Empty title={search.q ? `Nothing matches “${search.q}”${narrowed ? " with these filters" : ""}` : "Nothing matches these filters"}>
      <p className="ways">
        {narrowed && search.q && (
          <a className="button primary" {...to(searchPath({ q: search.q }))}>
            Search without filters
          </a>
        )}
        <a className="button" {...to("/shop/search")}>
          See all goods
        </a>
      </p>
    </Empty>
  );
}

const starsWords = (rating: number): string => (rating === 5 ? "5 stars" : `${rating} ${rating === 1 ? "star" : "stars"} and more`);

type Show = (changes: Partial<ProductSearch>) => void;

/** What narrows the list, each to be taken away. */
function Chosen(props: { search: ProductSearch; facets: Facets | undefined; show: Show }) {
  const { search, facets, show } = props;
  const labelIn = (values: FacetValue[] | undefined, value: string) => values?.find((one) => one.value === value)?.label ?? value;
  const chips: [string, Partial<ProductSearch>][] = [];
  if (search.category && search.q) chips.push([labelIn(facets?.categories, search.category), { category: undefined }]);
  if (search.seller) chips.push([labelIn(facets?.sellers, search.seller), { seller: undefined }]);
  if (search.priceMin || search.priceMax) chips.push([`${search.priceMin ?? 0} – ${search.priceMax ?? "any"} ${search.asset ?? ""}`, { priceMin: undefined, priceMax: undefined, asset: isByPrice(search.sort) ? search.asset : undefined }]);
  else if (search.asset) chips.push([`Priced in ${search.asset}`, { asset: undefined, sort: isByPrice(search.sort) ? undefined : search.sort }]);
  if (search.inStock) chips.push(["In stock", { inStock: undefined }]);
  if (search.rating) chips.push([starsWords(search.rating), { rating: undefined }]);
  for (const one of search.attr ?? []) chips.push([one.replace(":", ": "), { attr: toggleAttribute(search, one).attr }]);
  if (!chips.length) return null;
  return (
    <ul className="chips" aria-label="Chosen filters">
      {chips.map(([text, without]) => (
        <li key={text}>
          <button className="chip" aria-label={`Remove ${text}`} onClick={() => show(without)}>
            {text} <X size={12} aria-hidden="true" />
          </button>
        </li>
      ))}
      <li>
        <button className="link-button" onClick={() => go(searchPath({ q: search.q, sort: search.sort, category: search.q ? undefined : search.category }))}>
          Clear all
        </button>
      </li>
    </ul>
  );
}

// ---------------------------------------------------------------- facets

/** The attributes with those that are chosen, also where nothing is left that has them: what was ticked must be there to be unticked. */
function withChosen(attributes: Facets["attributes"], chosen: readonly string[]): Facets["attributes"] {
  const merged = attributes.map(({ name, values }) => ({ name, values: [...values] }));
  for (const one of chosen) {
    const [name = "", ...rest] = one.split(":");
    const value = rest.join(":");
    let facet = merged.find((present) => present.name === name);
    if (!facet) merged.push((facet = { name, values: [] }));
    if (!facet.values.some((present) => present.value === value)) facet.values.unshift({ value, count: 0 });
  }
  return merged;
}

function FacetList(props: { facets: Facets; search: ProductSearch; show: Show }) {
  const { facets, search, show } = props;
  return (
    <>
      {(facets.categories.length > 0 || search.category) && (
        <Facet title="Category">
          {search.category && (
            <a className="facet-link" {...to(searchPath({ ...search, category: undefined }))}>
              All categories
            </a>
          )}
          <Few of={facets.categories}>
            {({ value, label, count }) => (
              <a key={value} className="facet-link" {...to(searchPath({ ...search, category: value }))} aria-current={value === search.category ? "true" : undefined}>
                <span>{label ?? value}</span>
                <span className="quiet">{count}</span>
              </a>
            )}
          </Few>
        </Facet>
      )}
      <Facet title="Price">
        <PriceRange key={`${search.priceMin} ${search.priceMax} ${search.asset}`} facets={facets} search={search} show={show} />
      </Facet>
      <Facet title="Availability">
        <label className="check">
          <input type="checkbox" checked={!!search.inStock} onChange={(event) => show({ inStock: event.target.checked || undefined })} />
          <span>In stock</span>
        </label>
      </Facet>
      {facets.ratings.length > 0 && (
        <Facet title="Rating">
          {facets.ratings.map(({ value, count }) => (
            <FacetCheck key={value} text={starsWords(Number(value))} count={count} checked={String(search.rating) === value} onChange={(on) => show({ rating: on ? Number(value) : undefined })} />
          ))}
        </Facet>
      )}
      {withChosen(facets.attributes, search.attr ?? []).map(({ name, values }) => (
        <Facet key={name} title={name}>
          <Few of={values}>
            {({ value, count }) => {
              const attribute = `${name}:${value}`;
              return <FacetCheck key={value} text={value} count={count} checked={search.attr?.includes(attribute) ?? false} onChange={() => show(toggleAttribute(search, attribute))} />;
            }}
          </Few>
        </Facet>
      ))}
      {facets.sellers.length > 0 && (
        <Facet title="Seller">
          <Few of={facets.sellers}>
            {({ value, label, count }) => (
              <FacetCheck key={value} text={label ?? value} count={count} checked={search.seller === value} onChange={(on) => show({ seller: on ? value : undefined })} />
            )}
          </Few>
        </Facet>
      )}
    </>
  );
}

function Facet(props: { title: string; children: ReactNode }) {
  return (
    <fieldset className="facet">
      <legend>{props.title}</legend>
      {props.children}
    </fieldset>
  );
}

function Few(props: { of: FacetValue[]; children: (value: FacetValue) => ReactNode }) {
  const [all, setAll] = useState(false);
  const shown = all ? props.of : props.of.slice(0, FACET_SHOWN);
  return (
    <>
      {shown.map(props.children)}
      {props.of.length > FACET_SHOWN && (
        <button className="link-button" onClick={() => setAll(!all)}>
          {all ? "Fewer" : `${props.of.length - FACET_SHOWN} more`}
        </button>
      )}
    </>
  );
}

function FacetCheck(props: { text: string; count: number; checked: boolean; onChange: (on: boolean) => void }) {
  return (
    <label className="check facet-check">
      <input type="checkbox" checked={props.checked} onChange={(event) => props.onChange(event.target.checked)} />
      <span>{props.text}</span>
      <span className="quiet">{props.count}</span>
    </label>
  );
}

function PriceRange(props: { facets: Facets; search: ProductSearch; show: Show }) {
  const { search, show } = props;
  const assets = [...new Set([...props.facets.assets.map(({ value }) => value), ...(search.asset ? [search.asset] : [])])];
  const usual = useAssetOf(search, props.facets);
  const [asset, setAsset] = useState(usual);
  if (!assets.length) assets.push(usual);
  const [least, setLeast] = useState(search.priceMin ?? "");
  const [most, setMost] = useState(search.priceMax ?? "");
  const id = useId();
  const bad = [least, most].some((text) => text.trim() !== "" && (parseTyped(text) ?? -1n) < 0n);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (bad) return;
    const bounded = least.trim() !== "" || most.trim() !== "";
    show({ priceMin: least.trim() || undefined, priceMax: most.trim() || undefined, asset: bounded || isByPrice(search.sort) ? asset : undefined });
  };
  return (
    <form className="price-range" onSubmit={submit} noValidate>
      <div className={`input ${bad ? "bad" : ""}`}>
        <input aria-label="Lowest price" inputMode="decimal" placeholder="Least" value={least} onChange={(event) => setLeast(event.target.value)} />
      </div>
      <div className={`input ${bad ? "bad" : ""}`}>
        <input aria-label="Highest price" inputMode="decimal" placeholder="Most" value={most} onChange={(event) => setMost(event.target.value)} />
      </div>
      <div className="input">
        <label className="visually-hidden" htmlFor={`${id}-asset`}>
          Priced in
        </label>
        <select
          id={`${id}-asset`}
          value={asset}
          onChange={(event) => {
            setAsset(event.target.value);
            if (!least && !most) show({ asset: event.target.value });
          }}
        >
          {assets.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </div>
      <button className="button small">Apply</button>
    </form>
  );
}

function FacetBones() {
  return [0, 1, 2].map((facet) => (
    <div key={facet} className="facet">
      <Bone width={72} className="line" />
      {[0, 1, 2].map((line) => (
        <Bone key={line} width={`${80 - line * 14}%`} className="line" />
      ))}
    </div>
  ));
}

const GridBones = () => (
  <div className="tiles" aria-busy="true">
    <TileBones count={12} />
  </div>
);
