"""The deterministic core and its log. `from engine import Exchange` is a whole venue in memory.

Importing this package compiles and loads nothing: `Exchange` is fetched when it is first asked for.
"""

__all__ = ["Exchange"]


def __getattr__(name: str):
    if name == "Exchange":
        from engine.exchange import Exchange  # noqa: PLC0415  (it loads the compiled core)

        return Exchange
    raise AttributeError(f"module 'engine' has no attribute {name!r}")
