/** Where the seller's own systems are told what happens, and what became of each message. */
import { Copy } from "lucide-react";
import { useCallback, useState } from "react";
import { addWebhook, changeWebhook, readDeliveries, readWebhooks, redeliver, removeWebhook, testWebhook } from "../api/shop";
import type { Delivery, NewWebhook, PageAsk, Webhook } from "../api/shop-types";
import { say, sayError } from "../state/notices";
import { Dialog } from "../ui/Dialog";
import { go, to } from "../ui/route";
import { Empty, Moment } from "../ui/states";
import { Bones, Card, type Cell, Check, Form, Heading, PagedTable, Read, Refused, StateTag, TextField } from "../ui/kit";
import { useDeed, usePages, useRead } from "../state/reading";

const EVENTS = [
  "order.paid", "order.canceled", "order.shipped", "order.received", "order.released", "refund.done", "dispute.opened", "dispute.decided", "return.requested",
  "payout.done", "stock.low", "review.posted",
];

export function Webhooks(props: { opened: string }) {
  const hooks = useRead(readWebhooks);
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState<NewWebhook | null>(null);
  const opened = hooks.value?.find((one) => one.id === props.opened);
  const put = (hook: Webhook) => hooks.set((hooks.value ?? []).map((one) => (one.id === hook.id ? hook : one)));
  if (props.opened && hooks.value && opened) return <HookPage hook={opened} onChange={put} onRemoved={hooks.reload} />;
  return (
    <>
      <Heading title="Webhooks" about="Your server is told of every event at once, signed, and again until it has answered.">
        <button className="button primary" onClick={() => setAdding(true)}>Add a webhook</button>
      </Heading>
      <Read of={hooks} bones={<section className="card"><Bones rows={4} /></section>}>
        {(all) => (
          <section className="card" aria-label="Webhooks">
            {all.length === 0 ? (
              <Empty title="No webhooks yet"><p>Add the address of your server to hear of orders without asking.</p></Empty>
            ) : (
              <ul className="entries">
                {all.map((hook) => (
                  <li key={hook.id}>
                    <span className="clip-line">
                      <a {...to(`/seller/webhooks/${hook.id}`)}><code>{hook.url}</code></a>
                      <span className="quiet sub">{hook.events.length ? hook.events.join(", ") : "All events"}</span>
                    </span>
                    <span className={`tag ${hook.enabled ? "good" : ""}`}>{hook.enabled ? "On" : "Off"}</span>
                  </li>
                ))}
              </ul>
            )}
          </section>
        )}
      </Read>
      {adding && (
        <HookDialog
          onClose={() => setAdding(false)}
          onMade={(hook) => {
            setAdding(false);
            setMade(hook);
            hooks.reload();
          }}
        />
      )}
      {made && <SecretDialog hook={made} onClose={() => setMade(null)} />}
    </>
  );
}

const isAddress = (text: string): boolean => {
  try {
    return ["https:", "http:"].includes(new URL(text.trim()).protocol) && text.trim().length <= 500;
  } catch {
    return false;
  }
};

function EventChoice(props: { chosen: string[]; onChange: (chosen: string[]) => void }) {
  return (
    <fieldset className="events">
      <legend>Events</legend>
      <p className="field-hint">None chosen: all of them.</p>
      <div className="checks">
        {EVENTS.map((name) => (
          <Check key={name} label={name} checked={props.chosen.includes(name)} onChange={(on) => props.onChange(on ? [...props.chosen, name] : props.chosen.filter((one) => one !== name))} />
        ))}
      </div>
    </fieldset>
  );
}

function HookDialog(props: { onMade: (hook: NewWebhook) => void; onClose: () => void }) {
  const [url, setUrl] = useState("");
  const [events, setEvents] = useState<string[]>([]);
  const deed = useDeed(true);
  const send = async () => {
    const form = { url: url.trim(), events };
    const made = await deed.run(form, (key) => addWebhook(form, key));
    if (made) props.onMade(made);
  };
  return (
    <Dialog title="Add a webhook" onClose={props.onClose}>
      <Form onSubmit={() => isAddress(url) && send()}>
        <TextField label="Address of your server" value={url} onChange={setUrl} type="url" most={500} placeholder="https://example.com/hooks" error={url && !isAddress(url) ? "An address starts with https://." : ""} autoFocus />
        <EventChoice chosen={events} onChange={setEvents} />
        <Refused of={deed.refused} />
        <div className="dialog-buttons">
          <button type="button" className="button" onClick={props.onClose}>Close</button>
          <button className="button primary" disabled={!isAddress(url) || deed.busy}>Add the webhook</button>
        </div>
      </Form>
    </Dialog>
  );
}

