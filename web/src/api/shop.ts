/**
 * The shop's API, one function per operation. Whatever is posted takes an Idempotency-Key as its last argument: a new one where none is
 * given; forms give their Intention's, so that a click repeated after a lost answer is done once.
 */
import { newKey } from "../lib/intention";
import { get, patchJson, postFile, postJson, putJson, remove } from "./rest";
import type {
  Address, AddressForm, AdminCategory, AdminCollection, Cart, Category, CategoryForm, Checkout, CheckoutForm, Collection, Credit, Dashboard, Delivery, DisputeReason, GiftCard, Hold,
  ImageRef, LedgerEntry, LineQuantity, Listed, Method, MethodForm, ModeratedDispute, ModeratedSeller, Money, NewGiftCard, NewProduct, NewVariant, NewWebhook, Order,
  OrderMessage, OrderRow, Overview, PageAsk, Payout, Product, ProductCard, ProductChanges, ProductPage, ProductSearch, ProductState, Quantity, Review,
  SellerAccount, SellerBalance, SellerOrderRow, SellerOrderState, SellerPage, SellerProduct, SellerVariant, Settlement, ShopHome, ShopSettings, Suggestions, TaxRate, Transition,
  VariantChanges, Voucher, VoucherCheck, VoucherForm, WalletEntry, Webhook, Zone, ZoneForm,
} from "./shop-types";

const part = encodeURIComponent;

/** `at` is a place below /shop. */
const post = <T>(at: string, body: object, key: string = newKey()): Promise<T> => postJson<T>(`/shop${at}`, body, key);

const page = <T>(at: string, ask: PageAsk & { [name: string]: string | number | undefined } = {}): Promise<Listed<T>> =>
  get<Listed<T>>(`/shop${at}`, { ...ask, after: ask.after || undefined });

// ---------------------------------------------------------------- catalog

export const imageUrl = (image: { id: string }, size: "small" | "large"): string => `/shop/images/${image.id}/${size}`;

export const readHome = (): Promise<ShopHome> => get("/shop/home");

export const readCategories = async (): Promise<Category[]> => (await get<{ items: Category[] }>("/shop/categories")).items;

export const readCollections = async (): Promise<Collection[]> => (await get<{ items: Collection[] }>("/shop/collections")).items;

export const readCollection = (slug: string, ask: PageAsk = {}): Promise<Listed<ProductCard> & { slug: string; name: string }> =>
  page(`/collections/${part(slug)}`, { ...ask }) as Promise<Listed<ProductCard> & { slug: string; name: string }>;

export function searchProducts(search: ProductSearch): Promise<ProductPage> {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (Array.isArray(value)) for (const one of value) asked.append(name, one);
    else if (value !== undefined && value !== "" && value !== false) asked.set(name, String(value));
  }
  return get(`/shop/products${asked.size ? `?${asked}` : ""}`);
}

export const suggest = (q: string): Promise<Suggestions> => get("/shop/suggest", { q });

export const readProduct = (slug: string): Promise<Product> => get(`/shop/products/${part(slug)}`);

export const readReviews = (slug: string, ask: PageAsk = {}): Promise<Listed<Review>> => page(`/products/${part(slug)}/reviews`, { ...ask });

export const postReview = (slug: string, review: { lineId: string; rating: number; title?: string; text?: string }, key?: string): Promise<Review> =>
  post(`/products/${part(slug)}/reviews`, review, key);

export const wish = (productId: string): Promise<unknown> => putJson(`/shop/wishes/${productId}`);

export const unwish = (productId: string): Promise<unknown> => remove(`/shop/wishes/${productId}`);

export const readWishes = (ask: PageAsk = {}): Promise<Listed<ProductCard>> => page("/wishes", { ...ask });

export const readSeller = (slug: string, ask: PageAsk = {}): Promise<SellerPage> => get(`/shop/sellers/${part(slug)}`, { ...ask, after: ask.after || undefined });

// ---------------------------------------------------------------- cart

export const readCart = (): Promise<Cart> => get("/shop/cart");

/** 0 takes it out. */
export const putCartLine = (variantId: string, quantity: number): Promise<Cart> => putJson(`/shop/cart/lines/${variantId}`, { quantity });

/** Adds to what is there. */
export const addCartLine = (variantId: string, quantity: number, key?: string): Promise<Cart> => post("/cart/lines", { variantId, quantity }, key);

/** After logging in: the guest's lines join the member's. */
export const mergeCart = (): Promise<Cart> => post("/cart/merge", {});

/** A cart that was changed offline comes back. */
export const syncCart = (lines: Quantity[]): Promise<Cart> => post("/cart/sync", { lines });

export const acceptPrices = (): Promise<Cart> => post("/cart/accept", {});

