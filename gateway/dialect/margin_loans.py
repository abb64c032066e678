"""Money of margin accounts: borrow, repay, move between the accounts of one owner, lend to the pools and take back.

Each is one command of the ledger with an id, so that no request moves money twice. The id is made of the request: of its `timestamp` and
all else it says, so the very same signed request, sent again by an anxious client or by anybody who saw it, is answered as the first time.
A client that signs anew for each attempt sends `clientTranId`, the project's own parameter: the 13 digits of the milliseconds at which it
decided, then up to 19 characters of its choice; for a day the same one is the same transaction. A signed-in session may send neither, and
then each request is one of its own.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Sequence
from typing import Any

from engine.commands import loan, set_account_discount, transfer
from engine.types import LOAN_EVENT, PPM, Code, Kind
from engine.units import TooLarge, TooPrecise, format_ppm, parse_units
from gateway.dialect import errors, parameters
from gateway.dialect.errors import Refusal
from gateway.dialect.margin import (
    MarginAsset,
    account_of,
    daily_text,
    discount,
    flag,
    margin_asset,
    margin_assets,
    setup,
    symbol_asked,
    with_account,
)
from gateway.dialect.margin_errors import BORROW, LENDING, REPAY, TRANSFER_IN, TRANSFER_OUT, refused_margin
from gateway.dialect.parameters import Table
from gateway.dialect.terms import TIMING
from gateway.dialect.venue import Request, Submit, Venue

MS_NS = 10**6
ID_BITS = 53  # of a tranId: what every client can read as a number
CLIENT_TRAN_ID_PATTERN = "^[0-9]{13}[a-zA-Z0-9-_]{0,19}$"
_is_client_tran_id = re.compile(r"[0-9]{13}[a-zA-Z0-9\-_]{0,19}", re.ASCII).fullmatch

# TRANSFER_COMMAND.reason of what is asked for here; histories tell by it what a client did.
REASON_BORROW, REASON_REPAY, REASON_TRANSFER, REASON_LEND, REASON_REDEEM = 40, 41, 42, 43, 44

BORROW_TYPES = {"BORROW": Kind.BORROW, "REPAY": Kind.REPAY}
LEND_TYPES = {"LEND": Kind.LEND, "REDEEM": Kind.REDEEM}
MAIN, CROSS, ISOLATED = "MAIN", "MARGIN", "ISOLATED"
# The dialect's names of what moves from where to where.
TRANSFER_TYPES = {
    "MAIN_MARGIN": (MAIN, CROSS),
    "MARGIN_MAIN": (CROSS, MAIN),
    "MAIN_ISOLATED_MARGIN": (MAIN, ISOLATED),
    "ISOLATED_MARGIN_MAIN": (ISOLATED, MAIN),
    "MARGIN_ISOLATEDMARGIN": (CROSS, ISOLATED),
    "ISOLATEDMARGIN_MARGIN": (ISOLATED, CROSS),
    "ISOLATEDMARGIN_ISOLATEDMARGIN": (ISOLATED, ISOLATED),
}
# Between wallets that are not here. They can be asked about (there was none), not made.
OTHER_TRANSFER_TYPES = tuple(
    f"{one}_{other}"
    for one in ("MAIN", "FUNDING", "MARGIN", "UMFUTURE", "CMFUTURE", "OPTION")
    for other in ("MAIN", "FUNDING", "MARGIN", "UMFUTURE", "CMFUTURE", "OPTION")
    if one != other and f"{one}_{other}" not in TRANSFER_TYPES
)
OFFERED: dict[str, Any] = TRANSFER_TYPES | dict.fromkeys(OTHER_TRANSFER_TYPES)


def client_tran_id(name: str, value: Any) -> str:
    sent = parameters.text(name, value)
    if not _is_client_tran_id(sent):
        raise errors.illegal_characters(name, CLIENT_TRAN_ID_PATTERN)
    return sent


MOVES: Table = TIMING | {"asset": parameters.symbol, "amount": parameters.number, "clientTranId": client_tran_id}
BORROW_REPAY: Table = MOVES | {"isIsolated": flag, "symbol": parameters.symbol, "type": parameters.one_of(BORROW_TYPES)}
TRANSFER: Table = MOVES | {"type": parameters.one_of(OFFERED), "fromSymbol": parameters.symbol, "toSymbol": parameters.symbol}
CROSS_TRANSFER: Table = MOVES | {"type": parameters.one_of({"1": "MAIN_MARGIN", "2": "MARGIN_MAIN"})}
LEND: Table = MOVES | {"type": parameters.one_of(LEND_TYPES)}
DISCOUNT: Table = TIMING | {"spotBNBBurn": flag, "interestBNBBurn": flag}


def transfer_id(request: Request) -> tuple[int, int]:
    """The id of what the request asks for: the same request, the same id."""
    params = request.params
    if "clientTranId" in params:
        made_ns = int(params["clientTranId"][:13]) * MS_NS
        said = params["clientTranId"]
    elif "timestamp" in params and request.key:
        made_ns = params["timestamp"]
        said = "&".join(f"{name}={params[name]}" for name in sorted(params))
    else:
        return request.now_ns, secrets.randbits(ID_BITS) or 1
    digest = hashlib.blake2b(f"{request.account}:{said}".encode(), digest_size=8).digest()
    return made_ns, (int.from_bytes(digest, "big") >> (64 - ID_BITS)) or 1


def amount_units(params: dict[str, Any], asset: MarginAsset, name: str = "amount") -> int:
    """Raises DialectError for what is no amount of the asset."""
    try:
        return parse_units(params[name], asset.scale)
    except TooPrecise:
        raise errors.too_precise(name) from None
    except TooLarge:
        raise errors.overflowed(name) from None


def _submit(command: Any, identity: tuple[int, int], refusals: dict[Code, Refusal], **more: Callable) -> Submit:
    """`more`: what else is told of the command's event. What was done before, by the same id, is told as done."""

    def render(outcomes: Sequence) -> dict:
        outcome = outcomes[0]
        if outcome.code not in (Code.OK, Code.EXISTS):
            raise refused_margin(outcome.code, refusals)
        return {"tranId": identity[1], **{name: tell(outcome) for name, tell in more.items()}}

    return Submit(command.tobytes(), render)


