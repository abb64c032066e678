/** What a purchase came to: what was given, the trades that converted it, and what is held for whom. */
import { ArrowRight, ExternalLink, Lock } from "lucide-react";
import type { MadeConversion, Money, Receipt } from "../api/shop-types";
import { toText, tryParse } from "../lib/decimal";
import { group } from "../lib/format";
import { isZero, showMoney, showMonies } from "../lib/money";
import { useStore } from "../state/store";
import { venue } from "../state/venue";
import { to } from "../ui/route";

/** `credit` and `left` (what was bought beyond what is owed) belong to the whole purchase. */
export function ReceiptCard(props: { receipt: Receipt; held?: Money; credit?: Money[]; left?: Money[] }) {
  const { receipt, credit = [], left = [] } = props;
  return (
    <section className="card receipt" aria-label="Receipt">
      <header>
        <div>
          <h2>Receipt</h2>
          <p className="total" data-testid="paid">
            {showMoney(receipt.paid)}
          </p>
          <p>{receipt.conversions.length ? "is what the purchase cost you, all conversions and their fees included." : "paid as priced, without a conversion."}</p>
          {credit.some((money) => !isZero(money)) && <p>Store credit paid {showMonies(credit)} more.</p>}
        </div>
      </header>
      {receipt.conversions.map((one) => (
        <Conversion key={`${one.symbol} ${one.orderId}`} of={one} />
      ))}
      {left.length > 0 && <p className="quiet receipt-left">Markets trade in steps: {showMonies(left)} more came than is owed and stays in your <a {...to("/wallet")}>wallet</a>.</p>}
      <ul className="escrows">
        {receipt.escrows.map((escrow) => (
          <li key={escrow.orderId}>
            <Lock size={14} aria-hidden="true" />
            {props.held && isZero(props.held) ? (
              <span>Nothing of it is held any more</span>
            ) : (
              <span>
                <b>{showMoney(props.held ?? escrow.amount)}</b> held until you confirm receipt
              </span>
            )}
            <a {...to(`/shop/orders/${escrow.orderId}`)}>Order {escrow.number}</a>
            <code className="quiet" title="The hold's id in the ledger">
              {escrow.hold.hi}:{escrow.hold.lo}
            </code>
          </li>
        ))}
      </ul>
      <p className="quiet receipt-foot">Ledger position {receipt.position}</p>
    </section>
  );
}

function Conversion({ of }: { of: MadeConversion }) {
  const { markets } = useStore(venue);
  const market = markets.find(({ symbol }) => symbol === of.symbol);
  const name = market ? `${market.base}/${market.quote}` : of.symbol;
  return (
    <div className="conversion">
      <p className="conversion-line">
        <span>{showMoney(of.cost)}</span>
        <ArrowRight size={14} aria-label="became" />
        <b>{showMoney(of.bought)}</b>
      </p>
      <dl>
        <div>
          <dt>Market</dt>
          <dd>
            <a {...to(`/trade/${of.symbol}`)}>
              {name} <ExternalLink size={12} aria-hidden="true" />
            </a>
          </dd>
        </div>
        <div>
          <dt>Trades</dt>
          <dd>{of.trades}</dd>
        </div>
        <div>
          <dt>Average price</dt>
          <dd>
            {group(toText(tryParse(of.averagePrice) ?? 0n))} {market?.quote}
          </dd>
        </div>
        <div>
          <dt>Fee</dt>
          <dd>{showMoney(of.fee)}</dd>
        </div>
      </dl>
    </div>
  );
}
