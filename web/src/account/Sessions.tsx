/** Where this account is logged in. */
import { get, remove } from "../api/rest";
import type { SessionInfo } from "../api/types";
import { say, sayError } from "../state/notices";
import { loadSession } from "../state/session";
import { Moment } from "../ui/states";
import { Password } from "./Password";
import { useList } from "./useList";

const readSessions = () => get<SessionInfo[]>("/account/sessions");

/** "Chrome on Linux" says more than the whole header. */
function device(agent: string): string {
  if (!agent) return "Unknown device";
  const browser = /Firefox|Edg|OPR|Chrome|Safari/.exec(agent)?.[0] ?? agent.split(/[/ ]/)[0]!;
  const system = /Windows|Android|iPhone|iPad|Mac OS|Linux/.exec(agent)?.[0];
  const name = { Edg: "Edge", OPR: "Opera" }[browser] ?? browser;
  return system ? `${name} on ${system === "Mac OS" ? "macOS" : system}` : name;
}

export function Sessions() {
  const [sessions, load] = useList(readSessions);
  const end = async (one: SessionInfo) => {
    try {
      await remove(`/account/sessions/${encodeURIComponent(one.id)}`);
      say("Session ended");
    } catch (error) {
      sayError(error);
    }
    if (one.current) loadSession();
    else load();
  };
  const endOthers = async () => {
    try {
      const { ended } = await remove<{ ended: number }>("/account/sessions");
      say(`Ended ${ended} ${ended === 1 ? "session" : "sessions"}`);
    } catch (error) {
      sayError(error);
    }
    load();
  };
  return (
    <>
      <section className="card" aria-label="Sessions">
        <header>
          <div>
            <h2>Sessions</h2>
            <p>Everywhere you are logged in. End what you do not know, then change your password.</p>
          </div>
          <button className="button" disabled={!sessions || sessions.length < 2} onClick={endOthers}>
            End all others
          </button>
        </header>
        <div className="wide" tabIndex={0} role="region" aria-label="Your sessions">
          <table className="grid">
            <thead>
              <tr>
                <th scope="col">Device</th>
                <th scope="col" className="extra">Address</th>
                <th scope="col" className="extra">Logged in</th>
                <th scope="col">Last seen</th>
                <th scope="col" className="right">
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {!sessions && (
                <tr>
                  {[120, 80, 90, 90, 50].map((width, i) => (
                    <td key={i}>
                      <span className="bone" style={{ width }} />
                    </td>
                  ))}
                </tr>
              )}
              {sessions?.map((one) => (
                <tr key={one.id}>
                  <td title={one.userAgent}>
                    {device(one.userAgent)} {one.current && <span className="tag">This one</span>}
                  </td>
                  <td className="extra">{one.address || <span className="quiet">—</span>}</td>
                  <td className="extra">
                    <Moment ms={one.createdAt} />
                  </td>
                  <td>
                    <Moment ms={one.lastSeenAt} />
                  </td>
                  <td className="right">
                    <button className="button small danger" onClick={() => end(one)}>
                      {one.current ? "Log out" : "End"}
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      <Password onChanged={load} />
    </>
  );
}