// ---------------------------------------------------------------- checkout

export const readAddresses = async (): Promise<Address[]> => (await get<{ items: Address[] }>("/shop/addresses")).items;

export const addAddress = (address: AddressForm, key?: string): Promise<Address> => post("/addresses", address, key);

export const putAddress = (id: string, address: AddressForm): Promise<Address> => putJson(`/shop/addresses/${id}`, address);

export const removeAddress = (id: string): Promise<unknown> => remove(`/shop/addresses/${id}`);

export const openCheckout = (form: CheckoutForm, key?: string): Promise<Checkout> => post("/checkouts", form, key);

export const readCheckout = (id: string): Promise<Checkout> => get(`/shop/checkouts/${id}`);

export const quoteCheckout = (id: string, payAsset: string, useCredit?: boolean): Promise<Checkout> => post(`/checkouts/${id}/quote`, { payAsset, useCredit });

/** Pays. A refusal may carry the checkout with a new quote in `more.checkout`. */
export const confirmCheckout = (id: string, most: Money, key?: string): Promise<Checkout> => post(`/checkouts/${id}/confirm`, { most }, key);

export const abandonCheckout = (id: string): Promise<unknown> => remove(`/shop/checkouts/${id}`);

export const checkVoucher = (code: string): Promise<VoucherCheck> => get(`/shop/vouchers/${part(code)}`);

// ---------------------------------------------------------------- credit, gift cards, holds

export const readCredit = (): Promise<Credit> => get("/shop/credit");

export const readGiftCards = async (): Promise<GiftCard[]> => (await get<{ items: GiftCard[] }>("/shop/giftcards")).items;

export const buyGiftCard = (card: { asset: string; amount: string; payAsset?: string }, key?: string): Promise<NewGiftCard> => post("/giftcards", card, key);

export const redeemGiftCard = (code: string, key?: string): Promise<{ amount: Money; balances: Money[] }> => post("/giftcards/redeem", { code }, key);

/** What changed the trading account in one asset, newest first. */
export const readWalletEntries = (asset: string, ask: PageAsk = {}): Promise<Listed<WalletEntry>> => page("/wallet/entries", { ...ask, asset });

export const readHolds = async (): Promise<Hold[]> => (await get<{ items: Hold[] }>("/shop/holds")).items;

// ---------------------------------------------------------------- orders

export const readOrders = (ask: PageAsk = {}): Promise<Listed<OrderRow>> => page("/orders", { ...ask });

export const readOrder = (id: string): Promise<Order> => get(`/shop/orders/${id}`);

export const cancelOrder = (id: string, reason: string, key?: string): Promise<Order> => post(`/orders/${id}/cancel`, { reason }, key);

export const confirmReceipt = (id: string, key?: string): Promise<Order> => post(`/orders/${id}/receipt`, {}, key);

export const openDispute = (id: string, reason: DisputeReason, text: string, key?: string): Promise<Order> => post(`/orders/${id}/dispute`, { reason, text }, key);

export const withdrawDispute = (id: string): Promise<Order> => remove(`/shop/orders/${id}/dispute`);

export const requestReturn = (id: string, lines: LineQuantity[], reason: string, key?: string): Promise<Order> => post(`/orders/${id}/returns`, { lines, reason }, key);

export const readMessages = (id: string, ask: PageAsk = {}): Promise<Listed<OrderMessage>> => page(`/orders/${id}/messages`, { ...ask });

export const sendMessage = (id: string, text: string, key?: string): Promise<OrderMessage> => post(`/orders/${id}/messages`, { text }, key);

// ---------------------------------------------------------------- seller: account and goods

export const readSellerAccount = (): Promise<SellerAccount> => get("/shop/seller");

export const applyAsSeller = (form: { name: string; country: string; about: string }, key?: string): Promise<SellerAccount> => post("/seller", form, key);

export const changeSellerAccount = (changes: { name?: string; about?: string }): Promise<SellerAccount> => patchJson("/shop/seller", changes);

export const readSellerProducts = (ask: PageAsk & { state?: ProductState } = {}): Promise<Listed<SellerProduct>> => page("/seller/products", { ...ask });

export const readSellerProduct = (id: string): Promise<SellerProduct> => get(`/shop/seller/products/${id}`);

export const addProduct = (product: NewProduct, key?: string): Promise<SellerProduct> => post("/seller/products", product, key);

export const changeProduct = (id: string, changes: ProductChanges): Promise<SellerProduct> => patchJson(`/shop/seller/products/${id}`, changes);

export const addVariant = (productId: string, variant: NewVariant, key?: string): Promise<SellerVariant> => post(`/seller/products/${productId}/variants`, variant, key);

