"""The demo's margin: every asset lent and borrowed, pools with a lender's money in them, and alice with a cross and an isolated account, so
that there is something to look at from the first moment.

Every step looks at what is there and does what is missing, like the rest of the set-up. Prices for it are those of the own book, said once
by each of the demo's two sources; `cryptoshop rates` goes on from there.
"""

import secrets

import numpy as np

from cryptoshop.demo.markets import (
    COLLATERAL,
    FEE_VOLUMES,
    LENDER,
    LENDING,
    MARGIN_PERSON,
    NUMERAIRE,
)
from cryptoshop.errors import StartError
from cryptoshop.margin import Loans, Terms, asset_command, collateral_commands, numeraire_command, terms_command, tier_commands
from cryptoshop.settings import DEMO_PRICE_SOURCES
from engine import commands
from engine.exchange import ExchangeClient
from engine.types import Code, Kind, OrderType, Side, SideEffect
from engine.units import parse_units
from engine.views import AssetView, SymbolView
from gateway.dialect.margin_loans import REASON_BORROW, REASON_LEND, REASON_TRANSFER
from marketdata.rates import OwnBook, Simulated, parse_sources
from marketdata.rates.publisher import price_units


class MarginSetUp:
    """Of one demo venue; `accounts`: name -> person."""

    def __init__(self, exchange: ExchangeClient, accounts: dict[str, dict]) -> None:
        self.exchange = exchange
        self.machine = exchange.machine
        self.accounts = accounts
        self.assets: dict[str, AssetView] = {asset.name: asset for asset in self.machine.assets()}
        self.symbols: dict[str, SymbolView] = {symbol.name: symbol for symbol in self.machine.symbols()}

    async def run(self) -> None:
        if self.machine.margin_setup() is None:
            await self.set_terms()
        await self.fill_pools()
        person = self.accounts[MARGIN_PERSON]["account"]
        if not self.machine.margin_account(person, 0):
            await self.say_prices()
            if not any(self.machine.index(self.assets[name].asset).frozen for name in LENDING):  # else a later start finds better books
                await self.borrow_something(person)

    async def execute(self, *batch: np.ndarray) -> None:
        """Raises StartError naming the first command that is refused."""
        for outcome in await self.exchange.execute(commands.frame(*batch)):
            if outcome.code != Code.OK:
                raise StartError(f"the demo's margin was refused: {Code(outcome.code).name}")

    async def set_terms(self) -> None:
        numeraire = self.assets[NUMERAIRE]
        batch = [
            terms_command(numeraire, Terms(staleness="30", slice_min="5000")),
            numeraire_command(numeraire, Loans(*LENDING[NUMERAIRE].terms)),
        ]
        for name, lending in LENDING.items():
            if name != NUMERAIRE:
                market = self.symbols[f"{name}{NUMERAIRE}"].symbol
                batch.append(asset_command(self.assets[name], Loans(*lending.terms), market=market))
        for name, tiers in COLLATERAL.items():
            batch += collateral_commands(self.assets[name], numeraire, tiers)
        await self.execute(*batch, *tier_commands(numeraire, FEE_VOLUMES))

    async def fill_pools(self) -> None:
        """The lender puts in what it has put in nowhere yet."""
        lender = self.accounts[LENDER]["account"]
        batch = []
        for name, lending in LENDING.items():
            asset = self.assets[name]
            if not self.machine.lender(lender, asset.asset)[0]:
                batch.append(self.loan(Kind.LEND, lender, asset, lending.lent))
        if batch:
            await self.execute(*batch)

    async def say_prices(self) -> None:
        """Both sources, once. The simulated one is what it always is."""
        book, simulated = parse_sources(DEMO_PRICE_SOURCES)
        source = OwnBook(book, self.exchange)
        numeraire, names = self.assets[NUMERAIRE], list(LENDING)
        batch = []
        for spec, prices in (
            (book, await source.poll(names, NUMERAIRE)),
            (simulated, await Simulated(simulated, source).poll(names, NUMERAIRE)),
        ):
            for name, price in prices.items():
                asset = self.assets[name]
                units = price_units(price, asset.scale, asset.scale, numeraire.scale)
                batch.append(commands.set_price(asset.asset, spec.number, units))
        if batch:
            await self.execute(*batch)

    async def borrow_something(self, person: int) -> None:
        """A cross account that is long in ether, an isolated one that is long in bitcoin."""
        quote, ether, bitcoin = self.assets[NUMERAIRE], self.symbols["ETHUSDT"], self.symbols["BTCUSDT"]
        await self.execute(commands.open_margin(person), commands.open_margin(person, bitcoin.symbol))
        cross, isolated = self.machine.margin_account(person, 0), self.machine.margin_account(person, bitcoin.symbol)
        await self.execute(
            self.move(person, cross, quote, "20000"), self.move(person, cross, self.assets["BTC"], "0.25"),
            self.move(person, isolated, quote, "6000"), self.loan(Kind.BORROW, cross, quote, "5000"),
        )  # fmt: skip
        for account, symbol, lots in ((cross, ether, "12"), (isolated, bitcoin, "0.18")):
            base = self.machine.asset(symbol.base)
            order = commands.place(account, symbol.symbol, Side.BUY, OrderType.MARKET, side_effect=SideEffect.MARGIN_BUY,
                                   quantity_lots=parse_units(lots, base.scale) // symbol.lot_units)  # fmt: skip
            await self.exchange.execute(order)  # as much as the book has; a thin one leaves the account without

    def loan(self, kind: Kind, account: int, asset: AssetView, amount: str) -> np.ndarray:
        reason = REASON_BORROW if kind == Kind.BORROW else REASON_LEND
        units = parse_units(amount, asset.scale)
        return commands.loan(kind, self.fresh_id(), account=account, asset=asset.asset, amount=units, reason=reason)

    def move(self, debit: int, credit: int, asset: AssetView, amount: str) -> np.ndarray:
        return commands.transfer(
            Kind.TRANSFER, self.fresh_id(), debit=debit, credit=credit, asset=asset.asset, amount=parse_units(amount, asset.scale),
            reason=REASON_TRANSFER,
        )  # fmt: skip

    def fresh_id(self) -> tuple[int, int]:
        return self.machine.now_ns + 1, secrets.randbits(53) + 1
