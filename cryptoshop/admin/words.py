"""What an operator reads and writes: tables, amounts, percentages, numbers."""

import argparse

from engine.types import FEE_TIERS, PPM, TIER_AUTOMATIC
from engine.units import format_units
from engine.views import AssetView

Lines = list[str]


def columns(rows: list[tuple[str, ...]]) -> Lines:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def plain(decimal: str) -> str:
    """Without the zeros that say nothing."""
    return decimal.rstrip("0").rstrip(".") if "." in decimal else decimal


def amount_text(units: int, asset: AssetView) -> str:
    return plain(format_units(units, asset.scale))


def percent_text(ppm: int) -> str:
    shown = abs(ppm) * 100
    return ("-" if ppm < 0 else "") + plain(f"{shown // PPM}.{shown % PPM:06d}") + "%"


def count(text: str) -> int:
    """A number from 0, small enough for the core."""
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 0 to 999999999")
    return int(text)


def tier_number(text: str) -> int:
    tier = count(text)
    if tier >= FEE_TIERS:
        raise argparse.ArgumentTypeError(f"tiers are 0 to {FEE_TIERS - 1}")
    return tier


def tier_of_account(text: str) -> int:
    return TIER_AUTOMATIC if text == "auto" else tier_number(text)
