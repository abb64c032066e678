"""`cryptoshop admin margin`: thresholds, assets that are lent, collateral, pools, fee tiers by volume, the discount asset."""

import argparse
import secrets
import time
from collections.abc import Callable

from cryptoshop.admin.office import Office, Refused, execute, find_account, find_asset, find_symbol
from cryptoshop.admin.words import Lines, amount_text, columns, count, percent_text, plain
from cryptoshop.listing import amount_units
from cryptoshop.margin import (
    HOURS_A_DAY,
    Loans,
    Terms,
    asset_command,
    collateral_commands,
    discount_command,
    numeraire_command,
    terms_command,
    tier_commands,
)
from engine.commands import loan
from engine.types import PPM, RATE_ONE, VALUE_MAX, Code, Kind
from engine.units import format_units
from engine.views import AssetView, IndexView, MarginAssetView, MarginSetup
from marketdata.rates.spec import SIMULATED

EXAMPLES = """\
margin on a venue that lists BTC, USDT and BTCUSDT, with prices from three sources (cryptoshop rates --help):
  cryptoshop admin margin set USDT                             values are in USDT; the usual levels, see `margin show`
  cryptoshop admin margin asset USDT --base 0.02
  cryptoshop admin margin asset BTC --market BTCUSDT --base 0.01 --limit 50
  cryptoshop admin margin collateral USDT all:100
  cryptoshop admin margin collateral BTC 1000000:95,5000000:80
  cryptoshop admin margin lend treasury@example.org USDT 250000    put an account's money into the pool
fees:
  cryptoshop admin margin tiers 1:100000,2:1000000             by 30 days' volume; their rates: cryptoshop admin fees
  cryptoshop admin margin discount BNB 25                      fees paid in BNB are a quarter less"""

_LENDING = {
    Code.INSUFFICIENT_AVAILABLE: "the account has less than that available",
    Code.INSUFFICIENT_SHARES: "the account has less than that in the pool",
    Code.POOL_SHORT: "the pool has lent so much that it cannot pay that back now",
    Code.OTHER_OWNER: "a margin account cannot lend: name its owner",
}


def _numeraire(office: Office) -> AssetView:
    setup = office.exchange.machine.margin_setup()
    if setup is None:
        raise Refused("margin is not set up: begin with margin set NUMERAIRE")
    return office.exchange.machine.asset(setup.numeraire)


def _present(office: Office, asset: AssetView) -> MarginAssetView | None:
    return next((view for view in office.exchange.machine.margin_assets() if view.asset == asset.asset), None)


def _margin_asset(office: Office, name: str) -> AssetView:
    asset = find_asset(office, name)
    if _present(office, asset) is None:
        raise Refused(f"{name} is no margin asset: add it with margin asset {name}")
    return asset


# ---------------------------------------------------------------- terms


async def set_terms(office: Office, given: argparse.Namespace) -> Lines:
    """What is not given stays as it is, or begins as usual."""
    machine = office.exchange.machine
    numeraire = find_asset(office, given.numeraire) if given.numeraire else _numeraire(office)
    setup = machine.margin_setup()
    if setup is not None and setup.numeraire != numeraire.asset:
        raise Refused(f"values are in {machine.asset(setup.numeraire).name}, for ever")
    terms = Terms() if setup is None else _terms_of(setup, numeraire)
    terms = terms._replace(**{name: value for name in Terms._fields if (value := getattr(given, name)) is not None})
    await execute(
        office.exchange, terms_command(numeraire, terms), {Code.INVALID_ARGUMENT: "the core takes no such terms; see margin set --help"}
    )
    return await show(office, given)


def _terms_of(setup: MarginSetup, numeraire: AssetView) -> Terms:
    levels = {name: format_units(getattr(setup, f"{name}_ppm"), 6) for name in ("transfer", "borrow", "call", "liquidation")}
    shares = {name: format_units(getattr(setup, f"{name}_ppm"), 4) for name in ("fee", "slippage", "slice", "deviation")}
    return Terms(**{name: plain(text) for name, text in (levels | shares).items()}, slice_min=amount_text(setup.slice_min, numeraire),
                 grace=plain(format_units(setup.grace_ns, 9)), staleness=plain(format_units(setup.staleness_ns, 9)))  # fmt: skip


