/** The pieces of the shop's pages: frames and states, prices, stars, pictures, tiles. */
import { ChevronLeft, Heart, ImageOff, Minus, Plus, RotateCw, Star } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { ApiError } from "../api/rest";
import { imageUrl, unwish, wish } from "../api/shop";
import type { ImageRef, Listed, Money, ProductCard, Stock } from "../api/shop-types";
import { showAge } from "../lib/format";
import { compareMoney, rateVia, showEstimate, showMoney } from "../lib/money";
import { network } from "../pwa/network";
import { say, sayError } from "../state/notices";
import { session } from "../state/session";
import { settings } from "../state/settings";
import { useStore } from "../state/store";
import { tickers, worth } from "../state/venue";
import { place, query, to, toEntrance } from "../ui/route";
import { Empty } from "../ui/states";
import type { Kept, KeptList } from "./kept";

// ---------------------------------------------------------------- frames and states

/** One page of the shop: its title goes to the window, and a new page takes the focus so that reading starts there. */
export function ShopPage(props: { title: string; back?: { path: string; text: string }; head?: ReactNode; about?: ReactNode; className?: string; children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${props.title} · CryptoShop`;
  }, [props.title]);
  useEffect(() => {
    if (document.activeElement === document.body) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <main className={`shop-page ${props.className ?? ""}`}>
      <header className="shop-page-head">
        <div>
          {props.back && (
            <a className="back" {...to(props.back.path)}>
              <ChevronLeft size={14} aria-hidden="true" /> {props.back.text}
            </a>
          )}
          <h1 ref={heading} tabIndex={-1}>
            {props.title}
          </h1>
          {props.about && <p className="about">{props.about}</p>}
        </div>
        {props.head}
      </header>
      {props.children}
    </main>
  );
}

export function TryAgain(props: { onClick: () => void }) {
  return (
    <button className="button" onClick={props.onClick}>
      <RotateCw size={14} aria-hidden="true" /> Try again
    </button>
  );
}

/** What went wrong, in words with its code, and the way out. */
export function Failure(props: { of: ApiError; what: string; onRetry: () => void; children?: ReactNode }) {
  const missing = props.of.status === 404;
  return (
    <Empty title={missing ? `${props.what} is not here` : `${props.what} could not be loaded`}>
      <p>
        {missing ? "It may have been taken off the shelf, or the address has a slip." : props.of.message}{" "}
        <code className="code">{props.of.code || props.of.status}</code>
      </p>
      <p className="ways">
        {!missing && <TryAgain onClick={props.onRetry} />}
        {props.children ?? (
          <a className="button" {...to("/shop")}>
            Go to the shop
          </a>
        )}
      </p>
    </Empty>
  );
}

/** Loading with the final geometry, failed, or what was read; greyed with its age when it could not be read again. */
export function Shown<T>(props: { of: Kept<T>; what: string; bones: ReactNode; children: (value: T) => ReactNode }) {
  const { value, error, at, reload } = props.of;
  if (value === null) return error ? <Failure of={error} what={props.what} onRetry={reload} /> : props.bones;
  if (!error) return props.children(value);
  return (
    <>
      <div className="note warn stale-line" role="status">
        <span>
          {error.message} This is {showAge(Date.now() - at)} old.
        </span>
        <button className="link-button" onClick={reload}>
          Try again
        </button>
      </div>
      <div className="stale">{props.children(value)}</div>
    </>
  );
}

export function Members(props: { what: string; children: ReactNode }) {
  const { state } = useStore(session);
  const here = useStore(place) + useStore(query);
  const { online } = useStore(network);
  if (state === "unknown" && !online) {
    return (
      <main className="shop-page">
        <Empty title="You are offline">
          <p>To see {props.what} you need a connection.</p>
          <a className="button" {...to("/shop")}>
            Go to the shop
          </a>
        </Empty>
      </main>
    );
  }
  if (state === "unknown") return <main className="shop-page" aria-busy="true" />;
  if (state === "member") return props.children;
  return (
    <main className="shop-page">
      <Empty title={`Log in to see ${props.what}`}>
        <p className="ways">
          <a className="button primary" {...toEntrance("/login", here)}>
            Log in
          </a>
          <a className="button" {...toEntrance("/signup", here)}>
            Sign up
          </a>
        </p>
      </Empty>
    </main>
  );
}

export function Bone(props: { width: number | string; height?: number; className?: string }) {
  return <span className={`bone ${props.className ?? ""}`} style={{ width: props.width, height: props.height ?? 12 }} />;
}

// ---------------------------------------------------------------- money

const BRIDGES = ["USDT", "BTC"];

/** "≈ 0.001235 BTC" in the asset the visitor chose; "" where that is the asset itself or no market says. */
export function useEstimate(): (money: Money) => string {
  const prices = useStore(tickers);
  const { showIn } = useStore(settings);
  return (money) => (money.asset === showIn ? "" : showEstimate(money, showIn, rateVia(money.asset, showIn, BRIDGES, (a, b) => worth(a, b, prices))));
}

export function Estimate(props: { of: Money }) {
  const estimate = useEstimate();
  const { showIn } = useStore(settings);
  if (props.of.asset === showIn) return null;
  return (
    <span className="estimate" title="At the market's last prices">
      {estimate(props.of) || "\u00a0"}
    </span>
  );
}

export function PriceTag(props: { min: Money; max?: Money; large?: boolean }) {
  const from = props.max !== undefined && compareMoney(props.min, props.max) < 0;
  return (
    <p className={`price ${props.large ? "large" : ""}`}>
      <b>
        {from && <span className="from">from </span>}
        {showMoney(props.min)}
      </b>
      <Estimate of={props.min} />
    </p>
  );
}

// ---------------------------------------------------------------- goods

export function Stars(props: { rating: number | null; count?: number; none?: string }) {
  if (props.rating === null) return <span className="stars none">{props.none ?? "No reviews yet"}</span>;
  return (
    <span className="stars">
      <span className="visually-hidden">{`${props.rating.toFixed(1)} of 5 stars`}</span>
      <Star size={13} aria-hidden="true" fill="currentColor" />
      <span aria-hidden="true">{props.rating.toFixed(1)}</span>
      {props.count !== undefined && <span className="quiet">({props.count})</span>}
    </span>
  );
}

export function FiveStars(props: { rating: number }) {
  return (
    <span className="five-stars" role="img" aria-label={`${props.rating} of 5 stars`}>
      {[1, 2, 3, 4, 5].map((star) => (
        <Star key={star} size={14} fill={star <= props.rating ? "currentColor" : "none"} />
      ))}
    </span>
  );
}

export function Picture(props: { image: ImageRef | null; size?: "small" | "large"; eager?: boolean; alt?: string }) {
  const [broken, setBroken] = useState(false);
  useEffect(() => setBroken(false), [props.image?.id]);
  if (!props.image || broken) {
    return (
      <span className="picture none">
        <ImageOff size={20} aria-hidden="true" />
      </span>
    );
  }
  const { width, height } = props.image;
  return (
    <span className="picture">
      <img
        src={imageUrl(props.image, props.size ?? "small")}
        alt={props.alt ?? props.image.alt}
        width={width || undefined}
        height={height || undefined}
        loading={props.eager ? "eager" : "lazy"}
        decoding="async"
        onError={() => setBroken(true)}
      />
    </span>
  );
}

const STOCK_HINTS: Record<Stock, string> = { in: "", low: "Only a few left", out: "Sold out" };

export function StockHint(props: { stock: Stock }) {
  return STOCK_HINTS[props.stock] ? <span className={`stock ${props.stock}`}>{STOCK_HINTS[props.stock]}</span> : null;
}

export function HeartButton(props: { product: ProductCard; onChange?: (wished: boolean) => void }) {
  const member = useStore(session).state === "member";
  const [wished, setWished] = useState(props.product.wished);
  useEffect(() => setWished(props.product.wished), [props.product.wished]);
  const toggle = async () => {
    if (!member) {
      say("Log in to keep a list of wishes.");
      return;
    }
    const wanted = !wished;
    setWished(wanted);
    try {
      await (wanted ? wish(props.product.id) : unwish(props.product.id));
      props.onChange?.(wanted);
    } catch (error) {
      setWished(!wanted);
      sayError(error);
    }
  };
  return (
    <button className="heart" aria-pressed={wished} aria-label={`${props.product.title}: keep in wishes`} title={wished ? "In your wishes" : "Add to wishes"} onClick={toggle}>
      <Heart size={16} fill={wished ? "currentColor" : "none"} />
    </button>
  );
}

export function Tile(props: { product: ProductCard; eager?: boolean; onWish?: (wished: boolean) => void }) {
  const { product } = props;
  return (
    <article className="tile">
      <a className="tile-link" {...to(`/shop/p/${product.slug}`)}>
        <Picture image={product.image} eager={props.eager} alt="" />
        <span className="tile-title">{product.title}</span>
      </a>
      <PriceTag min={product.priceMin} max={product.priceMax} />
      <p className="tile-facts">
        <Stars rating={product.rating} count={product.ratingCount} />
        <StockHint stock={product.stock} />
      </p>
      <HeartButton product={product} onChange={props.onWish} />
    </article>
  );
}

export function TileBones(props: { count: number }) {
  return Array.from({ length: props.count }, (_, i) => (
    <div key={i} className="tile" aria-hidden="true">
      <span className="picture bone" />
      <Bone width="86%" className="line" />
      <Bone width="52%" className="line" />
      <Bone width="34%" className="line" />
    </div>
  ));
}

/** Tiles that grow when their end comes in sight, and by a button for who scrolls otherwise. */
export function Tiles(props: { list: Omit<KeptList<Listed<ProductCard>>, "set">; onWish?: (product: ProductCard, wished: boolean) => void }) {
  const { value, loading, moreError, loadMore } = props.list;
  const end = useRef<HTMLDivElement>(null);
  const more = useRef(loadMore);
  more.current = loadMore;
  const next = value?.next ?? "";
  useEffect(() => {
    if (!next || !end.current) return;
    const sight = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && more.current(), { rootMargin: "600px" });
    sight.observe(end.current);
    return () => sight.disconnect();
  }, [next]);
  return (
    <>
      <div className="tiles">
        {value?.items.map((product, index) => (
          <Tile key={product.id} product={product} eager={index < 8} onWish={props.onWish && ((wished) => props.onWish!(product, wished))} />
        ))}
        {loading && <TileBones count={4} />}
      </div>
      {next && (
        <div className="more" ref={end}>
          {moreError && <p className="field-error">{moreError.message}</p>}
          <button className="button" disabled={loading} onClick={loadMore}>
            Show more
          </button>
        </div>
      )}
    </>
  );
}

export const optionsText = (options: Record<string, string>): string => Object.values(options).join(" · ");

// ---------------------------------------------------------------- small controls

const QUANTITY_MAX = 999;

export function Stepper(props: { label: string; value: number; most: number; least?: number; onChange: (value: number) => void }) {
  const least = props.least ?? 1;
  const most = Math.min(props.most, QUANTITY_MAX);
  const [typed, setTyped] = useState<string | null>(null);
  const settle = () => {
    const wanted = Number(typed);
    if (typed !== null && Number.isInteger(wanted) && wanted >= least) props.onChange(Math.min(wanted, QUANTITY_MAX));
    setTyped(null);
  };
  return (
    <span className="stepper" role="group" aria-label={props.label}>
      <button aria-label="One fewer" disabled={props.value <= least} onClick={() => props.onChange(props.value - 1)}>
        <Minus size={14} />
      </button>
      <input
        aria-label={props.label}
        inputMode="numeric"
        value={typed ?? String(props.value)}
        onChange={(event) => /^\d{0,3}$/.test(event.target.value) && setTyped(event.target.value)}
        onBlur={settle}
        onKeyDown={(event) => {
          if (event.key === "Enter") settle();
          else if (event.key === "ArrowUp" && props.value < most) props.onChange(props.value + 1);
          else if (event.key === "ArrowDown" && props.value > least) props.onChange(props.value - 1);
        }}
      />
      <button aria-label="One more" disabled={props.value >= most} onClick={() => props.onChange(props.value + 1)}>
        <Plus size={14} />
      </button>
    </span>
  );
}

