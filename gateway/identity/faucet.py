"""The demo's gifts: play money for whoever signs up, and a way to give it back. Mounted only where the venue runs as a demo."""

from engine.types import Code
from engine.units import format_units, parse_units
from gateway.identity import core
from gateway.identity.attempts import FAUCET_ACCOUNT, FAUCET_RETURN_ACCOUNT
from gateway.identity.errors import AccountError, Refusal
from gateway.identity.identity import Identity
from gateway.identity.sessions import Session

AMOUNTS = {"BTC": "0.25", "ETH": "4", "SOL": "60", "XRP": "10000", "USDT": "10000"}
OTHER_AMOUNT = "100"


async def give(identity: Identity, session: Session, asset_name: str, *, address: str) -> str:
    """Credit the session's account with the asset's fixed amount; returns it as text.

    Raises AccountError: UNKNOWN_ASSET, TOO_MANY_ATTEMPTS, VENUE_FULL, UNAVAILABLE.
    """
    asset = _asset(identity, asset_name)
    identity.attempts.count(FAUCET_ACCOUNT, session.account, asset.asset)
    amount = parse_units(AMOUNTS.get(asset.name, OTHER_AMOUNT), asset.scale)
    outcome = await core.gift(identity.exchange, session.account, asset.asset, amount)
    if outcome.code != Code.OK:
        raise AccountError(Refusal.VENUE_FULL)
    text = format_units(amount, asset.scale)
    await identity.note(session.user_id, "FAUCET", address, f"{text} {asset.name}")
    return text


async def take_back(identity: Identity, session: Session, asset_name: str, amount_text: str, *, address: str) -> str:
    """Debit the session's account with an amount that it has available, the demo's withdrawal; returns it as text.

    Raises AccountError: UNKNOWN_ASSET, INVALID_AMOUNT, INSUFFICIENT_BALANCE, ACCOUNT_FROZEN, TOO_MANY_ATTEMPTS, VENUE_FULL, UNAVAILABLE.
    """
    asset = _asset(identity, asset_name)
    amount = _amount(amount_text, asset.scale)
    identity.attempts.count(FAUCET_RETURN_ACCOUNT, session.account)
    outcome = await core.give_back(identity.exchange, session.account, asset.asset, amount)
    if outcome.code != Code.OK:
        raise AccountError(_RETURN_REFUSED.get(Code(outcome.code), Refusal.VENUE_FULL))
    text = format_units(amount, asset.scale)
    await identity.note(session.user_id, "FAUCET_RETURN", address, f"{text} {asset.name}")
    return text


_RETURN_REFUSED = {
    Code.INSUFFICIENT_AVAILABLE: Refusal.INSUFFICIENT_BALANCE,
    Code.ACCOUNT_FROZEN: Refusal.ACCOUNT_FROZEN,
    Code.INVALID_AMOUNT: Refusal.INVALID_AMOUNT,
}


def _asset(identity: Identity, name: str):
    asset = next((asset for asset in identity.exchange.machine.assets() if asset.name == name), None)
    if asset is None:
        raise AccountError(Refusal.UNKNOWN_ASSET)
    return asset


def _amount(text: str, scale: int) -> int:
    try:
        amount = parse_units(text, scale)
    except ValueError:
        amount = 0
    if not 0 < amount < 1 << 62:
        raise AccountError(Refusal.INVALID_AMOUNT)
    return amount
