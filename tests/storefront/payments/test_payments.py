"""Store credit, gift cards and payouts against a real database and a real ledger."""

import asyncio
import secrets

from engine import commands as make
from engine.types import HOUSE_GATEWAY, Kind
from marketdata import Recorder
from storefront.payments.gift_cards import code_hash, new_code


async def give(world, account, amounts):
    await world.deposit(account, amounts)


async def test_a_gift_card_becomes_store_credit_once(world):
    buyer, friend, stranger = await world.person("buyer"), await world.person("friend"), await world.person("stranger")
    async with world.client(buyer) as client:
        bought = (await client.post("/shop/giftcards", json={"asset": "USDT", "amount": "25"})).json()
        assert (bought["state"], bought["amount"]) == ("active", {"asset": "USDT", "amount": "25.000000"})
        assert (await client.get("/shop/giftcards")).json()["items"][0]["code"] == ""
    assert world.balance(buyer.account, "USDT")[0] == "99975.000000"

    async def redeem(person):
        async with world.client(person) as client:
            return await client.post("/shop/giftcards/redeem", json={"code": bought["code"].lower().replace("-", " ")})

    answers = await asyncio.gather(*(redeem(person) for person in (friend, stranger, friend, stranger)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    winner = next(person for person, answer in zip((friend, stranger) * 2, answers, strict=True) if answer.status_code == 200)
    async with world.client(winner) as client:
        assert (await client.get("/shop/credit")).json()["balances"] == [{"asset": "USDT", "amount": "25.000000"}]
    await world.check()


async def test_a_card_that_cannot_be_paid_is_no_card(world):
    poor = await world.person("poor", purse={"USDT": "1"})
    async with world.client(poor) as client:
        answer = await client.post("/shop/giftcards", json={"asset": "USDT", "amount": "25"})
        assert (answer.status_code, answer.json()["code"]) == (409, "INSUFFICIENT_BALANCE")
        refused = {"0": "INVALID_AMOUNT", "0.0000001": "INVALID_AMOUNT", "9" * 30: "INVALID_AMOUNT", "-1": "INVALID_REQUEST"}
        for amount, code in refused.items():
            answer = await client.post("/shop/giftcards", json={"asset": "USDT", "amount": amount})
            assert (answer.status_code, answer.json()["code"]) == (400, code)
        assert (await client.post("/shop/giftcards/redeem", json={"code": "AAAA"})).json()["code"] == "GIFT_CARD_INVALID"
        assert (await client.get("/shop/giftcards")).json()["items"] == []


def test_a_code_is_read_however_it_was_typed():
    code = new_code()
    assert len(code) == 19
    assert code_hash(code) == code_hash(code.lower().replace("-", " "))
    assert code_hash(code) != code_hash(new_code())


async def test_I12_two_payouts_at_once_pay_what_is_payable_once(world):
    seller = await world.seller("sam")
    before = world.balance(seller.person.account, "USDT")[0]
    await give(world, seller.payable, {"USDT": "50"})
    hold_id = (world.operator.machine.now_ns + 1, secrets.randbits(62))
    reserve = make.transfer(Kind.HOLD, hold_id, debit=seller.payable, credit=HOUSE_GATEWAY, asset=world.asset("USDT"),
                            amount=world.units("USDT", "5"))  # fmt: skip
    await world.operate(reserve)

    async def pay_out(amount):
        async with world.client(seller) as client:
            return await client.post("/shop/seller/payouts", json={"asset": "USDT", "amount": amount})

    answers = await asyncio.gather(*(pay_out("45") for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert all(answer.json()["code"] == "INSUFFICIENT_BALANCE" for answer in answers if answer.status_code == 409)
    assert world.balance(seller.payable, "USDT") == ("0.000000", "5.000000")
    assert float(world.balance(seller.person.account, "USDT")[0]) == float(before) + 45
    async with world.client(seller) as client:
        assert (await client.get("/shop/seller/balance")).json() == {
            "balances": [{"asset": "USDT", "held": "0.000000", "reserve": "5.000000", "payable": "0.000000", "paidOut": "45.000000"}]
        }
        listed = (await client.get("/shop/seller/payouts", params={"limit": 1})).json()
        assert [item["state"] for item in listed["items"]] in (["done"], ["failed"])
        if listed["next"]:
            assert len((await client.get("/shop/seller/payouts", params={"after": listed["next"]})).json()["items"]) >= 1


async def test_I12_a_payout_whose_request_is_repeated_pays_once(world):
    seller = await world.seller("sam")
    await give(world, seller.payable, {"USDT": "50"})

    async def pay_out():
        async with world.client(seller) as client:
            return await client.post("/shop/seller/payouts", json={"asset": "USDT", "amount": "10"}, headers={"Idempotency-Key": "one"})

    answers = await asyncio.gather(*(pay_out() for _ in range(6)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert world.balance(seller.payable, "USDT")[0] == "40.000000"
    async with world.client(seller) as client:
        answer = await client.post("/shop/seller/payouts", json={"asset": "USDT", "amount": "11"}, headers={"Idempotency-Key": "one"})
        assert (answer.status_code, answer.json()["code"]) == (422, "KEY_REUSED")


async def test_the_entries_of_a_payable_account_come_from_the_recorded_ledger(world):
    seller = await world.seller("sam")
    await give(world, seller.payable, {"USDT": "50"})
    async with world.client(seller) as client:
        for amount in ("1", "2", "3"):
            assert (await client.post("/shop/seller/payouts", json={"asset": "USDT", "amount": amount})).status_code == 201
        recorder = asyncio.create_task(Recorder(world.log, world.pool).run())
        try:
            while len((entries := (await client.get("/shop/seller/entries")).json())["items"]) < 4:
                assert not recorder.done(), recorder.result()
                await asyncio.sleep(0.02)
        finally:
            recorder.cancel()
            await asyncio.gather(recorder, return_exceptions=True)
        assert [(item["sign"], item["amount"]["amount"], item["balance"]["amount"]) for item in entries["items"]] == [
            ("-", "3.000000", "44.000000"), ("-", "2.000000", "47.000000"), ("-", "1.000000", "49.000000"), ("+", "50.000000", "50.000000"),
        ]  # fmt: skip
        page = (await client.get("/shop/seller/entries", params={"limit": 3})).json()
        rest = (await client.get("/shop/seller/entries", params={"limit": 3, "after": page["next"]})).json()
        assert page["items"] + rest["items"] == entries["items"]


async def test_holds_tell_why(world):
    buyer = await world.person("buyer")
    await world.operate(make.place(buyer.account, world.symbol("BTCUSDT"), 0, price_ticks=100, quantity_lots=10))
    async with world.client(buyer) as client:
        (hold,) = (await client.get("/shop/holds")).json()["items"]
        assert (hold["kind"], hold["text"]) == ("order", "Buy order on BTCUSDT")
        assert hold["amount"]["amount"] == world.balance(buyer.account, "USDT")[1]
    async with world.client() as nobody:
        assert (await nobody.get("/shop/holds")).status_code == 401
