"""Reference prices: what assets are worth elsewhere, asked again and again, and told to the core as SET_PRICE commands.

    parse_source   "3=kraken", "4=north:cryptoshop@http://…"  ->  SourceSpec
    CcxtVenue      any venue that ccxt speaks to, another CryptoShop among them
    OwnBook        the middle of this venue's own book, while there is one
    Simulated      for a demo without a network: wanders around the own book, and is called "simulated" wherever it shows
    Rates          polls all sources, each for itself, and publishes what changed

A source's number (1 … 15) is all that the core knows of it; its name is the operator's. Prices are Decimals here: of one whole unit of an
asset, in whole units of the numeraire.
"""

from marketdata.rates.own import OwnBook, Simulated
from marketdata.rates.publisher import Rates
from marketdata.rates.quotes import middle
from marketdata.rates.spec import SIMULATED, SOURCE_FORMAT, SourceError, SourceSpec, parse_source, parse_sources
from marketdata.rates.venues import CcxtVenue

__all__ = [
    "SIMULATED", "SOURCE_FORMAT", "CcxtVenue", "OwnBook", "Rates", "Simulated", "SourceError", "SourceSpec", "middle", "parse_source",
    "parse_sources",
]  # fmt: skip
