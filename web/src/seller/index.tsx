/** The seller's office: /seller/*. Who is no seller yet applies here. */
import "../styles/seller.css";
import { MembersOnly } from "../account/MembersOnly";
import { readSellerAccount } from "../api/shop";
import type { SellerAccount } from "../api/shop-types";
import { to } from "../ui/route";
import { Empty } from "../ui/states";
import { Apply } from "./Apply";
import { Home } from "./Home";
import { Bones, Office, type Place, Read, usePath } from "../ui/kit";
import { NewProduct } from "./NewProduct";
import { OrderPage } from "./OrderPage";
import { isOrderFilter, Orders } from "./Orders";
import { Payouts } from "./Payouts";
import { ProductEditor } from "./ProductEditor";
import { isProductState, Products } from "./Products";
import { Profile } from "./Profile";
import { useRead } from "../state/reading";
import { Shipping } from "./Shipping";
import { SellerVouchers } from "./Vouchers";
import { Webhooks } from "./Webhooks";

const PLACES: Place[] = [
  { path: "/seller", text: "Home" },
  { path: "/seller/orders", text: "Orders" },
  { path: "/seller/products", text: "Products" },
  { path: "/seller/shipping", text: "Shipping" },
  { path: "/seller/vouchers", text: "Vouchers" },
  { path: "/seller/payouts", text: "Payouts" },
  { path: "/seller/webhooks", text: "Webhooks" },
  { path: "/seller/profile", text: "Profile" },
];

export default function Seller() {
  return (
    <MembersOnly what="your shop">
      <SellersOnly />
    </MembersOnly>
  );
}

function SellersOnly() {
  const account = useRead(readSellerAccount);
  return (
    <Read of={account} bones={<Office title="Your shop" places={PLACES}><section className="card"><Bones rows={6} /></section></Office>}>
      {(value) =>
        value.state === "approved" || value.state === "suspended" ? (
          <Office title={value.name} places={PLACES}>
            {value.state === "suspended" && (
              <div className="note bad card-note" role="status">
                Your shop is suspended: nothing is on sale, open orders go on. {value.note}
              </div>
            )}
            <Page account={value} onAccount={account.set} />
          </Office>
        ) : (
          <Apply account={value} onChange={account.set} />
        )
      }
    </Read>
  );
}

function Page(props: { account: SellerAccount; onAccount: (account: SellerAccount) => void }) {
  const [, , place = "", what = "", ...more] = usePath().split("/");
  if (more.length === 0) {
    if (place === "" && !what) return <Home />;
    if (place === "orders") return isOrderFilter(what || "to-ship") ? <Orders shown={(what || "to-ship") as "to-ship"} /> : <OrderPage key={what} id={what} />;
    if (place === "products" && what === "new") return <NewProduct />;
    if (place === "products") return what && !isProductState(what) ? <ProductEditor key={what} id={what} /> : <Products state={what as ""} />;
    if (place === "webhooks") return <Webhooks opened={what} />;
    if (!what && place === "shipping") return <Shipping />;
    if (!what && place === "vouchers") return <SellerVouchers />;
    if (!what && place === "payouts") return <Payouts />;
    if (!what && place === "profile") return <Profile account={props.account} onChange={props.onAccount} />;
  }
  return (
    <Empty title="There is no such page">
      <a className="button small" {...to("/seller")}>Go to your shop's home</a>
    </Empty>
  );
}
