import { lazy, StrictMode, Suspense, useEffect } from "react";
import { createRoot } from "react-dom/client";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/trade.css";
import { loadSession } from "./state/session";
import { useStore } from "./state/store";
import { loadVenue, venue } from "./state/venue";
import { TradePage } from "./trade/TradePage";
import { go, place, to } from "./ui/route";
import { Shell } from "./ui/Shell";
import { Empty } from "./ui/states";

const Entrance = lazy(() => import("./account/Entrance"));
const Wallet = lazy(() => import("./account/Wallet"));
const Settings = lazy(() => import("./account/Settings"));

function Page() {
  const path = useStore(place);
  const { state, markets, error } = useStore(venue);
  const wanted = /^\/trade\/([A-Za-z0-9]+)\/?$/.exec(path)?.[1]?.toUpperCase();
  const home = path === "/" || path === "/trade" || path === "/trade/";

  useEffect(() => {
    if (home && markets.length) go(`/trade/${(markets.find((market) => market.symbol === "BTCUSDT") ?? markets[0]!).symbol}`, true);
  }, [home, markets]);

  if (path === "/login" || path === "/signup") return <Entrance how={path === "/login" ? "login" : "signup"} />;
  if (path === "/wallet") return <Wallet />;
  if (path.startsWith("/settings")) return <Settings path={path} />;
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

function App() {
  return (
    <Shell>
      <Suspense fallback={<main className="page" aria-busy="true" />}>
        <Page />
      </Suspense>
    </Shell>
  );
}

loadVenue();
loadSession();
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
