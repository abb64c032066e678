"""States of a symbol, and the auction: orders gather, and trading begins with one price for all. docs/ORDERS.md section 8."""

from engine.kernels import kernel
from engine.kernels.state import IN_AUCTION
from engine.kernels.waiting import attend
from engine.types import SymbolStatus


@kernel
def change_status(venue, registry, book, symbol_id, status):
    """Gives a symbol another status; False where it may not have it now."""
    symbol = registry.symbols[symbol_id]
    if status == SymbolStatus.TRADING and symbol.status != SymbolStatus.TRADING:
        symbol.resumed_ns = venue.now
    symbol.status = status
    symbol.special = symbol.special | IN_AUCTION if status == SymbolStatus.AUCTION else symbol.special & ~IN_AUCTION
    attend(venue, registry, book, symbol_id)
    return True
