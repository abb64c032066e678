/** One product: pictures, choices, what it costs and how it is paid, the seller, what others say. */
import { Check, ChevronRight, ShieldCheck, ShoppingCart, Truck } from "lucide-react";
import { type KeyboardEvent, useEffect, useId, useState } from "react";
import { ApiError } from "../api/rest";
import { readProduct, readReviews } from "../api/shop";
import type { ImageRef, Product, Review, Variant } from "../api/shop-types";
import { showMoment } from "../lib/format";
import { Intention } from "../lib/intention";
import { choose, type Chosen, firstChoice, stockOfChoice, variantOf } from "../lib/variants";
import { countryName } from "../lib/countries";
import { addToCart, cartView } from "../state/cart";
import { linesOf } from "../lib/cart";
import { times } from "../lib/money";
import { say } from "../state/notices";
import { useStore } from "../state/store";
import { to } from "../ui/route";
import { useKept, useKeptList } from "./kept";
import { Bone, Failure, FiveStars, HeartButton, Picture, PriceTag, ShopPage, Stars, Stepper } from "./parts";

const COUNTRIES_NAMED = 4;
const EVERYWHERE = "*";

export function ProductPage({ name: slug }: { name: string }) {
  const product = useKept(`product ${slug}`, () => readProduct(slug));
  if (product.value) return <Goods key={product.value.id} product={product.value} />;
  if (product.error) {
    return (
      <main className="shop-page">
        <Failure of={product.error} what="This product" onRetry={product.reload} />
      </main>
    );
  }
  return <ProductBones />;
}

function Goods({ product }: { product: Product }) {
  const [chosen, setChosen] = useState<Chosen>(() => firstChoice(product.variants));
  const variant = variantOf(product.variants, chosen);
  return (
    <ShopPage title={product.title} className="product-page">
      <nav className="crumbs" aria-label="Where this is">
        <a {...to("/shop")}>Shop</a>
        {product.breadcrumbs.map(({ slug, name }) => (
          <span key={slug}>
            <ChevronRight size={12} aria-hidden="true" />
            <a {...to(`/shop/c/${encodeURIComponent(slug)}`)}>{name}</a>
          </span>
        ))}
      </nav>
      <Gallery images={product.images} />
      <div className="offer">
        <p className="offer-rating">
          {product.ratingCount ? (
            <a href="#reviews">
              <Stars rating={product.rating} count={product.ratingCount} />
            </a>
          ) : (
            <Stars rating={null} />
          )}
        </p>
        <PriceTag min={variant?.price ?? product.priceMin} max={variant ? undefined : product.priceMax} large />
        {product.options.map(({ name, values }) => (
          <Options key={name} name={name} values={values} product={product} chosen={chosen} onChoose={setChosen} />
        ))}
        <Buy product={product} variant={variant} />
        <p className="offer-seller">
          <span className="quiet">Sold by</span>
          <a {...to(`/shop/s/${encodeURIComponent(product.seller.slug)}`)}>{product.seller.name}</a>
          <Stars rating={product.seller.rating} count={product.seller.ratingCount} none="New seller" />
        </p>
        <ul className="promises">
          <li>
            <ShieldCheck size={16} aria-hidden="true" /> Your payment is held until you confirm receipt.
          </li>
          <li>
            <Truck size={16} aria-hidden="true" /> <ShipsTo countries={product.shipsTo} />
          </li>
        </ul>
      </div>
      <div className="product-more">
        <section aria-label="Description">
          <h2>About it</h2>
          <p className="prose">{product.description || "The seller has not written anything about it."}</p>
        </section>
        {Object.keys(product.attributes).length > 0 && (
          <section aria-label="Details">
            <h2>Details</h2>
            <dl className="details">
              {Object.entries(product.attributes).map(([name, value]) => (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd>{value}</dd>
                </div>
              ))}
            </dl>
          </section>
        )}
      </div>
      <Reviews product={product} />
    </ShopPage>
  );
}

