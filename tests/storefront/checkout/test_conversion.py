"""Paying in another asset: the quote that is read from the books, and the payment that trades on them."""

import asyncio
from decimal import Decimal

import pytest

from engine import commands as make
from engine.types import CHAIN_MAX, HOUSE_ESCROW, Kind, OrderType, Side, SymbolStatus
from marketdata.recorder import Recorder
from storefront.checkout.opening import ORDERS_MAX
from storefront.checkout.quote import Plan, choices, plan
from storefront.errors import Refusal
from tests.storefront.checkout.buying import amount, confirm, opened, put_into_cart, start


async def test_a_purchase_in_another_asset_trades_on_the_book(world):
    seller, bea = await world.seller("sam"), await world.person("bea", purse={"BTC": "1"})
    product = await world.product(seller, price="995")
    async with world.client(bea) as client:
        checkout = await opened(world, client, bea, product, pay_asset="BTC")
        (conversion,) = checkout["conversions"]
        assert (conversion["symbol"], conversion["viaSymbol"], amount(conversion["buys"])) == ("BTCUSDT", None, ("USDT", "1000.000000"))
        most, expected = Decimal(checkout["most"]["amount"]), Decimal(checkout["expected"]["amount"])
        assert most == expected * Decimal("1.01") and Decimal("0.0200") < expected < Decimal("0.0203")
        by_asset = {choice["asset"]: choice for choice in checkout["choices"]}
        assert by_asset["BTC"]["enough"] and by_asset["BTC"]["most"] == checkout["most"]
        assert (by_asset["USDT"]["enough"], by_asset["USDT"]["reason"]) == (False, "INSUFFICIENT_BALANCE")
        answer = await confirm(client, checkout)
        assert answer.status_code == 200, answer.text
        receipt = answer.json()["receipt"]
    (trade,) = receipt["conversions"]
    assert (trade["symbol"], trade["cost"], trade["cost"]) == ("BTCUSDT", receipt["paid"], checkout["expected"])
    assert trade["trades"] >= 1 and Decimal("49900") < Decimal(trade["averagePrice"]) < Decimal("50000")
    assert Decimal(trade["bought"]["amount"]) >= 1000 and Decimal(trade["fee"]["amount"]) > 0
    btc, usdt = (world.balance(bea.account, asset)[0] for asset in ("BTC", "USDT"))
    assert Decimal(btc) == 1 - Decimal(receipt["paid"]["amount"])
    assert Decimal(usdt) == Decimal(trade["bought"]["amount"]) - 1000  # the last lot's surplus stays the buyer's
    assert world.exchange.machine.balance(HOUSE_ESCROW, world.asset("USDT")) == (0, 1_000_000_000)
    await world.check()


async def test_legs_that_would_meet_on_a_market_buy_the_asset_between_once(world):
    """Goods in USDT and BTC, paid in ETH with ETHBTC halted: USDT for both on ETHUSDT, BTC with a part of it on BTCUSDT."""
    sellers = [await world.seller("ann"), await world.seller("ben", asset="BTC", shipping="0.001")]
    bea = await world.person("bea", purse={"ETH": "50"})
    await world.operate(make.admin(Kind.SET_SYMBOL_STATUS, symbol=world.symbol("ETHBTC"), status=SymbolStatus.CANCEL_ONLY))
    async with world.client(bea) as client:
        await put_into_cart(client, await world.product(sellers[0], price="95"))
        await put_into_cart(client, await world.product(sellers[1], price="0.2", asset="BTC"))
        checkout = (await start(client, await world.address(bea), "ETH")).json()
        pooled, paying = checkout["conversions"]
        assert (pooled["symbol"], pooled["most"]["asset"], pooled["buys"]["asset"]) == ("ETHUSDT", "ETH", "USDT")
        assert (paying["symbol"], paying["most"]["asset"], amount(paying["buys"])) == ("BTCUSDT", "USDT", ("BTC", "0.20100000"))
        assert Decimal(pooled["buys"]["amount"]) == 100 + Decimal(paying["most"]["amount"])
        assert (checkout["most"], checkout["expected"]) == (pooled["most"], pooled["expected"])
        paid = (await confirm(client, checkout)).json()
    assert paid["state"] == "paid", paid
    assert [one["symbol"] for one in paid["receipt"]["conversions"]] == ["ETHUSDT", "BTCUSDT"]
    assert paid["receipt"]["paid"] == paid["receipt"]["conversions"][0]["cost"]
    assert Decimal(world.balance(bea.account, "ETH")[0]) == 50 - Decimal(paid["receipt"]["paid"]["amount"])
    left = Decimal(world.balance(bea.account, "USDT")[0])
    assert 0 <= left < Decimal(paying["most"]["amount"]) * Decimal("0.011") + 1  # what the slippage allowed was not needed for
    await world.check()