function SecretDialog(props: { hook: NewWebhook; onClose: () => void }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(props.hook.secret);
      say("Copied");
    } catch {
      sayError(new Error("the clipboard is not allowed"));
    }
  };
  return (
    <Dialog title="The webhook's secret" onClose={props.onClose}>
      <p>Every message is signed with it. It is shown this once; keep it where your server reads its secrets.</p>
      <div className="secret">
        <code data-testid="webhook-secret">{props.hook.secret}</code>
        <button className="icon-button" aria-label="Copy the secret" onClick={copy}><Copy size={15} /></button>
      </div>
      <div className="dialog-buttons">
        <button className="button primary" onClick={props.onClose}>I have kept it</button>
      </div>
    </Dialog>
  );
}

function HookPage({ hook, onChange, onRemoved }: { hook: Webhook; onChange: (hook: Webhook) => void; onRemoved: () => void }) {
  const read = useCallback((ask: PageAsk) => readDeliveries(hook.id, ask), [hook.id]);
  const deliveries = usePages(read);
  const [events, setEvents] = useState(hook.events);
  const deed = useDeed();
  const changed = JSON.stringify([...events].sort()) !== JSON.stringify([...hook.events].sort());
  const change = async (changes: { enabled?: boolean; events?: string[] }, words: string) => {
    const saved = await deed.run({ id: hook.id, changes }, () => changeWebhook(hook.id, changes));
    if (!saved) return;
    onChange(saved);
    say(words);
  };
  const test = async () => {
    if ((await deed.run({ test: hook.id, at: Date.now() }, (key) => testWebhook(hook.id, key))) === null) return;
    say("A test message is on its way");
    setTimeout(deliveries.reload, 1_000);
  };
  const again = async (row: Delivery) => {
    if (!(await deed.run({ again: row.id, attempts: row.attempts }, (key) => redeliver(row.id, key)))) return;
    say("On its way again");
    setTimeout(deliveries.reload, 1_000);
  };
  const drop = async () => {
    if ((await deed.run({ drop: hook.id }, () => removeWebhook(hook.id))) === null) return;
    say("Webhook removed");
    onRemoved();
    go("/seller/webhooks");
  };
  const columns: Cell<Delivery>[] = [
    { head: "Event", cell: (row) => <code>{row.type}</code> },
    { head: "State", cell: (row) => <StateTag state={row.state} /> },
    { head: "Answer", cell: (row) => (row.status ? <code>{row.status}</code> : <span className="quiet">—</span>) },
    { head: "Attempts", right: true, cell: (row) => row.attempts },
    { head: "What went wrong", extra: true, cell: (row) => <span className="clip" title={row.error}>{row.error}</span> },
    { head: "When", extra: true, cell: (row) => <><Moment ms={row.at} />{row.nextAt && row.state === "waiting" ? <span className="quiet sub">next <Moment ms={row.nextAt} /></span> : null}</> },
    { head: "(Actions)", right: true, cell: (row) => <button className="button small" disabled={deed.busy || row.state === "waiting"} onClick={() => again(row)}>Send again</button> },
  ];
  return (
    <>
      <Heading title={<code>{hook.url}</code>} back={{ path: "/seller/webhooks", text: "Webhooks" }}>
        <button className="button" disabled={deed.busy || !hook.enabled} onClick={test}>Send a test</button>
        <button className="button" disabled={deed.busy} onClick={() => change({ enabled: !hook.enabled }, hook.enabled ? "Switched off" : "Switched on")}>
          {hook.enabled ? "Switch off" : "Switch on"}
        </button>
        <button className="button danger" disabled={deed.busy} onClick={drop}>Remove</button>
      </Heading>
      <Card title="Deliveries" deeds={<button className="button small" onClick={deliveries.reload}>Look again</button>}>
        <PagedTable label="Deliveries" rows={deliveries} columns={columns} rowKey={(row) => row.id} empty={<Empty title="Nothing sent yet"><p>Send a test to see whether your server answers.</p></Empty>} />
      </Card>
      <Card title="Events">
        <div className="body">
          <EventChoice chosen={events} onChange={setEvents} />
          <div className="form-end">
            <button className="button primary" disabled={!changed || deed.busy} onClick={() => change({ events }, "Saved")}>Save</button>
          </div>
        </div>
      </Card>
    </>
  );
}
