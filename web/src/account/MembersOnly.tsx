import type { ReactNode } from "react";
import { network } from "../pwa/network";
import { session } from "../state/session";
import { useStore } from "../state/store";
import { to } from "../ui/route";
import { Empty } from "../ui/states";

export function MembersOnly(props: { what: string; children: ReactNode }) {
  const { state } = useStore(session);
  const { online } = useStore(network);
  if (state === "unknown" && !online) {
    return (
      <main className="page">
        <Empty title="You are offline">
          <p>To see {props.what} you need a connection.</p>
        </Empty>
      </main>
    );
  }
  if (state === "unknown") return <main className="page" aria-busy="true" />;
  if (state === "anonymous") {
    return (
      <main className="page">
        <Empty title={`Log in to see ${props.what}`}>
          <a className="button primary" {...to("/login")}>
            Log in
          </a>
        </Empty>
      </main>
    );
  }
  return props.children;
}
