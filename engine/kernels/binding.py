"""What the kernels of a frame work on, found by address: the state's tables are bound once, not handed over with every frame.

A binding is an array of words: the addresses of the families, then two words (address, length) for every array of State, Output and Batch,
in the order of their fields. Compiled code makes the tuples out of it again, and reads only what it uses of them.

A family is a group of commands that is compiled and cached by itself and called by its address: families are compiled side by side, and
the path of an order stays one small flat kernel. Its entry takes the binding's address and the place of a command in the batch, and returns
a place or a code.
"""

from collections.abc import Callable, Iterator
from itertools import count

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from engine.kernels import kernel
from engine.kernels.buffers import batch_of, output
from engine.kernels.state import Batch, Output, State, create
from engine.types import COMMAND_BYTES, Pool

_FAMILIES_MAX = 8
FAMILY_TYPES = types.int64(types.int64, types.int64)
_WORD = ir.IntType(64)
_COMMAND_WORDS = COMMAND_BYTES // 8

families: list[Callable] = []  # entries in the order of their addresses in a binding


def arrays_of(tables) -> Iterator[np.ndarray]:
    """Every array of a tuple of tuples, in order."""
    for member in tables:
        if isinstance(member, np.ndarray):
            yield member
        else:
            yield from arrays_of(member)


def _words_of(tables) -> list[int]:
    return [word for array in arrays_of(tables) for word in (array.ctypes.data, array.size)]


_PROTOTYPES = (create((2,) * len(Pool)), output(1), batch_of(np.zeros((0, _COMMAND_WORDS), np.int64)))
_STATE, _OUTPUT, _BATCH, _END = (_FAMILIES_MAX + sum(len(_words_of(former)) for former in _PROTOTYPES[:at]) for at in range(4))
_BINDING_FIELD = Batch._fields.index("binding")


# ---------------------------------------------------------------- in Python


def bind(state: State, out: Output) -> np.ndarray:
    """The binding of a state and a buffer; good for as long as these very arrays are. The batch's part is filled by `bind_batch`."""
    binding = np.zeros(_END, np.int64)
    for at, entry in enumerate(families):
        entry.compile(FAMILY_TYPES)
        compiled = entry.overloads[FAMILY_TYPES.args]
        binding[at] = compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)
    binding[_STATE:_BATCH] = _words_of(state) + _words_of(out)
    return binding


def family(entry: Callable) -> Callable:
    """What kernels call as `(state, batch, out, at)` to run `entry` through its address."""
    families.append(entry)
    place = len(families) - 1
    assert place < _FAMILIES_MAX

    @intrinsic
    def call(typingctx, state, batch, out, at):
        def codegen(context, builder, signature, arguments):
            binding = builder.extract_value(arguments[1], _BINDING_FIELD)
            address = _address(context, builder, batch.types[_BINDING_FIELD], binding)
            convention = context.call_conv
            kind = convention.get_function_type(FAMILY_TYPES.return_type, FAMILY_TYPES.args)
            code = builder.inttoptr(_word(builder, address, place), kind.as_pointer())
            handed = [address, context.cast(builder, arguments[3], at, types.int64)]
            status, result = convention.call_function(builder, code, FAMILY_TYPES.return_type, FAMILY_TYPES.args, handed)
            with cgutils.if_unlikely(builder, status.is_error):
                convention.return_status_propagate(builder, status)
            return result

        return types.int64(state, batch, out, at), codegen

    return call


# ---------------------------------------------------------------- in compiled code


def _address(context, builder, kind, array):
    return builder.ptrtoint(context.make_array(kind)(context, builder, array).data, _WORD)


def _word(builder, address, place):
    words = builder.inttoptr(address, _WORD.as_pointer())
    return builder.load(builder.gep(words, [ir.Constant(_WORD, place)]))


@intrinsic
def address_of(typingctx, array):
    """The address of an array's first member, as an int64."""

    def codegen(context, builder, signature, arguments):
        return _address(context, builder, array, arguments[0])

    return types.int64(array), codegen


def _bound(prototype, first: int) -> Callable:
    """An intrinsic that makes a tuple like `prototype` out of the words of a binding from `first` on; it is given the binding's address."""
    made = numba.typeof(prototype)

    @intrinsic
    def bound(typingctx, address):
        def codegen(context, builder, signature, arguments):
            place = count(first)

            def member(kind):
                if not isinstance(kind, types.Array):
                    return context.make_tuple(builder, kind, [member(inner) for inner in kind.types])
                array = context.make_array(kind)(context, builder)
                data, length = (_word(builder, arguments[0], next(place)) for _ in range(2))
                step = ir.Constant(_WORD, context.get_abi_sizeof(context.get_data_type(kind.dtype)))
                data = builder.inttoptr(data, array.data.type)
                populate_array(array, data=data, shape=[length], strides=[step], itemsize=step, meminfo=None)
                return array._getvalue()

            return member(made)

        return made(types.int64), codegen

    return bound


bound_state, bound_output, bound_batch = (
    _bound(prototype, first) for prototype, first in zip(_PROTOTYPES, (_STATE, _OUTPUT, _BATCH), strict=True)
)


@kernel
def bind_batch(binding, commands, codes):
    """Writes the batch's words: the frame's commands, in their three readings and as words, its codes, and the binding itself."""
    place = _BATCH
    for _ in range(3):
        binding[place] = address_of(commands)
        binding[place + 1] = commands.size
        place += 2
    binding[place] = address_of(commands)
    binding[place + 1] = commands.size * _COMMAND_WORDS
    binding[place + 2] = address_of(codes)
    binding[place + 3] = codes.size
    binding[place + 4] = address_of(binding)
    binding[place + 5] = binding.size
