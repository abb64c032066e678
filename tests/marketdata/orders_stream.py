"""A seeded stream of the orders of docs/ORDERS.md that meet each other: stops, icebergs, pegs, lists, prevented matches, auctions, ends.

Made for what follows the core (facts, history, audit), not for the core itself: most commands are sound, so that much happens.
"""

import random

import numpy as np

from engine import commands as make
from engine.types import (
    FIRST_CUSTOMER,
    HOUSE_GATEWAY,
    LIST_EVENT,
    ORDER_EVENT,
    RULES_VERSION,
    EventKind,
    Filter,
    Kind,
    ListType,
    OrderFlag,
    OrderStatus,
    OrderType,
    Peg,
    Role,
    Side,
    Stp,
    SymbolStatus,
    TimeInForce,
)
from engine.views import Applied
from tests.engine.streams import SECOND_NS, START_NS, Frame

ACCOUNTS = tuple(range(FIRST_CUSTOMER, FIRST_CUSTOMER + 4))
SYMBOLS = (1, 2)
MIDDLE, SPREAD = 100, 12  # prices
_ENDED = (OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.EXPIRED_IN_MATCH)
_STOPS = (OrderType.STOP_LOSS, OrderType.STOP_LOSS_LIMIT)
_TAKES = (OrderType.TAKE_PROFIT, OrderType.TAKE_PROFIT_LIMIT)


