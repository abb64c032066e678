/** Becoming a seller: the application, and where it stands. */
import { useState } from "react";
import { applyAsSeller } from "../api/shop";
import type { SellerAccount } from "../api/shop-types";
import { say } from "../state/notices";
import { to } from "../ui/route";
import { Empty } from "../ui/states";
import { COUNTRIES } from "../lib/countries";
import { Form, Refused, SelectField, TextField } from "../ui/kit";
import { useDeed } from "../state/reading";

export function Apply(props: { account: SellerAccount; onChange: (account: SellerAccount) => void }) {
  const { account } = props;
  if (account.state === "applied") {
    return (
      <main className="page">
        <Empty title={`${account.name} is being looked at`}>
          <p>A moderator reads every application. You can go on as soon as yours is approved.</p>
          <a className="button" {...to("/shop")}>To the shop</a>
        </Empty>
      </main>
    );
  }
  return <ApplyForm {...props} />;
}

function ApplyForm({ account, onChange }: { account: SellerAccount; onChange: (account: SellerAccount) => void }) {
  const [name, setName] = useState(account.name);
  const [country, setCountry] = useState(account.country || "DE");
  const [about, setAbout] = useState(account.about);
  const deed = useDeed(true);
  const ready = name.trim().length >= 2;
  const send = async () => {
    const form = { name: name.trim(), country, about: about.trim() };
    const applied = await deed.run(form, (key) => applyAsSeller(form, key));
    if (!applied) return;
    say("Your application was sent");
    onChange(applied);
  };
  return (
    <main className="page narrow office">
      <header>
        <div>
          <h1>Sell on CryptoShop</h1>
          <p>Set your prices in any asset; buyers pay with whatever they hold. Each payment waits in escrow until the goods have arrived, then it is yours.</p>
        </div>
      </header>
      {account.state === "rejected" && (
        <div className="note bad card-note" role="status">Your application was turned down. {account.note}</div>
      )}
      <section className="card" aria-label="Application">
        <Form className="body padded" label="Application" onSubmit={() => ready && send()}>
          <TextField label="Name of your shop" value={name} onChange={setName} most={60} required hint="Buyers see it beside everything you sell." />
          <SelectField label="You ship from" value={country} onChange={setCountry} choices={COUNTRIES} />
          <TextField label="About your shop" value={about} onChange={setAbout} lines={5} most={4000} hint="What you make or sell, and who you are. A moderator reads it too." />
          <Refused of={deed.refused} />
          <div className="form-end">
            <button className="button primary" disabled={!ready || deed.busy}>Apply</button>
          </div>
        </Form>
      </section>
    </main>
  );
}
