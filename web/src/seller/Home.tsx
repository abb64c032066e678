/** The seller's day: what wants doing and what is owed first, then how it goes, then what sells. Every number leads to its entries. */
import { useCallback, useState } from "react";
import { readDashboard } from "../api/shop";
import type { Dashboard, Money, Week } from "../api/shop-types";
import { type Decimal, ONE, parse, toNumber, toText } from "../lib/decimal";
import { showPercent } from "../lib/format";
import { showMoney } from "../lib/money";
import { to } from "../ui/route";
import { Segments } from "../ui/Segments";
import { Empty } from "../ui/states";
import { choose } from "./choice";
import { DayChart } from "./DayChart";
import { amountText, Amounts, Bones, Card, Heading, Read, Thumb } from "../ui/kit";
import { useRead } from "../state/reading";

const SPANS = [
  { value: "7", text: "7 days" },
  { value: "30", text: "30 days" },
  { value: "90", text: "90 days" },
] as const;
type Span = (typeof SPANS)[number]["value"];

export function Home() {
  const [span, setSpan] = useState<Span>(choose.read("days", "30", SPANS.map((one) => one.value)));
  const [asset, setAsset] = useState<string | undefined>(undefined);
  const read = useCallback(() => readDashboard(Number(span) as 7 | 30 | 90, asset), [span, asset]);
  const dashboard = useRead(read);
  const [kept, setKept] = useState<Dashboard | null>(null);
  if (dashboard.value && dashboard.value !== kept) setKept(dashboard.value);
  // Another span is drawn where the last one stood, so that nothing jumps.
  const shown = { ...dashboard, value: dashboard.value ?? kept };
  const pick = (value: Span) => {
    setSpan(value);
    choose.write("days", value);
  };
  return (
    <>
      <Heading title="Home" about="What wants doing today, and how the shop goes." />
      <Read of={shown} bones={<HomeBones />}>
        {(value) => (
          <>
            <Numbers of={value} />
            <Card
              title="How it goes"
              className="trend"
              deeds={
                <div className="trend-choices">
                  <AssetChoice of={value} onChange={setAsset} />
                  <Segments label="Time span" value={span} onChange={pick} choices={SPANS} />
                </div>
              }
            >
              <Charts of={value} />
              <Funnel of={value} />
            </Card>
            <TopProducts of={value} />
          </>
        )}
      </Read>
    </>
  );
}

function HomeBones() {
  return (
    <>
      <ul className="numbers" aria-busy="true">
        {[0, 1, 2, 3, 4].map((i) => (
          <li key={i} className="figure">
            <span className="bone" style={{ width: 72 }} />
            <span className="bone" style={{ width: 48, height: 24, marginTop: 8 }} />
          </li>
        ))}
      </ul>
      <section className="card">
        <Bones rows={6} />
      </section>
    </>
  );
}

function Numbers({ of: { numbers } }: { of: Dashboard }) {
  return (
    <ul className="numbers">
      <li>
        <a className={`figure ${numbers.toShip ? "wants" : ""}`} {...to("/seller/orders")}>
          <span>Orders to ship</span>
          <strong>{numbers.toShip}</strong>
        </a>
      </li>
      <li>
        <a className={`figure ${numbers.disputes ? "bad" : ""}`} {...to("/seller/orders/disputed")}>
          <span>Open disputes</span>
          <strong>{numbers.disputes}</strong>
        </a>
      </li>
      <li>
        <a className="figure" {...to("/seller/orders/held")}>
          <span>Held in escrow</span>
          <strong><Amounts of={numbers.held} glance /></strong>
        </a>
      </li>
      <li>
        <a className="figure" {...to("/seller/payouts")}>
          <span>Payable</span>
          <strong><Amounts of={numbers.payable} glance /></strong>
        </a>
      </li>
      <li>
        <a className="figure" {...to("/seller/orders/all")}>
          <span>This week</span>
          <WeekAgainst now={numbers.thisWeek} before={numbers.lastWeek} />
        </a>
      </li>
    </ul>
  );
}

/** Sales of this week against the last, in each asset; orders where nothing was sold. */
function WeekAgainst({ now, before }: { now: Week; before: Week }) {
  const [main] = now.sales.length ? now.sales : before.sales;
  const inLast = main && before.sales.find((money) => money.asset === main.asset);
  const change = inLast && main && now.sales.length ? ratio(main, inLast) : null;
  return (
    <>
      <strong>
        <Amounts of={now.sales} glance />
      </strong>
      <span className="against">
        {now.orders} {now.orders === 1 ? "order" : "orders"}, {before.orders} last week
        {change !== null && <span className={change >= 0 ? "up" : "down"}> {showPercent(change)}</span>}
      </span>
    </>
  );
}