class OrdersStream:
    """Frames of one origin, as CollidingStream makes them."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.time_ns = START_NS
        self.open: dict[int, tuple[int, int]] = {}  # order id -> (account, symbol)
        self.lists: dict[int, tuple[int, int]] = {}
        self.status = dict.fromkeys(SYMBOLS, SymbolStatus.TRADING)
        self._number = 0
        self._names = 0

    def next_frame(self) -> Frame:
        self._number += 1
        self.time_ns += self.random.randrange(2 * SECOND_NS)
        commands = [self._beginning(), self._money()][self._number - 1] if self._number < 3 else self._some()
        return Frame(77, self._number, self.time_ns, self.time_ns, commands)

    def learn(self, applied: Applied) -> None:
        for event in applied.events.view(ORDER_EVENT):
            order_id, kind = int(event["order_id"]), event["kind"]
            if kind >= EventKind.LIST or kind == EventKind.REJECTED:
                continue
            if kind == EventKind.NEW:
                self.open[order_id] = int(event["account"]), int(event["symbol"])
            if event["status"] in _ENDED:
                self.open.pop(order_id, None)
            if kind in (EventKind.TRADE, EventKind.PREVENTED) and event["counter_status"] in _ENDED:
                self.open.pop(int(event["counter_order_id"]), None)
        events = applied.events
        for event in events[events["kind"] == EventKind.LIST].view(LIST_EVENT):
            self.lists[int(event["list_id"])] = int(event["account"]), int(event["symbol"])

    # ---------------------------------------------------------------- the venue

    def _beginning(self) -> np.ndarray:
        def listed(name: str, base: int, quote: int) -> np.ndarray:
            return make.admin(Kind.ADD_SYMBOL, name=name, base=base, quote=quote, value=10, value2=3, max_price_ticks=10_000,
                              max_quantity_lots=10_000, max_market_lots=10_000, max_orders=200, maker_ppm=1000, taker_ppm=2000)  # fmt: skip

        return make.frame(
            make.admin(Kind.REGISTER_ORIGIN, role=Role.OPERATOR),
            make.admin(Kind.SET_RULES, value=RULES_VERSION),
            *(make.admin(Kind.ADD_ASSET, name=name, scale=2) for name in ("A", "B", "C")),
            listed("AB", 1, 2),
            listed("CB", 3, 2),
            *(make.admin(Kind.OPEN_ACCOUNT, reference_hi=1, reference_lo=account) for account in ACCOUNTS),
            make.admin(Kind.SET_GROUP, account=ACCOUNTS[1], value=ACCOUNTS[0]),
            make.admin(Kind.SET_FILTER, symbol=1, filter=Filter.MAX_AMENDS, value=3),
            make.admin(Kind.SET_FILTER, symbol=2, filter=Filter.RANGE_UP_PPM, value=1_100_000),
            make.admin(Kind.OPEN),
        )

    def _money(self) -> np.ndarray:
        return make.frame(
            *(
                make.transfer(Kind.TRANSFER, (self.time_ns, 10 * account + asset), debit=HOUSE_GATEWAY, credit=account, asset=asset,
                              amount=10**9)
                for account in ACCOUNTS
                for asset in (1, 2, 3)
            )
        )  # fmt: skip

    # ---------------------------------------------------------------- what people do

    def _some(self) -> np.ndarray:
        return make.frame(*(self._one() for _ in range(self.random.randint(1, 4))))

    def _one(self) -> np.ndarray:
        asked = self.random.choices(
            (self._order, self._list, self._cancel, self._amend, self._replace, self._cancel_list, self._mass_cancel, self._switch,
             self._state),
            (60, 12, 8, 6, 5, 2, 0.4, 0.5, 3),
        )  # fmt: skip
        return asked[0]()

    def _who(self) -> dict[str, int]:
        return {"account": self.random.choice(ACCOUNTS), "symbol": self.random.choice(SYMBOLS)}

    def _name(self) -> str:
        self._names += 1
        return f"name-{self._names}" if self.random.random() < 0.7 else ""

    def _price(self) -> int:
        return MIDDLE + self.random.randint(-SPREAD, SPREAD)

    def _terms(self, side: int, kinds: tuple = tuple(OrderType)) -> dict:
        """What `place` takes beside account, symbol and quantity."""
        pick = self.random
        weights = [9 if kind == OrderType.LIMIT else 1 for kind in kinds]
        terms = {"order_type": pick.choices(kinds, weights)[0], "client_id": self._name(), "stp": pick.choice(tuple(Stp))}
        order_type = terms["order_type"]
        has_limit = order_type in (OrderType.LIMIT, OrderType.LIMIT_MAKER, OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT_LIMIT)
        if has_limit:
            terms["price_ticks"] = self._price()
        if order_type in (OrderType.LIMIT, OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT_LIMIT):
            terms["time_in_force"] = pick.choices(tuple(TimeInForce), (8, 1, 1, 2))[0]
        if order_type in (*_STOPS, *_TAKES):
            is_above = (order_type in _STOPS) == (side == Side.BUY)
            terms["stop_price_ticks"] = MIDDLE + pick.randint(1, SPREAD) * (1 if is_above else -1)
            if pick.random() < 0.3:
                terms["trailing_bps"] = pick.choice((50, 200, 500))
                if pick.random() < 0.5:
                    del terms["stop_price_ticks"]
        if terms.get("time_in_force") == TimeInForce.GTD:
            terms["expires_ns"] = self.time_ns + pick.randint(1, 60) * SECOND_NS
        may_rest = has_limit and terms.get("time_in_force", TimeInForce.GTC) in (TimeInForce.GTC, TimeInForce.GTD)
        if may_rest and pick.random() < 0.25:
            terms["iceberg_lots"] = pick.randint(1, 3)
        if may_rest and order_type != OrderType.LIMIT_MAKER and pick.random() < 0.1:
            terms |= {"price_ticks": 0, "peg": Peg.PRIMARY, "peg_offset": pick.choice((0, 0, 1))}
        return terms

    def _order(self) -> np.ndarray:
        side = self.random.choice(tuple(Side))
        terms = self._terms(side)
        if terms["order_type"] == OrderType.MARKET and self.random.random() < 0.5:
            return make.place(**self._who(), side=side, quote_quantity=self.random.randint(1, 3000), **terms)
        return make.place(**self._who(), side=side, quantity_lots=self.random.randint(3, 12), **terms)

    def _list(self) -> np.ndarray:
        who, side, lots = self._who(), self.random.choice(tuple(Side)), self.random.randint(3, 9)
        list_type = self.random.choice(tuple(ListType))
        legs = []
        if list_type != ListType.OCO:
            working = self._terms(side, (OrderType.LIMIT, OrderType.LIMIT_MAKER))
            legs.append(make.place(**who, side=side, quantity_lots=lots, **working))
            side = Side.SELL - side
        if list_type == ListType.OTO:
            legs.append(make.place(**who, side=side, quantity_lots=lots, **self._terms(side)))
        else:
            takes = self._terms(side, (OrderType.LIMIT_MAKER, *_TAKES)) | {"iceberg_lots": 0, "trailing_bps": 0}
            stops = self._terms(side, _STOPS)
            above, below = MIDDLE + self.random.randint(3, SPREAD), MIDDLE - self.random.randint(3, SPREAD)
            take_price, stop_price = (above, below) if side == Side.SELL else (below, above)
            field = "price_ticks" if takes["order_type"] == OrderType.LIMIT_MAKER else "stop_price_ticks"
            takes |= {field: take_price}
            if stops.get("stop_price_ticks"):
                stops["stop_price_ticks"] = stop_price
            legs += [make.place(**who, side=side, quantity_lots=lots, **terms) for terms in (stops, takes)]
        return make.place_list(list_type, *legs, client_id=self._name())

    def _known(self, known: dict[int, tuple[int, int]]) -> tuple[int, int, int]:
        """(account, symbol, id) of something open, mostly."""
        if not known:
            return ACCOUNTS[0], SYMBOLS[0], 1
        number = self.random.choice(list(known))
        return *known[number], number

    def _cancel(self) -> np.ndarray:
        return make.cancel(*self._known(self.open), client_id=self._name())

    def _amend(self) -> np.ndarray:
        return make.amend(*self._known(self.open), quantity_lots=self.random.randint(1, 8), client_id=self._name())

    def _replace(self) -> np.ndarray:
        account, symbol, order_id = self._known(self.open)
        side = self.random.choice(tuple(Side))
        return make.replace(account, symbol, side, order_id=order_id, quantity_lots=self.random.randint(1, 9),
                            flags=self.random.choice((0, OrderFlag.ALLOW_FAILURE)), **self._terms(side))  # fmt: skip

    def _cancel_list(self) -> np.ndarray:
        return make.cancel_list(*self._known(self.lists))

    def _mass_cancel(self) -> np.ndarray:
        who = self._who()
        return make.mass_cancel(who["account"], self.random.choice((0, who["symbol"])), self.random.choice((0, 1, 2)))

    def _switch(self) -> np.ndarray:
        return make.countdown(self.random.choice(ACCOUNTS), self.random.choice((0, 5 * SECOND_NS)))

    def _state(self) -> np.ndarray:
        """A market goes into an auction, or out of what it is in."""
        symbol = self.random.choice(SYMBOLS)
        trades = self.status[symbol] == SymbolStatus.TRADING
        others = (SymbolStatus.AUCTION, SymbolStatus.AUCTION, SymbolStatus.HALTED, SymbolStatus.CANCEL_ONLY)
        self.status[symbol] = self.random.choice(others) if trades else SymbolStatus.TRADING
        return make.admin(Kind.SET_SYMBOL_STATUS, symbol=symbol, status=self.status[symbol])