# ---------------------------------------------------------------- borrow and repay


def borrow_repay(venue: Venue, request: Request) -> Any:
    params = request.params
    setup(venue)
    kind = params["type"]
    asset = margin_asset(venue, params["asset"])
    amount = amount_units(params, asset)
    if not amount:
        raise refused_margin(Code.INVALID_AMOUNT, BORROW if kind == Kind.BORROW else REPAY)
    symbol = symbol_asked(venue, params, isolated=params.get("isIsolated", False))
    account = account_of(venue, request.account, symbol)
    identity = transfer_id(request)
    reason, refusals = (REASON_BORROW, BORROW) if kind == Kind.BORROW else (REASON_REPAY, REPAY)
    command = loan(kind, identity, account=account, asset=asset.asset, amount=amount, reason=reason, valid_until_ns=request.valid_until_ns)
    return _submit(command, identity, refusals, clientTag=lambda _: "")


# ---------------------------------------------------------------- transfers between one's own accounts


def move(venue: Venue, request: Request) -> Any:
    ends = request.params["type"]
    if ends is None:
        raise errors.unsupported()
    symbols = []
    for end, name in zip(ends, ("fromSymbol", "toSymbol"), strict=True):
        symbols.append(symbol_asked(venue, request.params, name, isolated=True) if end == ISOLATED else 0)
    return _move(venue, request, ends, symbols)


def move_cross(venue: Venue, request: Request) -> Any:
    """Between the spot and the cross account, as older clients ask for it."""
    return _move(venue, request, TRANSFER_TYPES[request.params["type"]], [0, 0])


