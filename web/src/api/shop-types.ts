/** Shapes of the shop's API (prefix /shop). Amounts are text in the asset's own decimals, times are milliseconds since 1970, ids are UUIDs. */

export interface Money {
  asset: string;
  amount: string;
}

/** `next` non-empty: ask again with it as `after`. */
export interface Listed<T> {
  items: T[];
  next: string;
}

export interface PageAsk {
  after?: string;
  limit?: number;
}

// ---------------------------------------------------------------- catalog

export interface Category {
  id: number;
  parentId: number | null;
  slug: string;
  name: string;
  count: number;
}

export interface Collection {
  slug: string;
  name: string;
  count: number;
}

export interface ImageRef {
  id: string;
  alt: string;
  width: number;
  height: number;
}

export interface Named {
  slug: string;
  name: string;
}

export interface SellerRef extends Named {
  rating: number | null;
  ratingCount: number;
}

export type Stock = "in" | "low" | "out";

export interface ProductCard {
  id: string;
  slug: string;
  title: string;
  seller: SellerRef;
  priceMin: Money;
  priceMax: Money;
  image: ImageRef | null;
  rating: number | null;
  ratingCount: number;
  stock: Stock;
  wished: boolean;
  category: Named;
}

export interface HomeRow {
  title: string;
  link: string;
  products: ProductCard[];
}

export interface ShopHome {
  rows: HomeRow[];
  categories: Category[];
}

export type SortOrder = "relevance" | "newest" | "price" | "-price" | "rating" | "sold";

export interface ProductSearch extends PageAsk {
  q?: string;
  category?: string;
  seller?: string;
  asset?: string;
  priceMin?: string;
  priceMax?: string;
  inStock?: boolean;
  rating?: number;
  /** "Name:value", any number of them. */
  attr?: string[];
  sort?: SortOrder;
}

export interface FacetValue {
  value: string;
  label?: string;
  count: number;
}

export interface Facets {
  categories: FacetValue[];
  sellers: FacetValue[];
  assets: FacetValue[];
  ratings: FacetValue[];
  attributes: { name: string; values: FacetValue[] }[];
}

export interface ProductPage extends Listed<ProductCard> {
  total: number;
  facets: Facets;
  /** "" or what was probably meant. */
  corrected: string;
}

export interface Suggestions {
  products: { slug: string; title: string; image: ImageRef | null }[];
  categories: Named[];
  queries: string[];
}

export interface Variant {
  id: string;
  sku: string;
  options: Record<string, string>;
  price: Money;
  stock: Stock;
  /** How many can be bought now, capped at 10. */
  saleable: number;
  weightG: number;
}

export interface Product extends ProductCard {
  description: string;
  attributes: Record<string, string>;
  images: ImageRef[];
  variants: Variant[];
  options: { name: string; values: string[] }[];
  breadcrumbs: Named[];
  shipsTo: string[];
  /** counts[0] is of one star, counts[4] of five. */
  reviewsSummary: { counts: number[] };
}

export interface Review {
  id: string;
  rating: number;
  title: string;
  text: string;
  reply: string;
  author: string;
  at: number;
}

export interface SellerPage extends SellerRef {
  about: string;
  country: string;
  salesCount: number;
  since: number;
  products: Listed<ProductCard>;
}

// ---------------------------------------------------------------- cart

export interface CartLine {
  variantId: string;
  productSlug: string;
  title: string;
  options: Record<string, string>;
  image: ImageRef | null;
  quantity: number;
  unitPrice: Money;
  /** The price when it was put into the cart. */
  priceSeen: Money;
  total: Money;
  saleable: number;
}

export interface CartNotice {
  code: "PRICE_CHANGED" | "OUT_OF_STOCK" | "REDUCED" | "UNAVAILABLE";
  variantId: string;
  text: string;
}

export interface CartSeller {
  seller: Named;
  asset: string;
  lines: CartLine[];
  itemsTotal: Money;
}

export interface Cart {
  id: string | null;
  sellers: CartSeller[];
  count: number;
  totals: Money[];
  notices: CartNotice[];
}

