"""The listed symbols and assets as the streams name them; read from the replica, kept until something is listed."""

from engine.units import SymbolUnits
from engine.views import AssetView
from gateway.dialect.events import Market


class Markets:
    """`machine`: the replica's. `refresh` after a symbol was listed; until then it is unknown here."""

    def __init__(self, machine) -> None:
        self._machine = machine
        self._assets: dict[int, AssetView] = {}
        self._by_id: dict[int, Market] = {}
        self._by_name: dict[str, Market] = {}
        self.refresh()

    def refresh(self) -> None:
        """Learn what was listed since."""
        self._assets = {view.asset: view for view in self._machine.assets()}
        for view in self._machine.symbols():
            if view.symbol not in self._by_id:
                base, quote = self._assets[view.base], self._assets[view.quote]
                market = Market(view.symbol, view.name, base.name, quote.name, view.base, view.quote, SymbolUnits(view, base, quote))
                self._by_id[view.symbol] = self._by_name[view.name] = market

    def asset(self, asset: int) -> AssetView:
        if asset not in self._assets:
            self.refresh()
        return self._assets[asset]

    def by_id(self, symbol: int) -> Market:
        if symbol not in self._by_id:
            self.refresh()
        return self._by_id[symbol]

    def by_name(self, name: str) -> Market | None:
        """`name` in upper case; None where no such symbol is listed."""
        return self._by_name.get(name)

    def all(self) -> list[Market]:
        return list(self._by_id.values())
