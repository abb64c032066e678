/** Log in and sign up: one card, one decision. */
import { type FormEvent, useEffect, useId, useState } from "react";
import { ApiError } from "../api/rest";
import { enter, session } from "../state/session";
import { useStore } from "../state/store";
import { venue } from "../state/venue";
import { go, placeAfterLogin, to } from "../ui/route";

const PASSWORD_MIN = 8;

export default function Entrance({ how }: { how: "login" | "signup" }) {
  const joining = how === "signup";
  const { config } = useStore(venue);
  const member = useStore(session).state === "member";
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [refusal, setRefusal] = useState("");
  const [busy, setBusy] = useState(false);
  const id = useId();

  useEffect(() => setRefusal(""), [how]);
  useEffect(() => {
    if (member) go(placeAfterLogin(), true);
  }, [member]);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    if (!/^\S+@\S+\.\S+$/.test(email)) return setRefusal("Type your e-mail address, like name@example.com.");
    if (joining && password.length < PASSWORD_MIN) return setRefusal(`The password needs at least ${PASSWORD_MIN} characters.`);
    if (!password) return setRefusal("Type your password.");
    setBusy(true);
    setRefusal("");
    try {
      await enter(how, email, password);
    } catch (error) {
      setRefusal(error instanceof ApiError ? error.message : String(error));
    }
    setBusy(false);
  };

  return (
    <main className="entrance">
      <div className="card">
        <h1>{joining ? "Sign up" : "Log in"}</h1>
        <p className="quiet">{joining ? "An account to trade with and to shop with." : "Welcome back."}</p>
        <form className="form" onSubmit={submit} noValidate>
          <div className="field">
            <label htmlFor={`${id}-email`}>E-mail</label>
            <div className="input">
              <input
                id={`${id}-email`}
                name="email"
                type="email"
                autoComplete="username"
                autoFocus
                value={email}
                onChange={(event) => setEmail(event.target.value.trim())}
              />
            </div>
          </div>
          <div className="field">
            <label htmlFor={`${id}-password`}>Password</label>
            <div className="input">
              <input
                id={`${id}-password`}
                name="password"
                type="password"
                autoComplete={joining ? "new-password" : "current-password"}
                aria-describedby={joining ? `${id}-hint` : undefined}
                value={password}
                onChange={(event) => setPassword(event.target.value)}
              />
            </div>
            {joining && (
              <span className="field-hint" id={`${id}-hint`}>
                At least {PASSWORD_MIN} characters. A sentence is a good password.
              </span>
            )}
          </div>
          {refusal && (
            <p className="note refusal" role="alert">
              {refusal}
            </p>
          )}
          <button className="button primary" disabled={busy}>
            {busy ? "One moment…" : joining ? "Create the account" : "Log in"}
          </button>
          <p className="quiet">
            {joining ? "Have an account? " : "New here? "}
            <a {...to(joining ? "/login" : "/signup")}>{joining ? "Log in" : "Sign up"}</a>
          </p>
          {config.demo && !joining && <p className="note">This is a demo: the file demo.json in the data directory lists funded accounts.</p>}
        </form>
      </div>
    </main>
  );
}
