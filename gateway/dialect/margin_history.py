"""What happened to margin accounts: loans, interest, transfers, liquidations, rates. Reads of recorded history, up to the present."""

from typing import Any

from engine.types import HOUR_NS, EventKind
from engine.units import format_units
from gateway.dialect import parameters
from gateway.dialect.answers import SIDE_NAMES, TIME_IN_FORCE_NAMES
from gateway.dialect.margin import (
    VIP_LEVEL,
    MarginAsset,
    daily_text,
    flag,
    is_simulated,
    margin_asset,
    margin_assets,
    setup,
    symbol_asked,
)
from gateway.dialect.margin_loans import (
    BORROW_TYPES,
    CROSS,
    ISOLATED,
    LEND_TYPES,
    MAIN,
    OFFERED,
    REASON_BORROW,
    REASON_REPAY,
    TRANSFER_TYPES,
)
from gateway.dialect.orders import to_ms
from gateway.dialect.parameters import Table
from gateway.dialect.terms import TIMING
from gateway.dialect.venue import Ask, AskAll, Request, Venue

ROWS, ROWS_MAX = 10, 100  # on a page
RATES, RATES_MAX = 20, 100
FLOW, FLOW_MAX = 500, 1000
TRANSFERS_READ = 1000  # of which those that are asked for are picked
CONFIRMED = "CONFIRMED"

_TIMES: Table = {"startTime": parameters.time_ns, "endTime": parameters.time_ns}
# Pages count from 1. `archived` is read and means nothing: everything stays where it is.
_PAGE: Table = TIMING | _TIMES | {
    "current": parameters.limit(10_000),
    "size": parameters.limit(ROWS_MAX, clamp=True),
    "archived": parameters.boolean,
}  # fmt: skip
BORROW_REPAY: Table = _PAGE | {
    "asset": parameters.symbol,
    "isolatedSymbol": parameters.symbol,
    "txId": parameters.integer,
    "type": parameters.one_of({name: name for name in BORROW_TYPES}),
}
INTEREST: Table = _PAGE | {"asset": parameters.symbol, "isolatedSymbol": parameters.symbol}
RATE: Table = TIMING | _TIMES | {
    "asset": parameters.symbol,
    "vipLevel": parameters.integer,
    "limit": parameters.limit(RATES_MAX, clamp=True),
}  # fmt: skip
INDEX: Table = TIMING | _TIMES | {"asset": parameters.symbol, "limit": parameters.limit(FLOW_MAX, clamp=True)}
TRANSFERS: Table = _PAGE | {
    "type": parameters.one_of({name: name for name in OFFERED}),
    "fromSymbol": parameters.symbol,
    "toSymbol": parameters.symbol,
}
CROSS_TRANSFERS: Table = _PAGE | {
    "asset": parameters.symbol,
    "type": parameters.one_of({"ROLL_IN": True, "ROLL_OUT": False}),
    "isolatedSymbol": parameters.symbol,
}
LIQUIDATIONS: Table = _PAGE | {"isolatedSymbol": parameters.symbol}
FLOW_TYPES = {"TRANSFER": "TRANSFER", "BORROW": "BORROW", "REPAY": "REPAY"}
FLOW_TABLE: Table = TIMING | _TIMES | {
    "asset": parameters.symbol,
    "symbol": parameters.symbol,
    "type": parameters.one_of(FLOW_TYPES),
    "fromId": parameters.integer,
    "limit": parameters.limit(FLOW_MAX, clamp=True),
}  # fmt: skip
LENDING: Table = _PAGE | {"asset": parameters.symbol, "type": parameters.one_of({name: name for name in LEND_TYPES})}
EVENTS: Table = _PAGE | {"isIsolated": flag, "symbol": parameters.symbol}

_LOAN_KINDS = {"BORROW": (EventKind.BORROWED,), "REPAY": (EventKind.REPAID, EventKind.BAD_DEBT)}
_LEND_KINDS = {"LEND": (EventKind.LENT,), "REDEEM": (EventKind.REDEEMED,)}


def _page(params: dict[str, Any]) -> dict[str, Any]:
    """A page's bounds as the history's arguments."""
    size = params.get("size", ROWS)
    return {
        "start_ms": to_ms(params.get("startTime")),
        "end_ms": to_ms(params.get("endTime")),
        "offset": (params.get("current", 1) - 1) * size,
        "limit": size,
    }