function ShipsTo({ countries }: { countries: string[] }) {
  if (!countries.length) return "Delivery is chosen at checkout.";
  if (countries.includes(EVERYWHERE)) return "Ships worldwide.";
  const named = countries.slice(0, COUNTRIES_NAMED).map(countryName).join(", ");
  const more = countries.length - COUNTRIES_NAMED;
  return (
    <span title={countries.map(countryName).join(", ")}>
      Ships to {named}
      {more > 0 && ` and ${more} more ${more === 1 ? "country" : "countries"}`}.
    </span>
  );
}

// ---------------------------------------------------------------- gallery

function Gallery({ images }: { images: ImageRef[] }) {
  const [at, setAt] = useState(0);
  const shown = Math.min(at, images.length - 1);
  const step = (by: number) => setAt((shown + by + images.length) % images.length);
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "ArrowRight") step(1);
    else if (event.key === "ArrowLeft") step(-1);
    else return;
    event.preventDefault();
  };
  if (images.length < 2) {
    return (
      <div className="gallery">
        <Picture image={images[0] ?? null} size="large" eager />
      </div>
    );
  }
  return (
    <section className="gallery" aria-roledescription="carousel" aria-label="Pictures" tabIndex={0} onKeyDown={onKey}>
      <div aria-live="polite">
        <Picture image={images[shown]!} size="large" eager />
      </div>
      <div className="thumbs">
        {images.map((image, index) => (
          <button key={image.id} aria-label={`Picture ${index + 1}${image.alt ? `: ${image.alt}` : ""}`} aria-current={index === shown ? "true" : undefined} onClick={() => setAt(index)}>
            <Picture image={image} alt="" />
          </button>
        ))}
      </div>
    </section>
  );
}

// ---------------------------------------------------------------- choices and cart

const CHOICE_NOTES = { in: "", low: "few left", out: "sold out", none: "not made" };

function Options(props: { name: string; values: string[]; product: Product; chosen: Chosen; onChoose: (chosen: Chosen) => void }) {
  const { name, values, product, chosen } = props;
  const group = useId();
  return (
    <fieldset className="options">
      <legend>
        {name}: <b>{chosen[name] ?? "choose"}</b>
      </legend>
      <div className="option-values">
        {values.map((value) => {
          const stock = stockOfChoice(product.variants, chosen, name, value) ?? "none";
          const note = CHOICE_NOTES[stock];
          return (
            <label key={value} className={`option ${stock}`} title={note || undefined}>
              <input type="radio" name={group} aria-label={note ? `${value}, ${note}` : value} checked={chosen[name] === value} onChange={() => props.onChoose(choose(product.variants, chosen, name, value))} />
              <span>{value}</span>
            </label>
          );
        })}
      </div>
    </fieldset>
  );
}

function Buy({ product, variant }: { product: Product; variant: Variant | null }) {
  const [quantity, setQuantity] = useState(1);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState("");
  const [intention] = useState(() => new Intention());
  const { cart } = useStore(cartView);
  const inCart = (cart && linesOf(cart).find((line) => line.variantId === variant?.id)?.quantity) ?? 0;
  const saleable = variant?.saleable ?? 0;

  useEffect(() => {
    setRefusal("");
    setQuantity(1);
  }, [variant?.id]);

  const add = async () => {
    if (!variant || busy) return;
    setBusy(true);
    setRefusal("");
    try {
      const line = {
        variantId: variant.id, productSlug: product.slug, title: product.title, options: variant.options, image: product.images[0] ?? null, quantity,
        unitPrice: variant.price, priceSeen: variant.price, total: times(variant.price, quantity), saleable: variant.saleable,
      };
      await intention.send({ variantId: variant.id, quantity }, (key) => addToCart(product.seller, line, key));
      say(`${product.title} is in your cart`);
      setQuantity(1);
    } catch (error) {
      setRefusal(error instanceof ApiError ? error.message : String(error));
    }
    setBusy(false);
  };

  return (
    <>
      <p className={`stock-line ${variant?.stock ?? "out"}`}>
        {!variant
          ? "This combination is not made. Choose another."
          : variant.stock === "in"
            ? "In stock"
            : variant.stock === "low"
              ? `Only ${saleable} left`
              : "Sold out. Choose another, or keep it in your wishes."}
      </p>
      <div className="buy">
        <Stepper label="Quantity" value={quantity} most={Math.max(1, saleable)} onChange={setQuantity} />
        <button className="button primary" disabled={busy || !saleable} onClick={add}>
          <ShoppingCart size={16} aria-hidden="true" /> {saleable ? "Add to cart" : "Sold out"}
        </button>
        <HeartButton product={product} />
      </div>
      {refusal && (
        <p className="note refusal" role="alert">
          {refusal}
        </p>
      )}
      <p className="in-cart" aria-live="polite">
        {inCart > 0 && (
          <>
            <Check size={14} aria-hidden="true" /> {inCart} in your cart. <a {...to("/shop/cart")}>Go to the cart</a>
          </>
        )}
      </p>
    </>
  );
}

