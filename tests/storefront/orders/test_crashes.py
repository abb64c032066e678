"""A process that dies between any two steps of a move leaves what another one finishes: the same end as without the crash."""

import asyncio
import contextlib

import pytest

from storefront.escrow.release import release_due
from tests.storefront.orders.paid import Line, act, ask, line_ids, paid_order, row, stock_of

USDT = 10**6


class Killed(BaseException):
    """The process is no more: nothing of it catches this."""


class Death:
    """Of the process whose settlements these are; nobody in it hears of an outcome any more."""

    def __init__(self, settlements, monkeypatch):
        self._settlements, self._monkeypatch = settlements, monkeypatch
        self._died = asyncio.Event()
        asyncio.get_running_loop().set_exception_handler(_bury)
        self.replace("ended", self._ended)

    def replace(self, name: str, value) -> None:
        self._monkeypatch.setattr(self._settlements, name, value)

    async def _ended(self, settlement_id) -> None:
        self._settlements.dispatch(settlement_id)
        await self.come()
        raise Killed

    def die(self) -> None:
        self._died.set()
        raise Killed

    async def come(self) -> None:
        await self._died.wait()


def _bury(loop, context) -> None:
    """A task of the dead that nobody waited for is no finding."""
    if not isinstance(context.get("exception"), Killed):
        loop.default_exception_handler(context)


def before_sending(settlements, death: Death) -> None:
    """After the decision's commit."""

    async def dead(_settlement_id):
        death.die()

    death.replace("_settle", dead)


def before_applying(settlements, death: Death) -> None:
    """After the ledger has done it."""

    class Dying:
        async def execute(self, commands):
            await exchange.execute(commands)
            death.die()

    exchange = settlements._exchange
    death.replace("_exchange", Dying())


def while_applying(settlements, death: Death) -> None:
    """After the last change of the outcome's transaction, before its commit."""

    def dying(apply):
        async def applied(db, ended, now):
            await apply(db, ended, now)
            death.die()

        return applied

    death.replace("_apply", {purpose: dying(apply) for purpose, apply in settlements._apply.items()})


class Deal:
    """An order of its own, with people and goods of its own."""

    def __init__(self, world):
        self.world = world

    async def begin(self, *, shipped: bool = False, received: bool = False, disputed: bool = False) -> "Deal":
        world = self.world
        self.seller = await world.seller(reserve_ppm=100_000, reserve_days=30)
        self.buyer = await world.person()
        self.moderator = await world.person(role="moderator")
        self.product = await world.product(self.seller, price="20", stock=10)
        self.order_id = await paid_order(world, self.buyer, self.seller, Line(self.product, 2), shipping=5 * USDT, from_credit=10 * USDT)
        (self.line,) = await line_ids(world, self.order_id)
        if shipped or received:
            await act(world, self.seller, self.order_id, "shipments", {"carrier": "DHL"}, status=201)
        if received:
            await act(world, self.buyer, self.order_id, "receipt")
        if disputed:
            await act(world, self.buyer, self.order_id, "dispute", {"reason": "other", "text": "No."}, status=201)
        return self

    async def ask(self, person: str, path: str, body: dict | None = None) -> None:
        status, answer = await ask(self.world, getattr(self, person), "POST", path.format(order=self.order_id), body)
        assert status < 500, answer

    async def end(self) -> dict:
        """All that became of it, without names and times."""
        world, pool = self.world, self.world.pool
        order = await row(world, self.order_id)
        names = ("payment", "fulfilment", "dispute", "held", "released", "refunded", "commission", "settlement_id")
        credit = await pool.fetchval("SELECT account FROM shop_credit_accounts WHERE user_id = $1", self.buyer.user_id)
        return {
            "order": {name: order[name] for name in names},
            "hold": world.exchange.machine.pending(order["escrow_hi"], order["escrow_lo"]) is not None,
            "reserve": (order["reserve_hi"], order["reserve_lo"]) != (0, 0),
            "trail": await self._rows("axis, event, before, after, actor, detail", "transitions", "transition_id"),
            "told": [event["type"] for event in await pool.fetch(
                "SELECT type FROM shop_events WHERE seller_id = $1 ORDER BY event_id", self.seller.seller_id)],
            "lines": await self._rows("quantity, shipped, canceled, returned", "order_lines"),
            "refunds": await self._rows("amount, state", "refunds"),
            "returns": await self._rows("amount, state", "returns"),
            "dispute": await self._rows("decision, to_buyer", "disputes"),
            "stock": await stock_of(world, self.product),
            "money": [world.balance(account, "USDT") for account in (self.buyer.account, self.seller.payable, credit)],
        }  # fmt: skip

    async def _rows(self, columns: str, table: str, order: str = "1") -> list[tuple]:
        query = f"SELECT {columns} FROM shop_{table} WHERE order_id = $1 ORDER BY {order}"
        return [tuple(found) for found in await self.world.pool.fetch(query, self.order_id)]


