"""The wallet's history against a real ledger and its recorder: every entry, and a balance after each that adds up."""

import asyncio
import contextlib
from decimal import Decimal

from engine import commands as make
from engine.types import HOUSE_GATEWAY, Kind, OrderType, Side
from marketdata import Recorder
from storefront.ledger import Reason


@contextlib.asynccontextmanager
async def recorded(world):
    """A recorder at work; the caller waits for what it wants to see."""
    recorder = asyncio.create_task(Recorder(world.log, world.pool).run())
    try:
        yield recorder
    finally:
        recorder.cancel()
        await asyncio.gather(recorder, return_exceptions=True)


async def history(client, recorder, asset, count):
    while True:
        answer = await client.get("/shop/wallet/entries", params={"asset": asset, "limit": 100})
        assert answer.status_code == 200, answer.text
        assert not recorder.done(), recorder.result()
        if len(answer.json()["items"]) >= count:
            return answer.json()["items"]
        await asyncio.sleep(0.02)


async def test_trades_and_transfers_add_up_to_the_balance(world):
    person, other = await world.person("ann", purse={"USDT": "10000"}), await world.person("bob")
    symbol = world.symbol("BTCUSDT")
    await world.operate(make.place(person.account, symbol, Side.BUY, order_type=OrderType.MARKET, quantity_lots=500))
    await world.operate(make.place(person.account, symbol, Side.SELL, order_type=OrderType.MARKET, quantity_lots=200))
    now = world.operator.machine.now_ns
    usdt = world.asset("USDT")
    await world.operate(
        make.transfer(Kind.TRANSFER, (now + 1, 1), debit=person.account, credit=other.account, asset=usdt,
                      amount=world.units("USDT", "12.5"))
    )  # fmt: skip
    await world.operate(
        make.transfer(Kind.TRANSFER, (now + 2, 1), debit=person.account, credit=HOUSE_GATEWAY, asset=usdt, amount=world.units("USDT", "7"))
    )
    await world.operate(
        make.transfer(Kind.TRANSFER, (now + 3, 1), debit=other.account, credit=person.account, asset=usdt, amount=world.units("USDT", "3"),
                      reason=int(Reason.PAYOUT))
    )  # fmt: skip
    async with recorded(world) as recorder, world.client(person) as client:
        rows = await history(client, recorder, "USDT", 6)
        assert [row["text"] for row in rows[:3]] == ["Payout of sales", "Withdrawal", "Transfer"]
        assert {row["text"] for row in rows[3:-1]} == {"Bought", "Sold"}
        assert (rows[-1]["text"], rows[-1]["balance"]["amount"]) == ("Deposit", "10000.000000")
        assert all(row["symbol"] == ("BTCUSDT" if row["text"] in ("Bought", "Sold") else "") for row in rows)
        for asset, count in (("USDT", 6), ("BTC", 2)):
            rows = await history(client, recorder, asset, count)
            available, held = world.balance(person.account, asset)
            assert Decimal(rows[0]["balance"]["amount"]) == Decimal(available) + Decimal(held)
            before = Decimal(0)
            for row in reversed(rows):
                change = Decimal(row["amount"]["amount"]) * (1 if row["sign"] == "+" else -1)
                before += change
                assert Decimal(row["balance"]["amount"]) == before, row
            first = (await client.get("/shop/wallet/entries", params={"asset": asset, "limit": 1})).json()
            rest = (await client.get("/shop/wallet/entries", params={"asset": asset, "limit": 100, "after": first["next"]})).json()
            assert first["items"] + rest["items"] == rows
            assert rest["next"] == ""


async def test_what_a_conversion_passes_through_comes_in_before_it_goes_out(world):
    person = await world.person("ann", purse={"ETH": "10"})
    await world.operate(
        make.convert((world.operator.machine.now_ns + 1, 1), account=person.account, asset=world.asset("BTC"),
                     amount=world.units("BTC", "0.1"), most=world.units("ETH", "10"), symbol=world.symbol("BTCUSDT"),
                     via_symbol=world.symbol("ETHUSDT"))
    )  # fmt: skip
    async with recorded(world) as recorder, world.client(person) as client:
        rows = await history(client, recorder, "USDT", 2)
        assert [row["symbol"] for row in rows] == sorted(row["symbol"] for row in rows)  # the latest first: BTCUSDT after ETHUSDT
        assert {row["symbol"] for row in rows} == {"BTCUSDT", "ETHUSDT"}
        assert all(Decimal(row["balance"]["amount"]) >= 0 for row in rows), rows


async def test_what_is_held_is_no_entry_and_what_is_captured_is_one(world):
    person, other = await world.person("ann", purse={"USDT": "100"}), await world.person("bob", purse={})
    usdt, now = world.asset("USDT"), world.operator.machine.now_ns
    hold = make.transfer(Kind.HOLD, (now + 1, 1), debit=person.account, credit=other.account, asset=usdt, amount=world.units("USDT", "40"))
    await world.operate(hold)
    await world.operate(make.place(person.account, world.symbol("BTCUSDT"), Side.BUY, price_ticks=100, quantity_lots=10))
    await world.operate(make.transfer(Kind.CAPTURE, (now + 2, 1), pending_id=(now + 1, 1), amount=world.units("USDT", "25")))
    async with recorded(world) as recorder, world.client(person) as client, world.client(other) as others:
        rows = await history(client, recorder, "USDT", 2)
        assert [(row["sign"], row["amount"]["amount"], row["balance"]["amount"]) for row in rows] == [
            ("-", "25.000000", "75.000000"), ("+", "100.000000", "100.000000"),
        ]  # fmt: skip
        (row,) = await history(others, recorder, "USDT", 1)
        assert (row["sign"], row["balance"]["amount"]) == ("+", "25.000000")


async def test_who_and_what_may_be_asked(world):
    person = await world.person("ann")
    async with world.client(person) as client, world.client() as nobody:
        assert (await nobody.get("/shop/wallet/entries", params={"asset": "USDT"})).status_code == 401
        assert (await client.get("/shop/wallet/entries")).json()["code"] == "INVALID_REQUEST"
        assert (await client.get("/shop/wallet/entries", params={"asset": "GOLD"})).json()["code"] == "UNKNOWN_ASSET"
        answer = await client.get("/shop/wallet/entries", params={"asset": "USDT", "after": "nonsense"})
        assert answer.json()["code"] == "INVALID_REQUEST"
