"""gateway/dialect/account.py and wallet.py: what an account is told about itself."""

import pytest

from engine.types import HOUSE_GATEWAY, AccountStatus, EventKind, KeyScope, Kind
from gateway.dialect.errors import DialectError
from marketdata.records import Fill, TransferRecord
from tests.gateway.dialect_venue import START_NS, DialectVenue


@pytest.fixture
def venue() -> DialectVenue:
    return DialectVenue()


def test_account(venue):
    venue.place(quantity="2", price="100")
    told = venue.answer("account.status", {})
    assert told["balances"] == [
        {"asset": "BTC", "free": "10.00000000", "locked": "0.00000000"},
        {"asset": "USDT", "free": "999800.00000000", "locked": "200.00000000"},
    ]
    assert told["commissionRates"] == {"maker": "0.00100000", "taker": "0.00200000", "buyer": "0.00000000", "seller": "0.00000000"}
    assert (told["makerCommission"], told["takerCommission"], told["canTrade"], told["uid"]) == (10, 20, True, venue.alice)
    venue.exchange.add_asset("XRP", 6)
    assert len(venue.answer("account.status", {})["balances"]) == 3
    assert [row["asset"] for row in venue.answer("account.status", {"omitZeroBalances": "true"})["balances"]] == ["BTC", "USDT"]


def test_commission_follows_the_tier(venue):
    venue.admin(Kind.SET_FEES, symbol=venue.symbol, tier=3, maker_ppm=0, taker_ppm=500)
    venue.admin(Kind.SET_ACCOUNT_TIER, account=venue.alice, tier=3)
    told = venue.answer("account.commission", {"symbol": "BTCUSDT"})
    assert told["standardCommission"] == {"maker": "0.00000000", "taker": "0.00050000", "buyer": "0.00000000", "seller": "0.00000000"}
    assert venue.answer("wallet.fees", {"symbol": "BTCUSDT"}) == [
        {"symbol": "BTCUSDT", "makerCommission": "0.00000000", "takerCommission": "0.00050000"}
    ]
    assert venue.answer("wallet.fees", {}, venue.bob) == [
        {"symbol": "BTCUSDT", "makerCommission": "0.00100000", "takerCommission": "0.00200000"}
    ]


def test_order_counts(venue):
    assert venue.answer("account.rateLimits.orders", {}) == []
    venue.admin(Kind.SET_ORDER_LIMITS, value=50, value2=1000)
    venue.place()
    assert venue.answer("account.rateLimits.orders", {}) == [
        {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 50, "count": 1},
        {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 1000, "count": 1},
    ]


def test_my_filters(venue):
    told = venue.answer("myFilters", {"symbol": "BTCUSDT"})
    assert told["symbolFilters"][0]["filterType"] == "PRICE_FILTER"
    assert (told["exchangeFilters"], told["assetFilters"]) == ([], [])


def test_my_trades(venue):
    ask = venue.answer("myTrades", {"symbol": "BTCUSDT", "orderId": "3", "limit": "10"})
    assert ask.arguments == {
        "account": venue.alice, "symbol": venue.symbol, "order_id": 3, "from_id": None, "limit": 10, "start_ms": None, "end_ms": None,
    }  # fmt: skip
    sold = Fill(venue.symbol, 4, 3, venue.alice, 10_000, 5_000, 50_000_000, 100_000, False, True, START_NS)
    assert ask.render([sold]) == [{
        "symbol": "BTCUSDT", "id": 4, "orderId": 3, "orderListId": -1, "price": "100.00000000", "qty": "0.50000000",
        "quoteQty": "50.00000000", "commission": "0.10000000", "commissionAsset": "USDT", "time": 1_700_000_000_000,
        "isBuyer": False, "isMaker": True, "isBestMatch": True,
    }]  # fmt: skip
    with pytest.raises(DialectError) as caught:
        venue.answer("myTrades", {"symbol": "BTCUSDT", "orderId": "3", "startTime": "1"})
    assert (caught.value.code, caught.value.text) == (-1128, "Combination of optional parameters invalid.")


def test_coins(venue):
    venue.place(quantity="2", price="100")
    told = venue.answer("wallet.coins", {})
    assert [(coin["coin"], coin["free"], coin["locked"]) for coin in told] == [
        ("BTC", "10.00000000", "0.00000000"), ("USDT", "999800.00000000", "200.00000000"),
    ]  # fmt: skip
    assert not told[0]["withdrawAllEnable"]


def transfer(venue, kind, ended=0, asset=None, ended_ns=0) -> TransferRecord:
    return TransferRecord((1, 2), (0, 0), kind, ended, HOUSE_GATEWAY, venue.alice, asset or venue.usdt, 1_500_000, 0, 0, (0, 0), 0,
                          START_NS, ended_ns)  # fmt: skip


