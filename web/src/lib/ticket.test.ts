import { beforeEach, describe, expect, it } from "vitest";
import { LocalBook } from "./book";
import { parse, toText } from "./decimal";
import { readRules } from "./rules";
import { BLANK, type Field, type Means, type Ticket } from "./ticket";
import { checkTicket, loanOf, percentUsed, sizeForPercent, stepText } from "./ticketCheck";
import { actionText, extrasSummary, sentence } from "./ticketWords";

const rules = readRules({
  symbol: "BTCUSDT", status: "TRADING", baseAsset: "BTC", quoteAsset: "USDT", baseAssetPrecision: 8, quoteAssetPrecision: 6,
  orderTypes: ["LIMIT", "MARKET", "LIMIT_MAKER", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"],
  icebergAllowed: true, ocoAllowed: true, allowTrailingStop: true, pegInstructionsAllowed: true,
  filters: [
    { filterType: "PRICE_FILTER", minPrice: "0.01", maxPrice: "1000000.00", tickSize: "0.01" },
    { filterType: "LOT_SIZE", minQty: "0.00010", maxQty: "100.00000", stepSize: "0.00010" },
    { filterType: "MARKET_LOT_SIZE", minQty: "0.00010", maxQty: "20.00000", stepSize: "0.00010" },
    { filterType: "NOTIONAL", minNotional: "5.00", applyMinToMarket: true, maxNotional: "9000000.00", applyMaxToMarket: false },
    { filterType: "PERCENT_PRICE_BY_SIDE", bidMultiplierUp: "1.5", bidMultiplierDown: "0", askMultiplierUp: "0", askMultiplierDown: "0.5" },
    { filterType: "ICEBERG_PARTS", limit: 10 },
    { filterType: "TRAILING_DELTA", minTrailingAboveDelta: 10, maxTrailingAboveDelta: 2000, minTrailingBelowDelta: 20, maxTrailingBelowDelta: 1000 },
    { filterType: "MAX_NUM_ORDERS", maxNumOrders: 20 },
    { filterType: "MAX_NUM_ALGO_ORDERS", maxNumAlgoOrders: 5 },
    { filterType: "MAX_NUM_ICEBERG_ORDERS", maxNumIcebergOrders: 2 },
    { filterType: "MAX_NUM_ORDER_LISTS", maxNumOrderLists: 1 },
    { filterType: "MAX_POSITION", maxPosition: "50" },
  ],
});
const means: Means = { availableBase: parse("2"), availableQuote: parse("1000"), makerFee: parse("0.0005"), takerFee: parse("0.001") };
const ticket = (changes: Partial<Ticket>): Ticket => ({ ...BLANK, price: "100", size: "1", ...changes });

describe("the order ticket", () => {
  let book: LocalBook;
  const now = Date.UTC(2026, 0, 1);
  const view = () => ({ book, last: parse("100.5"), now });
  const check = (changes: Partial<Ticket>, other: Partial<Means> = {}) => checkTicket(ticket(changes), rules, view(), { ...means, ...other });
  const params = (changes: Partial<Ticket>, other: Partial<Means> = {}) => check(changes, other).request?.params;
  const says = (changes: Partial<Ticket>) => sentence(ticket(changes), check(changes), rules, view());

  beforeEach(() => {
    book = new LocalBook();
    book.snapshot({ lastUpdateId: 1, bids: [["100", "3"], ["97", "10"]], asks: [["101", "2"], ["110", "10"]] });
  });

  it("writes the exact request for every execution", () => {
    expect(check({ price: "100.10", size: "0.30" }).request).toEqual({
      path: "/api/v3/order",
      params: { symbol: "BTCUSDT", side: "BUY", newOrderRespType: "FULL", type: "LIMIT", timeInForce: "GTC", quantity: "0.3", price: "100.1" },
    });
    expect(params({ postOnly: true })).toMatchObject({ type: "LIMIT_MAKER", quantity: "1", price: "100" });
    expect(params({ postOnly: true })).not.toHaveProperty("timeInForce");
    expect(params({ lasting: "FOK" })).toMatchObject({ type: "LIMIT", timeInForce: "FOK" });
    expect(params({ kind: "MARKET" })).toMatchObject({ type: "MARKET", quantity: "1" });
    expect(params({ kind: "MARKET", sizeBy: "total", size: "150.5" })).toMatchObject({ type: "MARKET", quoteOrderQty: "150.5" });
    expect(params({ visible: "0.2", prevention: "DECREMENT" })).toMatchObject({ icebergQty: "0.2", selfTradePreventionMode: "DECREMENT" });
    expect(params({ visible: "0.2", lasting: "IOC" })).not.toHaveProperty("icebergQty");
    expect(params({ lasting: "GTD", goodTill: "2026-02-01T12:00" })).toMatchObject({
      timeInForce: "GTD", goodTillDate: String(new Date("2026-02-01T12:00").getTime()),
    });
    const pegged = params({ peg: "PRIMARY_PEG", price: "" });
    expect(pegged).toMatchObject({ type: "LIMIT", pegPriceType: "PRIMARY_PEG" });
    expect(pegged).not.toHaveProperty("price");
    expect(params({ kind: "MARKET", visible: "0.2", peg: "PRIMARY_PEG", lasting: "GTD" })).toEqual({
      symbol: "BTCUSDT", side: "BUY", newOrderRespType: "FULL", type: "MARKET", quantity: "1",
    });
  });

  it("lets a take profit, a stop or both follow a limit order, on the other side", () => {
    const exits = (changes: Partial<Ticket>) => check({ exits: true, size: "2", ...changes });
    const first = { symbol: "BTCUSDT", newOrderRespType: "FULL", workingSide: "BUY", workingType: "LIMIT", workingTimeInForce: "GTC", workingQuantity: "2", workingPrice: "100" };
    const followed = { ...first, pendingSide: "SELL", pendingQuantity: "1.998" }; // less the fee of the purchase
    expect(exits({ profit: "120" }).request).toEqual({
      path: "/api/v3/orderList/oto", params: { ...followed, pendingType: "LIMIT", pendingTimeInForce: "GTC", pendingPrice: "120" },
    });
    expect(exits({ loss: "90" }).request?.params).toEqual({ ...followed, pendingType: "STOP_LOSS", pendingStopPrice: "90" });
    expect(exits({ profit: "120", loss: "90", lossExecutes: "LIMIT", lossLimit: "89", account: "ISOLATED", borrows: true, repays: true }).request).toEqual({
      path: "/sapi/v1/margin/order/otoco",
      params: {
        ...followed, isIsolated: "TRUE", sideEffectType: "AUTO_REPAY", pendingAboveType: "LIMIT_MAKER", pendingAbovePrice: "120",
        pendingBelowType: "STOP_LOSS_LIMIT", pendingBelowStopPrice: "90", pendingBelowPrice: "89", pendingBelowTimeInForce: "GTC",
      },
    });
    expect(exits({ side: "SELL", price: "101", profit: "95", loss: "105" }).request?.params).toMatchObject({
      workingSide: "SELL", pendingSide: "BUY", pendingQuantity: "2", pendingBelowType: "LIMIT_MAKER", pendingBelowPrice: "95", pendingAboveType: "STOP_LOSS", pendingAboveStopPrice: "105",
    });
    expect(exits({ postOnly: true, profit: "120" }).request?.params).toMatchObject({ workingType: "LIMIT_MAKER" });
    expect(exits({}).request).toBeNull(); // what follows is missing
    expect(exits({ loss: "90", lossExecutes: "LIMIT" }).request).toBeNull();
    expect(exits({ profit: "99" }).errors.profit).toMatch(/sells above the order's price, 100/);
    expect(exits({ loss: "100" }).errors.loss).toMatch(/sells below/);
    expect(exits({ side: "SELL", profit: "150" }).errors.profit).toMatch(/buys below/);
    expect(exits({ profit: "120", size: "0.0001", price: "60000" }).errors.size).toMatch(/after the fee/);
    expect(check({ exits: true, profit: "120", kind: "STOP", trigger: "110", price: "111" }).request?.path).toBe("/api/v3/order");
    expect(exits({ side: "SELL", price: "101", loss: "900" }).concerns.join()).toMatch(/takes 1,800 USDT/);
    expect(loanOf(ticket({ exits: true, borrows: true, size: "50" }), means, exits({ size: "50" }))).toBe(0n); // bound orders borrow nothing
    const told = { exits: true, size: "2", profit: "120", loss: "90" };
    expect(says(told)).toMatch(/Once all of it is bought: sell 1\.998 BTC at 120 or better; or, when BTC falls to 90 before that, at the market price\.$/);
    expect(actionText(ticket(told), check(told), rules)).toBe("Buy 2 BTC, then sell");
  });

  it("pegs to levels behind the best one", () => {
    const pegged = { peg: "PRIMARY_PEG", pegOffset: "1", price: "" } as const;
    expect(check(pegged).price).toBe(parse("97"));
    expect(params(pegged)).toMatchObject({ pegPriceType: "PRIMARY_PEG", pegOffsetType: "PRICE_LEVEL", pegOffsetValue: "1" });
    expect(params({ ...pegged, pegOffset: "0" })).not.toHaveProperty("pegOffsetType");
    expect(says(pegged)).toMatch(/at the bid 1 level behind the best of that moment/);
    expect(check({ ...pegged, pegOffset: "101" }).errors.pegOffset).toMatch(/up to 100/);
    expect(check({ ...pegged, pegOffset: "1.5" }).errors.pegOffset).toMatch(/Whole levels/);
    expect(check({ ...pegged, lasting: "IOC" }).errors.price).toMatch(/let the order last/);
  });

  it("names a stop by its sides: of the order and of the last price", () => {
    const stop = (changes: Partial<Ticket>) => params({ kind: "STOP", price: "99", ...changes })?.type;
    expect(stop({ trigger: "101", price: "102" })).toBe("STOP_LOSS_LIMIT");
    expect(stop({ trigger: "99" })).toBe("TAKE_PROFIT_LIMIT");
    expect(stop({ side: "SELL", trigger: "99" })).toBe("STOP_LOSS_LIMIT");
    expect(stop({ side: "SELL", trigger: "101" })).toBe("TAKE_PROFIT_LIMIT");
    expect(stop({ side: "SELL", trigger: "99", executes: "MARKET" })).toBe("STOP_LOSS");
    expect(params({ kind: "STOP", side: "SELL", trigger: "99", price: "98.5", lasting: "IOC" })).toMatchObject({
      stopPrice: "99", price: "98.5", timeInForce: "IOC", quantity: "1",
    });
    expect(params({ kind: "STOP", side: "SELL", trigger: "99", executes: "MARKET" })).not.toHaveProperty("price");
    expect(check({ kind: "STOP", trigger: "100.5" }).errors.trigger).toMatch(/trigger at once/);
    expect(checkTicket(ticket({ kind: "STOP", trigger: "99" }), rules, { ...view(), last: 0n }, means).errors.trigger).toMatch(/no price/);
  });

  it("follows the price at a distance in whole basis points", () => {
    const trail = { kind: "TRAILING", side: "SELL", executes: "MARKET", distance: "2.5" } as const;
    expect(params(trail)).toMatchObject({ type: "STOP_LOSS", trailingDelta: "250", quantity: "1" });
    expect(params(trail)).not.toHaveProperty("stopPrice");
    expect(params({ ...trail, trigger: "105" })).toMatchObject({ type: "TAKE_PROFIT", stopPrice: "105", trailingDelta: "250" });
    expect(params({ ...trail, side: "BUY", executes: "LIMIT", price: "110" })).toMatchObject({ type: "STOP_LOSS_LIMIT", price: "110", timeInForce: "GTC" });
    expect(check({ ...trail, distance: "0.1" }).errors.distance).toMatch(/0\.2 and 10 percent/);
    expect(check({ ...trail, trigger: "105", distance: "0.1" }).errors.distance).toBeUndefined();
    expect(check({ ...trail, distance: "1.005" }).errors.distance).toMatch(/steps of 0\.01/);
  });

  it("puts an OCO's two prices around the last one, on either side", () => {
    const pair = { kind: "OCO", side: "SELL", price: "110", trigger: "95", stopLimit: "94", size: "0.5" } as const;
    expect(check(pair).request).toEqual({
      path: "/api/v3/orderList/oco",
      params: {
        symbol: "BTCUSDT", side: "SELL", newOrderRespType: "FULL", quantity: "0.5", aboveType: "LIMIT_MAKER", abovePrice: "110",
        belowType: "STOP_LOSS_LIMIT", belowStopPrice: "95", belowPrice: "94", belowTimeInForce: "GTC",
      },
    });
    const buy = { kind: "OCO", side: "BUY", price: "90", trigger: "105", executes: "MARKET" } as const;
    expect(params(buy)).toMatchObject({ belowType: "LIMIT_MAKER", belowPrice: "90", aboveType: "STOP_LOSS", aboveStopPrice: "105" });
    expect(params(buy)).not.toHaveProperty("abovePrice");
    expect(check({ ...buy, size: "10" }).errors.size).toMatch(/You have 1,000 USDT/); // the dearer of the two is held
    expect(check({ ...pair, price: "99" }).errors.price).toMatch(/above the last price, 100\.5/);
    expect(check({ ...pair, trigger: "101" }).errors.trigger).toMatch(/below the last price/);
    expect(check({ ...pair, stopLimit: "" }).request).toBeNull();
    expect(sizeForPercent(ticket({ ...buy, size: "" }), rules, view(), means, 100)).toBe("9.5238");
  });

  it("says in a sentence what will happen", () => {
    expect(says({})).toBe("Buy 1 BTC at 100 or better; it waits in the book until somebody takes it.");
    expect(says({ kind: "STOP", side: "SELL", trigger: "95", price: "94.5", size: "0.25" })).toBe("When BTC falls to 95, sell 0.25 BTC at 94.5 or better.");
    expect(says({ kind: "STOP", trigger: "110", executes: "MARKET" })).toBe("When BTC rises to 110, buy 1 BTC at the market price.");
    expect(says({ kind: "TRAILING", side: "SELL", distance: "2", executes: "MARKET" })).toBe(
      "When BTC falls 2% below its highest price from now on (now 98.49), sell 1 BTC at the market price.",
    );
    expect(says({ kind: "TRAILING", trigger: "95", distance: "1", price: "97" })).toBe(
      "Once BTC has fallen to 95: when it rises 1% above its lowest price since (then 95.95), buy 1 BTC at 97 or better.",
    );
    expect(says({ kind: "OCO", side: "SELL", price: "110", trigger: "95", stopLimit: "94" })).toBe(
      "Sell 1 BTC at 110 or better; or, when BTC falls to 95 before that, at 94 or better. The first cancels the other.",
    );
    expect(says({ peg: "PRIMARY_PEG" })).toMatch(/^Buy 1 BTC at the best bid of that moment;/);
    expect(says({ size: "" })).toBe("");
    const stop = ticket({ kind: "STOP", side: "SELL", trigger: "95", price: "94.5" });
    expect(actionText(stop, check(stop), rules)).toBe("Place stop: sell 1 BTC");
    expect(extrasSummary(ticket({ postOnly: true, visible: "0.1", lasting: "GTD" }), rules)).toBe("post-only, GTD, shows 0.1 BTC");
    expect(extrasSummary(ticket({ kind: "MARKET", postOnly: true }), rules)).toBe("");
  });

  it("counts what is open against the market's limits", () => {
    const open = { orders: 19, triggered: 5, icebergs: 2, lists: 1, position: parse("49.5") };
    expect(check({ size: "0.5" }, { open }).request).not.toBeNull();
    expect(check({}, { open }).errors.size).toMatch(/50 BTC at most/);
    const sell = { side: "SELL" } as const;
    expect(check({ ...sell, kind: "STOP", trigger: "95", price: "94" }, { open }).errors.size).toMatch(/5 waiting orders/);
    expect(check({ ...sell, visible: "0.5" }, { open }).errors.size).toMatch(/2 icebergs/);
    expect(check({ ...sell, kind: "OCO", price: "110", trigger: "95", stopLimit: "94" }, { open }).errors.size).toMatch(/20 open orders/);
    expect(check(sell, { open: { ...open, orders: 20 } }).errors.size).toMatch(/20 open orders/);
    expect(check({ ...sell, kind: "MARKET" }, { open: { ...open, orders: 20 } }).request).not.toBeNull();  });

  it("turns a total into whole lots at the price", () => {
    const checked = check({ price: "99", sizeBy: "total", size: "500" });
    expect(checked.request?.params).toMatchObject({ quantity: "5.0505" });
    expect(toText(checked.total!)).toBe("499.9995");
  });

  it("names what breaks a filter, and sends nothing", () => {
    const errors: [Partial<Ticket>, Field, RegExp][] = [
      [{ price: "100.001" }, "price", /steps of 0\.01/],
      [{ price: "1,5" }, "price", /point for decimals/],
      [{ price: "0" }, "price", /above zero/],
      [{ price: "2000000" }, "price", /highest price is 1,000,000/],
      [{ price: "150.76" }, "price", /up to 150\.75 are taken/],
      [{ side: "SELL", price: "50.24" }, "price", /from 50\.25 are taken/],
      [{ visible: "2" }, "visible", /More than the order has/],
      [{ visible: "0.00005" }, "visible", /steps of 0\.0001/],
      [{ visible: "0.0999" }, "visible", /at least 0\.1 BTC: 10 parts/],
      [{ lasting: "GTD", goodTill: "2025-01-01T00:00" }, "goodTill", /passed already/],
      [{ peg: "MARKET_PEG", postOnly: true }, "price", /other side's price/],
      [{ size: "0.00015" }, "size", /steps of 0\.0001 BTC/],
      [{ size: "0.0001", price: "1" }, "size", /at least 5 USDT/],
      [{ size: "101", price: "1" }, "size", /largest amount is 100 BTC/],
      [{ size: "11" }, "size", /You have 1,000 USDT/],
      [{ side: "SELL", size: "2.5" }, "size", /You have 2 BTC/],
      [{ kind: "MARKET", size: "25", side: "SELL" }, "size", /largest amount is 20 BTC/],
      [{ kind: "MARKET", sizeBy: "total", size: "0.0000001" }, "size", /6 decimals/],
    ];
    for (const [changes, field, words] of errors) {
      const checked = check(changes);
      expect(checked.errors[field], JSON.stringify(changes)).toMatch(words);
      expect(checked.request).toBeNull();
    }
  });

  it("keeps quiet while fields are empty", () => {
    const empties: Partial<Ticket>[] = [
      { price: "" }, { size: "" }, { kind: "STOP", trigger: "" }, { kind: "TRAILING", distance: "" }, { kind: "OCO", side: "SELL", price: "110" }, { lasting: "GTD" },
    ];
    for (const changes of empties) {
      const checked = check(changes);
      expect([checked.errors, checked.request]).toEqual([{}, null]);
    }
  });

  it("tells a post-only order that would take", () => {
    expect(check({ postOnly: true, price: "101" }).errors.price).toMatch(/below 101/);
    expect(check({ postOnly: true, side: "SELL", price: "100" }).errors.price).toMatch(/above 100/);
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
    const stop = { kind: "STOP", side: "SELL", trigger: "95" } as const;
    expect(check({ ...stop, price: "94" }).concerns).toEqual([]);
    expect(check({ ...stop, price: "96" }).concerns[0]).toMatch(/above the trigger/);
    expect(check({ ...stop, price: "80" }).concerns[0]).toMatch(/15\.8% below the trigger/);
    expect(check({ side: "SELL", price: "80" }).concerns[0]).toMatch(/20\.0% below the highest bid/);
    expect(check({ kind: "MARKET", size: "3" }).concerns[0]).toMatch(/move the price by 8\.9%/);
    expect(check({ kind: "MARKET", size: "19" }, { availableQuote: parse("100000") }).concerns[0]).toMatch(/larger than everything/);
  });

  it("says when there is nobody to trade with", () => {
    book = new LocalBook();
    expect(check({ kind: "MARKET" }).errors.size).toMatch(/Nobody sells/);
  });

  it("knows nothing about means when nobody is logged in", () => {
    expect(check({ size: "90" }, { availableBase: null, availableQuote: null }).request).not.toBeNull();
  });

  it("borrows what is missing from a margin account, as far as one can", () => {
    const cross = { account: "CROSS", borrows: true, size: "12" } as const;
    const can = { loanQuote: parse("500"), loanBase: 0n };
    expect(check(cross, can).request).toMatchObject({ path: "/sapi/v1/margin/order", params: { isIsolated: "FALSE", sideEffectType: "MARGIN_BUY", quantity: "12" } });
    expect(toText(loanOf(ticket(cross), { ...means, ...can }, check(cross, can)))).toBe("200");
    expect(check({ ...cross, size: "16" }, can).errors.size).toMatch(/You have 1,000 USDT and can borrow 500/);
    expect(check({ ...cross, size: "16" }, { loanQuote: null, loanBase: null }).request).not.toBeNull(); // the venue will say
    expect(params({ account: "ISOLATED", repays: true })).toMatchObject({ isIsolated: "TRUE", sideEffectType: "AUTO_REPAY" });
    expect(params({ ...cross, repays: true }, can)).toMatchObject({ sideEffectType: "AUTO_BORROW_REPAY" });
    expect(sizeForPercent(ticket({ ...cross, size: "" }), rules, view(), { ...means, ...can }, 100)).toBe("15");
  });

  it("slides over what is available", () => {
    expect(sizeForPercent(ticket({ price: "99" }), rules, view(), means, 50)).toBe("5.0505");
    expect(sizeForPercent(ticket({ side: "SELL" }), rules, view(), means, 25)).toBe("0.5");
    expect(sizeForPercent(ticket({ kind: "MARKET", sizeBy: "total" }), rules, view(), means, 100)).toBe("1000");
    expect(sizeForPercent(ticket({ kind: "MARKET" }), rules, view(), means, 100)).toBe("9.2545");
    expect(percentUsed(ticket({}), check({ size: "5" }), means)).toBe(50);
    expect(percentUsed(ticket({}), check({ size: "" }), means)).toBe(0);
  });

  it("steps by tick and never below one", () => {
    expect(stepText("100.005", rules.tick, 1, 0n)).toBe("100.01");
    expect(stepText("0.02", rules.tick, -10, 0n)).toBe("0.01");
    expect(stepText("", rules.tick, 1, parse("100.505"))).toBe("100.5");
  });
});
