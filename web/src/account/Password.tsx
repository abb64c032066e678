/** Change the password; the venue ends all other sessions with it. */
import { type FormEvent, useId, useState } from "react";
import { ApiError, postJson } from "../api/rest";
import { say } from "../state/notices";

export function Password(props: { onChanged: () => void }) {
  const [password, setPassword] = useState("");
  const [newPassword, setNewPassword] = useState("");
  const [refusal, setRefusal] = useState("");
  const [busy, setBusy] = useState(false);
  const id = useId();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setRefusal("");
    try {
      await postJson("/account/password", { password, newPassword });
      setPassword("");
      setNewPassword("");
      say("Password changed; all other sessions ended");
      props.onChanged();
    } catch (error) {
      setRefusal(error instanceof ApiError ? error.message : String(error));
    }
    setBusy(false);
  };

  return (
    <section className="card" aria-label="Password">
      <header>
        <div>
          <h2>Password</h2>
          <p>Changing it ends all other sessions.</p>
        </div>
      </header>
      <form className="body password-form" onSubmit={submit}>
        <div className="field">
          <label htmlFor={`${id}-old`}>Present password</label>
          <div className="input">
            <input id={`${id}-old`} type="password" autoComplete="current-password" value={password} onChange={(event) => setPassword(event.target.value)} />
          </div>
        </div>
        <div className="field">
          <label htmlFor={`${id}-new`}>New password</label>
          <div className="input">
            <input id={`${id}-new`} type="password" autoComplete="new-password" value={newPassword} onChange={(event) => setNewPassword(event.target.value)} />
          </div>
        </div>
        <button className="button" disabled={busy || !password || !newPassword}>
          Change password
        </button>
        {refusal && (
          <p className="note refusal" role="alert">
            {refusal}
          </p>
        )}
      </form>
    </section>
  );
}
