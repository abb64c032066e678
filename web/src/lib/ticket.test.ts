import { beforeEach, describe, expect, it } from "vitest";
import { LocalBook } from "./book";
import { parse, toText } from "./decimal";
import { readRules } from "./rules";
import { checkTicket, type Means, percentUsed, sizeForPercent, stepText, type Ticket } from "./ticket";

const rules = readRules({
  symbol: "BTCUSDT", status: "TRADING", baseAsset: "BTC", quoteAsset: "USDT", baseAssetPrecision: 8, quoteAssetPrecision: 6,
  orderTypes: ["LIMIT", "MARKET", "LIMIT_MAKER"],
  filters: [
    { filterType: "PRICE_FILTER", minPrice: "0.01", maxPrice: "1000000.00", tickSize: "0.01" },
    { filterType: "LOT_SIZE", minQty: "0.00010", maxQty: "100.00000", stepSize: "0.00010" },
    { filterType: "MARKET_LOT_SIZE", minQty: "0.00010", maxQty: "20.00000", stepSize: "0.00010" },
    { filterType: "NOTIONAL", minNotional: "5.00", applyMinToMarket: true, maxNotional: "9000000.00", applyMaxToMarket: false },
  ],
});
const means: Means = { availableBase: parse("2"), availableQuote: parse("1000"), makerFee: parse("0.0005"), takerFee: parse("0.001") };
const ticket = (changes: Partial<Ticket>): Ticket => ({ side: "BUY", kind: "LIMIT", execution: "GTC", price: "100", size: "1", sizeBy: "amount", ...changes });

describe("the order ticket", () => {
  let book: LocalBook;
  const check = (changes: Partial<Ticket>, other: Partial<Means> = {}) => checkTicket(ticket(changes), rules, book, { ...means, ...other });

  beforeEach(() => {
    book = new LocalBook();
    book.snapshot({ lastUpdateId: 1, bids: [["100", "3"], ["97", "10"]], asks: [["101", "2"], ["110", "10"]] });
  });

  it("writes the exact request for every execution", () => {
    expect(check({ price: "100.10", size: "0.30" }).request).toEqual({
      symbol: "BTCUSDT", side: "BUY", newOrderRespType: "FULL", type: "LIMIT", timeInForce: "GTC", quantity: "0.3", price: "100.1",
    });
    expect(check({ execution: "POST" }).request).toMatchObject({ type: "LIMIT_MAKER", quantity: "1", price: "100" });
    expect(check({ execution: "POST" }).request).not.toHaveProperty("timeInForce");
    expect(check({ execution: "FOK" }).request).toMatchObject({ type: "LIMIT", timeInForce: "FOK" });
    expect(check({ kind: "MARKET" }).request).toMatchObject({ type: "MARKET", quantity: "1" });
    expect(check({ kind: "MARKET", sizeBy: "total", size: "150.5" }).request).toMatchObject({ type: "MARKET", quoteOrderQty: "150.5" });
  });

  it("turns a total into whole lots at the price", () => {
    const checked = check({ price: "99", sizeBy: "total", size: "500" });
    expect(checked.request).toMatchObject({ quantity: "5.0505" });
    expect(toText(checked.total!)).toBe("499.9995");
  });

  it("names what breaks a filter, and sends nothing", () => {
    const errors: [Partial<Ticket>, "priceError" | "sizeError", RegExp][] = [
      [{ price: "100.001" }, "priceError", /steps of 0\.01/],
      [{ price: "1,5" }, "priceError", /point for decimals/],
      [{ price: "0" }, "priceError", /above zero/],
      [{ price: "2000000" }, "priceError", /highest price is 1,000,000/],
      [{ size: "0.00015" }, "sizeError", /steps of 0\.0001 BTC/],
      [{ size: "0.0001", price: "1" }, "sizeError", /at least 5 USDT/],
      [{ size: "101", price: "1" }, "sizeError", /largest amount is 100 BTC/],
      [{ size: "11" }, "sizeError", /You have 1,000 USDT/],
      [{ side: "SELL", size: "2.5" }, "sizeError", /You have 2 BTC/],
      [{ kind: "MARKET", size: "25", side: "SELL" }, "sizeError", /largest amount is 20 BTC/],
      [{ kind: "MARKET", sizeBy: "total", size: "0.0000001" }, "sizeError", /6 decimals/],
    ];
    for (const [changes, field, words] of errors) {
      const checked = check(changes);
      expect(checked[field], JSON.stringify(changes)).toMatch(words);
      expect(checked.request).toBeNull();
    }
  });

  it("keeps quiet while fields are empty", () => {
    for (const changes of [{ price: "" }, { size: "" }]) {
      const checked = check(changes);
      expect([checked.priceError, checked.sizeError, checked.request]).toEqual(["", "", null]);
    }
  });

  it("tells a post-only order that would take", () => {
    expect(check({ execution: "POST", price: "101" }).priceError).toMatch(/below 101/);
    expect(check({ execution: "POST", side: "SELL", price: "100" }).priceError).toMatch(/above 100/);
  });

  it("estimates the fee in what is received, at the rate that will apply", () => {
    const resting = check({});
    expect([toText(resting.fee!), resting.feeAsset, resting.crosses]).toEqual(["0.0005", "BTC", false]);
    const taking = check({ side: "SELL", price: "100" });
    expect([toText(taking.fee!), taking.feeAsset, taking.crosses]).toEqual(["0.1", "USDT", true]);
    const market = check({ kind: "MARKET", size: "3" });
    expect([toText(market.total!), toText(market.averagePrice!)]).toEqual(["312", "104"]);
  });

  it("asks again far from the market and for what moves it", () => {
    expect(check({}).concerns).toEqual([]);
    expect(check({ price: "120" }).concerns[0]).toMatch(/18\.8% above the lowest offer/);
    expect(check({ price: "60" }).concerns[0]).toMatch(/40\.0% away/);
    expect(check({ side: "SELL", price: "80" }).concerns[0]).toMatch(/20\.0% below the highest bid/);
    expect(check({ kind: "MARKET", size: "3" }).concerns[0]).toMatch(/move the price by 8\.9%/);
    expect(check({ kind: "MARKET", size: "19" }, { availableQuote: parse("100000") }).concerns[0]).toMatch(/larger than everything/);
  });

  it("says when there is nobody to trade with", () => {
    book = new LocalBook();
    expect(check({ kind: "MARKET" }).sizeError).toMatch(/Nobody sells/);
  });

  it("knows nothing about means when nobody is logged in", () => {
    expect(check({ size: "90" }, { availableBase: null, availableQuote: null }).request).not.toBeNull();
  });

  it("slides over what is available", () => {
    expect(sizeForPercent(ticket({ price: "99" }), rules, book, means, 50)).toBe("5.0505");
    expect(sizeForPercent(ticket({ side: "SELL" }), rules, book, means, 25)).toBe("0.5");
    expect(sizeForPercent(ticket({ kind: "MARKET", sizeBy: "total" }), rules, book, means, 100)).toBe("1000");
    expect(sizeForPercent(ticket({ kind: "MARKET" }), rules, book, means, 100)).toBe("9.2545");
    expect(percentUsed(ticket({}), check({ size: "5" }), means)).toBe(50);
    expect(percentUsed(ticket({}), check({ size: "" }), means)).toBe(0);
  });

  it("steps by tick and never below one", () => {
    expect(stepText("100.005", rules.tick, 1, 0n)).toBe("100.01");
    expect(stepText("0.02", rules.tick, -10, 0n)).toBe("0.01");
    expect(stepText("", rules.tick, 1, parse("100.505"))).toBe("100.5");
  });
});