export const changeVariant = (id: string, changes: VariantChanges): Promise<SellerVariant> => patchJson(`/shop/seller/variants/${id}`, changes);

/** `was` is the on-hand quantity that was seen; NOT_NOW with `more.onHand` where it is another by now. */
export const changeStock = (variantId: string, change: number, was: number, key?: string): Promise<SellerVariant> =>
  post(`/seller/variants/${variantId}/stock`, { change, was }, key);

export const addImage = (productId: string, file: Blob, alt: string, key: string = newKey()): Promise<ImageRef> =>
  postFile(`/shop/seller/products/${productId}/images?alt=${part(alt)}`, file, key);

export const removeImage = (id: string): Promise<unknown> => remove(`/shop/seller/images/${id}`);

export const orderImages = (productId: string, order: string[]): Promise<unknown> => putJson(`/shop/seller/products/${productId}/images`, { order });

export const replyToReview = (id: string, text: string, key?: string): Promise<Review> => post(`/reviews/${id}/reply`, { text }, key);

// ---------------------------------------------------------------- seller: shipping and vouchers

export const readZones = async (): Promise<Zone[]> => (await get<{ items: Zone[] }>("/shop/seller/zones")).items;

export const addZone = (zone: ZoneForm, key?: string): Promise<Zone> => post("/seller/zones", zone, key);

export const putZone = (id: string, zone: ZoneForm): Promise<Zone> => putJson(`/shop/seller/zones/${id}`, zone);

export const removeZone = (id: string): Promise<unknown> => remove(`/shop/seller/zones/${id}`);

export const addMethod = (zoneId: string, method: MethodForm, key?: string): Promise<Method> => post(`/seller/zones/${zoneId}/methods`, method, key);

export const putMethod = (id: string, method: MethodForm): Promise<Method> => putJson(`/shop/seller/methods/${id}`, method);

export const removeMethod = (id: string): Promise<unknown> => remove(`/shop/seller/methods/${id}`);

export const readSellerVouchers = async (): Promise<Voucher[]> => (await get<{ items: Voucher[] }>("/shop/seller/vouchers")).items;

export const addSellerVoucher = (voucher: VoucherForm, key?: string): Promise<Voucher> => post("/seller/vouchers", voucher, key);

export const changeSellerVoucher = (id: string, changes: { active: boolean }): Promise<Voucher> => patchJson(`/shop/seller/vouchers/${id}`, changes);

// ---------------------------------------------------------------- seller: orders

export const readSellerOrders = (ask: PageAsk & { state?: SellerOrderState } = {}): Promise<Listed<SellerOrderRow>> => page("/seller/orders", { ...ask });

/** Without lines: all that is left. */
export const ship = (orderId: string, shipment: { carrier: string; tracking: string; lines?: LineQuantity[] }, key?: string): Promise<Order> =>
  post(`/orders/${orderId}/shipments`, shipment, key);

export const cancelLines = (orderId: string, lines: LineQuantity[], reason: string, key?: string): Promise<Order> =>
  post(`/orders/${orderId}/cancel-lines`, { lines, reason }, key);

export const refund = (orderId: string, amount: string, reason: string, key?: string): Promise<Order> => post(`/orders/${orderId}/refunds`, { amount, reason }, key);

export const replyToDispute = (orderId: string, text: string, key?: string): Promise<Order> => post(`/orders/${orderId}/dispute/reply`, { text }, key);

export const answerReturn = (returnId: string, answer: "approve" | "decline" | "received", key?: string): Promise<Order> => post(`/returns/${returnId}/${answer}`, {}, key);

// ---------------------------------------------------------------- seller: money and figures

export const readSellerBalance = async (): Promise<SellerBalance[]> => (await get<{ balances: SellerBalance[] }>("/shop/seller/balance")).balances;

export const readPayouts = (ask: PageAsk = {}): Promise<Listed<Payout>> => page("/seller/payouts", { ...ask });

export const payOut = (asset: string, amount: string, key?: string): Promise<Payout> => post("/seller/payouts", { asset, amount }, key);

export const readSellerEntries = (ask: PageAsk = {}): Promise<Listed<LedgerEntry>> => page("/seller/entries", { ...ask });

export const readDashboard = (days: 7 | 30 | 90, asset?: string): Promise<Dashboard> => get("/shop/seller/dashboard", { days, asset });

// ---------------------------------------------------------------- seller: webhooks

export const readWebhooks = async (): Promise<Webhook[]> => (await get<{ items: Webhook[] }>("/shop/seller/webhooks")).items;

export const addWebhook = (hook: { url: string; events: string[] }, key?: string): Promise<NewWebhook> => post("/seller/webhooks", hook, key);

