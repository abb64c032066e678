/**
 * The cart, of a guest or a member. A quantity changes here at once and is sent a moment later; what the shop answers wins, and a line
 * that it keeps otherwise than wished says so. Without a connection the wishes stay in this browser and are sent when it is back.
 */
import { ApiError } from "../api/rest";
import { acceptPrices, addCartLine, mergeCart, putCartLine, readCart, syncCart } from "../api/shop";
import type { Cart, CartLine, Named } from "../api/shop-types";
import { corrections, EMPTY_CART, linesOf, withMore, withQuantity } from "../lib/cart";
import { session } from "./session";
import { Store } from "./store";

export interface CartView {
  /** null: not loaded yet. */
  cart: Cart | null;
  /** Lines whose quantity the shop has not confirmed yet. */
  pending: ReadonlySet<string>;
  /** Lines that were corrected: variant -> words. */
  corrected: ReadonlyMap<string, string>;
  /** Wishes wait here for the connection. */
  waiting: boolean;
  error: ApiError | null;
}

const KEPT = "cryptoshop.cart";
const SEND_AFTER_MS = 250;
const RETRY_MS = 4_000;

interface Kept {
  cart: Cart | null;
  wished: [string, number][];
}

function readKept(): Kept {
  try {
    return { cart: null, wished: [], ...JSON.parse(localStorage.getItem(KEPT) ?? "{}") };
  } catch {
    return { cart: null, wished: [] };
  }
}

const kept = readKept();
const wished = new Map<string, number>(kept.wished);
const noWords: ReadonlyMap<string, string> = new Map();

export const cartView = new Store<CartView>({ cart: kept.cart, pending: new Set(), corrected: noWords, waiting: false, error: null });

let timer = 0;
let sending = false;
let opened = false;

function show(changes: Partial<CartView>): void {
  cartView.update((present) => ({ ...present, ...changes, pending: new Set(wished.keys()) }));
  localStorage.setItem(KEPT, JSON.stringify({ cart: cartView.get().cart, wished: [...wished] }));
}

/** The shop's cart, with what is still wished on top; lines that it keeps otherwise than `asked` are told. */
function settle(answer: Cart, asked: ReadonlyMap<string, number> = new Map()): void {
  let cart = answer;
  for (const [variantId, quantity] of wished) cart = withQuantity(cart, variantId, quantity);
  const corrected = new Map(cartView.get().corrected);
  for (const variantId of asked.keys()) corrected.delete(variantId);
  for (const [variantId, words] of corrections(asked, answer)) corrected.set(variantId, words);
  show({ cart, corrected, waiting: false, error: null });
}

function later(after: number): void {
  clearTimeout(timer);
  timer = window.setTimeout(send, after);
}

async function send(): Promise<void> {
  if (sending || !wished.size) return;
  sending = true;
  const asked = new Map(wished);
  try {
    const lines = [...asked].map(([variantId, quantity]) => ({ variantId, quantity }));
    // What waited for the connection comes back as a whole.
    const answer = lines.length === 1 && !cartView.get().waiting ? await putCartLine(lines[0]!.variantId, lines[0]!.quantity) : await syncCart(lines);
    forget(asked);
    settle(answer, asked);
  } catch (error) {
    if (error instanceof ApiError && error.status > 0 && error.status < 500) await refused(error, asked);
    else {
      show({ waiting: true });
      later(RETRY_MS);
    }
  }
  sending = false;
  if (wished.size && !cartView.get().waiting) later(0);
}

/** What has been answered is no wish any more, unless another one came meanwhile. */
function forget(asked: ReadonlyMap<string, number>): void {
  for (const [variantId, quantity] of asked) if (wished.get(variantId) === quantity) wished.delete(variantId);
}

async function refused(error: ApiError, asked: ReadonlyMap<string, number>): Promise<void> {
  forget(asked);
  await loadCart();
  const corrected = new Map(cartView.get().corrected);
  for (const variantId of asked.keys()) corrected.set(variantId, error.message);
  show({ corrected });
}

addEventListener("online", () => later(0));

export function setQuantity(variantId: string, quantity: number): void {
  const { cart, corrected } = cartView.get();
  if (!cart) return;
  wished.set(variantId, quantity);
  const left = new Map(corrected);
  left.delete(variantId);
  show({ cart: withQuantity(cart, variantId, quantity), corrected: left });
  if (!sending) later(SEND_AFTER_MS);
}

/** Adds to what is there; without a connection the line waits here with the other wishes. */
export async function addToCart(seller: Named, line: CartLine, key: string): Promise<void> {
  try {
    settle(await addCartLine(line.variantId, line.quantity, key));
  } catch (error) {
    if (!(error instanceof ApiError) || error.status > 0) throw error;
    const cart = withMore(cartView.get().cart ?? EMPTY_CART, seller, line);
    wished.set(line.variantId, linesOf(cart).find((one) => one.variantId === line.variantId)!.quantity);
    show({ cart, waiting: true });
    later(RETRY_MS);
  }
}

export async function acceptCart(): Promise<void> {
  settle(await acceptPrices());
}

export async function loadCart(): Promise<void> {
  try {
    settle(await readCart());
  } catch (error) {
    if (error instanceof ApiError) show({ error });
    else throw error;
  }
}

/** The first page of the shop that is visited asks for the cart; before that, what this browser remembers is shown. */
export function openCart(): void {
  if (opened) return;
  opened = true;
  if (wished.size) later(0);
  else loadCart();
}

let before = session.get().state;

session.subscribe(() => {
  const { state } = session.get();
  if (before === "anonymous" && state === "member") {
    opened = true;
    mergeCart().then((answer) => settle(answer), loadCart);
  } else if (before === "member" && state === "anonymous") {
    wished.clear();
    show({ cart: null, corrected: noWords });
    if (opened) loadCart();
  }
  before = state;
});
