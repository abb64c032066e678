"""Orders of margin accounts: the spot orders' operations, on the cross account or an isolated one, with what they borrow and repay.

What an order is, and how it is told, is gateway/dialect/orders.py's; here is only which account it belongs to, its side effect, and the few
fields that margin answers have besides.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from engine.types import LOAN_EVENT, EventKind, SideEffect
from gateway.dialect import account as accounts
from gateway.dialect import errors, lists, orders, parameters
from gateway.dialect.margin import account_of, flag, margin_assets, setup, symbol_asked, told
from gateway.dialect.margin_errors import ORDER, refused_margin
from gateway.dialect.parameters import Table
from gateway.dialect.terms import PLACE as SPOT_PLACE
from gateway.dialect.terms import TIMING, new_order
from gateway.dialect.venue import Request, Submit, Venue

SIDE_EFFECTS = {
    "NO_SIDE_EFFECT": SideEffect.NONE,
    "MARGIN_BUY": SideEffect.MARGIN_BUY,
    "AUTO_REPAY": SideEffect.AUTO_REPAY,
    "AUTO_BORROW_REPAY": SideEffect.AUTO_BORROW_REPAY,
}
_WHICH: Table = {"isIsolated": flag}
# `autoRepayAtCancel` is read and means nothing: a cancelled order leaves its loan as it is.
_WITH_LOANS: Table = _WHICH | {"sideEffectType": parameters.one_of(SIDE_EFFECTS), "autoRepayAtCancel": flag}
PLACE: Table = SPOT_PLACE | _WITH_LOANS
CANCEL: Table = orders.CANCEL | _WHICH
CANCEL_REPLACE: Table = orders.CANCEL_REPLACE | _WITH_LOANS
AMEND: Table = orders.AMEND | _WHICH
CANCEL_ALL: Table = orders.CANCEL_ALL | _WHICH
STATUS: Table = orders.STATUS | _WHICH
OPEN: Table = orders.OPEN | _WHICH
ALL: Table = orders.ALL | _WHICH
MY_TRADES: Table = accounts.MY_TRADES | _WHICH
OCO: Table = lists.FORMER_OCO | lists.OCO | _WITH_LOANS
OTO: Table = lists.OTO | _WITH_LOANS
OTOCO: Table = lists.OTOCO | _WITH_LOANS
_LIST: Table = _WHICH | {"symbol": parameters.symbol}
CANCEL_LIST: Table = lists.CANCEL | _LIST
LIST_STATUS: Table = lists.STATUS | _LIST
OPEN_LISTS: Table = TIMING | _LIST
ALL_LISTS: Table = lists.ALL | _LIST
PREVENTED: Table = orders.PREVENTED | _WHICH
COUNTS: Table = TIMING | {"symbol": parameters.symbol} | _WHICH


def _of_account(operation: Callable[[Venue, Request], Any], *, reads: bool = False) -> Callable[[Venue, Request], Any]:
    """A spot operation, for the margin account that the request means. `reads`: where there is none yet, there is nothing to be read."""

    def margin(venue: Venue, request: Request) -> Any:
        params = dict(request.params)
        isolated = params.pop("isIsolated", False)
        account = _account(venue, request, isolated, must_be=not reads)
        answer = operation(venue, request._replace(account=account, params=params))
        return told(_in_margin_words(answer), lambda result: _marked(result, isolated))

    return margin


def _account(venue: Venue, request: Request, isolated: bool, *, must_be: bool = True) -> int:
    setup(venue)
    symbol = symbol_asked(venue, request.params, isolated=isolated)
    return account_of(venue, request.account, symbol) if must_be else venue.machine.margin_account(request.account, symbol)


def _marked(result: Any, isolated: bool) -> Any:
    if isinstance(result, list):
        return [row | {"isIsolated": isolated} for row in result]
    return result | {"isIsolated": isolated}


def _in_margin_words(answer: Any) -> Any:
    """Where the core refuses what it refuses only to margin accounts, in margin's codes; and orders' events without those of loans."""
    if not isinstance(answer, Submit):
        return answer

    def render(outcomes: Sequence) -> Any:
        told = [outcome._replace(events=_of_orders(outcome.events)) for outcome in outcomes]
        # A cancel-replace that got as far as its cancel says of both what became of them.
        if outcomes[0].code in ORDER and not _has_cancelled(told[0].events):
            raise refused_margin(outcomes[0].code, ORDER)
        return answer.render(told)

    return answer._replace(render=render)


def _has_cancelled(events: np.ndarray) -> bool:
    return bool((events["kind"] == EventKind.CANCELED).any())


def _of_orders(events: np.ndarray) -> np.ndarray:
    return events[events["kind"] < EventKind.TRANSFERRED]


# ---------------------------------------------------------------- the operations


def place(venue: Venue, request: Request) -> Submit:
    params = dict(request.params)
    isolated = params.pop("isIsolated", False)
    side_effect = params.pop("sideEffectType", SideEffect.NONE)
    account = _account(venue, request, isolated)
    order = new_order(venue, params)._replace(side_effect=side_effect)
    answer = _in_margin_words(orders.placing(venue, request._replace(account=account, params=params), order))

    def render(outcomes: Sequence) -> dict:
        return answer.render(outcomes) | {"isIsolated": isolated} | _borrowed(venue, account, outcomes[0].events)

    return answer._replace(render=render)


def _borrowed(venue: Venue, account: int, events: np.ndarray) -> dict:
    """What the order borrowed before it was placed."""
    loans = events.view(LOAN_EVENT)
    loans = loans[(loans["kind"] == EventKind.BORROWED) & (loans["account"] == account)]
    if not len(loans):
        return {}
    asset = next(asset for asset in margin_assets(venue) if asset.asset == loans["asset"][0])
    return {"marginBuyBorrowAmount": asset.text(int(loans["amount"][0])), "marginBuyBorrowAsset": asset.name}


def _replace(venue: Venue, request: Request) -> Submit:
    params = dict(request.params)
    effect = params.pop("sideEffectType", None)
    request = request._replace(params=params)
    if effect is None:
        known = orders.replaced(venue, request)
        effect = known.side_effect if known else SideEffect.NONE
    return orders.replacing(venue, request, new_order(venue, params)._replace(side_effect=effect))


# The project's own: without `sideEffectType` the new order borrows and repays as the one before.
cancel_replace = _of_account(_replace)
amend = _of_account(orders.amend)
cancel = _of_account(orders.cancel)
cancel_all = _of_account(orders.cancel_all)
status = _of_account(orders.status, reads=True)
open_orders = _of_account(orders.open_orders, reads=True)
all_orders = _of_account(orders.all_orders, reads=True)
my_trades = _of_account(accounts.my_trades, reads=True)


def place_oco(venue: Venue, request: Request) -> Submit:
    """With a leg above and one below, or in the former request's words."""
    is_former = "aboveType" not in request.params
    required = lists.FORMER_OCO_REQUIRED if is_former else lists.OCO_REQUIRED
    for name in required:
        if name not in request.params:
            raise errors.missing(name)
    return (lists.place_former_oco if is_former else lists.place_oco)(venue, request)


oco = _of_account(place_oco)
oto = _of_account(lists.place_oto)
otoco = _of_account(lists.place_otoco)
cancel_list = _of_account(lists.cancel)
list_status = _of_account(lists.status, reads=True)
open_lists = _of_account(lists.open_lists, reads=True)
open_one_to_others = _of_account(lists.open_one_to_others, reads=True)
all_lists = _of_account(lists.all_lists, reads=True)
prevented_matches = _of_account(orders.prevented_matches, reads=True)


def order_counts(venue: Venue, request: Request) -> list[dict]:
    account = _account(venue, request, request.params.get("isIsolated", False))
    return accounts.order_counts(venue, request._replace(account=account))
