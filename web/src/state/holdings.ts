/** What an account has, as a list. */
import { useMemo } from "react";
import { useStore } from "./store";
import type { Holding, TradingAccount } from "./trading";

/** Assets of which there is something, or something is owed, by name; null until they are loaded. */
export function useHoldings(account: TradingAccount): Holding[] | null {
  const owned = useStore(account.holdings);
  return useMemo(
    () => (owned ? [...owned.values()].filter((row) => row.available || row.held || row.borrowed || row.interest).sort((a, b) => a.asset.localeCompare(b.asset)) : null),
    [owned],
  );
}
