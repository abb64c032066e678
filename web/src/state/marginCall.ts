/** The margin call or liquidation that was told last; null while no margin account of the member's is near one. */
import { Store } from "./store";

export interface MarginCall {
  /** "your cross account" */
  where: string;
  path: string;
  level: number;
  liquidating: boolean;
}

export const marginCall = new Store<MarginCall | null>(null);
