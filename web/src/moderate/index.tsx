/** The moderators' office: /moderate/*. The role comes from /account/me; the shop checks it again on every request. */
import "../styles/seller.css";
import { MembersOnly } from "../account/MembersOnly";
import { readOverview } from "../api/shop";
import { Office, type Place, usePath } from "../ui/kit";
import { useRead } from "../state/reading";
import { session } from "../state/session";
import { useStore } from "../state/store";
import { to } from "../ui/route";
import { Empty } from "../ui/states";
import { Audit } from "./Audit";
import { Categories } from "./Categories";
import { Collections } from "./Collections";
import { DisputePage } from "./DisputePage";
import { Disputes, isDisputeFilter } from "./Disputes";
import { Overview } from "./Overview";
import { PlatformVouchers } from "./PlatformVouchers";
import { isSellerFilter, Sellers } from "./Sellers";
import { Settlements } from "./Settlements";
import { ShopRules } from "./ShopRules";
import { Taxes } from "./Taxes";

const MODERATORS = ["moderator", "admin"];

export default function Moderate() {
  return (
    <MembersOnly what="the moderators' pages">
      <ModeratorsOnly />
    </MembersOnly>
  );
}

function ModeratorsOnly() {
  const present = useStore(session);
  if (present.state !== "member" || !MODERATORS.includes(present.me.role)) {
    return (
      <main className="page">
        <Empty title="This is for moderators">
          <a className="button" {...to("/shop")}>To the shop</a>
        </Empty>
      </main>
    );
  }
  return <Pages />;
}

function Pages() {
  const overview = useRead(readOverview);
  const figures = overview.value;
  const places: Place[] = [
    { path: "/moderate", text: "Overview" },
    { path: "/moderate/sellers", text: "Sellers", count: figures?.sellersWaiting },
    { path: "/moderate/disputes", text: "Disputes", count: figures?.disputesOpen },
    { path: "/moderate/settlements", text: "Settlements", count: figures?.stuck },
    { path: "/moderate/categories", text: "Categories" },
    { path: "/moderate/collections", text: "Collections" },
    { path: "/moderate/taxes", text: "Taxes" },
    { path: "/moderate/vouchers", text: "Vouchers" },
    { path: "/moderate/settings", text: "Settings" },
    { path: "/moderate/audit", text: "Audit" },
  ];
  const [, , place = "", what = "", ...more] = usePath().split("/");
  const page = () => {
    if (more.length === 0) {
      if (place === "" && !what) return <Overview of={overview} />;
      if (place === "sellers" && isSellerFilter(what || "applied")) return <Sellers state={(what || "applied") as "applied"} onDecided={overview.reload} />;
      if (place === "disputes" && isDisputeFilter(what || "open")) return <Disputes state={(what || "open") as "open"} />;
      if (place === "disputes") return <DisputePage key={what} orderId={what} onDecided={overview.reload} />;
      if (place === "settlements") return <Settlements state={what === "pending" ? "pending" : "stuck"} onRetried={overview.reload} />;
      if (place === "audit") return <Audit orderId={what} />;
      if (!what && place === "categories") return <Categories />;
      if (!what && place === "collections") return <Collections />;
      if (!what && place === "taxes") return <Taxes />;
      if (!what && place === "vouchers") return <PlatformVouchers />;
      if (!what && place === "settings") return <ShopRules />;
    }
    return <Empty title="There is no such page"><a className="button small" {...to("/moderate")}>Go to the overview</a></Empty>;
  };
  return <Office title="Moderation" places={places}>{page()}</Office>;
}
