"""The world outside a demo venue: three sources that agree, and so decide an asset's index against the venue's own two."""

import asyncio
import threading
from decimal import Decimal

from cryptoshop.settings import Settings
from engine import commands
from engine.exchange import ExchangeClient
from engine.types import Code, Role
from marketdata.rates.publisher import price_units
from tests.cryptoshop.processes import Serve

SOURCES = (11, 12, 13)
ANSWER_S = 60


class Outside:
    """Says prices into the venue's log, as `cryptoshop rates` does; on a loop of its own, for Playwright has that of this thread."""

    def __init__(self, venue: Serve) -> None:
        self._settings = Settings(data_dir=venue.data_dir)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._exchange: ExchangeClient = self._run(
            ExchangeClient.open(self._settings.resolved_log_url, role=Role.RATES, snapshots=self._settings.snapshot_dir)
        )

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(ANSWER_S)

    def index(self, asset: str) -> Decimal:
        """What a whole one of the asset is worth now, by its index."""
        base, numeraire = self._find(asset), self._find("USDT")
        view = self._exchange.machine.index(base.asset)
        return Decimal(view.price).scaleb(base.scale - view.price_scale - numeraire.scale)

    def say(self, asset: str, price: Decimal) -> None:
        """All three sources at once; believed until they are stale, 30 s later."""
        base, numeraire = self._find(asset), self._find("USDT")
        units = price_units(price, base.scale, self._exchange.machine.index(base.asset).price_scale, numeraire.scale)
        self._execute([commands.set_price(base.asset, source, units) for source in SOURCES])

    def be_silent(self, asset: str) -> None:
        """Takes what was said back."""
        self._execute([commands.set_price(self._find(asset).asset, source, 0) for source in SOURCES])

    def _execute(self, batch: list) -> None:
        outcomes = self._run(self._exchange.execute(commands.frame(*batch)))
        assert all(outcome.code == Code.OK for outcome in outcomes), outcomes

    def _find(self, asset: str):
        return next(one for one in self._exchange.machine.assets() if one.name == asset)

    def close(self) -> None:
        self._run(self._exchange.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