async def _return(deal: Deal) -> None:
    world, wanted = deal.world, {"lines": [{"lineId": deal.line, "quantity": 1}], "reason": "no"}
    shown = await act(world, deal.buyer, deal.order_id, "returns", wanted, status=201)
    return_id = shown["returns"][0]["id"]
    assert (await ask(world, deal.seller, "POST", f"/returns/{return_id}/approve"))[0] == 200
    deal.path = f"/returns/{return_id}/received"


async def _release_itself(deal: Deal) -> None:
    await deal.world.pool.execute("UPDATE shop_orders SET auto_release_at = now() WHERE order_id = $1", deal.order_id)
    assert await release_due(deal.world.shop) == 1


MOVES = {
    "cancel": ({}, lambda deal: deal.ask("buyer", "/orders/{order}/cancel", {})),
    "confirm": ({"shipped": True}, lambda deal: deal.ask("buyer", "/orders/{order}/receipt")),
    "release_itself": ({"shipped": True}, _release_itself),
    "refund": ({"shipped": True}, lambda deal: deal.ask("seller", "/orders/{order}/refunds", {"amount": "40"})),
    "refund_after_release": ({"received": True}, lambda deal: deal.ask("seller", "/orders/{order}/refunds", {"amount": "40"})),
    "cancel_lines": (
        {}, lambda deal: deal.ask("seller", "/orders/{order}/cancel-lines", {"lines": [{"lineId": deal.line, "quantity": 1}]}),
    ),
    "decide": (
        {"shipped": True, "disputed": True},
        lambda deal: deal.ask("moderator", "/orders/{order}/dispute/decide", {"toBuyer": "15", "text": "So."}),
    ),
    "return": ({"received": True}, lambda deal: deal.ask("seller", deal.path)),
    "too_much": ({"received": True}, lambda deal: deal.ask("seller", "/orders/{order}/refunds", {"amount": "45"})),
}  # fmt: skip


async def _start(world, move: str) -> Deal:
    deal = await Deal(world).begin(**MOVES[move][0])
    if move == "return":
        await _return(deal)
    if move == "too_much":  # the ledger refuses it: what is payable is paid out
        payable = world.balance(deal.seller.payable, "USDT")[0]
        assert (await ask(world, deal.seller, "POST", "/seller/payouts", {"asset": "USDT", "amount": payable}))[0] == 201
    return deal


async def _finish(world) -> None:
    pending = await world.pool.fetch("SELECT settlement_id FROM shop_settlements WHERE state = 'pending'")
    for found in pending:
        assert await world.shop.settlements.ended(found["settlement_id"]) is not None
    await world.exchange.caught_up()


@pytest.mark.parametrize("killed", [before_sending, before_applying, while_applying])
async def test_killed_between_any_two_steps_a_move_ends_as_it_would_have(world, monkeypatch, killed):
    expected = {}
    for move in MOVES:
        deal = await _start(world, move)
        await MOVES[move][1](deal)
        await _finish(world)
        expected[move] = await deal.end()
        assert expected[move]["order"]["settlement_id"] is None
    deals = {move: await _start(world, move) for move in MOVES}
    for move, deal in deals.items():
        with monkeypatch.context() as patch, contextlib.suppress(Killed):
            death = Death(world.shop.settlements, patch)
            killed(world.shop.settlements, death)
            await MOVES[move][1](deal)
            await death.come()
        assert (await row(world, deal.order_id))["settlement_id"] is not None, move
    await world.restart()
    await world.exchange.caught_up()
    await _finish(world)
    for move, deal in deals.items():
        found = await deal.end()
        if killed is not before_sending:  # the ledger, asked again, says only that it had refused
            said = ("ID_ALREADY_FAILED", "INSUFFICIENT_AVAILABLE")
            found["trail"] = [(*step, detail.replace(*said)) for *step, detail in found["trail"]]
        assert found == expected[move], move
    await world.check()
