"""The wallet's side of the dialect (/sapi): assets, fees, deposits and withdrawals as the ledger knows them.

Money enters and leaves through the operator (transfers from and to HOUSE_GATEWAY); no chain is attached, so there are no networks, no
addresses, and no request that asks for a withdrawal.
"""

from typing import Any

import numpy as np

from engine.types import HOUSE_GATEWAY, EventKind
from engine.units import format_units
from engine.views import AssetView
from gateway.dialect import errors, parameters
from gateway.dialect.info import ZERO
from gateway.dialect.orders import account_fees, to_ms
from gateway.dialect.parameters import Table
from gateway.dialect.terms import TIMING
from gateway.dialect.venue import Ask, Request, Venue
from marketdata.records import TransferRecord

COINS: Table = TIMING
FEES: Table = TIMING | {"symbol": parameters.symbol}
STATUS: Table = {}
TRANSFERS: Table = TIMING | {
    "coin": parameters.symbol,
    "status": parameters.integer,
    "startTime": parameters.time_ns,
    "endTime": parameters.time_ns,
    "offset": parameters.integer,
    "limit": parameters.limit(1000, clamp=True),
    "includeSource": parameters.boolean,
    "withdrawOrderId": parameters.text,
    "idList": parameters.text,
    "txId": parameters.text,
}

_SPOT_WALLET = 0
_DEPOSIT_PENDING, _DEPOSIT_DONE, _DEPOSIT_REJECTED = 0, 1, 2
_WITHDRAWAL_CANCELLED, _WITHDRAWAL_PENDING, _WITHDRAWAL_DONE = 1, 2, 6


def coins(venue: Venue, request: Request) -> list[dict]:
    held = {asset: (available, locked) for asset, available, locked in venue.machine.balances(request.account)}
    return [_coin(asset, *held.get(asset.asset, (0, 0))) for asset in venue.assets()]


def _coin(asset: AssetView, available: int, locked: int) -> dict:
    return {
        "coin": asset.name,
        "name": asset.name,
        "depositAllEnable": False,
        "withdrawAllEnable": False,
        "free": format_units(available, asset.scale),
        "locked": format_units(locked, asset.scale),
        "freeze": ZERO,
        "withdrawing": ZERO,
        "ipoing": ZERO,
        "ipoable": ZERO,
        "storage": ZERO,
        "isLegalMoney": False,
        "trading": True,
        "networkList": [],
    }


def trade_fees(venue: Venue, request: Request) -> list[dict]:
    wanted = request.params.get("symbol")
    listings = [venue.listing(wanted)] if wanted else venue.listings()
    rows = []
    for listing in listings:
        maker, taker = account_fees(venue, request.account, listing)
        rows.append({"symbol": listing.name, "makerCommission": maker, "takerCommission": taker})
    return rows


def system_status(_venue: Venue, _request: Request) -> dict:
    """Asked for only after the replica has caught up with the log: so it is normal."""
    return {"status": 0, "msg": "normal"}


def deposits(venue: Venue, request: Request) -> Ask:
    return _transfers(venue, request, incoming=True)


def withdrawals(venue: Venue, request: Request) -> Ask:
    return _transfers(venue, request, incoming=False)


def _transfers(venue: Venue, request: Request, *, incoming: bool) -> Ask:
    params = request.params
    assets = {asset.asset: asset for asset in venue.assets()}
    asset = 0
    if "coin" in params:
        asset = next((view.asset for view in assets.values() if view.name == params["coin"]), 0)
        if not asset:
            raise errors.invalid("coin")
    tell = _deposit if incoming else _withdrawal

    def render(records: list[TransferRecord]) -> list[dict]:
        rows = [tell(request, assets[record.asset], record) for record in records if _begins(record)]
        if "status" in params:
            rows = [row for row in rows if row["status"] == params["status"]]
        if "txId" in params:
            rows = [row for row in rows if row["txId"] == params["txId"]]
        return rows

    arguments: dict[str, Any] = {
        "account": request.account,
        "asset": asset,
        "incoming": incoming,
        "counterparty": HOUSE_GATEWAY,
        "start_ms": to_ms(params.get("startTime")),
        "end_ms": to_ms(params.get("endTime")),
        "offset": params.get("offset", 0),
        "limit": params.get("limit", 1000),
    }
    return Ask("transfers", arguments, render)


def _begins(record: TransferRecord) -> bool:
    """A held transfer and its capture or release are one deposit or withdrawal: its hold, which says how it ended."""
    return record.kind in (EventKind.TRANSFERRED, EventKind.HELD)


def _common(request: Request, asset: AssetView, record: TransferRecord) -> dict:
    name = f"{record.transfer_id[0]:016x}{record.transfer_id[1]:016x}"
    return {
        "id": name,
        "amount": format_units(record.amount, asset.scale),
        "coin": asset.name,
        "network": "",
        "address": "",
        "addressTag": "",
        "txId": name,
        "transferType": 1,  # inside the venue
        "confirmTimes": "1/1",
        "walletType": _SPOT_WALLET,
    }


def _deposit(request: Request, asset: AssetView, record: TransferRecord) -> dict:
    if record.kind == EventKind.TRANSFERRED or record.ended == EventKind.CAPTURED:
        status = _DEPOSIT_DONE
    else:
        status = _DEPOSIT_REJECTED if record.ended else _DEPOSIT_PENDING
    return _common(request, asset, record) | {
        "status": status,
        "insertTime": request.time(record.time_ns),
        "completeTime": request.time(record.ended_ns or record.time_ns),
        "unlockConfirm": 0,
    }


def _withdrawal(request: Request, asset: AssetView, record: TransferRecord) -> dict:
    if record.kind == EventKind.TRANSFERRED or record.ended == EventKind.CAPTURED:
        status = _WITHDRAWAL_DONE
    else:
        status = _WITHDRAWAL_CANCELLED if record.ended else _WITHDRAWAL_PENDING
    return _common(request, asset, record) | {
        "status": status,
        "applyTime": utc_text(record.time_ns),
        "completeTime": utc_text(record.ended_ns or record.time_ns),
        "transactionFee": "0",
        "info": "",
    }


def utc_text(time_ns: int) -> str:
    """A time as the wallet's histories write it: 2026-01-31 12:00:00, UTC."""
    seconds = time_ns // 10**9
    return str(np.datetime64(seconds, "s")).replace("T", " ")
