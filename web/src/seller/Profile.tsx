/** How the shop presents itself, and on which terms it sells. */
import { useState } from "react";
import { ApiError } from "../api/rest";
import { changeSellerAccount } from "../api/shop";
import type { SellerAccount } from "../api/shop-types";
import { say, sayError } from "../state/notices";
import { to } from "../ui/route";
import { countryName } from "../lib/countries";
import { percentText } from "../lib/amounts";
import { Card, Form, Heading, Refused, TextField } from "../ui/kit";

export function Profile({ account, onChange }: { account: SellerAccount; onChange: (account: SellerAccount) => void }) {
  const [name, setName] = useState(account.name);
  const [about, setAbout] = useState(account.about);
  const [refused, setRefused] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const changed = name.trim() !== account.name || about.trim() !== account.about;
  const ready = changed && name.trim().length >= 2;
  const save = async () => {
    setBusy(true);
    setRefused(null);
    try {
      onChange(await changeSellerAccount({ name: name.trim(), about: about.trim() }));
      say("Saved");
    } catch (error) {
      if (error instanceof ApiError) setRefused(error);
      else sayError(error);
    }
    setBusy(false);
  };
  return (
    <>
      <Heading title="Profile">
        <a className="button" {...to(`/shop/s/${account.slug}`)}>See it as buyers do</a>
      </Heading>
      <Card title="What buyers see">
        <Form className="body" label="Profile" onSubmit={() => ready && save()}>
          <TextField label="Name of your shop" value={name} onChange={setName} most={60} required />
          <TextField label="About your shop" value={about} onChange={setAbout} lines={6} most={4000} />
          <Refused of={refused} />
          <div className="form-end">
            <button className="button primary" disabled={!ready || busy}>Save</button>
          </div>
        </Form>
      </Card>
      <Card title="Terms" about="Set by the platform. Ask a moderator if something should be different.">
        <dl className="office-facts">
          <div><dt>Ships from</dt><dd>{countryName(account.country)}</dd></div>
          <div><dt>Commission</dt><dd>{percentText(account.commissionPpm)}%</dd></div>
          <div><dt>Reserve</dt><dd>{account.reservePpm ? `${percentText(account.reservePpm)}% of each release for ${account.reserveDays} days` : "None"}</dd></div>
        </dl>
      </Card>
    </>
  );
}
