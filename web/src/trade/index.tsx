/** The exchange's room: the market that the path names, or the first one. */
import { useEffect } from "react";
import { useStore } from "../state/store";
import { venue } from "../state/venue";
import { go, place, to } from "../ui/route";
import { Empty } from "../ui/states";
import { TradePage } from "./TradePage";

const HOME = "BTCUSDT";

export default function Trade() {
  const path = useStore(place);
  const { state, markets, error } = useStore(venue);
  const wanted = /^\/trade\/([A-Za-z0-9]+)\/?$/.exec(path)?.[1]?.toUpperCase();
  const home = path === "/" || path === "/trade" || path === "/trade/";

  useEffect(() => {
    if (home && markets.length) go(`/trade/${(markets.find((market) => market.symbol === HOME) ?? markets[0]!).symbol}`, true);
  }, [home, markets]);

  if (state === "failed") {
    return (
      <Empty title="The exchange does not answer">
        <p>{error}</p>
      </Empty>
    );
  }
  const rules = markets.find((market) => market.symbol === wanted);
  if (rules) return <TradePage key={rules.symbol} rules={rules} />;
  if (state === "ready" && !home) {
    return (
      <Empty title={wanted ? `There is no market ${wanted}` : "There is no such page"}>
        <a {...to("/trade")}>Go to the markets</a>
      </Empty>
    );
  }
  return <TradePage rules={null} />;
}
