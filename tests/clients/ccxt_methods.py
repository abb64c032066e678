"""ccxt's own tests of an exchange, as they ship inside its wheel, made to run against the venue.

The tests of the Python package are transpiled, and a few do not run as they are; what is mended here is theirs, never the venue's:
names that the transpiler forgot to import, floats added to texts, `exchange['method']`, a rounding mode that Python's ccxt lacks.
"""

import ast
import importlib.util
import math
import re
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from ccxt.base.decimal_to_precision import decimal_to_precision

PACKAGES = {"sync": "ccxt.test.exchange.sync", "async": "ccxt.test.exchange.async", "ws": "ccxt.pro.test.Exchange"}
ROUND_UP = 2

# A spot order book has no time of its own; ccxt's own runs pass over these two as well.
_NO_TIME = {"timestamp": 1, "datetime": 1}
SKIPPED_PROPERTIES = {"fetchOrderBook": _NO_TIME, "watchOrderBook": _NO_TIME, "watchOrderBookForSymbols": _NO_TIME}

SYMBOL, CODE = "BTC/USDT", "BTC"
REQUESTS: list[tuple[str, list]] = [
    ("loadMarkets", []), ("fetchCurrencies", []), ("fetchTicker", [SYMBOL]), ("fetchTickers", [SYMBOL]), ("fetchLastPrices", [SYMBOL]),
    ("fetchOHLCV", [SYMBOL]), ("fetchTrades", [SYMBOL]), ("fetchOrderBook", [SYMBOL]), ("fetchStatus", []), ("features", []),
    ("fetchBalance", []), ("fetchTradingFee", [SYMBOL]), ("fetchTradingFees", []), ("fetchOrders", [SYMBOL]), ("fetchOpenOrders", [SYMBOL]),
    ("fetchClosedOrders", [SYMBOL]), ("fetchMyTrades", [SYMBOL]),
]  # fmt: skip
WATCHES: list[tuple[str, list]] = [
    ("watchOrderBook", [SYMBOL]), ("watchOrderBookForSymbols", [[SYMBOL, "ETH/USDT"]]), ("watchTrades", [SYMBOL]),
    ("watchTradesForSymbols", [[SYMBOL, "ETH/USDT"]]), ("watchTicker", [SYMBOL]), ("watchTickers", [SYMBOL]), ("watchBidsAsks", [SYMBOL]),
    ("watchOHLCV", [SYMBOL]), ("watchOHLCVForSymbols", [SYMBOL]), ("watchBalance", [CODE]), ("watchOrders", [SYMBOL]),
    ("watchMyTrades", [SYMBOL]),
]  # fmt: skip


def make_exchange(cls: type, config: dict[str, Any]) -> Any:
    """An instance that ccxt's tests can work with, with the error map of spot on whatever URL."""

    class Tested(cls):
        def __getitem__(self, name: str) -> Any:
            return getattr(self, name)

    Tested.__name__ = cls.__name__
    exchange = Tested(config)
    exchange.decimal_to_precision = _to_precision
    # ccxt chooses the error map of a market by the official URL; on any other the general one is used alone.
    exchange.exceptions["exact"] = exchange.exceptions["exact"] | exchange.exceptions["spot"]["exact"]
    exchange.has.update(swap=False, future=False, option=False)
    return exchange


def _to_precision(number: float, mode: int, precision: float, *more: Any) -> str:
    if mode != ROUND_UP:
        return decimal_to_precision(number, mode, precision, *more)
    step = Decimal(repr(precision))
    return str(-(-Decimal(repr(number)) // step) * step)


def load_test(method: str, flavour: str) -> Callable[..., Any]:
    """ccxt's test of a method: `test(exchange, skipped_properties, *arguments)`. `flavour`: a key of PACKAGES."""
    name = f"test_{_snake(method)}"
    spec = importlib.util.find_spec(f"{PACKAGES[flavour]}.{name}")
    module = importlib.util.module_from_spec(spec)
    module.__dict__.update(Error=Exception, time=time, math=math)
    source = Path(spec.origin).read_text()
    tree = ast.fix_missing_locations(_TextSums().visit(ast.parse(source, spec.origin)))
    exec(compile(tree, spec.origin, "exec"), module.__dict__)
    return getattr(module, name)


def _snake(method: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", method).lower().replace("o_h_l_c_v", "ohlcv")


class _TextSums(ast.NodeTransformer):
    """Wraps the operands of sums inside tco_debug(...) in str()."""

    _inside = False

    def visit_Call(self, node: ast.Call) -> ast.Call:
        before, self._inside = self._inside, self._inside or getattr(node.func, "id", "") == "tco_debug"
        self.generic_visit(node)
        self._inside = before
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.BinOp:
        self.generic_visit(node)
        if self._inside and isinstance(node.op, ast.Add):
            node.left, node.right = (ast.Call(ast.Name("str", ast.Load()), [side], []) for side in (node.left, node.right))
        return node
