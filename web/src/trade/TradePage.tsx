/** The trade page: market, chart, book, trades, ticket and what the member owns, laid out by styles/trade.css. `rules` null = loading. */
import { useEffect, useState } from "react";
import type { SymbolRules } from "../lib/rules";
import { loadFees } from "../state/account";
import { useTrading } from "../state/margin";
import { Market } from "../state/market";
import { session } from "../state/session";
import { useStore } from "../state/store";
import { useLostAge } from "../ui/Shell";
import { BookPanel } from "./BookPanel";
import { ChartPanel } from "./ChartPanel";
import { MarketBar } from "./MarketBar";
import { Mine } from "./Mine";
import { resetTicket, ticket, ticketSheet } from "./ticketStore";
import { TicketBar, TicketPanel } from "./TicketPanel";
import { TradesPanel } from "./TradesPanel";
import { Desk } from "./useDesk";

export function TradePage(props: { rules: SymbolRules | null }) {
  const { rules } = props;
  const market = useMarket(rules);
  const member = useStore(session).state === "member";
  const lost = useLostAge() !== null;
  const [glance, setGlance] = useState<"book" | "trades">("book");
  const sheet = useStore(ticketSheet);
  const { account } = useStore(ticket);
  const desk = useTrading(rules?.margin ? account : "SPOT", rules?.symbol ?? "");
  const open = useStore(desk.holdings) !== null;

  useEffect(() => {
    if (!member || !rules) return;
    loadFees(rules.symbol).catch(() => undefined);
    if (open) desk.watchSymbol(rules.symbol).catch(() => undefined);
  }, [member, rules, desk, open]);

  return (
    <Desk value={desk}>
      <main className="trade" data-glance={glance} data-sheet={sheet ? "open" : "closed"}>
        <h1 className="visually-hidden">{rules ? `Trade ${rules.base} for ${rules.quote}` : "Trade"}</h1>
        <MarketBar rules={rules} stale={lost} />
        <ChartPanel rules={rules} market={market} stale={lost} />
        <div className="glance">
          <BookPanel rules={rules} market={market} stale={lost} glance={glance} onGlance={setGlance} />
          <TradesPanel rules={rules} market={market} stale={lost} glance={glance} onGlance={setGlance} />
        </div>
        <TicketPanel rules={rules} market={market} />
        <Mine rules={rules} />
        <TicketBar />
      </main>
    </Desk>
  );
}

function useMarket(rules: SymbolRules | null): Market | null {
  const [market, setMarket] = useState<Market | null>(null);
  useEffect(() => {
    if (!rules) return;
    const opened = new Market(rules.symbol);
    resetTicket();
    setMarket(opened);
    return () => opened.close();
  }, [rules]);
  return market;
}
