/** The account that the ticket, the tables and the chart of a trade page are about. */
import { createContext, useContext } from "react";
import { spot } from "../state/account";
import { isCreated, margin } from "../state/margin";
import { useStore } from "../state/store";
import type { TradingAccount } from "../state/trading";

export const Desk = createContext<TradingAccount>(spot);

export const useDesk = (): TradingAccount => useContext(Desk);

export const useOpenOrders = () => useStore(useDesk().openOrders);

/** False where it is known that the margin account is not there yet. */
export function useIsOpened(): boolean {
  const { kind, source } = useDesk();
  const known = useStore(margin);
  return known === null || isCreated(known, kind, source.naming.symbol ?? "");
}
