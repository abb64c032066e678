import type { ReactNode } from "react";
import { session } from "../state/session";
import { useStore } from "../state/store";
import { to } from "../ui/route";
import { Empty } from "../ui/states";

export function MembersOnly(props: { what: string; children: ReactNode }) {
  const { state } = useStore(session);
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
