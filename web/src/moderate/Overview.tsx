/** What wants deciding, and the platform's figures. */
import type { Overview as Figures } from "../api/shop-types";
import { Amounts, Heading, Read } from "../ui/kit";
import type { Reading } from "../state/reading";
import { to } from "../ui/route";

export function Overview(props: { of: Reading<Figures> }) {
  return (
    <>
      <Heading title="Overview" about="What wants deciding, and how the shop goes." />
      <Read of={props.of} bones={<Bones />}>
        {(value) => (
          <>
            <ul className="numbers">
              <li><a className={`figure ${value.sellersWaiting ? "wants" : ""}`} {...to("/moderate/sellers")}><span>Sellers waiting</span><strong>{value.sellersWaiting}</strong></a></li>
              <li><a className={`figure ${value.disputesOpen ? "bad" : ""}`} {...to("/moderate/disputes")}><span>Open disputes</span><strong>{value.disputesOpen}</strong></a></li>
              <li><a className={`figure ${value.stuck ? "bad" : ""}`} {...to("/moderate/settlements")}><span>Stuck settlements</span><strong>{value.stuck}</strong></a></li>
              <li><div className="figure"><span>Reviews hidden</span><strong>{value.reviewsHidden}</strong></div></li>
            </ul>
            <ul className="numbers">
              <li><div className="figure"><span>Sold in all</span><strong><Amounts of={value.volume} /></strong></div></li>
              <li><div className="figure"><span>Commission</span><strong><Amounts of={value.commission} /></strong></div></li>
              <li><div className="figure"><span>In escrow now</span><strong><Amounts of={value.escrow} /></strong></div></li>
            </ul>
          </>
        )}
      </Read>
    </>
  );
}

function Bones() {
  return (
    <ul className="numbers" aria-busy="true">
      {[0, 1, 2, 3].map((i) => (
        <li key={i} className="figure"><span className="bone" style={{ width: 80 }} /><span className="bone" style={{ width: 40, height: 24, marginTop: 8 }} /></li>
      ))}
    </ul>
  );
}
