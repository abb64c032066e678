"""A shop's process that dies before any of its steps: the next one finishes what was decided and knows nothing of the rest.

A step is a statement to the database, a transaction's begin and commit among them, or a chain to the ledger. Each operation is killed
before its first step, before its second, and so on until it runs through. After each death another process, which knows only database and
log, finishes what is pending and is asked again under the same Idempotency-Key, or the other way round: then money, rows and the answer
must be those of a run that nobody disturbed.
"""

import asyncio
import contextlib
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import asyncpg
from httpx import ASGITransport, AsyncClient

from cryptoshop.database import PlainConnection
from engine.types import HOUSE_ESCROW, HOUSE_FEES
from storefront.app import rooms, shop_app
from storefront.checkout.keeper import sweep
from storefront.escrow.release import release_due
from storefront.settlement import Settlements
from storefront.work import Shop
from tests.storefront.checkout.buying import opened
from tests.storefront.orders.paid import Line, act, ask, line_ids, paid_order

USDT = 10**6
TABLES = ("orders", "order_lines", "transitions", "events", "refunds", "returns", "disputes", "settlements", "checkouts", "reservations",
          "variants", "products", "vouchers", "voucher_uses", "cart_lines", "payouts", "gift_cards", "answers")  # fmt: skip
# What differs from run to run: names, moments, numbers, and what is made of them. Attempts count the deaths.
NAMES = ("number", "transition_id", "event_id", "escrow_hi", "escrow_lo", "reserve_hi", "reserve_lo", "reference_hi", "reference_lo",
         "account", "address", "body", "detail", "content", "receipt", "lines", "rate_source", "slug", "sku", "title", "words", "code",
         "attempts", "key")  # fmt: skip


class Dead(BaseException):
    """The process is no more: nothing of it may catch this."""


class Life:
    """Of one process: it ends before the step after `steps`."""

    def __init__(self, steps: int) -> None:
        self.left = steps
        self.over = asyncio.Event()

    def step(self) -> None:
        if not self.left:
            self.over.set()
        if self.over.is_set():
            raise Dead
        self.left -= 1


class Mortal(PlainConnection):
    """A connection of a process that may die."""

    life: Life

    async def execute(self, *arguments, **more):
        self.life.step()
        return await super().execute(*arguments, **more)

    async def executemany(self, *arguments, **more):
        self.life.step()
        return await super().executemany(*arguments, **more)

    async def fetch(self, *arguments, **more):
        self.life.step()
        return await super().fetch(*arguments, **more)

    async def fetchrow(self, *arguments, **more):
        self.life.step()
        return await super().fetchrow(*arguments, **more)

    async def fetchval(self, *arguments, **more):
        self.life.step()
        return await super().fetchval(*arguments, **more)


class MortalExchange:
    """The same of its door to the ledger."""

    def __init__(self, exchange) -> None:
        self._exchange = exchange

    async def execute(self, *arguments, **more):
        Mortal.life.step()
        return await self._exchange.execute(*arguments, **more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._exchange, name)


class Asked(NamedTuple):
    person: Any
    path: str
    body: dict | None
    told: Callable[[dict], Any]  # what of the answer must be the same


class Doomed:
    """A process that dies again and again, and begins with nothing each time."""

    def __init__(self, world, database: str) -> None:
        self._database, self._clock = database, world.clock
        exchange = MortalExchange(world.exchange)
        self._shop = Shop(None, exchange, Settlements(None, exchange, world.clock), seal=bytes, unseal=bytes, clock=world.clock)
        self._app = shop_app(self._shop)

    async def live(self, asked: Asked, key: str, steps: int) -> bool:
        """One request; False where the process died of it."""
        Mortal.life = Life(steps)
        pool = self._shop.pool = await asyncpg.create_pool(self._database, min_size=0, max_size=8, connection_class=Mortal)
        settlements = self._shop.settlements = Settlements(pool, self._shop.exchange, self._clock)
        for room in rooms():
            room.wire(self._shop)
        request = asyncio.create_task(send(self._app, asked, key))
        died = asyncio.create_task(Mortal.life.over.wait())
        await asyncio.wait((request, died), return_when=asyncio.FIRST_COMPLETED)
        survived = not Mortal.life.over.is_set()
        Mortal.life.over.set()
        left = [request, died, *settlements._running.values(), *([settlements._applying] if settlements._applying else [])]
        for task in left:
            task.cancel()
        with contextlib.suppress(Dead):
            await asyncio.gather(*left, return_exceptions=True)
        pool.terminate()
        return survived