def _by_id(venue: Venue) -> dict[int, MarginAsset]:
    return {asset.asset: asset for asset in margin_assets(venue)}


def _asset(venue: Venue, params: dict[str, Any]) -> int:
    return margin_asset(venue, params["asset"]).asset if "asset" in params else 0


def _isolated(params: dict[str, Any]) -> dict:
    """The field by which a row of an isolated account is told from one of the cross account."""
    return {"isolatedSymbol": params["isolatedSymbol"]} if "isolatedSymbol" in params else {}


def _account(venue: Venue, request: Request, name: str = "isolatedSymbol", *, isolated: bool | None = None) -> int:
    """The account meant; 0 where it is not there yet."""
    setup(venue)
    return venue.machine.margin_account(request.account, symbol_asked(venue, request.params, name, isolated=isolated))


# ---------------------------------------------------------------- loans


def borrow_repay(venue: Venue, request: Request) -> Any:
    params = request.params
    account = _account(venue, request)
    if not account:
        return {"rows": [], "total": 0}
    kinds = _LOAN_KINDS[params["type"]] if "type" in params else (EventKind.BORROWED, EventKind.REPAID, EventKind.BAD_DEBT)
    assets = _by_id(venue)

    def row(loan: Any) -> dict:
        asset = assets[loan.asset]
        principal = loan.amount if loan.kind == EventKind.BORROWED else loan.amount - loan.part
        interest = 0 if loan.kind == EventKind.BORROWED else loan.part
        if loan.kind == EventKind.BAD_DEBT:
            principal = loan.amount  # written off, not paid
        return {
            "type": "MANUAL" if loan.reason in (REASON_BORROW, REASON_REPAY) else "AUTO",
            "amount": asset.text(principal + interest),
            "asset": asset.name,
            "interest": asset.text(interest),
            "principal": asset.text(principal),
            "status": CONFIRMED,
            "timestamp": request.time(loan.time_ns),
            "txId": loan.id_lo or loan.seq,
        } | _isolated(params)

    arguments = {"account": account, "asset": _asset(venue, params), "kinds": kinds, "tran_id": params.get("txId", 0), **_page(params)}
    return Ask("loans", arguments, lambda page: {"rows": [row(loan) for loan in page.records], "total": page.total})


