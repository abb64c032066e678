"""The deterministic core and its log. `from engine import Exchange` is a venue in memory."""


def __getattr__(name: str):
    # Late, so that importing a part of the core (its types, its oracle) does not load all of it.
    if name in ("Exchange", "ExchangeClient", "Outcome"):
        from engine import exchange

        return getattr(exchange, name)
    raise AttributeError(f"module 'engine' has no attribute {name!r}")
