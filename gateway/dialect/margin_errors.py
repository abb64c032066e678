"""What the core refuses to margin accounts, in the dialect's codes and literal texts, by what was asked for.

The same code of the core means different things to who borrows, repays, moves money or places an order, and the dialect has a code for
each. What is not here is told as to everybody (gateway/dialect/errors.py).
"""

from engine.types import Code
from gateway.dialect.errors import REFUSALS, DialectError, Refusal

_NOT_ENOUGH = Refusal(-3041, "Balance is not enough.")
_TOO_MUCH = Refusal(-3006, "Your borrow amount has exceed maximum borrow amount.")
_NOT_LENT = Refusal(-3012, "Borrow is banned for this asset.")

BORROW: dict[Code, Refusal] = {
    Code.MARGIN_ASSET: _NOT_LENT,
    Code.LEVEL_TOO_LOW: _TOO_MUCH,
    Code.ACCOUNT_FROZEN: Refusal(-3014, "Borrow is banned for this account."),
    Code.INVALID_AMOUNT: Refusal(-3013, "Borrow amount less than minimum borrow amount."),
}
REPAY: dict[Code, Refusal] = {
    Code.INSUFFICIENT_AVAILABLE: _NOT_ENOUGH,
    Code.INVALID_AMOUNT: Refusal(-3016, "Repay amount less than minimum repay amount."),
}
TRANSFER_IN: dict[Code, Refusal] = {
    Code.INSUFFICIENT_AVAILABLE: _NOT_ENOUGH,
    Code.MARGIN_ASSET: Refusal(-3017, "This asset are not allowed to transfer into margin account currently."),
    Code.ACCOUNT_FROZEN: Refusal(-3018, "Transferring in has been banned for this account."),
}
TRANSFER_OUT: dict[Code, Refusal] = TRANSFER_IN | {
    Code.LEVEL_TOO_LOW: Refusal(-3020, "Transfer out amount exceeds max amount."),
    Code.INSUFFICIENT_AVAILABLE: Refusal(-3020, "Transfer out amount exceeds max amount."),
    Code.ACCOUNT_FROZEN: Refusal(-3019, "Transferring out has been banned for this account."),
}
LENDING: dict[Code, Refusal] = {Code.INSUFFICIENT_AVAILABLE: _NOT_ENOUGH}
ORDER: dict[Code, Refusal] = {
    Code.MARGIN_SYMBOL: Refusal(-3021, "Margin account are not allowed to trade this trading pair."),
    Code.ACCOUNT_LIQUIDATING: Refusal(-3022, "You account's trading is banned."),
    Code.MARGIN_ASSET: _NOT_LENT,
    Code.LEVEL_TOO_LOW: _TOO_MUCH,
}


def refused_margin(code: int, told: dict[Code, Refusal] | None = None) -> DialectError:
    """The error for a core code other than OK; `told`: one of the tables here."""
    return DialectError(*((told or {}).get(Code(code)) or REFUSALS[Code(code)]))