async def show(office: Office, _given: argparse.Namespace) -> Lines:
    machine = office.exchange.machine
    numeraire, setup = _numeraire(office), machine.margin_setup()
    terms = _terms_of(setup, numeraire)
    lines = [
        f"values in {numeraire.name}; take out above {terms.transfer}, borrow down to {terms.borrow}, called at {terms.call}, "
        f"liquidated at {terms.liquidation}",
        f"liquidation: fee {terms.fee} %, within {terms.slippage} % of the index, {terms.slice} % of the debt a round "
        f"(up to {terms.slice_min} {numeraire.name} at once), {terms.grace} s after a halt",
        f"index: sources within {terms.deviation} % of each other, old after {terms.staleness} s",
    ]
    table = [("ASSET", "MARKET", "LENT OUT", "POOL", "FREE", "A DAY", "LIMIT", "COLLATERAL", "INDEX")]
    for view in machine.margin_assets():
        asset, pool, index = machine.asset(view.asset), machine.pool(view.asset), machine.index(view.asset)
        table.append((
            asset.name, machine.symbol(view.symbol).name if view.symbol else "-",
            amount_text(pool.borrowed, asset) if view.borrowable else "not lent", amount_text(pool.lent, asset),
            amount_text(pool.free, asset), _daily(pool.rate), amount_text(view.borrow_limit, asset),
            _tiers_text(machine.collateral_tiers(view.asset), numeraire), _index_text(office, asset, index, numeraire),
        ))  # fmt: skip
    discount, discount_ppm = machine.discount()
    if discount:
        lines.append(f"fees paid in {machine.asset(discount).name} are {percent_text(discount_ppm)} less")
    return [*lines, *columns(table)]


