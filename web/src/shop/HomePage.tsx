/** The shop's front: categories, then a few rows, each leading on. */
import { ChevronRight } from "lucide-react";
import { readHome } from "../api/shop";
import type { Category, HomeRow } from "../api/shop-types";
import { to } from "../ui/route";
import { Empty } from "../ui/states";
import { useKept } from "./kept";
import { Bone, ShopPage, Shown, Tile, TileBones } from "./parts";

const ROW_TILES = 6;

export function HomePage() {
  const home = useKept("home", readHome);
  return (
    <ShopPage title="Shop" className="home" about="Pay with any coin you hold. Your payment is held until you confirm receipt.">
      <Shown of={home} what="The shop" bones={<HomeBones />}>
        {({ rows, categories }) =>
          rows.length || categories.length ? (
            <>
              <Categories of={categories} />
              {rows.map((row, index) => (
                <Row key={row.title} of={row} eager={index === 0} />
              ))}
            </>
          ) : (
            <Empty title="The shelves are empty">
              <p>Sellers have not listed anything yet. Have something to sell?</p>
              <a className="button" {...to("/seller")}>
                Open a shop
              </a>
            </Empty>
          )
        }
      </Shown>
    </ShopPage>
  );
}

/** The upper level, with what lies below counted in. */
function Categories({ of }: { of: Category[] }) {
  const top = of.filter((category) => category.parentId === null);
  const countOf = (category: Category) => category.count || of.filter((one) => one.parentId === category.id).reduce((sum, one) => sum + one.count, 0);
  return (
    <nav className="categories" aria-label="Categories">
      {top.map((category) => (
        <a key={category.id} {...to(`/shop/c/${encodeURIComponent(category.slug)}`)}>
          {category.name} <span className="quiet">{countOf(category)}</span>
        </a>
      ))}
    </nav>
  );
}

/** `link` may name a place of the shop's API or of its pages. */
export function pageOf(link: string): string {
  const collection = /\/collections\/([^/?]+)/.exec(link)?.[1];
  if (collection) return `/shop/search?collection=${collection}`;
  const [, asked] = link.split("?");
  return link.startsWith("/shop/c/") || link.startsWith("/shop/search") ? link : `/shop/search${asked ? `?${asked}` : ""}`;
}

function Row({ of, eager }: { of: HomeRow; eager: boolean }) {
  if (!of.products.length) return null;
  return (
    <section className="row" aria-label={of.title}>
      <header>
        <h2>{of.title}</h2>
        <a {...to(pageOf(of.link))}>
          See all<span className="visually-hidden"> of {of.title}</span> <ChevronRight size={14} aria-hidden="true" />
        </a>
      </header>
      <div className="tiles one-row" tabIndex={0} role="group" aria-label={of.title}>
        {of.products.slice(0, ROW_TILES).map((product) => (
          <Tile key={product.id} product={product} eager={eager} />
        ))}
      </div>
    </section>
  );
}

function HomeBones() {
  return (
    <div aria-busy="true">
      <div className="categories">
        {[90, 120, 76, 104, 88, 110].map((width) => (
          <Bone key={width} width={width} height={32} />
        ))}
      </div>
      {[0, 1].map((row) => (
        <section key={row} className="row">
          <header>
            <Bone width={140} height={18} />
          </header>
          <div className="tiles one-row">
            <TileBones count={ROW_TILES} />
          </div>
        </section>
      ))}
    </div>
  );
}