def test_assets_of_the_wallet(venue):
    none = {"freeze": "0.00000000", "withdrawing": "0.00000000", "ipoable": "0.00000000", "btcValuation": "0"}
    assert venue.answer("wallet.assets", {}) == [
        {"asset": "BTC", "free": "10.00000000", "locked": "0.00000000"} | none,
        {"asset": "USDT", "free": "1000000.00000000", "locked": "0.00000000"} | none,
    ]
    assert [row["asset"] for row in venue.answer("wallet.assets", {"asset": "BTC"})] == ["BTC"]
    with pytest.raises(DialectError, match="^-1130 "):
        venue.answer("wallet.assets", {"asset": "DOGE"})
    with pytest.raises(DialectError, match="^-1020 "):
        venue.answer("wallet.wallets", {})  # nothing says what they are worth
    assert set(venue.answer("wallet.assetDetail", {})) == {"BTC", "USDT"}


def test_what_a_key_may_do(venue):
    for account, scopes, trades in ((venue.alice, KeyScope.READ, False), (venue.bob, KeyScope.READ | KeyScope.TRADE, True)):
        told = venue.answer("wallet.keyPermissions", {}, account, key=venue.add_key(account, scopes))
        assert (told["enableReading"], told["enableSpotAndMarginTrading"], told["enableWithdrawals"]) == (True, trades, False)
    assert venue.answer("wallet.keyPermissions", {})["enableSpotAndMarginTrading"]  # signed in


def test_how_an_account_stands(venue):
    assert venue.answer("wallet.accountStatus", {}) == {"data": "Normal"}
    assert venue.answer("wallet.tradingStatus", {})["data"]["isLocked"] is False
    venue.admin(Kind.SET_ACCOUNT_STATUS, account=venue.alice, status=AccountStatus.FROZEN)
    assert venue.answer("wallet.accountStatus", {}) == {"data": "Locked"}
    assert venue.answer("wallet.tradingStatus", {})["data"]["isLocked"] is True
    assert venue.answer("wallet.accountInfo", {})["isMarginEnabled"] is False


def test_deposits(venue):
    ask = venue.answer("wallet.deposits", {"coin": "USDT"})
    assert ask.arguments == {
        "account": venue.alice, "asset": venue.usdt, "incoming": True, "counterparty": HOUSE_GATEWAY, "start_ms": None, "end_ms": None,
        "offset": 0, "limit": 1000,
    }  # fmt: skip
    told = ask.render([transfer(venue, EventKind.TRANSFERRED)])[0]
    assert (told["coin"], told["amount"], told["status"], told["insertTime"]) == ("USDT", "1.50000000", 1, 1_700_000_000_000)
    assert told["txId"] == "00000000000000010000000000000002"
    with pytest.raises(DialectError) as caught:
        venue.answer("wallet.deposits", {"coin": "DOGE"})
    assert caught.value.code == -1130


@pytest.mark.parametrize(
    ("kind", "ended", "status"),
    [
        (EventKind.TRANSFERRED, 0, 6), (EventKind.HELD, 0, 2), (EventKind.HELD, EventKind.CAPTURED, 6),
        (EventKind.HELD, EventKind.RELEASED, 1), (EventKind.HELD, EventKind.HOLD_EXPIRED, 1),
    ],
)  # fmt: skip
def test_withdrawals(venue, kind, ended, status):
    ask = venue.answer("wallet.withdrawals", {})
    told = ask.render([transfer(venue, kind, ended), transfer(venue, EventKind.CAPTURED)])
    assert [row["status"] for row in told] == [status]
    assert told[0]["applyTime"] == "2023-11-14 22:13:20"
    assert venue.answer("wallet.withdrawals", {"status": "4"}).render([transfer(venue, kind, ended)]) == []


def test_a_conversion_is_neither_deposit_nor_withdrawal(venue):
    for operation in ("wallet.deposits", "wallet.withdrawals"):
        assert venue.answer(operation, {}).render([transfer(venue, EventKind.CONVERTED)]) == []


def test_there_is_no_margin_and_the_system_is_normal(venue):
    assert venue.answer("margin.pairs", {}) == []
    assert venue.answer("wallet.status", {}) == {"status": 0, "msg": "normal"}


def test_listen_keys(venue):
    told = venue.answer("userDataStream.start", {})
    assert venue.answer("userDataStream.start", {}) == told
    assert venue.answer("userDataStream.ping", told) == {}
    assert venue.answer("userDataStream.stop", told) == {}
    with pytest.raises(DialectError) as caught:
        venue.answer("userDataStream.ping", told)
    assert (caught.value.code, caught.value.text) == (-1125, "This listenKey does not exist.")
