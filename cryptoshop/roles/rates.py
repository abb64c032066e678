"""`cryptoshop rates`: reference prices of assets, from venues elsewhere and from the own book, into the command log."""

from cryptoshop.errors import StartError
from cryptoshop.roles.common import run_role, sampled, while_replica_lives
from cryptoshop.settings import Settings
from engine.exchange import ExchangeClient
from engine.types import Role
from marketdata.rates import CcxtVenue, OwnBook, Rates, Simulated, SourceError, SourceSpec, parse_sources
from marketdata.rates.spec import BOOK, SIMULATED

DESCRIPTION = """\
Asks the sources of a running venue what assets are worth, and publishes it in its log: margin, liquidation and fee tiers go by that."""

EPILOG = """\
A source is NUMBER=[NAME:]KIND[@URL]; the number (1 to 15) is what the core knows it by, so keep it for as long as the source lives.
  1=book                                          the middle of this venue's own book, while it is narrow
  2=kraken    3=euro:bitvavo                      any venue that ccxt knows, by its id there
  4=north:cryptoshop@http://10.0.0.7:8080         another venue that speaks this dialect
  5=simulated                                     made up around the own book, for a demo without a network

The index of an asset is the median of its fresh sources, less those that lie off; with fewer than two it is frozen, and nothing is lent,
called or liquidated by it. Take at least three that do not depend on each other. How each does is in /metrics (cryptoshop_rates_NAME_…)
and in DIR/logs/rates.log.

  cryptoshop rates --price-source 1=book --price-source 2=kraken --price-source 3=coinbase
  CRYPTOSHOP_PRICE_SOURCES="1=book 2=kraken" cryptoshop serve"""


def make_sources(specs: tuple[SourceSpec, ...], exchange: ExchangeClient) -> list:
    """Raises SourceError where ccxt knows no such venue."""
    sources = []
    for spec in specs:
        if spec.kind == BOOK:
            sources.append(OwnBook(spec, exchange))
        elif spec.kind == SIMULATED:
            sources.append(Simulated(spec, OwnBook(spec, exchange)))
        else:
            sources.append(CcxtVenue(spec))
    return sources


async def serve(settings: Settings) -> None:
    try:
        specs = parse_sources(settings.sources_of_prices)
    except SourceError as error:
        raise StartError(str(error)) from None
    if not specs:
        raise StartError("no source of prices is named: cryptoshop rates --help shows how")
    exchange = await ExchangeClient.open(settings.resolved_log_url, role=Role.RATES, snapshots=settings.snapshot_dir)
    try:
        rates = Rates(exchange, make_sources(specs, exchange))
        async with sampled("rates", exchange, rates.counters):
            await while_replica_lives(exchange, rates.run())
    except SourceError as error:
        raise StartError(str(error)) from None
    finally:
        await exchange.close()


def main(arguments: list[str]) -> int:
    return run_role("rates", DESCRIPTION, arguments, serve, epilog=EPILOG)
