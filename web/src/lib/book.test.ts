import { describe, expect, it } from "vitest";
import { basisPoints, groupSteps, LocalBook } from "./book";
import { parse, toText } from "./decimal";

type Row = [string, string];
const change = (U: number, u: number, b: Row[] = [], a: Row[] = []) => ({ U, u, b, a });
const snapshot = (lastUpdateId: number) => ({
  lastUpdateId,
  bids: [["100.00", "1"], ["99.50", "2"]] as Row[],
  asks: [["100.50", "3"], ["101.00", "4"]] as Row[],
});
const top = (book: LocalBook) => [toText(book.bestBid), toText(book.bestAsk)];

describe("the local book", () => {
  it("applies buffered changes that the snapshot does not have, and drops the others", () => {
    const book = new LocalBook();
    book.change(change(8, 9, [["100.00", "9"]]));
    book.change(change(10, 12, [["100.20", "1"]]));
    expect(book.state).toBe("waiting");
    expect(book.snapshot(snapshot(10))).toBe(true);
    expect(book.lastUpdateId).toBe(12);
    expect(top(book)).toEqual(["100.2", "100.5"]);
    expect(toText(book.bids.sizes[1]!)).toBe("1");
  });

  it("refuses a snapshot from before its buffer and takes the next", () => {
    const book = new LocalBook();
    book.change(change(20, 22, [], [["100.40", "1"]]));
    expect(book.snapshot(snapshot(10))).toBe(false);
    expect(book.state).toBe("waiting");
    expect(book.snapshot(snapshot(21))).toBe(true);
    expect(top(book)).toEqual(["100", "100.4"]);
  });

  it("resets at a gap, keeps the change that showed it, and recovers", () => {
    const book = new LocalBook();
    book.snapshot(snapshot(10));
    expect(book.change(change(11, 11, [["100.10", "1"]]))).toBe(true);
    expect(book.change(change(13, 14, [["100.30", "5"]]))).toBe(false);
    expect(book.state).toBe("waiting");
    expect(book.bestBid).toBe(0n);
    expect(book.snapshot(snapshot(13))).toBe(true);
    expect(top(book)).toEqual(["100.3", "100.5"]);
  });

  it("ignores what it already has", () => {
    const book = new LocalBook();
    book.snapshot(snapshot(10));
    expect(book.change(change(9, 10, [["200.00", "1"]]))).toBe(true);
    expect(top(book)).toEqual(["100", "100.5"]);
  });

  it("removes levels at quantity zero and keeps both sides sorted", () => {
    const book = new LocalBook();
    book.snapshot(snapshot(10));
    book.change(change(11, 11, [["100.00", "0.00000"], ["99.75", "1"]], [["100.75", "1"], ["102", "0"]]));
    expect(book.bids.prices.map(toText)).toEqual(["99.75", "99.5"]);
    expect(book.asks.prices.map(toText)).toEqual(["100.5", "100.75", "101"]);
  });

  it("equals a plain map after thousands of changes", () => {
    const book = new LocalBook();
    book.snapshot({ lastUpdateId: 0, bids: [], asks: [] });
    const plain = new Map<string, string>();
    let seed = 7;
    const next = (n: number) => (seed = (seed * 48271) % 2147483647) % n;
    for (let id = 1; id <= 5000; id++) {
      const price = (100 + next(200) / 10).toFixed(1);
      const size = String(next(4));
      if (size === "0") plain.delete(price);
      else plain.set(price, size);
      expect(book.change(change(id, id, [[price, size]]))).toBe(true);
    }
    const expected = [...plain].sort((x, y) => Number(y[0]) - Number(x[0])).map(([price, size]) => [toText(parse(price)), size]);
    expect(book.bids.prices.map((price, i) => [toText(price), toText(book.bids.sizes[i]!)])).toEqual(expected);
  });

  it("groups away from the spread", () => {
    const book = new LocalBook();
    book.snapshot(snapshot(10));
    const texts = (rows: readonly (readonly [bigint, bigint])[]) => rows.map(([price, size]) => [toText(price), toText(size)]);
    expect(texts(book.bids.grouped(parse("1"), 5))).toEqual([["100", "1"], ["99", "2"]]);
    expect(texts(book.asks.grouped(parse("1"), 5))).toEqual([["101", "7"]]);
    expect(book.asks.grouped(parse("0.5"), 1)).toHaveLength(1);
  });

  it("walks by amount and by total", () => {
    const book = new LocalBook();
    book.snapshot(snapshot(10));
    const byAmount = book.walk("BUY", { quantity: parse("4") });
    expect([toText(byAmount.total), toText(byAmount.worst), byAmount.complete]).toEqual(["402.5", "101", true]);
    const byTotal = book.walk("SELL", { total: parse("149.75") });
    expect([toText(byTotal.quantity), toText(byTotal.worst), byTotal.complete]).toEqual(["1.5", "99.5", true]);
    expect(book.walk("BUY", { quantity: parse("100") }).complete).toBe(false);
  });

  it("knows its spread and its steps", () => {
    expect(basisPoints(parse("0.5"), parse("100"))).toBe(50);
    expect(groupSteps(parse("0.01"), parse("64000")).map(toText)).toEqual(["0.01", "0.1", "1", "10"]);
    expect(groupSteps(parse("0.0001"), parse("0.02")).map(toText)).toEqual(["0.0001"]);
  });
});
