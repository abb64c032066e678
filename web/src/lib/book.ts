/**
 * The local order book, kept by the venue's public rules: buffer changes, take a snapshot, drop what the snapshot already has,
 * then every change must begin where the last one ended. On a gap the book says so and waits for the next snapshot; it never
 * shows a book that it knows to be wrong.
 */
import { ceilTo, type Decimal, divide, floorTo, multiply, parse } from "./decimal";

export type Level = readonly [price: Decimal, size: Decimal];
type Row = [price: string, size: string];

export interface DepthSnapshot {
  lastUpdateId: number;
  bids: Row[];
  asks: Row[];
}

export interface DepthChange {
  U: number;
  u: number;
  b: Row[];
  a: Row[];
}

const BUFFER_MAX = 2000;

/** One side, best price first. */
class Ladder {
  readonly prices: Decimal[] = [];
  readonly sizes: Decimal[] = [];

  constructor(private readonly descending: boolean) {}

  clear(): void {
    this.prices.length = 0;
    this.sizes.length = 0;
  }

  set(price: Decimal, size: Decimal): void {
    const at = this.find(price);
    const present = this.prices[at] === price;
    if (size === 0n) {
      if (present) {
        this.prices.splice(at, 1);
        this.sizes.splice(at, 1);
      }
    } else if (present) {
      this.sizes[at] = size;
    } else {
      this.prices.splice(at, 0, price);
      this.sizes.splice(at, 0, size);
    }
  }

  /** The place of `price`, or the place where it would go. */
  private find(price: Decimal): number {
    let low = 0;
    let high = this.prices.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const before = this.descending ? this.prices[middle]! > price : this.prices[middle]! < price;
      if (before) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Up to `count` rows, prices gathered into multiples of `step` (away from the spread, so that no row looks better than it is). */
  grouped(step: Decimal, count: number): Level[] {
    const rows: [Decimal, Decimal][] = [];
    for (let i = 0; i < this.prices.length; i++) {
      const price = this.descending ? floorTo(this.prices[i]!, step) : ceilTo(this.prices[i]!, step);
      const last = rows[rows.length - 1];
      if (last && last[0] === price) last[1] += this.sizes[i]!;
      else if (rows.length === count) break;
      else rows.push([price, this.sizes[i]!]);
    }
    return rows;
  }
}

export type BookState = "waiting" | "live";

export class LocalBook {
  readonly bids = new Ladder(true);
  readonly asks = new Ladder(false);
  state: BookState = "waiting";
  lastUpdateId = 0;
  private buffer: DepthChange[] = [];

  /** Forget everything: the connection was lost, or a gap was seen. */
  reset(): void {
    this.bids.clear();
    this.asks.clear();
    this.state = "waiting";
    this.lastUpdateId = 0;
    this.buffer = [];
  }

  /** Takes one change. False: there is a gap, the book was reset (this change kept) and needs a new snapshot. */
  change(change: DepthChange): boolean {
    if (this.state === "waiting") {
      if (this.buffer.length === BUFFER_MAX) this.buffer.shift();
      this.buffer.push(change);
      return true;
    }
    if (change.u <= this.lastUpdateId) return true;
    if (change.U > this.lastUpdateId + 1) {
      this.reset();
      this.buffer.push(change);
      return false;
    }
    this.write(change);
    return true;
  }

  /** Takes a snapshot and the buffered changes after it. False: it is older than the buffer's beginning, ask for another. */
  snapshot(snapshot: DepthSnapshot): boolean {
    const after = this.buffer.filter((change) => change.u > snapshot.lastUpdateId);
    if (after[0] && after[0].U > snapshot.lastUpdateId + 1) return false;
    this.bids.clear();
    this.asks.clear();
    for (const [price, size] of snapshot.bids) this.bids.set(parse(price), parse(size));
    for (const [price, size] of snapshot.asks) this.asks.set(parse(price), parse(size));
    this.lastUpdateId = snapshot.lastUpdateId;
    this.state = "live";
    this.buffer = [];
    for (const change of after) {
      if (!this.change(change)) return false;
    }
    return true;
  }

  private write(change: DepthChange): void {
    for (const [price, size] of change.b) this.bids.set(parse(price), parse(size));
    for (const [price, size] of change.a) this.asks.set(parse(price), parse(size));
    this.lastUpdateId = change.u;
  }

  get bestBid(): Decimal {
    return this.bids.prices[0] ?? 0n;
  }

  get bestAsk(): Decimal {
    return this.asks.prices[0] ?? 0n;
  }

  get mid(): Decimal {
    const { bestBid, bestAsk } = this;
    return bestBid && bestAsk ? (bestBid + bestAsk) / 2n : bestBid || bestAsk;
  }

  /** What a market order would find: base quantity filled, quote amount moved, last price touched. Stops at `quantity` or `total`. */
  walk(side: "BUY" | "SELL", limit: { quantity: Decimal } | { total: Decimal }): Walk {
    const ladder = side === "BUY" ? this.asks : this.bids;
    let quantity = 0n;
    let total = 0n;
    let worst = 0n;
    for (let i = 0; i < ladder.prices.length; i++) {
      const price = ladder.prices[i]!;
      const left = "quantity" in limit ? limit.quantity - quantity : divide(limit.total - total, price);
      if (left <= 0n) return { quantity, total, worst, complete: true };
      const taken = ladder.sizes[i]! < left ? ladder.sizes[i]! : left;
      quantity += taken;
      total += multiply(taken, price);
      worst = price;
      if (taken === left) return { quantity, total, worst, complete: true };
    }
    return { quantity, total, worst, complete: false };
  }
}

export interface Walk {
  quantity: Decimal;
  total: Decimal;
  worst: Decimal;
  /** False: the book shown here is not deep enough. */
  complete: boolean;
}

/** A part in basis points of the whole; for showing only. */
export function basisPoints(part: Decimal, whole: Decimal): number {
  return whole === 0n ? 0 : Number((part * 10_000_000n) / whole) / 1000;
}

/** Group steps offered for a tick: 1, 10, 100 and 1,000 ticks, as long as a step stays below a fiftieth of the price. */
export function groupSteps(tick: Decimal, price: Decimal): Decimal[] {
  const steps = [1n, 10n, 100n, 1000n].map((multiple) => tick * multiple);
  return steps.filter((step, index) => index === 0 || price === 0n || step * 50n <= price);
}
