/** What buyer and seller wrote to each other about one order. */
import { Send } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { readMessages, sendMessage } from "../api/shop";
import type { Order, OrderMessage } from "../api/shop-types";
import { showMoment, showTime } from "../lib/format";
import { useDeed } from "../state/reading";
import { useKeptList } from "./kept";
import { Bone, Shown } from "./parts";

const TEXT_MAX = 2_000;

const NAMES: Record<OrderMessage["author"], string> = { buyer: "You", seller: "", moderator: "Moderator" };

export function Messages({ order }: { order: Order }) {
  const list = useKeptList(`messages ${order.id}`, (ask) => readMessages(order.id, ask));
  const [text, setText] = useState("");
  const deed = useDeed(true);
  const id = useId();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const words = text.trim();
    if (!words) return;
    const sent = await deed.run({ words }, (key) => sendMessage(order.id, words, key));
    if (!sent) return;
    setText("");
    if (list.value) list.set({ ...list.value, items: [...list.value.items, sent] });
  };
  return (
    <section className="card side-card" id="messages" aria-label="Messages" tabIndex={-1}>
      <h2>Messages</h2>
      <Shown of={list} what="The messages" bones={<Bone width="60%" className="line" />}>
        {({ items, next }) => (
          <>
            {!items.length && <p className="quiet">Nothing written yet. Questions go to {order.seller.name}.</p>}
            <ol className="messages" aria-live="polite">
              {items.toSorted((a, b) => a.id - b.id).map((message) => (
                <li key={message.id} data-author={message.author}>
                  <p>{message.text}</p>
                  <span className="quiet">
                    {NAMES[message.author] || order.seller.name}, <time title={showMoment(message.at)}>{showTime(message.at)}</time>
                  </span>
                </li>
              ))}
            </ol>
            {next && (
              <button className="button small" disabled={list.loading} onClick={list.loadMore}>
                More messages
              </button>
            )}
          </>
        )}
      </Shown>
      <form className="write" onSubmit={submit}>
        <div className="input tall">
          <label className="visually-hidden" htmlFor={id}>
            Write to {order.seller.name}
          </label>
          <textarea id={id} rows={2} maxLength={TEXT_MAX} placeholder={`Write to ${order.seller.name}`} value={text} onChange={(event) => setText(event.target.value)} />
        </div>
        <button className="button" disabled={deed.busy || !text.trim()}>
          <Send size={14} aria-hidden="true" /> Send
        </button>
      </form>
      {deed.refused && (
        <p className="note refusal" role="alert">
          {deed.refused.message} <code className="code">{deed.refused.code}</code>
        </p>
      )}
    </section>
  );
}