export interface Quantity {
  variantId: string;
  quantity: number;
}

// ---------------------------------------------------------------- checkout

export interface AddressForm {
  name: string;
  line1: string;
  line2: string;
  city: string;
  region: string;
  postcode: string;
  /** Two letters. */
  country: string;
  phone: string;
}

export interface Address extends AddressForm {
  id: string;
}

export interface CheckoutForm {
  addressId: string;
  /** Seller's slug -> method; whoever is absent gets the cheapest. */
  shipping: Record<string, string>;
  payAsset: string;
  voucher?: string;
  useCredit?: boolean;
}

export interface ShippingMethodRef {
  id: string;
  name: string;
  daysMin: number;
  daysMax: number;
}

export interface ShippingChoice extends ShippingMethodRef {
  price: Money;
}

export interface CheckoutLine {
  variantId: string;
  title: string;
  options: Record<string, string>;
  image: ImageRef | null;
  quantity: number;
  unitPrice: Money;
  discount: Money;
  tax: Money;
  taxIncluded: Money;
  total: Money;
}

export interface CheckoutOrder {
  seller: Named;
  asset: string;
  lines: CheckoutLine[];
  itemsTotal: Money;
  discount: Money;
  shipping: Money;
  tax: Money;
  taxIncluded: Money;
  total: Money;
  shippingMethod: ShippingMethodRef;
  shippingChoices: ShippingChoice[];
  orderId: string | null;
  number: string | number | null;
}

/** What one asset would have to pay: null amounts where it cannot, and why. */
export interface PayChoice {
  asset: string;
  most: Money | null;
  expected: Money | null;
  available: Money;
  enough: boolean;
  reason: string;
}

export interface PlannedConversion {
  symbol: string;
  viaSymbol: string | null;
  buys: Money;
  expected: Money;
  most: Money;
}

export interface MadeConversion {
  symbol: string;
  trades: number;
  averagePrice: string;
  bought: Money;
  cost: Money;
  fee: Money;
  orderId: number;
}

export interface Receipt {
  paid: Money;
  conversions: MadeConversion[];
  escrows: { orderId: string; number: string | number; hold: { hi: string; lo: string }; amount: Money }[];
  position: number;
}

export type CheckoutState = "open" | "confirming" | "paid" | "failed" | "expired" | "abandoned";

export interface Checkout {
  id: string;
  state: CheckoutState;
  address: Address;
  /** When the quote ends. */
  expiresAt: number;
  /** When the goods go back on the shelf. */
  reservedUntil: number;
  orders: CheckoutOrder[];
  due: Money[];
  credit: Money[];
  voucher: { code: string; text: string } | null;
  taxText: string;
  payAsset: string;
  most: Money;
  expected: Money;
  conversions: PlannedConversion[];
  choices: PayChoice[];
  failure: string;
  receipt: Receipt | null;
}

export interface VoucherCheck {
  code: string;
  text: string;
  valid: boolean;
  reason: string;
}

// ---------------------------------------------------------------- credit, gift cards, holds

export interface Credit {
  balances: Money[];
  history: { at: number; text: string; amount: Money; sign: "+" | "-" }[];
}

export interface GiftCard {
  id: string;
  amount: Money;
  state: string;
  createdAt: number;
}

/** The code is told once, when the card is bought. */
export interface NewGiftCard extends Omit<GiftCard, "createdAt"> {
  code: string;
}

export interface Hold {
  kind: "escrow" | "order" | "reserve";
  orderId: string | null;
  number: string | number | null;
  text: string;
  amount: Money;
  since: number;
  until: number | null;
}

export interface WalletEntry {
  at: number;
  text: string;
  /** Of a trade, else "". */
  symbol: string;
  orderId: string | null;
  amount: Money;
  sign: "+" | "-";
  balance: Money;
}

// ---------------------------------------------------------------- orders

export interface OrderRow {
  id: string;
  number: string | number;
  seller: Named;
  payment: string;
  fulfilment: string;
  dispute: string;
  total: Money;
  placedAt: number;
  image: ImageRef | null;
  title: string;
  lineCount: number;
}

