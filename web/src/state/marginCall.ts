/** What was told last of a margin account in trouble; null while none of the member's is, and nothing is left to be told. */
import { Store } from "./store";

export interface MarginCall {
  /** Of an isolated account its symbol; null: the cross account. */
  symbol: string | null;
  /** Called; being sold; was sold, which stays until it is read. */
  state: "called" | "liquidating" | "liquidated";
  level: number;
  /** The level goes by an index price of which a source is made up. */
  simulated: boolean;
}

export const marginCall = new Store<MarginCall | null>(null);