async def send(app, asked: Asked, key: str):
    """A request under a key."""
    who = getattr(asked.person, "person", asked.person)

    async def signed_in(scope, receive, send) -> None:
        scope.setdefault("state", {})["shopper"] = who.shopper
        await app(scope, receive, send)

    async with AsyncClient(transport=ASGITransport(signed_in), base_url="http://shop.test", timeout=60) as client:
        return await client.post(f"/shop{asked.path}", json=asked.body, headers={"Idempotency-Key": key})


class Stage:
    """One seller, buyer and moderator; each operation is prepared on goods of its own."""

    def __init__(self, world, seller, buyer, moderator) -> None:
        self.world, self.seller, self.buyer, self.moderator = world, seller, buyer, moderator
        self.named: list[str] = []

    async def order(self, *, shipped: bool = False, received: bool = False, disputed: bool = False) -> uuid.UUID:
        product = await self.world.product(self.seller, price="20", stock=10)
        order_id = await paid_order(self.world, self.buyer, self.seller, Line(product, 2), shipping=5 * USDT)
        if shipped or received:
            await act(self.world, self.seller, order_id, "shipments", {"carrier": "Post"}, status=201)
        if received:
            await act(self.world, self.buyer, order_id, "receipt")
        if disputed:
            await act(self.world, self.buyer, order_id, "dispute", {"reason": "other", "text": "No."}, status=201)
        return order_id

    async def confirm(self) -> Asked:
        product = await self.world.product(self.seller, price="20", stock=10)
        code = f"TEN{uuid.uuid4().hex[:8].upper()}"
        await self.world.pool.execute(
            "INSERT INTO shop_vouchers (voucher_id, code, kind, ppm, created_at) VALUES ($1, $2, 'percent', 100000, now())",
            uuid.uuid4(), code,
        )  # fmt: skip
        async with self.world.client(self.buyer) as client:
            checkout = await opened(self.world, client, self.buyer, product, quantity=2, pay_asset="BTC", voucher=code)
        return Asked(self.buyer, f"/checkouts/{checkout['id']}/confirm", {"most": checkout["most"]},
                     lambda told: (told["state"], [order["total"] for order in told["orders"]]))  # fmt: skip

    async def cancel(self) -> Asked:
        return Asked(self.buyer, f"/orders/{await self.order()}/cancel", {}, _order)

    async def receipt(self) -> Asked:
        return Asked(self.buyer, f"/orders/{await self.order(shipped=True)}/receipt", None, _order)

    async def refund(self) -> Asked:
        return Asked(self.seller, f"/orders/{await self.order(shipped=True)}/refunds", {"amount": "12.5"}, _order)

    async def decide(self) -> Asked:
        order_id = await self.order(shipped=True, disputed=True)
        return Asked(self.moderator, f"/orders/{order_id}/dispute/decide", {"toBuyer": "15", "text": "So."}, _order)

    async def take_back(self) -> Asked:
        order_id = await self.order(received=True)
        (line,) = await line_ids(self.world, order_id)
        wanted = {"lines": [{"lineId": line, "quantity": 1}], "reason": "no"}
        return_id = (await act(self.world, self.buyer, order_id, "returns", wanted, status=201))["returns"][0]["id"]
        assert (await ask(self.world, self.seller, "POST", f"/returns/{return_id}/approve"))[0] == 200
        return Asked(self.seller, f"/returns/{return_id}/received", None, _order)

    async def pay_out(self) -> Asked:
        await self.world.deposit(self.seller.payable, {"USDT": "7"})
        return Asked(self.seller, "/seller/payouts", {"asset": "USDT", "amount": "7"}, lambda told: (told["amount"], told["state"]))

    async def buy_card(self) -> Asked:
        return Asked(self.buyer, "/giftcards", {"asset": "USDT", "amount": "30"},
                     lambda told: (told["amount"], told["state"], len(told["code"])))  # fmt: skip

    async def redeem_card(self) -> Asked:
        _, card = await ask(self.world, self.buyer, "POST", "/giftcards", {"asset": "USDT", "amount": "3"})
        return Asked(self.buyer, "/giftcards/redeem", {"code": card["code"]}, lambda told: told["amount"])

    # ---- what is there

    async def now(self) -> int:
        """A number of PostgreSQL's transactions: all that are to come have a higher one."""
        return await self.world.pool.fetchval("SELECT pg_current_xact_id()::text::bigint")

    async def rows(self, since: int) -> Counter[tuple[str, str]]:
        """The shop's rows that were made or changed since then, without their names, counted."""
        if not self.named:
            found = await self.world.pool.fetch(
                """SELECT DISTINCT column_name FROM information_schema.columns
                   WHERE table_name LIKE 'shop\\_%' AND data_type IN ('uuid', 'bytea', 'timestamp with time zone', 'tsvector')"""
            )
            self.named = [*NAMES, *(row[0] for row in found)]
        parts = (f"SELECT '{name}', (to_jsonb(t) - $1::text[])::text FROM shop_{name} t WHERE xmin::text::bigint > $2" for name in TABLES)
        return Counter(map(tuple, await self.world.pool.fetch(" UNION ALL ".join(parts), self.named, since)))

    async def money(self) -> Counter[tuple[str, str, int]]:
        credit = await self.world.pool.fetchval("SELECT account FROM shop_credit_accounts WHERE user_id = $1", self.buyer.user_id)
        accounts = {"buyer": self.buyer.account, "seller": self.seller.person.account, "payable": self.seller.payable, "credit": credit,
                    "fees": HOUSE_FEES, "escrow": HOUSE_ESCROW}  # fmt: skip
        await self.world.exchange.caught_up()
        balance, asset = self.world.exchange.machine.balance, self.world.asset
        return Counter({(who, name, part): units for who, account in accounts.items() if account for name in ("USDT", "BTC")
                        for part, units in enumerate(balance(account, asset(name)))})  # fmt: skip


