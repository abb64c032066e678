/** The margin room: what is borrowed against what, lending, history, and the prices that decide. */
import "../styles/seller.css";
import "../styles/margin.css";
import { MembersOnly } from "../account/MembersOnly";
import { Office, type Place, usePath } from "../ui/kit";
import { to } from "../ui/route";
import { Empty } from "../ui/states";
import { useStore } from "../state/store";
import { venue } from "../state/venue";
import { CrossPage } from "./CrossPage";
import { History } from "./History";
import { IsolatedPage } from "./IsolatedPage";
import { Lending } from "./Lending";
import { Prices } from "./Prices";

const PLACES: Place[] = [
  { path: "/margin", text: "Cross" },
  { path: "/margin/isolated", text: "Isolated" },
  { path: "/margin/lending", text: "Lending" },
  { path: "/margin/history", text: "History" },
  { path: "/margin/prices", text: "Index prices" },
];

function Page() {
  const path = usePath();
  if (path === "/margin") return <CrossPage />;
  if (path === "/margin/isolated") return <IsolatedPage />;
  if (path === "/margin/lending") return <Lending />;
  if (path.startsWith("/margin/history")) return <History />;
  if (path === "/margin/prices") return <Prices />;
  return (
    <Empty title="There is no such page">
      <a {...to("/margin")}>Go to margin</a>
    </Empty>
  );
}

export default function Margin() {
  const { state, markets } = useStore(venue);
  if (state === "ready" && !markets.some((market) => market.margin)) {
    return (
      <main className="page">
        <Empty title="This exchange has no margin trading">
          <a {...to("/trade")}>Go to the markets</a>
        </Empty>
      </main>
    );
  }
  return (
    <MembersOnly what="your margin accounts">
      <Office title="Margin" places={PLACES}>
        <Page />
      </Office>
    </MembersOnly>
  );
}