// ---------------------------------------------------------------- reviews

function Reviews({ product }: { product: Product }) {
  const list = useKeptList(product.ratingCount ? `reviews ${product.slug}` : null, (ask) => readReviews(product.slug, ask));
  const { counts } = product.reviewsSummary;
  const most = Math.max(1, ...counts);
  return (
    <section className="reviews" id="reviews" aria-label="Reviews" tabIndex={-1}>
      <h2>Reviews</h2>
      {!product.ratingCount ? (
        <p className="quiet">Nobody has reviewed it yet. Buyers can, once they have received it.</p>
      ) : (
        <div className="reviews-body">
          <div className="histogram">
            <p className="average">
              <b>{product.rating?.toFixed(1)}</b> of 5, {product.ratingCount} {product.ratingCount === 1 ? "review" : "reviews"}
            </p>
            <ul>
              {[5, 4, 3, 2, 1].map((star) => {
                const count = counts[star - 1] ?? 0;
                return (
                  <li key={star}>
                    <span>{star} stars</span>
                    <span className="bar" aria-hidden="true">
                      <span style={{ width: `${(100 * count) / most}%` }} />
                    </span>
                    <span className="right">{count}</span>
                  </li>
                );
              })}
            </ul>
          </div>
          <div className="review-list">
            {list.error && !list.value && <Failure of={list.error} what="The reviews" onRetry={list.reload} />}
            {!list.value && !list.error && <Bone width="70%" className="line" />}
            {list.value?.items.map((review) => (
              <ReviewText key={review.id} of={review} />
            ))}
            {list.value?.next && (
              <button className="button small" disabled={list.loading} onClick={list.loadMore}>
                More reviews
              </button>
            )}
          </div>
        </div>
      )}
    </section>
  );
}

const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric" });

function ReviewText({ of }: { of: Review }) {
  return (
    <article className="review">
      <p className="review-head">
        <FiveStars rating={of.rating} /> <b>{of.title}</b>
      </p>
      {of.text && <p className="prose">{of.text}</p>}
      <p className="quiet">
        {of.author}, <time title={showMoment(of.at)}>{day.format(of.at)}</time>
      </p>
      {of.reply && (
        <p className="reply">
          <b>The seller:</b> {of.reply}
        </p>
      )}
    </article>
  );
}

function ProductBones() {
  return (
    <main className="shop-page product-page" aria-busy="true">
      <header className="shop-page-head">
        <Bone width={320} height={28} />
      </header>
      <div className="crumbs">
        <Bone width={160} />
      </div>
      <div className="gallery">
        <span className="picture bone" />
      </div>
      <div className="offer">
        <Bone width={120} className="line" />
        <Bone width={180} height={28} className="line" />
        <Bone width="70%" height={36} className="line" />
        <Bone width="100%" height={44} className="line" />
      </div>
    </main>
  );
}