function ratio(now: Money, before: Money): number | null {
  const base = parse(before.amount);
  return base === 0n ? null : toNumber(((parse(now.amount) - base) * ONE) / base);
}

function AssetChoice({ of: value, onChange }: { of: Dashboard; onChange: (asset: string) => void }) {
  const { numbers } = value;
  const assets = [...new Set([value.asset, ...[...numbers.held, ...numbers.payable, ...numbers.thisWeek.sales, ...numbers.lastWeek.sales].map((money) => money.asset)])].sort();
  if (assets.length < 2) return null;
  return (
    <div className="input">
      <select aria-label="Sales in" value={value.asset} onChange={(event) => onChange(event.target.value)}>
        {assets.map((asset) => (
          <option key={asset}>{asset}</option>
        ))}
      </select>
    </div>
  );
}

const sum = (texts: string[]): Decimal => texts.reduce((total, text) => total + parse(text), 0n);

function Charts({ of: { series, asset } }: { of: Dashboard }) {
  const counted = (title: string, of: (row: Dashboard["series"][number]) => number) => {
    const total = series.reduce((all, row) => all + of(row), 0);
    return <DayChart title={title} total={String(total)} days={series.map((row) => ({ day: row.day, value: of(row), text: String(of(row)) }))} />;
  };
  const sales = toText(sum(series.map((row) => row.sales)));
  return (
    <div className="charts">
      <DayChart
        title="Sales"
        total={showMoney({ asset, amount: sales })}
        days={series.map((row) => ({ day: row.day, value: Number(row.sales), text: showMoney({ asset, amount: row.sales }) }))}
      />
      {counted("Orders", (row) => row.orders)}
      {counted("Product views", (row) => row.views)}
    </div>
  );
}

/** From looking to buying; each bar is as long as its share of the views. */
function Funnel({ of: { numbers, series, asset } }: { of: Dashboard }) {
  const { views, carts, orders } = numbers.conversion;
  const share = (count: number) => (views > 0 ? count / views : 0);
  const steps = [
    { text: "Looked at a product", count: views },
    { text: "Put into a cart", count: carts },
    { text: "Ordered", count: orders },
  ];
  const refunds = sum(series.map((row) => row.refunds));
  return (
    <div className="funnel">
      <ol aria-label="From looking to buying">
        {steps.map(({ text, count }) => (
          <li key={text}>
            <span>{text}</span>
            <span className="funnel-bar" aria-hidden="true">
              <span style={{ width: `${Math.min(100, share(count) * 100)}%` }} />
            </span>
            <strong>{count}</strong>
            <span className="quiet right">{views > 0 ? `${(share(count) * 100).toFixed(1)}%` : "—"}</span>
          </li>
        ))}
      </ol>
      <dl className="office-facts">
        <div>
          <dt>Returns rate</dt>
          <dd>{numbers.returnsRate === null ? "—" : `${(numbers.returnsRate * 100).toFixed(1)}%`}</dd>
        </div>
        <div>
          <dt>Refunded</dt>
          <dd>{showMoney({ asset, amount: toText(refunds) })}</dd>
        </div>
        <div>
          <dt>Average rating</dt>
          <dd>{numbers.averageRating === null ? "—" : `${numbers.averageRating.toFixed(1)} of 5`}</dd>
        </div>
      </dl>
    </div>
  );
}

function TopProducts({ of: { topProducts } }: { of: Dashboard }) {
  return (
    <Card title="What sells">
      {topProducts.length === 0 ? (
        <Empty title="Nothing sold in this time">
          <a className="button small" {...to("/seller/products")}>
            Look at your products
          </a>
        </Empty>
      ) : (
        <div className="wide" tabIndex={0} role="region" aria-label="What sells">
          <table className="grid">
            <thead>
              <tr>
                <th scope="col">Product</th>
                <th scope="col" className="right">Sold</th>
                <th scope="col" className="right">Sales</th>
              </tr>
            </thead>
            <tbody>
              {topProducts.map((row) => (
                <tr key={row.slug}>
                  <td>
                    <a className="with-thumb" {...to(`/shop/p/${row.slug}`)}>
                      <Thumb image={row.image} size={32} />
                      {row.title}
                    </a>
                  </td>
                  <td className="right">{row.quantity}</td>
                  <td className="right">
                    {amountText(row.sales.amount)} <span className="unit">{row.sales.asset}</span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Card>
  );
}