export interface OrderLine {
  id: string;
  productSlug: string;
  title: string;
  options: Record<string, string>;
  sku: string;
  image: ImageRef | null;
  quantity: number;
  unitPrice: Money;
  discount: Money;
  tax: Money;
  total: Money;
  shipped: number;
  canceled: number;
  returned: number;
  reviewed: boolean;
}

export interface LineQuantity {
  lineId: string;
  quantity: number;
}

export interface Shipment {
  id: string;
  carrier: string;
  tracking: string;
  lines: LineQuantity[];
  shippedAt: number;
}

export interface OrderEvent {
  at: number;
  axis: string;
  event: string;
  after: string;
  actor: string;
  text: string;
}

export type DisputeReason = "not_received" | "not_as_described" | "damaged" | "other";

export interface Dispute {
  id: string;
  reason: DisputeReason;
  text: string;
  sellerReply: string;
  decision: string;
  toBuyer: Money | null;
  openedAt: number;
  decidedAt: number | null;
}

export interface OrderReturn {
  id: string;
  state: string;
  reason: string;
  lines: LineQuantity[];
  at: number;
}

export interface Refund {
  id: string;
  amount: Money;
  reason: string;
  state: string;
  at: number;
}

/** What the asker may do with the order now. */
export type OrderAction =
  | "cancel" | "confirm_receipt" | "open_dispute" | "withdraw_dispute" | "request_return" | "review"
  | "ship" | "cancel_lines" | "refund" | "reply_dispute" | "decide_return" | "decide";

export interface Order extends OrderRow {
  address: AddressForm;
  lines: OrderLine[];
  itemsTotal: Money;
  discount: Money;
  shipping: Money;
  tax: Money;
  taxIncluded: Money;
  shippingName: string;
  paidWith: Money | null;
  receipt: Receipt | null;
  held: Money;
  released: Money;
  refunded: Money;
  escrow: { hi: string; lo: string; amount: Money } | null;
  autoReleaseAt: number | null;
  shipments: Shipment[];
  timeline: OrderEvent[];
  disputeCase: Dispute | null;
  returns: OrderReturn[];
  refunds: Refund[];
  messages: number;
  /** Its money is being moved at this moment. */
  settling: boolean;
  /** What the asker is to it. */
  role: "buyer" | "seller" | "moderator";
  actions: (OrderAction | (string & {}))[];
}

export interface OrderMessage {
  id: number;
  author: "buyer" | "seller" | "moderator";
  text: string;
  at: number;
}

// ---------------------------------------------------------------- sellers

export interface SellerAccount {
  state: "none" | "applied" | "approved" | "rejected" | "suspended";
  note: string;
  slug: string;
  name: string;
  about: string;
  country: string;
  commissionPpm: number;
  reservePpm: number;
  reserveDays: number;
}

export interface SellerVariant extends Variant {
  onHand: number;
  reserved: number;
  allocated: number;
  threshold: number;
  active: boolean;
}

export type ProductState = "draft" | "active" | "archived" | "blocked";

export interface SellerProduct {
  id: string;
  slug: string;
  title: string;
  state: ProductState;
  category: Named & { id: number };
  asset: string;
  description: string;
  attributes: Record<string, string>;
  images: ImageRef[];
  variants: SellerVariant[];
  sold: number;
  rating: number | null;
  ratingCount: number;
  updatedAt: number;
}

export interface NewVariant {
  sku: string;
  options: Record<string, string>;
  price: string;
  weightG: number;
  onHand: number;
  threshold?: number;
}

export interface NewProduct {
  title: string;
  description: string;
  categoryId: number;
  asset: string;
  attributes: Record<string, string>;
  variants: NewVariant[];
}

export interface ProductChanges {
  title?: string;
  description?: string;
  categoryId?: number;
  attributes?: Record<string, string>;
  state?: "draft" | "active" | "archived";
}

export interface VariantChanges {
  price?: string;
  active?: boolean;
  weightG?: number;
  threshold?: number;
  options?: Record<string, string>;
}

export interface ZoneForm {
  name: string;
  countries: string[];
}

