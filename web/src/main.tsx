import { type ComponentType, lazy, StrictMode, Suspense, useEffect } from "react";
import { createRoot } from "react-dom/client";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/trade.css";
import { installWorker } from "./pwa/install";
import { NewVersionLine, OfflineLine } from "./pwa/Lines";
import { watchNetwork } from "./pwa/network";
import { watchDebts } from "./state/debts";
import { loadSession } from "./state/session";
import { useStore } from "./state/store";
import { loadVenue } from "./state/venue";
import { go, place } from "./ui/route";
import { Shell } from "./ui/Shell";

// The exchange and the shop are bundles of their own: whoever visits one does not pay for the other.
const Trade = lazy(() => import("./trade"));
const Shop = lazy(() => import("./shop"));
const Seller = lazy(() => import("./seller"));
const Moderate = lazy(() => import("./moderate"));
const Entrance = lazy(() => import("./account/Entrance"));
const Margin = lazy(() => import("./margin"));
const Wallet = lazy(() => import("./account/Wallet"));
const Settings = lazy(() => import("./account/Settings"));

const LAST_PLACE = "cryptoshop.place";

/** Rooms by the first part of the path; what no room answers is the exchange's. */
const ROOMS: Record<string, ComponentType> = { shop: Shop, seller: Seller, moderate: Moderate, margin: Margin, wallet: Wallet };

function Page() {
  const path = useStore(place);
  const room = path.split("/")[1] ?? "";
  useEffect(() => {
    if (room === "shop" || room === "trade") localStorage.setItem(LAST_PLACE, room);
  }, [room]);

  if (path === "/login" || path === "/signup") return <Entrance how={path === "/login" ? "login" : "signup"} />;
  if (room === "settings") return <Settings path={path} />;
  const Room = ROOMS[room] ?? Trade;
  return <Room />;
}

function App() {
  return (
    <Shell>
      <Suspense fallback={<main className="page" aria-busy="true" />}>
        <Page />
      </Suspense>
      <OfflineLine />
      <NewVersionLine />
    </Shell>
  );
}

// The root leads to where one was last, the exchange or the shop.
if (place.get() === "/" && localStorage.getItem(LAST_PLACE) === "shop") go("/shop", true);
watchDebts();
loadVenue();
loadSession();
watchNetwork();
installWorker();
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
