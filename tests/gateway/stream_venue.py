"""A venue in memory with the stream side attached, all in one thread of control: what the streams say is read from lists."""

import orjson

from engine import Exchange
from engine.commands import admin
from engine.types import ADMIN_EVENT, KeyScope, Kind
from gateway.dialect.records import RecentClientIds
from gateway.dialect.venue import Venue
from gateway.streams.conversation import MarketConversation
from gateway.streams.market import MarketFeed
from gateway.streams.userdata import UserFeed
from marketdata import MarketData

START_NS = 1_700_000_000 * 10**9
COIN = 10**8


class Inbox:
    """A connection without a wire: what it is sent, as JSON."""

    def __init__(self, feed: MarketFeed, *names: str) -> None:
        self.messages: list[dict] = []
        self.conversation = MarketConversation(feed.hub.source, [feed.hub.source(name) for name in names], combined=True)
        self.conversation.opened(self)

    def send_framed(self, framed: bytes) -> None:
        start = 2 if framed[1] < 126 else 4 if framed[1] == 126 else 10
        self.messages.append(orjson.loads(framed[start:]))

    def take(self, name: str = "") -> list:
        """The data of what came on one stream (or on all), forgotten here."""
        found = [message["data"] for message in self.messages if not name or message["stream"] == name]
        self.messages = [message for message in self.messages if name and message["stream"] != name]
        return found


class Subscriber:
    """Hears one account's events."""

    def __init__(self, key: int = 0) -> None:
        self.key = key
        self.events: list[dict] = []
        self.is_ended = False

    def user_event(self, payload: bytes) -> None:
        self.events.append(orjson.loads(payload))

    def user_stream_ended(self) -> None:
        self.is_ended = True

    def take(self) -> list[dict]:
        events, self.events = self.events, []
        return events


class StreamVenue:
    """BTCUSDT: tick 0.01, lot 0.00001; two customers with money, `alice` and `bob`. Time stands still unless moved."""

    def __init__(self, machine=None) -> None:
        """`machine`: default the compiled one."""
        self.time_ns = START_NS
        self.exchange = Exchange(machine, clock=lambda: self.time_ns)
        self.marketdata = MarketData()
        self.exchange.listen(self.marketdata.apply)
        self.recent = RecentClientIds()
        self.exchange.listen(self.recent.feed)
        self.venue = Venue(self.exchange, self.marketdata, self.recent, None)
        self.market = MarketFeed(self.venue)
        self.users = UserFeed(self.venue)
        self.exchange.listen(self.market.applied)
        self.exchange.listen(self.users.applied)
        self.btc = self.exchange.add_asset("BTC", 8)
        self.usdt = self.exchange.add_asset("USDT", 8)
        self.symbol = self.list_symbol("BTCUSDT")
        self.alice, self.bob = self.open_account(1), self.open_account(2)
        for account in (self.alice, self.bob):
            self.exchange.deposit(account, self.btc, 1000 * COIN)
            self.exchange.deposit(account, self.usdt, 10_000_000 * COIN)

    def open_account(self, reference: int) -> int:
        outcome = self.exchange.execute(admin(Kind.OPEN_ACCOUNT, reference_hi=1, reference_lo=reference))[0]
        return int(outcome.events.view(ADMIN_EVENT)["account"][0])

    def list_symbol(self, name: str) -> int:
        base = self.btc
        if name != "BTCUSDT":
            base = self.exchange.add_asset(name.removesuffix("USDT"), 8)
        return self.exchange.add_symbol(
            name, base, self.usdt, lot_units=1000, tick_lot_units=10, max_price_ticks=10**8, max_quantity_lots=10**8,
            maker_ppm=1000, taker_ppm=2000,
        )  # fmt: skip

    def add_key(self, account: int) -> int:
        scopes = KeyScope.READ | KeyScope.TRADE
        outcome = self.exchange.execute(admin(Kind.ADD_KEY, account=account, scopes=scopes, reference_hi=1, reference_lo=account))
        assert outcome[0].code == 0
        return 1

    def revoke(self, key: int) -> None:
        self.exchange.execute(admin(Kind.SET_KEY, key=key, scopes=0))

    def tick(self, milliseconds: int) -> None:
        """Let time pass: the log's first, then the clock of the paced streams."""
        self.time_ns += milliseconds * 10**6
        self.exchange.execute(admin(Kind.TICK))
        self.market.tick(self.time_ns // 10**6)
