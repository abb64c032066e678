/** What one would like to have some day. */
import { readWishes } from "../api/shop";
import { to } from "../ui/route";
import { Empty } from "../ui/states";
import { useKeptList } from "./kept";
import { Members, ShopPage, Shown, TileBones, Tiles } from "./parts";

export default function WishesPage() {
  return (
    <Members what="your wishes">
      <Wishes />
    </Members>
  );
}

function Wishes() {
  const list = useKeptList("wishes", (ask) => readWishes(ask));
  const { value } = list;
  const leave = (id: string) => value && list.set({ ...value, items: value.items.filter((one) => one.id !== id) });
  return (
    <ShopPage title="Wishes">
      <Shown
        of={list}
        what="Your wishes"
        bones={
          <div className="tiles" aria-busy="true">
            <TileBones count={8} />
          </div>
        }
      >
        {({ items }) =>
          items.length ? (
            <Tiles list={list} onWish={(product, wished) => !wished && leave(product.id)} />
          ) : (
            <Empty title="No wishes yet">
              <p>The heart on a product keeps it here.</p>
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