async def test_through_a_second_market_and_several_assets_at_once(world):
    """Goods in USDT and BTC, paid in ETH: two legs of one chain, no market in both."""
    sellers = [await world.seller("ann"), await world.seller("ben", asset="BTC", shipping="0.001")]
    bea = await world.person("bea", purse={"ETH": "50"})
    products = [await world.product(sellers[0], price="95"), await world.product(sellers[1], price="0.2", asset="BTC")]
    async with world.client(bea) as client:
        for product in products:
            await put_into_cart(client, product)
        checkout = (await start(client, await world.address(bea), "ETH")).json()
        assert {(one["symbol"], one["viaSymbol"]) for one in checkout["conversions"]} == {("ETHUSDT", None), ("ETHBTC", None)}
        assert [amount(money) for money in checkout["due"]] == [("USDT", "100.000000"), ("BTC", "0.20100000")]
        paid = (await confirm(client, checkout)).json()
        assert paid["state"] == "paid", paid
        await put_into_cart(client, products[0])
        await world.operate(make.admin(Kind.SET_SYMBOL_STATUS, symbol=world.symbol("ETHUSDT"), status=SymbolStatus.CANCEL_ONLY))
        checkout = (await start(client, await world.address(bea), "ETH")).json()
        assert [(one["symbol"], one["viaSymbol"]) for one in checkout["conversions"]] == [("BTCUSDT", "ETHBTC")]
        paid = (await confirm(client, checkout)).json()
        assert [one["symbol"] for one in paid["receipt"]["conversions"]] == ["ETHBTC", "BTCUSDT"]
        assert paid["receipt"]["conversions"][0]["cost"] == paid["receipt"]["paid"]
    await world.check()


def test_the_longest_payment_is_a_chain_that_the_core_takes():
    """Each order in an asset of its own: a conversion, a part from store credit, the rest, the hold; and a conversion for all others."""
    assert 4 * ORDERS_MAX + 1 <= CHAIN_MAX


async def test_a_receipt_that_died_with_its_process_is_read_from_the_history(world):
    """The ledger paid, the process that heard of it did not live to tell the database."""
    seller, bea = await world.seller("sam"), await world.person("bea", purse={"ETH": "5"})
    product = await world.product(seller, price="995")
    await world.operate(make.admin(Kind.SET_SYMBOL_STATUS, symbol=world.symbol("ETHUSDT"), status=SymbolStatus.CANCEL_ONLY))
    async with world.client(bea) as client:
        checkout = await opened(world, client, bea, product, pay_asset="ETH")
        dying = world.shop.settlements

        async def dies(_fates) -> None:
            raise asyncio.CancelledError

        dying._end, dying.ended = dies, lambda one: asyncio.wait([dying.dispatch(one)], timeout=0.3)
        assert (await confirm(client, checkout)).json()["state"] == "confirming"
        shop = await world.restart()
        await shop.exchange.caught_up()
        async with world.keepers():
            while (await client.get(f"/shop/checkouts/{checkout['id']}")).json()["state"] != "paid":
                await asyncio.sleep(0.02)
        assert (await client.get(f"/shop/checkouts/{checkout['id']}")).json()["receipt"] is None
        recorder = Recorder(world.log, world.pool)
        recording = asyncio.create_task(recorder.run())
        await recorder.reached(shop.exchange.position)
        recording.cancel()
        await asyncio.gather(recording, return_exceptions=True)
        receipt = (await client.get(f"/shop/checkouts/{checkout['id']}")).json()["receipt"]
    assert [one["symbol"] for one in receipt["conversions"]] == ["ETHBTC", "BTCUSDT"]
    assert receipt["paid"] == checkout["expected"] == receipt["conversions"][0]["cost"]
    assert Decimal(world.balance(bea.account, "ETH")[0]) == 5 - Decimal(receipt["paid"]["amount"])
    await world.check()


async def test_I14_a_market_that_has_moved_charges_nothing_and_a_new_quote_is_offered(world):
    seller, bea = await world.seller("sam"), await world.person("bea", purse={"BTC": "1"})
    product = await world.product(seller, price="995")
    async with world.client(bea) as client:
        checkout = await opened(world, client, bea, product, pay_asset="BTC")
        await _clear_bids(world, "BTCUSDT", price_ticks=4_800_000)
        answer = await confirm(client, checkout)
        assert (answer.status_code, answer.json()["code"]) == (409, "LIMIT_EXCEEDED")
        again = answer.json()["detail"]["checkout"]
        assert (again["state"], again["failure"]) == ("open", "LIMIT_EXCEEDED")
        assert again["conversions"][0]["viaSymbol"] == "ETHBTC" and again["most"] != checkout["most"]
        assert world.balance(bea.account, "BTC") == ("1.00000000", "0.00000000")
        assert await world.pool.fetchval("SELECT reserved FROM shop_variants") == 1
        assert (await confirm(client, checkout)).json()["code"] == "PRICE_CHANGED"  # the old most is not the new quote's
        paid = (await confirm(client, again)).json()
        assert paid["state"] == "paid" and paid["receipt"]["paid"] == again["expected"]
    await world.check()


