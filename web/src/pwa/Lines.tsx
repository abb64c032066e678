/** What a person should know of the network and of the app's own version, said once and out of the way. */
import { CloudOff, RefreshCw } from "lucide-react";
import { showAge } from "../lib/format";
import { cartView } from "../state/cart";
import { useStore } from "../state/store";
import { takeNewVersion, waitingVersion } from "./install";
import { network } from "./network";

export function OfflineLine() {
  const { online, seenAt } = useStore(network);
  const { pending } = useStore(cartView);
  if (online && seenAt === null) return null;
  const seen = seenAt === null ? "What you have seen can be browsed." : `You see what was here ${showAge(Date.now() - seenAt)} ago.`;
  const cart = pending.size ? " Your cart is kept and sent when you are back." : "";
  return (
    <div className="lost-line offline-line" role="status">
      <CloudOff size={14} aria-hidden="true" />
      <span>
        {online ? "The shop does not answer." : "You are offline."} {seen}
        {cart}
      </span>
    </div>
  );
}

export function NewVersionLine() {
  const waiting = useStore(waitingVersion);
  if (!waiting) return null;
  return (
    <div className="version-line" role="status">
      <RefreshCw size={14} aria-hidden="true" />
      <span>A new version is here.</span>
      <button className="button small primary" onClick={takeNewVersion}>
        Use it
      </button>
      <button className="button small" onClick={() => waitingVersion.set(null)}>
        Later
      </button>
    </div>
  );
}
