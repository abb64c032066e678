/**
 * One symbol's live book and trades. The book follows the venue's public rules (lib/book.ts); views are made at most once per
 * animation frame. Created when a trade page opens, closed when it leaves.
 */
import { get } from "../api/rest";
import type { DepthChange, DepthSnapshot, TradeEvent, TradeRow } from "../api/types";
import { LocalBook } from "../lib/book";
import { type Decimal, parse } from "../lib/decimal";
import { FrameStore } from "./store";
import { marketSocket, noteLast } from "./venue";

export interface PublicTrade {
  id: number;
  price: Decimal;
  size: Decimal;
  time: number;
  sold: boolean;
}

const TRADES_KEPT = 100;
const SNAPSHOT_LEVELS = 1000;
const RETRY_MS = 1_000;

export class Market {
  readonly book = new LocalBook();
  /** Counts the book's repaints; readers look into `book` when it moves. */
  readonly bookFrame = new FrameStore(0);
  readonly trades = new FrameStore<readonly PublicTrade[] | null>(null);
  private newestTrades: PublicTrade[] = [];
  private readonly closers: (() => void)[] = [];
  private fetchingBook = false;
  private closed = false;

  constructor(readonly symbol: string) {
    const socket = marketSocket();
    const name = symbol.toLowerCase();
    this.closers.push(
      socket.listen<DepthChange>(`${name}@depth@100ms`, (change) => this.onDepth(change)),
      socket.listen<TradeEvent>(`${name}@trade`, (trade) => this.onTrade(trade)),
      socket.onRestored(() => this.startAgain()),
    );
    this.fetchBook();
    this.fetchTrades();
  }

  close(): void {
    this.closed = true;
    for (const close of this.closers) close();
    this.bookFrame.cancel();
    this.trades.cancel();
  }

  private startAgain(): void {
    this.book.reset();
    this.fetchBook();
    this.fetchTrades();
  }

  private onDepth(change: DepthChange): void {
    if (!this.book.change(change)) this.fetchBook();
    if (this.book.state === "live") this.bookFrame.schedule(() => this.bookFrame.get() + 1);
  }

  private async fetchBook(): Promise<void> {
    if (this.fetchingBook) return;
    this.fetchingBook = true;
    while (!this.closed) {
      await marketSocket().settled();
      try {
        const snapshot = await get<DepthSnapshot>("/api/v3/depth", { symbol: this.symbol, limit: SNAPSHOT_LEVELS });
        if (this.book.snapshot(snapshot)) break;
      } catch {
        // The next try follows; the header says that the connection is lost.
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
    this.fetchingBook = false;
    if (!this.closed) this.bookFrame.schedule(() => this.bookFrame.get() + 1);
  }

  private onTrade(event: TradeEvent): void {
    const trade = { id: event.t, price: parse(event.p), size: parse(event.q), time: event.T, sold: event.m };
    noteLast(this.symbol, trade.price);
    if (this.newestTrades[0] && trade.id <= this.newestTrades[0].id) return;
    this.newestTrades = [trade, ...this.newestTrades].slice(0, TRADES_KEPT);
    this.trades.schedule(() => this.newestTrades);
  }

  private async fetchTrades(): Promise<void> {
    await marketSocket().settled();
    try {
      const rows = await get<TradeRow[]>("/api/v3/trades", { symbol: this.symbol, limit: TRADES_KEPT });
      const older = rows
        .map((row) => ({ id: row.id, price: parse(row.price), size: parse(row.qty), time: row.time, sold: row.isBuyerMaker }))
        .reverse();
      const newer = older[0] ? this.newestTrades.filter((trade) => trade.id > older[0]!.id) : this.newestTrades;
      this.newestTrades = [...newer, ...older].slice(0, TRADES_KEPT);
      this.trades.schedule(() => this.newestTrades);
    } catch {
      if (!this.closed) setTimeout(() => this.fetchTrades(), RETRY_MS);
    }
  }
}
