/** The member's account: API keys and sessions. */
import { to } from "../ui/route";
import { Keys } from "./Keys";
import { MembersOnly } from "./MembersOnly";
import { Sessions } from "./Sessions";

const PLACES = [
  { path: "/settings/keys", text: "API keys" },
  { path: "/settings/sessions", text: "Sessions" },
];

export default function Settings({ path }: { path: string }) {
  const sessions = path.startsWith("/settings/sessions");
  return (
    <MembersOnly what="your account">
      <main className="page">
        <header>
          <h1>Account</h1>
        </header>
        <nav className="sub-places" aria-label="Account">
          {PLACES.map((place) => (
            <a key={place.path} {...to(place.path)} aria-current={(place.path === "/settings/sessions") === sessions ? "page" : undefined}>
              {place.text}
            </a>
          ))}
        </nav>
        {sessions ? <Sessions /> : <Keys />}
      </main>
    </MembersOnly>
  );
}
