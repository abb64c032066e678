"""Quotients of products that exceed 64 bits, exact. Pure functions; nothing here touches state.

A product is two unsigned words. It is divided word by word, and a word by a divisor of 64 bits in two steps of 32 (Knuth's algorithm D),
so that no wider division is asked of the machine.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from engine.kernels import kernel
from engine.kernels.arithmetic import highest_bit

_HALF = np.uint64(32)
_BASE = np.uint64(1 << 32)
_LOWER = np.uint64((1 << 32) - 1)
_ZERO, _ONE, _WORD_BITS = np.uint64(0), np.uint64(1), np.uint64(64)


@intrinsic
def high_product(typingctx, first, second):
    """The upper word of the product of two unsigned words."""

    def codegen(context, builder, signature, arguments):
        wide = ir.IntType(128)
        product = builder.mul(builder.zext(arguments[0], wide), builder.zext(arguments[1], wide))
        return builder.trunc(builder.lshr(product, ir.Constant(wide, 64)), ir.IntType(64))

    return types.uint64(types.uint64, types.uint64), codegen


@kernel
def _digit(high, low, divisor):
    """The quotient's next 32 bits: (high · 2^32 + low) / divisor, for high < divisor and a divisor whose highest bit is set."""
    upper = divisor >> _HALF
    lower = divisor & _LOWER
    digit = high // upper
    rest = high - digit * upper
    while digit >= _BASE or digit * lower > rest * _BASE + low:
        digit -= _ONE
        rest += upper
        if rest >= _BASE:
            break
    return digit


@kernel
def _divided(high, low, divisor):
    """(quotient, remainder) of the two words by a divisor above `high`."""
    if high == _ZERO:
        return low // divisor, low % divisor
    shift = np.uint64(0)
    if np.int64(divisor) >= 0:
        shift = np.uint64(63 - highest_bit(np.int64(divisor)))
        divisor <<= shift
        if shift != _ZERO:
            high = (high << shift) | (low >> (_WORD_BITS - shift))
            low <<= shift
    first = _digit(high, low >> _HALF, divisor)
    middle = high * _BASE + (low >> _HALF) - first * divisor
    second = _digit(middle, low & _LOWER, divisor)
    rest = middle * _BASE + (low & _LOWER) - second * divisor
    return first * _BASE + second, rest >> shift


@kernel
def ratio(first, second, third, fourth, limit, up):
    """first · second / (third · fourth), rounded up where `up` is 1, else down; `limit` where it is more.

    The factors of the product are read as unsigned; divisors ≥ 1; 0 ≤ limit < 2^63.
    """
    divisor = np.uint64(third)
    high = high_product(np.uint64(first), np.uint64(second))
    low = np.uint64(first) * np.uint64(second)
    above = high // divisor
    quotient, rest = _divided(high % divisor, low, divisor)
    divisor = np.uint64(fourth)
    if above >= divisor:
        return np.int64(limit)
    quotient, rest_of_it = _divided(above, quotient, divisor)
    if quotient >= np.uint64(limit):
        return np.int64(limit)
    exact = rest == _ZERO and rest_of_it == _ZERO
    return np.int64(quotient) + (0 if exact else up)


@kernel
def mul_div(first, second, divisor, limit):
    """floor(first · second / divisor), `limit` at most."""
    return ratio(first, second, 1, divisor, limit, 0)


@kernel
def mul_div_up(first, second, divisor, limit):
    """ceil(first · second / divisor), `limit` at most."""
    return ratio(first, second, 1, divisor, limit, 1)


@kernel
def exceeds(first, second, third, fourth):
    """Whether first · second > third · fourth, of numbers that are not negative."""
    high = high_product(np.uint64(first), np.uint64(second))
    other_high = high_product(np.uint64(third), np.uint64(fourth))
    if high != other_high:
        return high > other_high
    return np.uint64(first) * np.uint64(second) > np.uint64(third) * np.uint64(fourth)
