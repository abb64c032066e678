"""From the cart to the end of its orders: two sellers, paid in an asset that neither prices in."""

from engine.types import HOUSE_FEES
from tests.storefront.checkout.buying import confirm, put_into_cart, start
from tests.storefront.orders.paid import act, ask, states, stock_of


async def test_a_purchase_of_two_sellers_ends_one_way_with_each(world):
    moderator = await world.person("mia", role="moderator")
    sam, ann = await world.seller("sam", reserve_ppm=100_000, reserve_days=30), await world.seller("ann")
    lamp, vase = await world.product(sam, "Lamp", price="20", stock=5), await world.product(ann, "Vase", price="30", stock=5)
    buyer = await world.person("bea", purse={"BTC": "1"})
    async with world.client(buyer) as client:
        await put_into_cart(client, lamp, 2)
        await put_into_cart(client, vase, 1)
        checkout = (await start(client, await world.address(buyer), "BTC")).json()
        paid = (await confirm(client, checkout)).json()
    assert paid["state"] == "paid", paid
    of_sam, of_ann = (next(o["orderId"] for o in paid["orders"] if o["seller"]["slug"] == slug) for slug in ("sam", "ann"))
    await world.check()
    over = world.units("USDT", world.balance(buyer.account, "USDT")[0])  # what the last lot of the conversion brought above the price
    fees = world.units("USDT", world.balance(HOUSE_FEES, "USDT")[0])

    shown = await act(world, buyer, of_sam, "", method="GET")
    assert (shown["total"]["amount"], shown["paidWith"]["asset"], shown["paidWith"]) == ("45.000000", "BTC", shown["receipt"]["paid"])
    assert shown["escrow"] == {"hi": shown["escrow"]["hi"], "lo": shown["escrow"]["lo"], "amount": {"asset": "USDT", "amount": "45.000000"}}
    hold = world.exchange.machine.pending(int(shown["escrow"]["hi"]), int(shown["escrow"]["lo"]))
    assert (hold.amount, hold.credit) == (world.units("USDT", "45"), sam.payable)
    for other in (sam, moderator):
        shown = await act(world, other, of_sam, "", method="GET")
        assert (shown["paidWith"], shown["receipt"]) == (None, None)

    await act(world, sam, of_sam, "shipments", {"carrier": "DHL"}, status=201)
    await act(world, buyer, of_sam, "receipt")
    assert world.balance(sam.payable, "USDT") == ("38.475000", "4.275000")  # a tenth of 42.75 is reserved
    assert (await ask(world, sam, "POST", "/seller/payouts", {"asset": "USDT", "amount": "38.475"}))[0] == 201
    shown = await act(world, sam, of_sam, "refunds", {"amount": "4.5", "reason": "a scratch"}, status=201)
    assert (shown["payment"], shown["refunds"][0]["state"], shown["commission"]["amount"]) == ("divided", "done", "2.025000")
    assert world.balance(sam.payable, "USDT") == ("0.000000", "0.000000"), "the reserve has paid it"

    await act(world, buyer, of_ann, "cancel", {"reason": "one is enough"})
    assert await states(world, of_ann) == ("refunded", "canceled", "none")
    assert await stock_of(world, vase) == (5, 0)
    back = world.units("USDT", world.balance(buyer.account, "USDT")[0]) - over
    assert back == world.units("USDT", "39.5"), "what comes back comes in the asset of the orders"
    assert world.units("USDT", world.balance(HOUSE_FEES, "USDT")[0]) - fees == world.units("USDT", "2.025")
    await world.check()
