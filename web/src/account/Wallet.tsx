/** What the member has: a total, then per asset what is available and what is held. */
import { useState } from "react";
import { postJson } from "../api/rest";
import { show, showCompact } from "../lib/format";
import type { Holding } from "../state/account";
import { say, sayError } from "../state/notices";
import { useStore } from "../state/store";
import { tickers, venue, worth } from "../state/venue";
import { useHoldings } from "../trade/Mine";
import { to } from "../ui/route";
import { Empty } from "../ui/states";
import { MembersOnly } from "./MembersOnly";

const COUNTED_IN = "USDT";

export default function Wallet() {
  return (
    <MembersOnly what="your wallet">
      <Balances />
    </MembersOnly>
  );
}

function Balances() {
  const rows = useHoldings();
  const prices = useStore(tickers);
  const { config, markets } = useStore(venue);
  const rateOf = (row: Holding) => worth(row.asset, COUNTED_IN, prices);
  const valueOf = (row: Holding) => (rateOf(row) ?? 0) * (Number(row.available + row.held) / 1e12);
  const sum = rows?.reduce((total, row) => total + valueOf(row), 0) ?? null;
  const marketOf = (asset: string) => markets.find((market) => market.base === asset) ?? markets.find((market) => market.quote === asset);
  return (
    <main className="page">
      <header>
        <div>
          <h1>Wallet</h1>
          <p>Available is yours to use. Held is reserved by your open orders and comes back when you cancel them.</p>
        </div>
      </header>
      <section className="card" aria-label="Balances">
        <header>
          <div>
            <p>Total, at last prices</p>
            <p className="total" data-testid="wallet-total">
              {sum === null ? <span className="bone" style={{ width: 180, height: 28 }} /> : `${sum < 1e6 ? show(BigInt(Math.round(sum * 100)) * 10n ** 10n, 2) : showCompact(sum)} ${COUNTED_IN}`}
            </p>
          </div>
          {config.demo && <Faucet />}
        </header>
        {rows && !rows.length ? (
          <Empty title="Nothing here yet">
            <p>{config.demo ? "Take some demo funds above, then trade." : "Deposits appear here."}</p>
          </Empty>
        ) : (
          <div className="wide" tabIndex={0} role="region" aria-label="Balances by asset">
            <table className="grid">
              <thead>
                <tr>
                  <th scope="col">Asset</th>
                  <th scope="col" className="right">Available</th>
                  <th scope="col" className="right">Held by orders</th>
                  <th scope="col" className="right">Total</th>
                  <th scope="col" className="right">Worth ({COUNTED_IN})</th>
                  <th scope="col" className="right">
                    <span className="visually-hidden">Trade</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {!rows &&
                  [0, 1, 2].map((i) => (
                    <tr key={i}>
                      {[40, 90, 60, 90, 70, 40].map((width, j) => (
                        <td key={j}>
                          <span className="bone" style={{ width, marginLeft: j ? "auto" : 0 }} />
                        </td>
                      ))}
                    </tr>
                  ))}
                {rows?.map((row) => (
                  <tr key={row.asset} data-asset={row.asset}>
                    <td>
                      <b>{row.asset}</b>
                    </td>
                    <td className="right">{show(row.available, 8)}</td>
                    <td className={`right ${row.held ? "" : "quiet"}`}>{show(row.held, 8)}</td>
                    <td className="right">{show(row.available + row.held, 8)}</td>
                    <td className="right">{rateOf(row) === null ? "—" : showCompact(valueOf(row))}</td>
                    <td className="right">{marketOf(row.asset) && <a {...to(`/trade/${marketOf(row.asset)!.symbol}`)}>Trade</a>}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
    </main>
  );
}

function Faucet() {
  const { markets } = useStore(venue);
  const assets = [...new Set(markets.flatMap((market) => [market.quote, market.base]))].sort();
  const [asset, setAsset] = useState("");
  const [busy, setBusy] = useState(false);
  const wanted = asset || (assets.includes(COUNTED_IN) ? COUNTED_IN : (assets[0] ?? ""));
  const take = async () => {
    setBusy(true);
    try {
      await postJson("/account/faucet", { asset: wanted });
      say(`Demo ${wanted} added`);
    } catch (error) {
      sayError(error);
    }
    setBusy(false);
  };
  return (
    <div className="faucet">
      <label className="visually-hidden" htmlFor="faucet-asset">
        Asset
      </label>
      <div className="input">
        <select id="faucet-asset" value={wanted} onChange={(event) => setAsset(event.target.value)}>
          {assets.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </div>
      <button className="button primary" disabled={busy || !wanted} onClick={take}>
        Get demo {wanted}
      </button>
    </div>
  );
}