def _move(venue: Venue, request: Request, ends: tuple[str, str], symbols: list[int]) -> Any:
    setup(venue)
    asset = margin_asset(venue, request.params["asset"])
    amount = amount_units(request.params, asset)
    if not amount:
        raise errors.missing("amount")
    debit = request.account if ends[0] == MAIN else account_of(venue, request.account, symbols[0])
    identity = transfer_id(request)
    refusals = TRANSFER_IN if ends[0] == MAIN else TRANSFER_OUT

    def to(credit: int) -> Submit:
        command = transfer(Kind.TRANSFER, identity, debit=debit, credit=credit, asset=asset.asset, amount=amount, reason=REASON_TRANSFER,
                           valid_until_ns=request.valid_until_ns)  # fmt: skip
        return _submit(command, identity, refusals)

    return to(request.account) if ends[1] == MAIN else with_account(venue, request.account, symbols[1], to)


# ---------------------------------------------------------------- lending (the project's own)


def lend(venue: Venue, request: Request) -> Any:
    """LEND puts an amount of the spot account into the asset's pool, REDEEM takes it back; without an amount, all of it."""
    params = request.params
    setup(venue)
    kind = params["type"]
    asset = margin_asset(venue, params["asset"])
    if "amount" not in params and kind == Kind.LEND:
        raise errors.missing("amount")
    amount = amount_units(params, asset) if "amount" in params else 0
    if not amount and "amount" in params:
        raise errors.invalid("amount")
    identity = transfer_id(request)
    reason = REASON_LEND if kind == Kind.LEND else REASON_REDEEM
    command = loan(kind, identity, account=request.account, asset=asset.asset, amount=amount, reason=reason,
                   valid_until_ns=request.valid_until_ns)  # fmt: skip

    def moved(outcome: Any) -> str:
        """What went in or came out; of a repeated request, what it asked for."""
        return asset.text(int(outcome.events.view(LOAN_EVENT)["amount"][0]) if outcome.code == Code.OK else amount)

    return _submit(command, identity, LENDING, amount=moved)


def pools(venue: Venue, request: Request) -> list[dict]:
    """Every pool: what is in it, what it earns, and what of it is the caller's."""
    machine = venue.machine
    setup(venue)
    wanted = request.params.get("asset")
    rows = []
    for asset in margin_assets(venue):
        if wanted not in (None, asset.name):
            continue
        pool = machine.pool(asset.asset)
        shares, worth = machine.lender(request.account, asset.asset)
        rows.append(
            {
                "asset": asset.name,
                "lent": asset.text(pool.lent),
                "borrowed": asset.text(pool.borrowed),
                "free": asset.text(pool.free),
                "utilization": format_ppm(pool.borrowed * PPM // pool.lent if pool.lent else 0),
                "dailyInterestRate": daily_text(pool.rate),
                "dailyLendingRate": daily_text(_lending_rate(asset, pool)),
                "shares": str(shares),
                "amount": asset.text(worth),
            }
        )
    return rows


def _lending_rate(asset: MarginAsset, pool: Any) -> int:
    """What a lender earns an hour: the borrowers' rate on the part that is borrowed, less the insurance's reserve."""
    return pool.rate * pool.borrowed * (PPM - asset.view.reserve_ppm) // (pool.lent * PPM) if pool.lent else 0


# ---------------------------------------------------------------- the discount asset


def set_discount(venue: Venue, request: Request) -> Any:
    """Whether the caller's fees are paid in the discount asset. Interest never is: it is owed in what was borrowed."""
    if request.params.get("interestBNBBurn", False):
        raise errors.unsupported()
    if "spotBNBBurn" not in request.params:
        return discount(venue, request)
    wanted = request.params["spotBNBBurn"]

    def render(outcomes: Sequence) -> dict:
        if outcomes[0].code != Code.OK:
            raise refused_margin(outcomes[0].code)
        return {"spotBNBBurn": wanted, "interestBNBBurn": False}

    return Submit(set_account_discount(request.account, wanted).tobytes(), render)
