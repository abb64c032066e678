"""Requests of margin that the dialect has retired and its clients still send: each is one of today's under another name.

A loan, a repayment, a transfer to an isolated account and their histories, the opening of one, single rows of what there is.
"""

from collections.abc import Callable
from typing import Any

from engine.types import Code, Kind
from gateway.dialect import errors, margin, margin_history, margin_loans, parameters
from gateway.dialect.margin import flag, told
from gateway.dialect.margin_errors import refused_margin
from gateway.dialect.parameters import Table
from gateway.dialect.terms import TIMING
from gateway.dialect.venue import Request, Venue

# The ends of a transfer as these requests name them.
_ENDS = {"SPOT": margin_loans.MAIN, "CROSS_MARGIN": margin_loans.CROSS, "ISOLATED_MARGIN": margin_loans.ISOLATED}
_end = parameters.one_of(_ENDS)

LOAN: Table = margin_loans.MOVES | {"isIsolated": flag, "symbol": parameters.symbol}
LOANS: Table = {name: parser for name, parser in margin_history.BORROW_REPAY.items() if name != "type"}
MOVE: Table = margin_loans.MOVES | {"symbol": parameters.symbol, "transFrom": _end, "transTo": _end}
MOVED: Table = {name: parser for name, parser in margin_history.CROSS_TRANSFERS.items() if name != "isolatedSymbol"} | {
    "symbol": parameters.symbol, "transFrom": _end, "transTo": _end,
}  # fmt: skip
PAIR: Table = TIMING | {"base": parameters.symbol, "quote": parameters.symbol}


def _with(request: Request, **params: Any) -> Request:
    return request._replace(params=request.params | params)


def borrow(venue: Venue, request: Request) -> Any:
    return _tran_id_alone(margin_loans.borrow_repay(venue, _with(request, type=Kind.BORROW)))


def repay(venue: Venue, request: Request) -> Any:
    return _tran_id_alone(margin_loans.borrow_repay(venue, _with(request, type=Kind.REPAY)))


def _tran_id_alone(answer: Any) -> Any:
    return told(answer, lambda result: {"tranId": result["tranId"]})


def loans(venue: Venue, request: Request) -> Any:
    return margin_history.borrow_repay(venue, _with(request, type="BORROW"))


def repayments(venue: Venue, request: Request) -> Any:
    return margin_history.borrow_repay(venue, _with(request, type="REPAY"))


def move(venue: Venue, request: Request) -> Any:
    """Between an isolated account and the spot or the cross one."""
    params = dict(request.params)
    symbol, ends = params.pop("symbol"), (params["transFrom"], params["transTo"])
    if ends not in margin_loans.TRANSFER_TYPES.values() or ends.count(margin_loans.ISOLATED) != 1:
        raise errors.invalid("transTo")
    name = "fromSymbol" if ends[0] == margin_loans.ISOLATED else "toSymbol"
    return margin_loans.move(venue, request._replace(params=params | {"type": ends, name: symbol}))


def moved(venue: Venue, request: Request) -> Any:
    """What went to an isolated account and came from it; `transFrom` or `transTo` picks one direction."""
    params = dict(request.params)
    params["isolatedSymbol"] = params.pop("symbol")
    if "transTo" in params:
        params["type"] = params["transTo"] == margin_loans.ISOLATED
    elif "transFrom" in params:
        params["type"] = params["transFrom"] != margin_loans.ISOLATED
    return margin_history.cross_transfers(venue, request._replace(params=params))


def open_isolated(venue: Venue, request: Request) -> Any:
    """The isolated account of the pair."""
    base, quote = request.params["base"], request.params["quote"]
    for listing in venue.margin_listings():
        if (listing.base.name, listing.quote.name) == (base, quote):
            return margin.enable_isolated(venue, _with(request, symbol=listing.name))
    margin.setup(venue)
    raise refused_margin(Code.MARGIN_SYMBOL)


def _one_of(rows: Callable[[Venue, Request], list[dict]], code: Code) -> Callable[[Venue, Request], dict]:
    def one(venue: Venue, request: Request) -> dict:
        margin.setup(venue)
        found = rows(venue, request)
        if not found:
            raise refused_margin(code)
        return found[0]

    return one


asset = _one_of(margin.assets, Code.MARGIN_ASSET)
pair = _one_of(margin.cross_pairs, Code.MARGIN_SYMBOL)
isolated_pair = _one_of(margin.isolated_pairs, Code.MARGIN_SYMBOL)
