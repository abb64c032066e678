/** API keys: made here, their secret shown once, revoked here. */
import { Check, Copy, Plus } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { ApiError, get, postJson, remove } from "../api/rest";
import type { ApiKey } from "../api/types";
import { say, sayError } from "../state/notices";
import { Dialog } from "../ui/Dialog";
import { Segments } from "../ui/Segments";
import { Empty, Moment } from "../ui/states";
import { useList } from "./useList";

interface NewKey {
  apiKey: string;
  /** "" for Ed25519: the private key never leaves its owner. */
  secret: string;
}

const SCOPES = [
  { scope: "READ", text: "Read", hint: "Balances, orders and trades of this account" },
  { scope: "TRADE", text: "Trade", hint: "Place and cancel orders" },
  { scope: "WITHDRAW", text: "Withdraw", hint: "Send funds out. Leave it off unless you need it" },
] as const;

const readKeys = () => get<ApiKey[]>("/account/keys");

export function Keys() {
  const [keys, load] = useList(readKeys);
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<NewKey | null>(null);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);

  const revoke = async (key: ApiKey) => {
    setRevoking(null);
    try {
      await remove(`/account/keys/${encodeURIComponent(key.apiKey)}`);
      say(`Key “${key.label}” revoked`);
    } catch (error) {
      sayError(error);
    }
    load();
  };

  return (
    <section className="card" aria-label="API keys">
      <header>
        <div>
          <h2>API keys</h2>
          <p>For bots and libraries that speak the Binance dialect, such as ccxt: only the address changes.</p>
        </div>
        <button className="button primary" onClick={() => setMaking(true)}>
          <Plus size={16} aria-hidden="true" /> New key
        </button>
      </header>
      {keys && !keys.length ? (
        <Empty title="No keys yet">
          <p>A key lets a program trade for you, within the scopes you give it.</p>
        </Empty>
      ) : (
        <div className="wide" tabIndex={0} role="region" aria-label="Your API keys">
          <table className="grid">
            <thead>
              <tr>
                <th scope="col">Key</th>
                <th scope="col" className="extra">Type</th>
                <th scope="col">Scopes</th>
                <th scope="col" className="extra">Made</th>
                <th scope="col" className="right">
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {!keys && (
                <tr>
                  {[140, 60, 100, 90, 50].map((width, i) => (
                    <td key={i}>
                      <span className="bone" style={{ width }} />
                    </td>
                  ))}
                </tr>
              )}
              {keys?.map((key) => (
                <tr key={key.apiKey} data-key={key.apiKey}>
                  <td>
                    <b>{key.label}</b>
                    <br />
                    <code className="quiet" title={key.apiKey}>
                      {key.apiKey.slice(0, 8)}…{key.apiKey.slice(-4)}
                    </code>
                  </td>
                  <td className="extra">{key.type}</td>
                  <td>
                    <span className="tags">
                      {key.scopes.map((scope) => (
                        <span key={scope} className="tag">
                          {scope[0] + scope.slice(1).toLowerCase()}
                        </span>
                      ))}
                    </span>
                  </td>
                  <td className="extra">
                    <Moment ms={key.createdAt} />
                  </td>
                  <td className="right">
                    <button className="button small danger" onClick={() => setRevoking(key)}>
                      Revoke
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {making && (
        <MakeKey
          onClose={() => setMaking(false)}
          onMade={(key) => {
            setMaking(false);
            setMade(key);
            load();
          }}
        />
      )}
      {made && <ShowKey made={made} onClose={() => setMade(null)} />}
      {revoking && (
        <Dialog title={`Revoke “${revoking.label}”?`} onClose={() => setRevoking(null)}>
          <p>Programs that use this key stop working at once. This cannot be undone.</p>
          <div className="dialog-buttons">
            <button className="button" onClick={() => setRevoking(null)}>
              Keep it
            </button>
            <button className="button sell" onClick={() => revoke(revoking)}>
              Revoke
            </button>
          </div>
        </Dialog>
      )}
    </section>
  );
}

function MakeKey(props: { onClose: () => void; onMade: (key: NewKey) => void }) {
  const [label, setLabel] = useState("");
  const [type, setType] = useState<"HMAC" | "Ed25519">("HMAC");
  const [scopes, setScopes] = useState<string[]>(["READ", "TRADE"]);
  const [publicKey, setPublicKey] = useState("");
  const [refusal, setRefusal] = useState("");
  const [busy, setBusy] = useState(false);
  const id = useId();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    if (!label.trim()) return setRefusal("Give the key a label, so that you know it again.");
    if (!scopes.length) return setRefusal("Choose at least one scope.");
    if (type === "Ed25519" && !publicKey.trim()) return setRefusal("Paste the public key.");
    setBusy(true);
    try {
      const body = { label: label.trim(), type, scopes, ...(type === "Ed25519" ? { publicKey: publicKey.trim() } : {}) };
      props.onMade(await postJson<NewKey>("/account/keys", body));
    } catch (error) {
      setRefusal(error instanceof ApiError ? error.message : String(error));
      setBusy(false);
    }
  };

  return (
    <Dialog title="New API key" onClose={props.onClose}>
      <form className="form" onSubmit={submit} noValidate>
        <div className="field">
          <label htmlFor={`${id}-label`}>Label</label>
          <div className="input">
            <input id={`${id}-label`} type="text" maxLength={64} autoFocus placeholder="My bot" value={label} onChange={(event) => setLabel(event.target.value)} />
          </div>
        </div>
        <div className="field">
          <span className="field-label">Signature</span>
          <Segments
            label="Signature"
            value={type}
            onChange={setType}
            choices={[
              { value: "HMAC", text: "HMAC secret" },
              { value: "Ed25519", text: "Ed25519 public key" },
            ]}
          />
          <span className="field-hint">
            {type === "HMAC" ? "We make a secret and show it once. Simplest." : "You keep the private key; we only ever see the public one."}
          </span>
        </div>
        {type === "Ed25519" && (
          <div className="field">
            <label htmlFor={`${id}-public`}>Public key (PEM)</label>
            <div className="input tall">
              <textarea
                id={`${id}-public`}
                rows={4}
                spellCheck={false}
                className="mono"
                placeholder={"-----BEGIN PUBLIC KEY-----"}
                value={publicKey}
                onChange={(event) => setPublicKey(event.target.value)}
              />
            </div>
          </div>
        )}
        <fieldset className="scopes">
          <legend className="field-label">Scopes</legend>
          {SCOPES.map(({ scope, text, hint }) => (
            <label key={scope} className="check">
              <input
                type="checkbox"
                checked={scopes.includes(scope)}
                onChange={(event) => setScopes(event.target.checked ? [...scopes, scope] : scopes.filter((one) => one !== scope))}
              />
              <span>
                <b>{text}</b> <span className="quiet">{hint}</span>
              </span>
            </label>
          ))}
        </fieldset>
        {refusal && (
          <p className="note refusal" role="alert">
            {refusal}
          </p>
        )}
        <div className="dialog-buttons">
          <button type="button" className="button" onClick={props.onClose}>
            Cancel
          </button>
          <button className="button primary" disabled={busy}>
            Make the key
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function ShowKey({ made, onClose }: { made: NewKey; onClose: () => void }) {
  return (
    <Dialog title="Your new key" onClose={onClose}>
      <div className="form">
        <div className="field">
          <span className="field-label">API key</span>
          <Secret text={made.apiKey} what="API key" />
        </div>
        {made.secret && (
          <>
            <div className="field">
              <span className="field-label">Secret</span>
              <Secret text={made.secret} what="secret" />
            </div>
            <p className="note warn">Copy the secret now. It is not shown again.</p>
          </>
        )}
      </div>
      <div className="dialog-buttons">
        <button className="button primary" onClick={onClose}>
          I have it
        </button>
      </div>
    </Dialog>
  );
}

function Secret({ text, what }: { text: string; what: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
    } catch {
      say(`Select the ${what} and copy it by hand: the browser does not allow it here.`);
    }
  };
  return (
    <div className="secret">
      <code data-testid={what === "secret" ? "secret" : "api-key"}>{text}</code>
      <button className="icon-button" aria-label={copied ? `The ${what} is copied` : `Copy the ${what}`} onClick={copy}>
        {copied ? <Check size={16} /> : <Copy size={16} />}
      </button>
    </div>
  );
}
