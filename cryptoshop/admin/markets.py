"""Assets and markets: listings, states, filters, fees, limits."""

import argparse
from collections.abc import Callable

from cryptoshop.admin.office import Office, execute, find_asset, find_symbol
from cryptoshop.admin.words import Lines, amount_text, columns, count, percent_text, plain, tier_number
from cryptoshop.filters import (
    EVERYWHERE,
    EVERYWHERE_FILTERS,
    OF_ASSETS,
    OF_MARKETS,
    OFF,
    Market,
    asset_filter,
    everywhere_filter,
    market_filter,
    told,
)
from cryptoshop.listing import (
    DEFAULT_MAX_ORDERS,
    asset_command,
    fees_command,
    maker_percent_to_ppm,
    percent_to_ppm,
    symbol_command,
)
from engine.commands import admin
from engine.types import FEE_TIERS, Code, Kind, SymbolStatus
from engine.units import SymbolUnits
from engine.views import SymbolView


async def add_asset(office: Office, given: argparse.Namespace) -> Lines:
    await execute(office.exchange, asset_command(given.name, given.decimals), {
        Code.ALREADY_EXISTS: f"{given.name} is listed already", Code.POOL_FULL: "the table of assets is full",
    })  # fmt: skip
    return [f"{given.name} is listed, with {given.decimals} decimals"]


async def add_symbol(office: Office, given: argparse.Namespace) -> Lines:
    base, quote = find_asset(office, given.base), find_asset(office, given.quote)
    command = symbol_command(
        given.name, base, quote, given.tick, given.lot, min_notional=given.min_notional, max_price=given.max_price,
        max_quantity=given.max_quantity, max_market_quantity=given.max_market_quantity, max_orders=given.max_orders,
        maker_ppm=maker_percent_to_ppm(given.maker), taker_ppm=percent_to_ppm(given.taker),
    )  # fmt: skip
    await execute(office.exchange, command, {
        Code.ALREADY_EXISTS: f"{given.name} is listed already", Code.POOL_FULL: "the table of symbols is full",
    })  # fmt: skip
    return [f"{given.name} is open for trading", *columns([_SYMBOL_HEAD, _symbol_row(office, find_symbol(office, given.name))])]


async def list_assets(office: Office, _given: argparse.Namespace) -> Lines:
    rows = [(asset.name, str(asset.scale)) for asset in office.exchange.machine.assets()]
    return columns([("ASSET", "DECIMALS"), *rows])


async def list_symbols(office: Office, _given: argparse.Namespace) -> Lines:
    return columns([_SYMBOL_HEAD, *(_symbol_row(office, symbol) for symbol in office.exchange.machine.symbols())])


_SYMBOL_HEAD = ("SYMBOL", "STATUS", "TICK", "LOT", "MIN NOTIONAL", "MAX PRICE", "MAX QUANTITY", "MAKER", "TAKER", "LAST")


def _symbol_row(office: Office, symbol: SymbolView) -> tuple[str, ...]:
    machine = office.exchange.machine
    units = SymbolUnits(symbol, machine.asset(symbol.base), machine.asset(symbol.quote))
    maker, taker = machine.fees(symbol.symbol, 0)
    return (
        symbol.name, SymbolStatus(symbol.status).name, plain(units.tick_size), plain(units.step_size),
        plain(units.quote_text(symbol.min_notional)), plain(units.ticks_to_price(symbol.max_price_ticks)),
        plain(units.lots_to_quantity(symbol.max_quantity_lots)), percent_text(maker), percent_text(taker),
        plain(units.ticks_to_price(symbol.last_price_ticks)) if symbol.last_price_ticks else "-",
    )  # fmt: skip


_STATES = {
    "halt": (SymbolStatus.HALTED, "nothing can be done there, not even a cancel"),
    "cancel-only": (SymbolStatus.CANCEL_ONLY, "orders may be cancelled, nothing else"),
    "auction": (SymbolStatus.AUCTION, "orders gather without trading, until resume ends it at one price for all"),
    "resume": (SymbolStatus.TRADING, ""),
}