async def test_a_market_that_is_empty_says_so_and_another_asset_pays(world):
    seller, bea = await world.seller("sam"), await world.person("bea", purse={"BTC": "1", "USDT": "2000"})
    product = await world.product(seller, price="995")
    async with world.client(bea) as client:
        checkout = await opened(world, client, bea, product, pay_asset="BTC")
        await _clear_bids(world, "BTCUSDT")
        await world.operate(make.admin(Kind.SET_SYMBOL_STATUS, symbol=world.symbol("ETHBTC"), status=SymbolStatus.CANCEL_ONLY))
        answer = await confirm(client, checkout)
        assert answer.json()["code"] == "NO_LIQUIDITY"
        again = answer.json()["detail"]["checkout"]
        assert [(one["asset"], one["reason"]) for one in again["choices"]] == [("USDT", ""), ("BTC", "NO_LIQUIDITY")]
        assert (await start(client, await world.address(bea), "BTC")).json()["code"] == "NO_LIQUIDITY"
        answer = await client.post(f"/shop/checkouts/{again['id']}/quote", json={"payAsset": "USDT"})
        assert (await confirm(client, answer.json())).json()["state"] == "paid"
    assert await world.pool.fetchval("SELECT count(*) FROM shop_orders WHERE payment = 'held'") == 1
    await world.check()


async def _clear_bids(world, market: str, price_ticks: int = 0) -> None:
    """Everything that is bid is sold; then, at `price_ticks`, one bid with depth."""
    symbol = world.symbol(market)
    taker = await world.person(purse={"BTC": "1000", "USDT": "100000000"})
    commands = [make.place(taker.account, symbol, Side.SELL, OrderType.MARKET, quantity_lots=20 * 2 * 10_000)]
    if price_ticks:
        commands.append(make.place(taker.account, symbol, Side.BUY, OrderType.LIMIT, price_ticks=price_ticks, quantity_lots=10_000))
    await world.operate(*commands)


@pytest.mark.parametrize(
    ("due", "pay", "refusal"),
    [
        ({"USDT": 1}, "BTC", None),
        ({"BTC": 10**8 * 10_000}, "USDT", Refusal.NO_LIQUIDITY),
        ({"USDT": 5}, "USDT", None),
        ({}, "ETH", None),
        ({"USDT": 100 * 10**6, "BTC": 10**7}, "ETH", None),
    ],
)
async def test_a_plan_says_what_it_takes_or_why_not(world, due, pay, refusal):
    bea = await world.person("bea")
    owed = {world.asset(name): units for name, units in due.items()}
    made = plan(world.exchange.machine, bea.account, owed, world.asset(pay), 10_000)
    assert made.refusal is refusal
    if refusal is None:
        own = due.get(pay, 0)
        assert made.most == own + sum(leg.most for leg in made.legs) and made.expected == own + sum(leg.expected for leg in made.legs)
        assert {leg.asset: leg.amount for leg in made.legs} == {asset: units for asset, units in owed.items() if asset != world.asset(pay)}
        markets = [market for leg in made.legs for market in leg.markets]
        assert len(markets) == len(set(markets))
        for leg in made.legs:
            assert leg.most == -(-leg.expected * 1_010_000 // 1_000_000)
    assert made in [one for one, _ in choices(world.exchange.machine, bea.account, owed, 10_000)] or made == Plan(world.asset(pay))


async def test_the_cheapest_way_is_taken(world):
    """ETH to USDT directly, unless the way over BTC costs less."""
    bea = await world.person("bea")
    owed = {world.asset("USDT"): 1000 * 10**6}
    eth, machine = world.asset("ETH"), world.exchange.machine
    direct = plan(machine, bea.account, owed, eth, 0)
    assert [(leg.symbol, leg.via_symbol) for leg in direct.legs] == [(world.symbol("ETHUSDT"), 0)]
    rich = await world.person(purse={"BTC": "1000"})
    ethbtc = world.symbol("ETHBTC")
    await world.operate(make.place(rich.account, ethbtc, Side.BUY, OrderType.LIMIT, price_ticks=6_000, quantity_lots=900_000))
    around = plan(machine, bea.account, owed, eth, 0)
    assert [(leg.symbol, leg.via_symbol) for leg in around.legs] == [(world.symbol("BTCUSDT"), ethbtc)]
    assert around.most < direct.most
