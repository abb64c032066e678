/** What will be bought, by seller. Works for guests; quantities change at once and are corrected in sight. */
import { Trash2, TriangleAlert } from "lucide-react";
import type { Cart, CartLine, CartSeller } from "../api/shop-types";
import { compareMoney, showAmount, showMoney, tidyAmounts } from "../lib/money";
import { acceptCart, cartView, loadCart, setQuantity } from "../state/cart";
import { sayError } from "../state/notices";
import { session } from "../state/session";
import { useStore } from "../state/store";
import { to, toEntrance } from "../ui/route";
import { Empty } from "../ui/states";
import { Bone, Estimate, Failure, optionsText, Picture, ShopPage, Stepper } from "./parts";

export function CartPage() {
  const view = useStore(cartView);
  const { cart, error, waiting } = view;
  const count = cart?.count ?? 0;
  return (
    <ShopPage title="Cart" className="cart-page" about={cart ? `${count} ${count === 1 ? "item" : "items"}` : undefined}>
      {waiting && (
        <p className="note warn" role="status">
          No connection to the shop. Your changes are kept here and sent as soon as it is back.
        </p>
      )}
      {!cart && error && <Failure of={error} what="The cart" onRetry={loadCart} />}
      {!cart && !error && <CartBones />}
      {cart && !cart.sellers.length && (
        <Empty title="Your cart is empty">
          <p>What you add stays here, on this device or with your account.</p>
          <a className="button primary" {...to("/shop")}>
            Look around
          </a>
        </Empty>
      )}
      {cart && cart.sellers.length > 0 && (
        <div className="cart-body">
          <div className="cart-groups">
            <Notices cart={cart} />
            {cart.sellers.map((group) => (
              <Group key={`${group.seller.slug} ${group.asset}`} group={group} />
            ))}
          </div>
          <Summary cart={cart} />
        </div>
      )}
    </ShopPage>
  );
}

function Notices({ cart }: { cart: Cart }) {
  if (!cart.notices.length) return null;
  return (
    <div className="note warn cart-notices" role="status">
      <TriangleAlert size={16} aria-hidden="true" />
      <ul>
        {cart.notices.map((notice) => (
          <li key={notice.code + notice.variantId}>{tidyAmounts(notice.text)}</li>
        ))}
      </ul>
      {cart.notices.some(({ code }) => code === "PRICE_CHANGED") && (
        <button className="button small" onClick={() => acceptCart().catch(sayError)}>
          Accept the new prices
        </button>
      )}
    </div>
  );
}

function Group({ group }: { group: CartSeller }) {
  return (
    <section className="card cart-group" aria-label={`From ${group.seller.name}`}>
      <header>
        <h2>
          From <a {...to(`/shop/s/${encodeURIComponent(group.seller.slug)}`)}>{group.seller.name}</a>
        </h2>
        <span className="group-total">{showMoney(group.itemsTotal)}</span>
      </header>
      <ul>
        {group.lines.map((line) => (
          <Line key={line.variantId} line={line} />
        ))}
      </ul>
    </section>
  );
}

function Line({ line }: { line: CartLine }) {
  const { pending, corrected } = useStore(cartView);
  const words = corrected.get(line.variantId);
  const path = `/shop/p/${line.productSlug}`;
  const change = compareMoney(line.unitPrice, line.priceSeen);
  return (
    <li className="cart-line" data-variant={line.variantId} data-pending={pending.has(line.variantId)}>
      <a {...to(path)} tabIndex={-1} aria-hidden="true">
        <Picture image={line.image} alt="" />
      </a>
      <div className="cart-line-text">
        <a {...to(path)}>{line.title}</a>
        <span className="quiet">{optionsText(line.options)}</span>
        <span className="unit-price">
          {change !== 0 && <s className="quiet">{showAmount(line.priceSeen)}</s>} {showMoney(line.unitPrice)} each
        </span>
        {words && (
          <p className="correction" role="status">
            {words}
          </p>
        )}
      </div>
      <div className="cart-line-end">
        <b className="line-total">{showMoney(line.total)}</b>
        <span className="cart-line-tools">
          <Stepper label={`Quantity of ${line.title}`} value={line.quantity} least={Math.min(1, line.quantity)} most={Math.max(line.saleable, line.quantity)} onChange={(quantity) => setQuantity(line.variantId, quantity)} />
          <button className="icon-button" aria-label={`Take ${line.title} out of the cart`} title="Take out" onClick={() => setQuantity(line.variantId, 0)}>
            <Trash2 size={16} />
          </button>
        </span>
      </div>
    </li>
  );
}

function Summary({ cart }: { cart: Cart }) {
  const member = useStore(session).state;
  return (
    <aside className="card summary" aria-label="Total">
      <h2>Total</h2>
      <dl className="sums">
        {cart.totals.map((total) => (
          <div key={total.asset} className="sum">
            <dt>Goods priced in {total.asset}</dt>
            <dd>
              <b>{showMoney(total)}</b>
              <Estimate of={total} />
            </dd>
          </div>
        ))}
      </dl>
      <p className="quiet">Shipping and tax come next. You pay with any coin you hold.</p>
      {member === "anonymous" ? (
        <>
          <a className="button primary" {...toEntrance("/login", "/shop/checkout")}>
            Log in to check out
          </a>
          <a className="button" {...toEntrance("/signup", "/shop/checkout")}>
            Sign up
          </a>
        </>
      ) : cart.count ? (
        <a className="button primary" {...to("/shop/checkout")}>
          Check out
        </a>
      ) : (
        <button className="button primary" disabled>
          Nothing of this can be bought now
        </button>
      )}
    </aside>
  );
}

function CartBones() {
  return (
    <div className="cart-body" aria-busy="true">
      <div className="cart-groups">
        <div className="card cart-group">
          <header>
            <Bone width={120} />
          </header>
          <ul>
            {[0, 1].map((line) => (
              <li key={line} className="cart-line">
                <span className="picture bone" />
                <div className="cart-line-text">
                  <Bone width="70%" />
                  <Bone width="30%" />
                </div>
                <Bone width={80} />
              </li>
            ))}
          </ul>
        </div>
      </div>
      <aside className="card summary">
        <Bone width={60} />
        <Bone width="90%" height={20} />
        <Bone width="100%" height={44} />
      </aside>
    </div>
  );
}