async def set_symbol_status(office: Office, given: argparse.Namespace) -> Lines:
    symbol = find_symbol(office, given.symbol)
    status, meaning = _STATES[given.command]
    was_auction = symbol.status == SymbolStatus.AUCTION
    refusal = f"{symbol.name} is in an auction whose orders cross, or that is just ending: resume it first"
    if status == symbol.status:
        refusal = f"{symbol.name} is {status.name} already"
    await execute(office.exchange, admin(Kind.SET_SYMBOL_STATUS, symbol=symbol.symbol, status=status), {Code.INVALID_ARGUMENT: refusal})
    if was_auction and status == SymbolStatus.TRADING:
        meaning = "the auction ends at one price for all, then trading goes on"
    return [f"{symbol.name} is {status.name}" + (f": {meaning}" if meaning else "")]


# ---------------------------------------------------------------- filters


async def set_filter(office: Office, given: argparse.Namespace) -> Lines:
    where, name, value = given.where, given.filter, given.value
    if where == EVERYWHERE:
        command = everywhere_filter(name, value)
    elif name in OF_ASSETS:
        command = asset_filter(find_asset(office, where), name, value)
    else:
        command = market_filter(_market(office, where), name, value)
    await execute(office.exchange, command)
    return [f"{name} of {where} is off" if value == OFF else f"{name} of {where} is {value}"]


async def list_filters(office: Office, given: argparse.Namespace) -> Lines:
    machine = office.exchange.machine
    if given.where == EVERYWHERE:
        rows = told(None, machine.filters(0))
        for asset in machine.assets():
            if most := machine.max_asset(asset.asset):
                rows.append((f"{asset.name} max-order", amount_text(most, asset), OF_ASSETS["max-order"]))
    else:
        market = _market(office, given.where)
        rows = told(market, machine.filters(market.view.symbol))
    return columns([("FILTER", "VALUE", "MEANING"), *rows]) if rows else [f"no filter of {given.where} is set"]


def _market(office: Office, name: str) -> Market:
    view = find_symbol(office, name)
    return Market(view, office.exchange.machine.asset(view.base), office.exchange.machine.asset(view.quote))


# ---------------------------------------------------------------- fees and limits


async def fees(office: Office, given: argparse.Namespace) -> Lines:
    """Shows them; with rates, sets those of one tier first."""
    symbol = find_symbol(office, given.symbol)
    machine = office.exchange.machine
    if given.maker is not None or given.taker is not None:
        maker, taker = machine.fees(symbol.symbol, given.tier)
        maker = maker if given.maker is None else maker_percent_to_ppm(given.maker)
        taker = taker if given.taker is None else percent_to_ppm(given.taker)
        await execute(office.exchange, fees_command(symbol.symbol, given.tier, maker, taker))
    tiers = [machine.fees(symbol.symbol, tier) for tier in range(FEE_TIERS)]
    rows = [(str(tier), *map(percent_text, rates)) for tier, rates in enumerate(tiers) if tier in (0, given.tier) or rates != tiers[0]]
    return columns([("TIER", "MAKER", "TAKER"), *rows])


async def order_limits(office: Office, given: argparse.Namespace) -> Lines:
    await execute(office.exchange, admin(Kind.SET_ORDER_LIMITS, value=given.per_10s, value2=given.per_day))
    shown = [f"{limit or 'any number'} {window}" for limit, window in ((given.per_10s, "in 10 s"), (given.per_day, "a day"))]
    return [f"an account may place {' and '.join(shown)}"]


async def open_venue(office: Office, _given: argparse.Namespace) -> Lines:
    if office.exchange.machine.opened:
        return ["the venue is open already"]
    await execute(office.exchange, admin(Kind.OPEN), {Code.ALREADY_OPEN: "the venue is open already"})
    return ["the venue is open: from here on the log's clock is its time"]


# ---------------------------------------------------------------- command line