export const changeWebhook = (id: string, changes: { url?: string; events?: string[]; enabled?: boolean }): Promise<Webhook> =>
  patchJson(`/shop/seller/webhooks/${id}`, changes);

export const removeWebhook = (id: string): Promise<unknown> => remove(`/shop/seller/webhooks/${id}`);

export const readDeliveries = (webhookId: string, ask: PageAsk = {}): Promise<Listed<Delivery>> => page(`/seller/webhooks/${webhookId}/deliveries`, { ...ask });

export const redeliver = (deliveryId: string, key?: string): Promise<Delivery> => post(`/seller/deliveries/${deliveryId}/redeliver`, {}, key);

export const testWebhook = (id: string, key?: string): Promise<unknown> => post(`/seller/webhooks/${id}/test`, {}, key);

// ---------------------------------------------------------------- moderators

export const readOverview = (): Promise<Overview> => get("/shop/admin/overview");

export const readModeratedSellers = (ask: PageAsk & { state?: SellerAccount["state"] } = {}): Promise<Listed<ModeratedSeller>> => page("/admin/sellers", { ...ask });

export const decideSeller = (id: string, decision: "approve" | "reject" | "suspend", note: string, key?: string): Promise<ModeratedSeller> =>
  post(`/admin/sellers/${id}/${decision}`, { note }, key);

export const changeSellerTerms = (id: string, terms: { commissionPpm?: number | null; reservePpm?: number; reserveDays?: number }): Promise<ModeratedSeller> =>
  patchJson(`/shop/admin/sellers/${id}`, terms);

export const readDisputes = (ask: PageAsk & { state?: "open" | "decided" } = {}): Promise<Listed<ModeratedDispute>> => page("/admin/disputes", { ...ask });

/** `toBuyer` is an amount from 0 to what is held; the rest goes to the seller. */
export const decideDispute = (orderId: string, toBuyer: string, text: string, key?: string): Promise<Order> => post(`/orders/${orderId}/dispute/decide`, { toBuyer, text }, key);

export const readAdminCategories = async (): Promise<AdminCategory[]> => (await get<{ items: AdminCategory[] }>("/shop/admin/categories")).items;

export const addCategory = (category: CategoryForm, key?: string): Promise<AdminCategory> => post("/admin/categories", category, key);

export const changeCategory = (id: number, changes: Partial<CategoryForm>): Promise<AdminCategory> => patchJson(`/shop/admin/categories/${id}`, changes);

export const readAdminCollections = async (): Promise<AdminCollection[]> => (await get<{ items: AdminCollection[] }>("/shop/admin/collections")).items;

export const addCollection = (collection: { slug?: string; name: string; products?: string[] }, key?: string): Promise<Collection> => post("/admin/collections", collection, key);

export const changeCollection = (slug: string, changes: { name?: string; products?: string[] }): Promise<Collection> => patchJson(`/shop/admin/collections/${part(slug)}`, changes);

export const removeCollection = (slug: string): Promise<unknown> => remove(`/shop/admin/collections/${part(slug)}`);

export const readTaxes = async (): Promise<TaxRate[]> => (await get<{ rates: TaxRate[] }>("/shop/admin/taxes")).rates;

export const putTaxes = (rates: TaxRate[]): Promise<{ rates: TaxRate[] }> => putJson("/shop/admin/taxes", { rates });

export const readPlatformVouchers = async (): Promise<Voucher[]> => (await get<{ items: Voucher[] }>("/shop/admin/vouchers")).items;

export const addPlatformVoucher = (voucher: VoucherForm, key?: string): Promise<Voucher> => post("/admin/vouchers", voucher, key);

export const changePlatformVoucher = (id: string, changes: { active: boolean }): Promise<Voucher> => patchJson(`/shop/admin/vouchers/${id}`, changes);

export const readShopSettings = (): Promise<ShopSettings> => get("/shop/admin/settings");

export const changeShopSettings = (changes: Partial<ShopSettings>): Promise<ShopSettings> => patchJson("/shop/admin/settings", changes);

export const readSettlements = (ask: PageAsk & { state?: "stuck" | "pending" } = {}): Promise<Listed<Settlement>> => page("/admin/settlements", { ...ask });

export const retrySettlement = (id: string, key?: string): Promise<Settlement> => post(`/admin/settlements/${id}/retry`, {}, key);

export const blockProduct = (id: string, state: "blocked" | "active"): Promise<unknown> => patchJson(`/shop/admin/products/${id}`, { state });

export const hideReview = (id: string, hidden: boolean): Promise<unknown> => patchJson(`/shop/admin/reviews/${id}`, { hidden });

export const readAudit = (ask: PageAsk & { orderId?: string } = {}): Promise<Listed<Transition>> => page("/admin/audit", { ...ask });
