/** What one has bought, newest first. */
import { ChevronRight } from "lucide-react";
import { readOrders } from "../api/shop";
import type { OrderRow } from "../api/shop-types";
import { showMoment } from "../lib/format";
import { showMoney } from "../lib/money";
import { standingWords } from "../lib/orderWords";
import { to } from "../ui/route";
import { Empty } from "../ui/states";
import { useKeptList } from "./kept";
import { Bone, Members, Picture, ShopPage, Shown } from "./parts";

export const orderDay = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

export default function OrdersPage() {
  return (
    <Members what="your orders">
      <Orders />
    </Members>
  );
}

function Orders() {
  const list = useKeptList("orders", (ask) => readOrders(ask));
  return (
    <ShopPage title="Orders" className="narrow">
      <Shown of={list} what="Your orders" bones={<OrderBones />}>
        {({ items, next }) =>
          items.length ? (
            <>
              <ul className="card order-rows">
                {items.map((order) => (
                  <Row key={order.id} order={order} />
                ))}
              </ul>
              {next && (
                <div className="more">
                  <button className="button" disabled={list.loading} onClick={list.loadMore}>
                    Show more
                  </button>
                </div>
              )}
            </>
          ) : (
            <Empty title="No orders yet">
              <p>What you buy is listed here, with its receipt and where it is.</p>
              <a className="button primary" {...to("/shop")}>
                Look around
              </a>
            </Empty>
          )
        }
      </Shown>
    </ShopPage>
  );
}

export function StandingTag({ order }: { order: Pick<OrderRow, "payment" | "fulfilment" | "dispute"> }) {
  const [words, tone] = standingWords(order);
  return <span className={`tag ${tone}`}>{words}</span>;
}

function Row({ order }: { order: OrderRow }) {
  const more = order.lineCount - 1;
  return (
    <li>
      <a className="order-row" {...to(`/shop/orders/${order.id}`)}>
        <Picture image={order.image} alt="" />
        <span className="order-row-text">
          <b>
            {order.title}
            {more > 0 && <span className="quiet"> and {more} more</span>}
          </b>
          <span className="quiet">
            Order {order.number}, {order.seller.name}, <time title={showMoment(order.placedAt)}>{orderDay.format(order.placedAt)}</time>
          </span>
        </span>
        <StandingTag order={order} />
        <span className="right">{showMoney(order.total)}</span>
        <ChevronRight size={16} aria-hidden="true" />
      </a>
    </li>
  );
}

const OrderBones = () => (
  <ul className="card order-rows" aria-busy="true">
    {[0, 1, 2].map((row) => (
      <li key={row} className="order-row">
        <span className="picture bone" />
        <span className="order-row-text">
          <Bone width="50%" />
          <Bone width="30%" />
        </span>
        <Bone width={80} />
      </li>
    ))}
  </ul>
);