def _index_text(office: Office, asset: AssetView, index: IndexView, numeraire: AssetView) -> str:
    price = plain(format_units(index.price * 10**asset.scale // 10**index.price_scale, numeraire.scale))
    simulated = any(office.source_names.get(source.source) == SIMULATED for source in index.sources)
    return " ".join([price, *(["frozen"] if index.frozen else []), *([SIMULATED] if simulated else [])])


def _daily(hourly: int) -> str:
    return plain(format_units(hourly * HOURS_A_DAY * 100, len(str(RATE_ONE)) - 1)) + "%"


def _tiers_text(tiers: list[tuple[int, int]], numeraire: AssetView) -> str:
    shown = (f"{'all' if limit == VALUE_MAX else amount_text(limit, numeraire)}:{ratio * 100 // PPM}" for limit, ratio in tiers)
    return ",".join(shown) or "none"


async def set_asset(office: Office, given: argparse.Namespace) -> Lines:
    numeraire, asset = _numeraire(office), find_asset(office, given.asset)
    present = _present(office, asset)
    loans = Loans(**{name: value for name in Loans._fields if (value := getattr(given, name)) is not None})
    if asset.asset == numeraire.asset:
        command = numeraire_command(asset, loans, borrowable=not given.not_lent)
    else:
        market = find_symbol(office, given.market).symbol if given.market else present.symbol if present else 0
        command = asset_command(asset, loans, market=market, price_decimals=given.price_decimals, borrowable=not given.not_lent,
                                present=present)  # fmt: skip
    await execute(office.exchange, command, {
        Code.MARGIN_SYMBOL: f"{given.market} is no market of {asset.name} with {numeraire.name}, or that is no margin asset yet",
        Code.INVALID_ARGUMENT: f"the core takes no such terms for {asset.name}; its market, once set, stays",
        Code.POOL_FULL: "there are as many margin assets as there can be",
    })  # fmt: skip
    return await show(office, given)


async def set_collateral(office: Office, given: argparse.Namespace) -> Lines:
    asset = _margin_asset(office, given.asset)
    for command in collateral_commands(asset, _numeraire(office), given.tiers):
        await execute(office.exchange, command)
    return await show(office, given)


# ---------------------------------------------------------------- pools and fees


async def lend(office: Office, given: argparse.Namespace) -> Lines:
    """Puts an account's money into a pool, or takes it out."""
    account, asset = await find_account(office, given.account), _margin_asset(office, given.asset)
    kind = Kind.LEND if given.action == "lend" else Kind.REDEEM
    everything = kind == Kind.REDEEM and given.amount == "all"
    command = loan(kind, (time.time_ns(), secrets.randbits(53) + 1), account=account, asset=asset.asset,
                   amount=0 if everything else amount_units(given.amount, asset))  # fmt: skip
    await execute(office.exchange, command, _LENDING)
    _, worth = office.exchange.machine.lender(account, asset.asset)
    return [f"account {account} has {amount_text(worth, asset)} {asset.name} in the pool"]


async def set_tiers(office: Office, given: argparse.Namespace) -> Lines:
    numeraire = _numeraire(office)
    for command in tier_commands(numeraire, given.tiers):
        await execute(office.exchange, command)
    tiers = office.exchange.machine.fee_tiers()
    if not tiers:
        return ["fee tiers do not go by volume"]
    rows = [(str(tier), f"{amount_text(volume, numeraire)} {numeraire.name}") for tier, volume in sorted(tiers.items())]
    return columns([("TIER", "FROM A 30-DAY VOLUME OF"), *rows])


async def set_discount(office: Office, given: argparse.Namespace) -> Lines:
    asset = None if given.asset == "none" else find_asset(office, given.asset)
    await execute(office.exchange, discount_command(asset, given.percent))
    return [
        f"fees paid in {asset.name} are {given.percent} % less, for accounts that switch it on"
        if asset
        else "no asset pays fees at a discount"
    ]


# ---------------------------------------------------------------- command line


def add_commands(margin: argparse.ArgumentParser, command: Callable) -> None:
    """`command(name, run, about, *positionals, into=…)` adds one."""
    margin.epilog, margin.formatter_class = EXAMPLES, argparse.RawDescriptionHelpFormatter
    into = margin.add_subparsers(dest="action", required=True, metavar="ACTION")
    command("show", show, "thresholds, assets, pools, index prices", into=into)
    terms = command("set", set_terms, "set up margin, or change its terms", into=into)
    terms.add_argument("numeraire", nargs="?", default="", metavar="NUMERAIRE", help="the asset that values are told in; needed once")
    about = {
        "transfer": "level above which money may be taken out", "borrow": "level down to which more may be borrowed",
        "call": "level at which the owner is told", "liquidation": "level at which an account is liquidated",
        "fee": "of what a liquidation brings, to the insurance", "slippage": "of a liquidation's orders from the index",
        "slice": "of the debt that one round liquidates", "slice_min": "debts up to this are liquidated at once",
        "deviation": "of a source from the others", "grace": "no liquidation so soon after a halt",
        "staleness": "after which a price is old",
    }  # fmt: skip
    units = dict.fromkeys(("transfer", "borrow", "call", "liquidation"), "LEVEL") | {"slice_min": "AMOUNT", "grace": "S", "staleness": "S"}
    for name, default in Terms()._asdict().items():
        terms.add_argument(f"--{name.replace('_', '-')}", dest=name, metavar=units.get(name, "PERCENT"),
                           help=f"{about[name]} (at first: {default})".replace("%", "%%"))  # fmt: skip
    asset = command("asset", set_asset, "make an asset a margin asset, or change its terms", "ASSET", into=into)
    asset.add_argument("--market", default="", metavar="SYMBOL", help="with the numeraire: without one, for isolated accounts only")
    asset.add_argument("--price-decimals", type=count, metavar="N", help="prices are those of 10^N units (default: of a whole one)")
    asset.add_argument("--not-lent", action="store_true", help="collateral only")
    loans = {"base": "interest a day when nothing is lent", "slope1": "added when --optimal of the pool is lent",
             "slope2": "added from there to all of it", "optimal": "of the pool",
             "reserve": "of the interest, to the insurance"}  # fmt: skip
    for name, default in Loans()._asdict().items():
        text = f"{loans[name]} (default: {default})" if name in loans else "what one account may borrow (default: as much as there is)"
        asset.add_argument(f"--{name}", metavar="PERCENT" if name in loans else "AMOUNT", help=text)
    collateral = command("collateral", set_collateral, "set for how much of its value an asset counts", "ASSET", into=into)
    collateral.add_argument("tiers", metavar="TIERS", help="like 1000000:95,5000000:80 or all:90")
    command("lend", lend, "put an account's money into a pool", "ACCOUNT", "ASSET", "AMOUNT", into=into)
    command("redeem", lend, "take it out again; AMOUNT may be all", "ACCOUNT", "ASSET", "AMOUNT", into=into)
    tiers = command("tiers", set_tiers, "let fee tiers go by 30 days' volume", into=into)
    tiers.add_argument("tiers", metavar="TIERS", help="like 1:100000,2:1000000; '' for none")
    discount = command("discount", set_discount, "name the asset in which fees are cheaper, or none", "ASSET", into=into)
    discount.add_argument("percent", nargs="?", default="25", metavar="PERCENT", help="how much cheaper (default: 25)")
