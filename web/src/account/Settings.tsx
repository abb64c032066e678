/** The member's account: API keys, sessions, and how this browser trades. */
import { to } from "../ui/route";
import { Keys } from "./Keys";
import { MembersOnly } from "./MembersOnly";
import { Sessions } from "./Sessions";
import { TradingSettings } from "./TradingSettings";

const PLACES = [
  { path: "/settings/keys", text: "API keys", page: Keys },
  { path: "/settings/sessions", text: "Sessions", page: Sessions },
  { path: "/settings/trading", text: "Trading", page: TradingSettings },
];

export default function Settings({ path }: { path: string }) {
  const here = PLACES.find((place) => path.startsWith(place.path)) ?? PLACES[0]!;
  return (
    <MembersOnly what="your account">
      <main className="page">
        <header>
          <h1>Account</h1>
        </header>
        <nav className="sub-places" aria-label="Account">
          {PLACES.map((place) => (
            <a key={place.path} {...to(place.path)} aria-current={place === here ? "page" : undefined}>
              {place.text}
            </a>
          ))}
        </nav>
        <here.page />
      </main>
    </MembersOnly>
  );
}
