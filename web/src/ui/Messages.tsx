/** What buyer, seller and moderator wrote to each other about an order. */
import { useCallback, useEffect, useState } from "react";
import { readMessages, sendMessage } from "../api/shop";
import type { OrderMessage, PageAsk } from "../api/shop-types";
import { Empty, Moment } from "./states";
import { Form, Read, TextField } from "./kit";
import { useDeed, usePages } from "../state/reading";

const LOOK_MS = 15_000;

export function Messages(props: { orderId: string; mine: OrderMessage["author"] }) {
  const read = useCallback((ask: PageAsk) => readMessages(props.orderId, { ...ask, limit: 100 }), [props.orderId]);
  const pages = usePages(read);
  const [text, setText] = useState("");
  const deed = useDeed();
  const { reload } = pages;
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && reload(), LOOK_MS);
    return () => clearInterval(timer);
  }, [reload]);
  const send = async () => {
    const sent = await deed.run({ id: props.orderId, text: text.trim() }, (key) => sendMessage(props.orderId, text.trim(), key));
    if (!sent) return;
    setText("");
    reload();
  };
  return (
    <div className="body letters">
      <Read of={pages}>
        {(items) =>
          items.length === 0 ? (
            <Empty title="No messages" />
          ) : (
            <ol aria-label="Messages">
              {[...items].sort((a, b) => a.id - b.id).map((one) => (
                <li key={one.id} className={one.author === props.mine ? "mine" : ""}>
                  <p>{one.text}</p>
                  <span className="quiet sub">
                    {one.author === props.mine ? "You" : one.author.charAt(0).toUpperCase() + one.author.slice(1)} · <Moment ms={one.at} />
                  </span>
                </li>
              ))}
            </ol>
          )
        }
      </Read>
      {pages.more && (
        <button className="button small" disabled={pages.loading} onClick={pages.loadMore}>Show more</button>
      )}
      <Form label="Write a message" className="letter-form" onSubmit={() => text.trim() && send()}>
        <TextField label="Message" value={text} onChange={setText} lines={2} most={4000} />
        <div className="form-end">
          <button className="button" disabled={!text.trim() || deed.busy}>Send</button>
        </div>
      </Form>
    </div>
  );
}
