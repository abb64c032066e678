"""Integer arithmetic that names its rounding, the mixing hash, and bit searches. Pure functions; nothing here touches state."""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from engine.kernels import inlined_kernel, kernel
from engine.types import AMOUNT_MAX, MIX_MULTIPLIER, MIX_SEED, PPM

_WORD = 2**64
_SIGN = 2**63


def signed(word: int) -> int:
    """The two's complement reading of a 64-bit pattern."""
    return (word + _SIGN) % _WORD - _SIGN


SEED = signed(MIX_SEED)
_MULTIPLIER = signed(MIX_MULTIPLIER)
_LOWER_HALF = 0xFFFFFFFF
_LINE_BYTES = 64


@inlined_kernel
def mix(state_so_far, value):
    """One step of the hash of docs/CORE.md section 7, on 64-bit patterns kept in int64."""
    product = (state_so_far ^ value) * _MULTIPLIER
    return product ^ ((product >> 32) & _LOWER_HALF)


@inlined_kernel
def ceil_ppm(amount, ppm):
    """ceil(amount · ppm / PPM) without overflow, for 0 ≤ amount < 2^63 and 0 ≤ ppm ≤ PPM."""
    whole = amount // PPM
    part = amount - whole * PPM
    return whole * ppm + (part * ppm + PPM - 1) // PPM


@inlined_kernel
def scaled_ppm(amount, ppm, up):
    """amount · ppm / PPM, rounded up (`up` = PPM − 1) or down (0), for 0 ≤ amount, ppm ≤ AMOUNT_MAX; AMOUNT_MAX + 1 where it is more."""
    whole = amount // PPM
    part = amount - whole * PPM
    times = ppm // PPM
    if whole > AMOUNT_MAX // max(ppm, 1):
        return np.int64(AMOUNT_MAX + 1)
    return min(whole * ppm + part * times + (part * (ppm - times * PPM) + up) // PPM, AMOUNT_MAX + 1)


@inlined_kernel
def gross_of(net, fee_ppm):
    """ceil(net · PPM / (PPM − fee_ppm)): the least amount that leaves `net` after its fee; for 0 ≤ fee_ppm < PPM, if it is below 2^63."""
    kept_ppm = PPM - fee_ppm
    whole = net // kept_ppm
    part = net - whole * kept_ppm
    return whole * PPM + (part * PPM + kept_ppm - 1) // kept_ppm


@kernel
def product_exceeds(first, second, third, limit):
    """Whether first · second · third > limit, for positive numbers, without forming the product."""
    return first > (limit // second) // third


@intrinsic
def lowest_bit(typingctx, word):
    """The place of the lowest bit set in a non-zero int64."""

    def codegen(context, builder, signature, args):
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), codegen


@intrinsic
def highest_bit(typingctx, word):
    """The place of the highest bit set in a non-zero int64."""

    def codegen(context, builder, signature, args):
        leading = builder.ctlz(args[0], ir.Constant(ir.IntType(1), 1))
        return builder.sub(ir.Constant(ir.IntType(64), 63), leading)

    return types.int64(types.int64), codegen


@intrinsic
def prefetch(typingctx, table, row, line):
    """Asks for a cache line of a row of a table, counted from the row's start. Both may be any number: nothing is read."""

    def codegen(context, builder, signature, args):
        byte = ir.IntType(8).as_pointer()
        data = context.make_array(table)(context, builder, args[0]).data
        at = builder.bitcast(builder.gep(data, [context.cast(builder, args[1], row, types.int64)]), byte)
        offset = builder.mul(context.cast(builder, args[2], line, types.int64), ir.IntType(64)(_LINE_BYTES))
        at = builder.gep(at, [offset])
        flag = ir.IntType(32)
        ask = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.VoidType(), [byte, flag, flag, flag]), "llvm.prefetch.p0")
        builder.call(ask, [at, flag(1), flag(3), flag(1)])  # to be written, kept in every cache, data
        return context.get_dummy_value()

    return types.none(table, row, line), codegen


@inlined_kernel
def client_id_digest(words, first):
    """The digest of the five words of a client id that start at `first`; 0 for an empty id (docs/CORE.md section 3)."""
    if (words[first] | words[first + 1] | words[first + 2] | words[first + 3] | words[first + 4]) == 0:
        return np.int64(0)
    digest = np.int64(SEED)
    for word in range(first, first + 5):
        digest = mix(digest, words[word])
    return digest if digest != 0 else np.int64(1)
