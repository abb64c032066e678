/** The shop's room: its own places below the header, and the page that the path names. What most visitors never open is loaded later. */
import { type ComponentType, lazy, Suspense, useEffect } from "react";
import "../styles/shop.css";
import { openCart } from "../state/cart";
import { choose, settings } from "../state/settings";
import { useStore } from "../state/store";
import { venue } from "../state/venue";
import { place, to } from "../ui/route";
import { Empty } from "../ui/states";
import { CartPage } from "./CartPage";
import { HomePage } from "./HomePage";
import { ProductPage } from "./ProductPage";
import { SearchPage } from "./SearchPage";
import { SellerPage } from "./SellerPage";

const CheckoutPage = lazy(() => import("./CheckoutPage"));
const OrdersPage = lazy(() => import("./OrdersPage"));
const OrderPage = lazy(() => import("./OrderPage"));
const WishesPage = lazy(() => import("./WishesPage"));
const CreditPage = lazy(() => import("./CreditPage"));

const PAGES: [RegExp, ComponentType<{ name: string }>][] = [
  [/^\/shop$/, HomePage],
  [/^\/shop\/search$/, SearchPage],
  [/^\/shop\/c\/([^/]+)$/, SearchPage],
  [/^\/shop\/p\/([^/]+)$/, ProductPage],
  [/^\/shop\/s\/([^/]+)$/, SellerPage],
  [/^\/shop\/cart$/, CartPage],
  [/^\/shop\/checkout$/, CheckoutPage],
  [/^\/shop\/orders$/, OrdersPage],
  [/^\/shop\/orders\/([^/]+)$/, OrderPage],
  [/^\/shop\/wishes$/, WishesPage],
  [/^\/shop\/credit$/, CreditPage],
];

const PLACES = [
  { path: "/shop", text: "Home" },
  { path: "/shop/search", text: "All goods" },
  { path: "/shop/wishes", text: "Wishes" },
  { path: "/shop/orders", text: "Orders" },
  { path: "/shop/credit", text: "Gift cards and credit" },
];

function decoded(part: string | undefined): string {
  try {
    return decodeURIComponent(part ?? "");
  } catch {
    return part ?? ""; // no valid escape: looked up as it stands, and not found
  }
}

export default function Shop() {
  const path = useStore(place).replace(/\/+$/, "");
  useEffect(openCart, []);
  const [pattern, Page] = PAGES.find(([one]) => one.test(path)) ?? [null, null];
  const name = decoded(pattern?.exec(path)?.[1]);
  return (
    <div className="shop">
      <div className="shop-bar">
        <nav aria-label="Shop">
          {PLACES.map((one) => (
            <a key={one.path} {...to(one.path)} aria-current={path === one.path ? "page" : undefined}>
              {one.text}
            </a>
          ))}
        </nav>
        <ShowIn />
      </div>
      {Page ? (
        <Suspense fallback={<main className="shop-page" aria-busy="true" />}>
          <Page key={Page === SearchPage ? "search" : pattern!.source + name} name={name} />
        </Suspense>
      ) : (
        <main className="shop-page">
          <Empty title="There is no such page in the shop">
            <a className="button" {...to("/shop")}>
              Go to the shop
            </a>
          </Empty>
        </main>
      )}
    </div>
  );
}

/** The asset in which every price is estimated besides the seller's own. */
function ShowIn() {
  const { showIn } = useStore(settings);
  const { markets } = useStore(venue);
  const assets = [...new Set([showIn, ...markets.flatMap((market) => [market.base, market.quote])])].sort();
  return (
    <label className="show-in">
      <span>Show prices in</span>
      <select value={showIn} onChange={(event) => choose({ showIn: event.target.value })}>
        {assets.map((asset) => (
          <option key={asset}>{asset}</option>
        ))}
      </select>
    </label>
  );
}