export interface MethodForm {
  name: string;
  asset: string;
  basePrice: string;
  pricePerKg: string;
  freeFrom: string | null;
  weightMaxG: number | null;
  daysMin: number;
  daysMax: number;
}

export interface Method extends MethodForm {
  id: string;
}

export interface Zone extends ZoneForm {
  id: string;
  methods: Method[];
}

export interface VoucherForm {
  code: string;
  kind: string;
  percent?: string;
  amount?: string;
  asset?: string;
  itemsMin?: string;
  usesMax?: number;
  usesPerUser?: number;
  startsAt?: number;
  endsAt?: number;
}

export interface Voucher extends VoucherForm {
  id: string;
  active: boolean;
  uses: number;
  text: string;
}

export type SellerOrderState = "to_ship" | "shipped" | "disputed" | "all";

export interface SellerOrderRow extends OrderRow {
  buyer: string;
}

export interface SellerBalance {
  asset: string;
  held: string;
  reserve: string;
  payable: string;
  paidOut: string;
}

export interface Payout {
  id: string;
  amount: Money;
  state: string;
  createdAt: number;
}

export interface LedgerEntry {
  at: number;
  text: string;
  orderId: string | null;
  amount: Money;
  sign: "+" | "-";
  balance?: Money | string;
}

export interface Week {
  orders: number;
  sales: Money[];
}

export interface Dashboard {
  numbers: {
    toShip: number;
    disputes: number;
    held: Money[];
    payable: Money[];
    thisWeek: Week;
    lastWeek: Week;
    conversion: { views: number; carts: number; orders: number };
    returnsRate: number | null;
    averageRating: number | null;
  };
  /** One per day, oldest first; `day` is 2026-11-20, amounts are in `asset`. */
  series: { day: string; orders: number; sales: string; refunds: string; views: number }[];
  asset: string;
  topProducts: { slug: string; title: string; image: ImageRef | null; quantity: number; sales: Money }[];
}

export interface Webhook {
  id: string;
  url: string;
  events: string[];
  enabled: boolean;
}

/** The secret is told once. */
export interface NewWebhook extends Webhook {
  secret: string;
}

export interface Delivery {
  id: string;
  eventId: string;
  type: string;
  state: string;
  attempts: number;
  status: number | null;
  error: string;
  at: number;
  nextAt: number | null;
}

// ---------------------------------------------------------------- moderators

export interface Overview {
  sellersWaiting: number;
  disputesOpen: number;
  stuck: number;
  reviewsHidden: number;
  volume: Money[];
  commission: Money[];
  escrow: Money[];
}

export interface ModeratedSeller extends SellerAccount {
  id: string;
  /** The seller's own rate, if there is one; `commissionPpm` is what holds. */
  ownCommissionPpm?: number | null;
  salesCount?: number;
  createdAt?: number;
  email?: string;
}

export interface ModeratedDispute extends Dispute {
  order: OrderRow;
}

export interface AdminCategory extends Category {
  position?: number;
  commissionPpm?: number | null;
  taxClass?: string;
}

export interface AdminCollection extends Collection {
  /** A search that finds its products; null where they are named. */
  rule: Record<string, unknown> | null;
}

export interface CategoryForm {
  slug?: string;
  name: string;
  /** null: at the top. */
  parentId?: number | null;
  position?: number;
  /** null: its parent's or the platform's. */
  commissionPpm?: number | null;
  taxClass?: string;
}

export interface TaxRate {
  country: string;
  taxClass: string;
  name: string;
  ppm: number;
  inclusive: boolean;
}

export interface ShopSettings {
  commissionPpm: number;
  autoReleaseDays: number;
  reservationMinutes: number;
  quoteSeconds: number;
  slippagePpm: number;
  returnDays: number;
}

export interface Settlement {
  id: string;
  purpose: string;
  subjectId: string;
  state: string;
  cause: string;
  attempts: number;
  createdAt: number;
}

/** One step of an order, as it was written down. */
export interface Transition extends OrderEvent {
  id?: number | string;
  orderId?: string;
  before?: string;
}
