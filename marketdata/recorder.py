"""Recorder: writes what happened to PostgreSQL, exactly once, and keeps snapshots at positions that PostgreSQL has."""


class Recorder:
    """Follows the log and writes orders, trades, candles, ledger entries and transfers in one transaction with the position."""
