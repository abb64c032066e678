"""The demo's gifts: play money for whoever signs up. Mounted only where the venue runs as a demo."""

from engine.types import Code
from engine.units import format_units, parse_units
from gateway.identity import core
from gateway.identity.attempts import FAUCET_ACCOUNT
from gateway.identity.errors import AccountError, Refusal
from gateway.identity.identity import Identity
from gateway.identity.sessions import Session

AMOUNTS = {"BTC": "0.25", "ETH": "4", "SOL": "60", "XRP": "10000", "USDT": "10000"}
OTHER_AMOUNT = "100"


async def give(identity: Identity, session: Session, asset_name: str, *, address: str) -> str:
    """Credit the session's account with the asset's fixed amount; returns it as text.

    Raises AccountError: UNKNOWN_ASSET, TOO_MANY_ATTEMPTS, VENUE_FULL, UNAVAILABLE.
    """
    asset = next((asset for asset in identity.exchange.machine.assets() if asset.name == asset_name), None)
    if asset is None:
        raise AccountError(Refusal.UNKNOWN_ASSET)
    identity.attempts.count(FAUCET_ACCOUNT, session.account, asset.asset)
    amount = parse_units(AMOUNTS.get(asset.name, OTHER_AMOUNT), asset.scale)
    outcome = await core.gift(identity.exchange, session.account, asset.asset, amount)
    if outcome.code != Code.OK:
        raise AccountError(Refusal.VENUE_FULL)
    text = format_units(amount, asset.scale)
    await identity.note(session.user_id, "FAUCET", address, f"{text} {asset.name}")
    return text
