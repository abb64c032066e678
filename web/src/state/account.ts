/** The member's spot account, and the fees of all their accounts. */
import { get } from "../api/rest";
import type { Balance, Commission } from "../api/types";
import { type Decimal, parse } from "../lib/decimal";
import { Store } from "./store";
import { TradingAccount } from "./trading";

export type { Holding } from "./trading";

export interface Fees {
  maker: Decimal;
  taker: Decimal;
}

export const spot = new TradingAccount({
  kind: "SPOT",
  base: "/api/v3",
  naming: {},
  stream: { path: "/api/v3/userDataStream", params: {} },
  readHoldings: async () => {
    const { balances } = await get<{ balances: Balance[] }>("/api/v3/account");
    return balances.map((row) => ({ asset: row.asset, available: parse(row.free), held: parse(row.locked) }));
  },
});

/** By symbol; the same in every account of the member. */
export const fees = new Store<ReadonlyMap<string, Fees>>(new Map());

export function openAccount(): void {
  fees.set(new Map());
  spot.open();
}

export function closeAccount(): void {
  spot.close();
  fees.set(new Map());
}

export async function loadFees(symbol: string): Promise<void> {
  if (fees.get().has(symbol)) return;
  const { standardCommission } = await get<Commission>("/api/v3/account/commission", { symbol });
  fees.update((all) => new Map(all).set(symbol, { maker: parse(standardCommission.maker), taker: parse(standardCommission.taker) }));
}