def interest(venue: Venue, request: Request) -> Any:
    """Interest as it was added to debts. What has come up since a loan's last change is a row of its own, as of the present hour."""
    params = request.params
    account = _account(venue, request)
    if not account:
        return {"rows": [], "total": 0}
    assets, wanted = _by_id(venue), _asset(venue, params)
    owed = {loan.asset: loan for loan in venue.machine.loans(account)}
    now_ns = venue.machine.now_ns

    def told(asset: MarginAsset, seq: int, principal: int, grown: int, rate: int, at_ns: int, kind: str) -> dict:
        return {
            "txId": seq,
            "interestAccuredTime": request.time(at_ns),
            "asset": asset.name,
            "rawAsset": asset.name,
            "principal": asset.text(principal),
            "interest": asset.text(grown),
            "interestRate": daily_text(rate),
            "type": kind,
        } | _isolated(params)

    def render(results: list) -> dict:
        page, latest = results
        rows = []
        for loan in page.records:
            kind = "ON_BORROW" if loan.kind == EventKind.BORROWED else "PERIODIC"
            principal = loan.principal if loan.kind == EventKind.BORROWED else loan.principal + loan.amount - loan.part
            rows.append(told(assets[loan.asset], loan.seq, principal, loan.grown, loan.rate, loan.time_ns, kind))
        known = {}
        for loan in reversed(latest.records):
            known[loan.asset] = loan.interest
        rising = [
            told(assets[loan.asset], 0, loan.principal, loan.interest - known[loan.asset], venue.machine.pool(loan.asset).rate,
                 now_ns // HOUR_NS * HOUR_NS, "PERIODIC")
            for loan in owed.values()
            if wanted in (0, loan.asset) and loan.interest > known.get(loan.asset, loan.interest)
        ]  # fmt: skip
        if params.get("current", 1) > 1 or "endTime" in params:
            rising = []
        return {"rows": [*rising, *rows], "total": page.total + len(rising)}

    arguments = {"account": account, "asset": wanted, "grown": True, **_page(params)}
    latest = {"account": account, "kinds": (EventKind.BORROWED, EventKind.REPAID, EventKind.BAD_DEBT), "limit": 1000}
    return AskAll([Ask("loans", arguments, _as_is), Ask("loans", latest, _as_is)], render)


def _as_is(result: Any) -> Any:
    return result


def rates(venue: Venue, request: Request) -> Ask:
    """The present rate, then what it was by the hours in which it changed, newest first."""
    setup(venue)
    params = request.params
    asset = margin_asset(venue, params["asset"])
    machine = venue.machine
    limit = params.get("limit", RATES)
    hour = machine.now_ns // HOUR_NS
    rate = machine.pool(asset.asset).rate
    now_counts = params.get("startTime", 0) // HOUR_NS <= hour <= params.get("endTime", hour * HOUR_NS) // HOUR_NS

    def row(at_hour: int, hourly: int) -> dict:
        return {
            "asset": asset.name,
            "dailyInterestRate": daily_text(hourly),
            "timestamp": request.time(at_hour * HOUR_NS),
            "vipLevel": VIP_LEVEL,
        }

    def render(records: list) -> list[dict]:
        past = [row(record.hour, record.rate) for record in records if record.hour < hour]
        return [*([row(hour, rate)] if now_counts else []), *past][:limit]

    arguments = {"start_ms": to_ms(params.get("startTime")), "end_ms": to_ms(params.get("endTime")), "limit": limit}
    return Ask("rates", {"asset": asset.asset, **arguments}, render)


def lending(venue: Venue, request: Request) -> Ask:
    """What the caller put into pools and took out. The project's own."""
    params = request.params
    setup(venue)
    kinds = _LEND_KINDS[params["type"]] if "type" in params else (EventKind.LENT, EventKind.REDEEMED)
    assets = _by_id(venue)

    def row(loan: Any) -> dict:
        return {
            "type": "LEND" if loan.kind == EventKind.LENT else "REDEEM",
            "asset": assets[loan.asset].name,
            "amount": assets[loan.asset].text(loan.amount),
            "shares": str(loan.part),
            "status": CONFIRMED,
            "timestamp": request.time(loan.time_ns),
            "txId": loan.id_lo,
        }

    arguments = {"account": request.account, "asset": _asset(venue, params), "kinds": kinds, **_page(params)}
    return Ask("loans", arguments, lambda page: {"rows": [row(loan) for loan in page.records], "total": page.total})


# ---------------------------------------------------------------- transfers


def _ends(venue: Venue, request: Request) -> dict[int, tuple[str, str]]:
    """The caller's accounts: (which of MAIN, MARGIN, ISOLATED; the symbol of an isolated one) by account."""
    machine = venue.machine
    found = {request.account: (MAIN, "")}
    for margin in machine.margin_accounts(request.account):
        symbol = machine.margin(margin).symbol
        found[margin] = (ISOLATED, venue.listing_of(symbol).name) if symbol else (CROSS, "")
    return found


def transfers(venue: Venue, request: Request) -> Any:
    """Between the caller's own accounts. Of wallets that are not here there were none."""
    params = request.params
    setup(venue)
    kind = TRANSFER_TYPES.get(params["type"])
    if kind is None:
        return {"total": 0, "rows": []}
    ends = _ends(venue, request)
    assets = {asset.asset: asset for asset in venue.assets()}
    for name in ("fromSymbol", "toSymbol"):
        if name in params:
            venue.listing(params[name])

    def is_wanted(record: Any) -> bool:
        debit, credit = ends.get(record.debit), ends.get(record.credit)
        if debit is None or credit is None or (debit[0], credit[0]) != kind:
            return False
        return params.get("fromSymbol") in (None, debit[1]) and params.get("toSymbol") in (None, credit[1])

    def row(record: Any) -> dict:
        debit, credit = ends[record.debit], ends[record.credit]
        asset = assets[record.asset]
        return (
            {
                "asset": asset.name,
                "amount": format_units(record.amount, asset.scale),
                "type": params["type"],
                "status": CONFIRMED,
                "tranId": record.transfer_id[1],
                "timestamp": request.time(record.time_ns),
            }
            | ({"fromSymbol": debit[1]} if debit[1] else {})
            | ({"toSymbol": credit[1]} if credit[1] else {})
        )

    return _own_transfers(venue, request, ends, is_wanted, lambda rows, total: {"total": total, "rows": rows}, row)


def _own_transfers(venue: Venue, request: Request, ends: dict, is_wanted: Any, tell: Any, row: Any) -> AskAll:
    """A page of transfers between the caller's accounts: every one of them leaves or reaches a margin account."""
    params = request.params
    bounds = {"start_ms": to_ms(params.get("startTime")), "end_ms": to_ms(params.get("endTime")), "limit": TRANSFERS_READ}
    accounts = [account for account, (kind, _) in ends.items() if kind != MAIN]

    def render(found: list[list]) -> Any:
        records = {record.transfer_id: record for records in found for record in records if is_wanted(record)}
        newest = sorted(records.values(), key=lambda record: record.time_ns, reverse=True)
        page = _page(params)
        rows = [row(record) for record in newest[page["offset"] : page["offset"] + page["limit"]]]
        return tell(rows, len(newest))

    return AskAll([Ask("transfers", {"account": account, **bounds}, _as_is) for account in accounts], render)


def cross_transfers(venue: Venue, request: Request) -> AskAll:
    """Into and out of one margin account, as older clients ask for it."""
    params = request.params
    own = _account(venue, request)
    ends = _ends(venue, request)
    wanted = _asset(venue, params)
    assets = {asset.asset: asset for asset in venue.assets()}
    names = {MAIN: "SPOT", CROSS: "CROSS_MARGIN", ISOLATED: "ISOLATED_MARGIN"}

    def is_wanted(record: Any) -> bool:
        if not own or own not in (record.debit, record.credit) or not {record.debit, record.credit} <= ends.keys():
            return False
        return wanted in (0, record.asset) and params.get("type") in (None, record.credit == own)

    def row(record: Any) -> dict:
        debit, credit = ends[record.debit], ends[record.credit]
        asset = assets[record.asset]
        return {
            "amount": format_units(record.amount, asset.scale),
            "asset": asset.name,
            "status": CONFIRMED,
            "timestamp": request.time(record.time_ns),
            "txId": record.transfer_id[1],
            "type": "ROLL_IN" if record.credit == own else "ROLL_OUT",
            "transFrom": names[debit[0]],
            "transTo": names[credit[0]],
        } | {name: end[1] for name, end in (("fromSymbol", debit), ("toSymbol", credit)) if end[1]}

    return _own_transfers(venue, request, ends, is_wanted, lambda rows, total: {"rows": rows, "total": total}, row)


def capital_flow(venue: Venue, request: Request) -> Any:
    """Transfers and loans of one margin account, newest first; its trades are told by myTrades."""
    params = request.params
    account = _account(venue, request, "symbol")
    if not account:
        return []
    assets = {asset.asset: asset for asset in venue.assets()}
    wanted, limit = _asset(venue, params), params.get("limit", FLOW)
    bounds = {"start_ms": to_ms(params.get("startTime")), "end_ms": to_ms(params.get("endTime")), "limit": FLOW_MAX}

    def row(number: int, tran_id: int, at_ns: int, asset: int, kind: str, amount: int) -> dict:
        return {
            "id": number,
            "tranId": tran_id,
            "timestamp": request.time(at_ns),
            "asset": assets[asset].name,
            "symbol": params.get("symbol", ""),
            "type": kind,
            "amount": format_units(amount, assets[asset].scale),
        }

    def render(results: list) -> list[dict]:
        moved, page = results
        rows = [
            row(record.transfer_id[1], record.transfer_id[1], record.time_ns, record.asset, "TRANSFER",
                record.amount if record.credit == account else -record.amount)
            for record in moved
        ]  # fmt: skip
        rows += [
            row(loan.seq, loan.id_lo or loan.seq, loan.time_ns, loan.asset, "BORROW" if loan.kind == EventKind.BORROWED else "REPAY",
                loan.amount if loan.kind == EventKind.BORROWED else -loan.amount)
            for loan in page.records
        ]  # fmt: skip
        rows = [one for one in rows if params.get("type") in (None, one["type"]) and one["id"] >= params.get("fromId", 0)]
        return sorted(rows, key=lambda one: one["timestamp"], reverse=True)[:limit]

    loans = {"account": account, "asset": wanted, "kinds": (EventKind.BORROWED, EventKind.REPAID), **bounds}
    asks = [Ask("transfers", {"account": account, "asset": wanted, **bounds}, _as_is), Ask("loans", loans, _as_is)]
    return AskAll(asks, render)


# ---------------------------------------------------------------- liquidations and calls


def liquidations(venue: Venue, request: Request) -> Any:
    """The orders by which accounts of the caller were liquidated: the cross one's and, or with a symbol only, an isolated one's."""
    params = request.params
    account = _account(venue, request)
    if not account:
        return {"rows": [], "total": 0}

    def orders_of(page: Any) -> AskAll:
        rounds = [event for event in page.records if event.order_id]
        asks = [
            Ask("order", {"account": account, "symbol": event.symbol, "order_id": event.order_id}, _as_is) for event in rounds
        ]  # fmt: skip
        return AskAll(asks, lambda orders: {"rows": [row(order) for order in orders if order is not None], "total": page.total})

    def row(order: Any) -> dict:
        listing = venue.listing_of(order.symbol)
        units = listing.units
        return {
            "avgPrice": units.average_price_text(order.executed_quote, order.executed_lots),
            "executedQty": units.lots_to_quantity(order.executed_lots),
            "orderId": order.order_id,
            "price": units.ticks_to_price(order.price_ticks),
            "qty": units.lots_to_quantity(order.order_lots),
            "side": SIDE_NAMES[order.side],
            "symbol": listing.name,
            "timeInForce": TIME_IN_FORCE_NAMES[order.time_in_force],
            "isIsolated": "isolatedSymbol" in params,
            "updatedTime": request.time(order.updated_ns),
        }

    return Ask("margin_events", {"account": account, "kinds": (EventKind.LIQUIDATION,), **_page(params)}, orders_of)


def level_events(venue: Venue, request: Request) -> Any:
    """Margin calls, liquidations and bad debts of one account. The project's own."""
    params = request.params
    account = _account(venue, request, "symbol", isolated=params.get("isIsolated", "symbol" in params))
    if not account:
        return {"rows": [], "total": 0}
    numeraire = venue.machine.asset(setup(venue).numeraire)
    assets = {asset.asset: asset for asset in venue.assets()}
    simulated = is_simulated(venue, *(asset.asset for asset in margin_assets(venue)))

    def row(event: Any) -> dict:
        told = {
            "type": EventKind(event.kind).name,
            "timestamp": request.time(event.time_ns),
            "marginLevel": format_units(event.level_ppm, 6),
            "assetValue": format_units(event.assets_value, numeraire.scale),
            "debtValue": format_units(event.debts_value, numeraire.scale),
            "simulated": simulated,
        }
        if event.asset:
            text = assets[event.asset]
            told |= {"asset": text.name, "amount": format_units(event.amount, text.scale), "fee": format_units(event.fee, text.scale)}
        if event.symbol:
            told |= {"symbol": venue.listing_of(event.symbol).name, "orderId": event.order_id}
        return told

    return Ask(
        "margin_events", {"account": account, **_page(params)}, lambda page: {"rows": list(map(row, page.records)), "total": page.total}
    )


def index_history(venue: Venue, request: Request) -> Ask:
    """An asset's index in the numeraire, by the minutes in which it changed, newest first. The project's own."""
    setup(venue)
    params = request.params
    asset = margin_asset(venue, params["asset"])
    numeraire = venue.machine.asset(setup(venue).numeraire)

    def row(index: Any) -> dict:
        shown = index.price * 10**asset.scale // 10**asset.view.price_scale
        return {
            "asset": asset.name,
            "price": format_units(shown, numeraire.scale),
            "sources": index.sources,
            "simulated": is_simulated(venue, asset.asset),
            "frozen": not index.sources,
            "time": request.time(index.time_ns),
        }

    bounds = {"start_ms": to_ms(params.get("startTime")), "end_ms": to_ms(params.get("endTime")), "limit": params.get("limit", FLOW)}
    return Ask("index_prices", {"asset": asset.asset, **bounds}, lambda records: [row(index) for index in records])
