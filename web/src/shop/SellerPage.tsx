/** One seller as buyers see them: who they are, how they are rated, what they sell. */
import { readSeller } from "../api/shop";
import type { Listed, PageAsk, ProductCard, SellerPage as SellerFacts } from "../api/shop-types";
import { countryName } from "../lib/countries";
import { Empty } from "../ui/states";
import { useKeptList } from "./kept";
import { Bone, ShopPage, Shown, Stars, TileBones, Tiles } from "./parts";

type SellerList = Listed<ProductCard> & { facts: SellerFacts };

const joined = new Intl.DateTimeFormat("en-GB", { month: "long", year: "numeric" });

export function SellerPage({ name: slug }: { name: string }) {
  const list = useKeptList<SellerList>(`seller ${slug}`, async (ask: PageAsk) => {
    const facts = await readSeller(slug, ask);
    return { ...facts.products, facts };
  });
  const facts = list.value?.facts;
  return (
    <ShopPage
      title={facts?.name ?? "Seller"}
      back={{ path: "/shop", text: "Shop" }}
      about={
        facts ? (
          <span className="facts">
            <Stars rating={facts.rating} count={facts.ratingCount} none="New seller" />
            <span>{facts.salesCount} sold</span>
            <span>{countryName(facts.country)}</span>
            <span>Here since {joined.format(facts.since)}</span>
          </span>
        ) : list.error ? undefined : (
          <Bone width={220} />
        )
      }
    >
      <Shown of={list} what="This seller" bones={<SellerBones />}>
        {(value) => (
          <>
            {value.facts.about && <p className="prose">{value.facts.about}</p>}
            {value.items.length ? (
              <Tiles list={list} />
            ) : (
              <Empty title="Nothing on the shelf">
                <p>This seller has no goods on offer at the moment.</p>
              </Empty>
            )}
          </>
        )}
      </Shown>
    </ShopPage>
  );
}

const SellerBones = () => (
  <div aria-busy="true">
    <Bone width="60%" className="line" />
    <div className="tiles">
      <TileBones count={8} />
    </div>
  </div>
);