def add_commands(command: Callable[..., argparse.ArgumentParser]) -> None:
    """`command(name, run, about, *positionals)` adds one."""
    new_asset = command("add-asset", add_asset, "list an asset", "NAME")
    new_asset.add_argument("--decimals", type=count, required=True, metavar="N", help="its smallest unit is 10^-N (0 to 9)")
    _add_symbol_arguments(command("add-symbol", add_symbol, "list a market and open it", "NAME"))
    command("assets", list_assets, "list the assets")
    command("symbols", list_symbols, "list the markets")
    command("open", open_venue, "let the log's clock be the venue's time, for ever; serve has done it")
    command("halt", set_symbol_status, "stop a market: no orders, no cancels", "SYMBOL")
    command("cancel-only", set_symbol_status, "let a market's orders be cancelled, nothing else", "SYMBOL")
    command("auction", set_symbol_status, "let orders gather without trading; resume then trades them at one price for all", "SYMBOL")
    command("resume", set_symbol_status, "let a market trade again; ends an auction", "SYMBOL")
    _add_filter_arguments(command)
    rates = command("fees", fees, "show a market's fees, or set those of one tier", "SYMBOL")
    rates.add_argument("--tier", type=tier_number, default=0, metavar="N", help="which tier of accounts (default: 0)")
    rates.add_argument("--maker", metavar="PERCENT", help="e.g. 0.08; below 0, as --maker=-0.01, a rebate")
    rates.add_argument("--taker", metavar="PERCENT", help="e.g. 0.1")
    limits = command("order-limits", order_limits, "how many orders an account may place")
    limits.add_argument("--per-10s", type=count, required=True, metavar="N", help="in ten seconds, 0 = any number")
    limits.add_argument("--per-day", type=count, required=True, metavar="N", help="in a day (UTC), 0 = any number")


def _add_symbol_arguments(new_symbol: argparse.ArgumentParser) -> None:
    for name, about in (("base", "asset that is traded"), ("quote", "asset it is paid in")):
        new_symbol.add_argument(f"--{name}", required=True, metavar="ASSET", help=about)
    new_symbol.add_argument("--tick", required=True, metavar="PRICE", help="step of prices, e.g. 0.01")
    new_symbol.add_argument("--lot", required=True, metavar="QUANTITY", help="step of quantities, e.g. 0.00001")
    new_symbol.add_argument("--min-notional", default="0", metavar="AMOUNT", help="least value of an order, in quote (default: 0)")
    new_symbol.add_argument("--max-price", default="", metavar="PRICE", help="default: 100 million ticks")
    new_symbol.add_argument("--max-quantity", default="", metavar="QUANTITY", help="of one order (default: as much as can be counted)")
    new_symbol.add_argument("--max-market-quantity", default="", metavar="QUANTITY", help="of one market order (default: the same)")
    new_symbol.add_argument("--max-orders", type=count, default=DEFAULT_MAX_ORDERS, metavar="N",
                            help=f"open at a time per account (default: {DEFAULT_MAX_ORDERS})")  # fmt: skip
    new_symbol.add_argument("--maker", default="0.1", metavar="PERCENT", help="fee (default: 0.1)")
    new_symbol.add_argument("--taker", default="0.1", metavar="PERCENT", help="fee (default: 0.1)")


def _add_filter_arguments(command: Callable[..., argparse.ArgumentParser]) -> None:
    setter = command("set-filter", set_filter, "set a limit that orders must keep, or take it off", "WHERE", "FILTER", "VALUE")
    setter.formatter_class = argparse.RawDescriptionHelpFormatter
    setter.epilog = _filters_help()
    shower = command("filters", list_filters, "show the limits that are set")
    shower.add_argument("where", nargs="?", default=EVERYWHERE, metavar="WHERE", help=f"a market, or {EVERYWHERE} (default)")


def _filters_help() -> str:
    """What there is to be set, with an example of each."""
    rows = [("of a market, e.g. set-filter BTCUSDT max-notional 9000000", "", "")]
    rows += [(f"  {name}", known.example, known.about) for name, known in OF_MARKETS.items()]
    rows += [(f"of an account over {EVERYWHERE} markets, e.g. set-filter {EVERYWHERE} max-orders 1000", "", "")]
    rows += [(f"  {name}", known.example, known.about) for name, known in EVERYWHERE_FILTERS.items()]
    rows += [("of an asset, e.g. set-filter BTC max-order 100", "", "")]
    rows += [(f"  {name}", "100", about) for name, about in OF_ASSETS.items()]
    width = max(len(name) for name, example, _ in rows if example)
    lines = [f"{name.ljust(width)}  {example.ljust(9)}{about}" if example else name for name, example, about in rows]
    return "\n".join([*lines, f"VALUE is written as in the examples, or {OFF}."])
