/** The account that the ticket, the tables and the chart of a trade page are about. */
import { createContext, useContext } from "react";
import { spot } from "../state/account";
import { useStore } from "../state/store";
import type { TradingAccount } from "../state/trading";

export const Desk = createContext<TradingAccount>(spot);

export const useDesk = (): TradingAccount => useContext(Desk);

export const useOpenOrders = () => useStore(useDesk().openOrders);
