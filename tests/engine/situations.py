"""What the generated streams get into: named situations in which two features meet, counted in the events of a machine.

A stream that met every event and every code could still never have met a list's order in an auction. tests/engine/test_situations.py
asks for each situation so many times.
"""

from collections import Counter, defaultdict

import numpy as np

from engine.types import ADMIN_EVENT, LOAN_EVENT, MARGIN_EVENT, ORDER_KINDS, Code, EventFlag, EventKind, Kind, Stp, SymbolStatus
from engine.views import Applied

HOUR_NS = 3600 * 10**9
_ON_ORDERS = (EventKind.NEW, EventKind.RESTED, EventKind.AMENDED, EventKind.ACTIVATED, EventKind.CANCELED, EventKind.EXPIRED)
_STP = {stp: stp.name for stp in Stp}


class Situations:
    """`note(applied)` after each frame; `met` counts, by name."""

    def __init__(self) -> None:
        self.met: Counter[str] = Counter()
        self.begin()

    def begin(self) -> None:
        """Another machine: its ids begin anew, what was met stays."""
        self._orders: dict[int, dict[str, int]] = {}  # by id: what is said of it in its first event
        self._statuses: dict[int, int] = defaultdict(lambda: int(SymbolStatus.TRADING))
        self._borrowed_ns: dict[tuple[int, int], int] = {}
        self._rounds: Counter[int] = Counter()  # liquidation orders of an account since it started

    def note(self, applied: Applied) -> None:
        if applied.skipped:
            return
        for event, command in self._with_commands(applied):
            kind = EventKind(event["kind"])
            if kind < EventKind.LIST:
                self._on_order(kind, event)
            elif kind == EventKind.COUNTDOWN and event["flags"] & EventFlag.FIRED:
                self.met["countdown fires"] += 1
            elif kind in (EventKind.BORROWED, EventKind.REPAID, EventKind.REDEEMED):
                self._on_loan(kind, event.view(LOAN_EVENT))
            elif kind == EventKind.ADMIN and command == Kind.SET_SYMBOL_STATUS:
                self._on_status(event.view(ADMIN_EVENT))
            elif kind >= EventKind.INDEX:
                self._on_margin(kind, event.view(MARGIN_EVENT), int(event["index"]))
        self._on_refusals(applied)

    @staticmethod
    def _with_commands(applied: Applied):
        kinds = applied.commands["kind"].tolist()
        for event in applied.events:
            index = int(event["index"])
            yield event, kinds[index] if index >= 0 else 0

    # ------------------------------------------------------------ orders

    def _on_order(self, kind: EventKind, event: np.void) -> None:
        order_id = int(event["order_id"])
        if kind in _ON_ORDERS:
            terms = ("list_id", "stop_price_ticks", "iceberg_lots", "trailing_bps", "peg", "side_effect", "expires_ns", "status", "account")
            self._orders[order_id] = {name: int(event[name]) for name in terms}
        order = self._orders.get(order_id, {})
        status = self._statuses[int(event["symbol"])]
        if kind in (EventKind.TRADE, EventKind.PREVENTED):
            counter = self._orders.get(int(event["counter_order_id"]), {})
            self._on_match(kind, event, order, counter)
        elif kind == EventKind.EXPIRED:
            code = Code(event["code"])
            if code == Code.TIME_UP:
                self.met["GTD expires in an auction" if status == SymbolStatus.AUCTION else "GTD expires"] += 1
                if order["list_id"]:
                    self.met["GTD of a list expires"] += 1
            elif order["list_id"]:
                self.met[f"a list's order expires: {code.name}"] += 1
        elif kind == EventKind.ACTIVATED:
            self._on_activation(event, order)
        elif kind == EventKind.NEW and order["list_id"] and order["peg"]:
            self.met["a pegged leg"] += 1
        elif kind == EventKind.CANCELED and event["index"] < 0 and order["account"] in self._rounds:
            self.met["a liquidation cancels an order"] += 1

    def _on_match(self, kind: EventKind, event: np.void, taker: dict, maker: dict) -> None:
        auction = bool(event["flags"] & EventFlag.AUCTION)
        if kind == EventKind.TRADE:
            what = "auction" if auction else "trade"
            for side, order in (("taker", taker), ("maker", maker)):
                for term in ("iceberg_lots", "list_id", "expires_ns", "peg", "side_effect"):
                    if order.get(term):
                        self.met[f"{what}: {side} with {term}"] += 1
            if event["flags"] & (EventFlag.FEE_DISCOUNTED | EventFlag.COUNTER_FEE_DISCOUNTED):
                self.met[f"{what}: a discounted fee"] += 1
            if event["fee"] < 0 or event["counter_fee"] < 0:
                self.met[f"{what}: a rebate"] += 1
            return
        mode = _STP.get(int(event["stp"]), "?")
        if event["update_id"] == 0 and mode in ("DECREMENT", "TRANSFER"):
            mode += " in an auction"
        self.met[f"prevented: {mode}"] += 1
        if event["flags"] & EventFlag.HANDED_OVER:
            self.met["prevented: handed over"] += 1
        for side, order in (("taker", taker), ("maker", maker)):
            for term in ("iceberg_lots", "list_id"):
                if order.get(term):
                    self.met[f"prevented: {mode}, {side} with {term}"] += 1

    def _on_activation(self, event: np.void, order: dict) -> None:
        if event["trailing_bps"]:
            self.met["a trailing order is activated" + (" in a list" if order["list_id"] else "")] += 1
        if event["peg"]:
            self.met["a pegged order is activated"] += 1
        if event["iceberg_lots"]:
            self.met["an iceberg is activated"] += 1
        if order["list_id"]:
            self.met["an order of a list is activated"] += 1
        if order["side_effect"]:
            self.met["an order with side effect is activated"] += 1

    def _on_status(self, event: np.void) -> None:
        symbol, status = int(event["symbol"]), int(event["value"])
        self.met[f"{SymbolStatus(self._statuses[symbol]).name} to {SymbolStatus(status).name}"] += 1
        self._statuses[symbol] = status

    def _on_refusals(self, applied: Applied) -> None:
        commands = applied.commands
        for kind, code in zip(commands["kind"].tolist(), applied.codes.tolist(), strict=True):
            if kind in ORDER_KINDS or code == Code.OK:
                continue
            if (kind, code) == (Kind.REDEEM, Code.POOL_SHORT):
                self.met["a lender wants more than is free"] += 1
            elif (kind, code) == (Kind.SET_SYMBOL_STATUS, Code.INVALID_ARGUMENT):
                self.met["a status refused"] += 1

    # ------------------------------------------------------------ margin

    def _on_loan(self, kind: EventKind, event: np.void) -> None:
        loan, time_ns = (int(event["account"]), int(event["asset"])), int(event["time_ns"])
        if kind == EventKind.BORROWED:
            self._borrowed_ns.setdefault(loan, time_ns)
            self.met["a loan beside another command"] += event["id_hi"] == 0
        elif kind == EventKind.REPAID:
            hours = (time_ns - self._borrowed_ns.get(loan, time_ns)) // HOUR_NS
            if event["part"] and hours >= 10:
                self.met["interest of ten hours and more is repaid"] += 1
            if event["id_hi"] == 0:
                self.met["repaid by a fill or a liquidation"] += 1
            if event["principal"] + event["interest"] == 0:
                self._borrowed_ns.pop(loan, None)
                self.met["a loan is repaid whole"] += 1
            else:
                self.met["a loan is repaid in part"] += 1

    def _on_margin(self, kind: EventKind, event: np.void, index: int) -> None:
        account = int(event["account"])
        if kind == EventKind.LIQUIDATION_STARTED:
            self._rounds[account] = 0
        elif kind == EventKind.LIQUIDATION and event["order_id"]:
            self._rounds[account] += 1
            self.met["a liquidation order" + (" of an isolated account" if event["symbol"] == 0 else "")] += 1
            self.met["a liquidation order brings nothing"] += event["amount"] == 0
            self.met["a liquidation fee"] += event["fee"] > 0
        elif kind == EventKind.LIQUIDATION:
            self.met["dust goes to the insurance"] += 1
        elif kind == EventKind.LIQUIDATION_ENDED:
            self.met["a liquidation ends" + (" after two orders and more" if self._rounds.get(account, 0) > 1 else "")] += 1
            self._rounds.pop(account, None)
        elif kind == EventKind.BAD_DEBT:
            self.met["a bad debt covered"] += event["covered"] > 0
            self.met["a bad debt socialised"] += event["lost"] > 0
            self.met["a bad debt's interest forgiven"] += event["interest"] > 0
        elif kind == EventKind.INDEX:
            self.met["an index is frozen" + (" in the upkeep" if index < 0 else "")] += event["code"] == Code.INDEX_FROZEN