def _order(told: dict) -> tuple:
    return tuple(str(told[name]) for name in ("payment", "fulfilment", "dispute", "held", "released", "refunded", "settling"))


OPERATIONS = {
    "confirm": Stage.confirm, "cancel": Stage.cancel, "receipt": Stage.receipt, "refund": Stage.refund, "decide": Stage.decide,
    "return": Stage.take_back, "payout": Stage.pay_out, "gift card": Stage.buy_card, "redeem": Stage.redeem_card,
}  # fmt: skip


async def finish(world) -> None:
    """What the keepers of the next process do, until nothing is left to do."""
    while pending := await world.pool.fetch("SELECT settlement_id FROM shop_settlements WHERE state = 'pending'"):
        for row in pending:
            assert await world.shop.settlements.ended(row["settlement_id"]) is not None
    assert await sweep(world.shop) == await release_due(world.shop) == 0


async def run(stage: Stage, prepare: Callable[[Stage], Awaitable[Asked]], doomed: Doomed | None, steps: int) -> tuple[bool, tuple]:
    """The operation, once; by a process that dies after these steps and one that follows, or without `doomed` by one that lives. Whether
    the first survived, and all that came of it."""
    world, key = stage.world, uuid.uuid4().hex
    began = await stage.now()
    asked = await prepare(stage)
    before = await stage.money()
    survived = doomed is None or await doomed.live(asked, key, steps)
    if steps % 2:
        await finish(world)
    answer = await send(world.app, asked, key)
    await finish(world)
    assert answer.status_code < 300, answer.text
    moved = {what: units - before[what] for what, units in (await stage.money()).items() if units != before[what]}
    return survived, (answer.status_code, asked.told(answer.json()), await stage.rows(began), moved)


async def test_killed_before_any_of_its_steps_every_operation_ends_as_if_nothing_had_happened(world, database) -> None:
    asyncio.get_running_loop().set_exception_handler(_bury)
    doomed = Doomed(world, database)
    await world.restart()
    stage = Stage(world, await world.seller("sam"), await world.person("bea"), await world.person("mo", role="moderator"))
    await ask(world, stage.buyer, "POST", "/giftcards/redeem", {"code": (await stage.redeem_card()).body["code"]})  # opens the account
    for name, prepare in OPERATIONS.items():
        _, expected = await run(stage, prepare, None, 0)
        survived, steps = False, 0
        while not survived:
            survived, found = await run(stage, prepare, doomed, steps)
            assert found == expected, f"{name}, killed after {steps} steps"
            steps += 1
        assert steps > 12 and expected[3], name
        await world.check()


def _bury(loop, context) -> None:
    """A task of the dead that nobody waited for is no finding."""
    if not isinstance(context.get("exception"), Dead):
        loop.default_exception_handler(context)
