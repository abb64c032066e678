"""The kernels' own containers against plain Python: hashed tables, the ladder of prices, integer arithmetic."""

import random

import numpy as np
import pytest

from engine.commands import client_id_digest
from engine.kernels import entry_kernel
from engine.kernels.arithmetic import ceil_ppm, gross_of, highest_bit, lowest_bit, product_exceeds
from engine.kernels.arithmetic import client_id_digest as digest_of_words
from engine.kernels.hashed import NOWHERE, find, insert, rehash, remove
from engine.kernels.ladder import add_level, find_level, next_level, remove_level
from engine.kernels.state import INDEX, create, table
from engine.types import AMOUNT_MAX, CLIENT_ID_BYTES, PPM, Side

KEYS = [(high, low) for high in (0, 1, -5, 2**62) for low in (1, 2, 3, 8, 9, -1, 2**40, -(2**63))]


@entry_kernel
def _insert(index, high, low, row):
    index[insert(index, high, low)].row = row


@entry_kernel
def _find(index, high, low):
    return find(index, high, low)


@entry_kernel
def _remove(index, slot):
    remove(index, slot)


@pytest.mark.parametrize("seed", range(3))
def test_a_hashed_table_is_a_dict(seed):
    rng = random.Random(seed)
    index, model = table(INDEX, 64), {}
    for step in range(3000):
        key = rng.choice(KEYS)
        slot = _find(index, *key)
        assert (slot == NOWHERE) == (key not in model)
        if slot == NOWHERE:
            _insert(index, *key, step)
            model[key] = step
        else:
            assert index[slot]["row"] == model.pop(key)
            _remove(index, slot)
    used = [(row["high"], row["low"]) for row in index if row["high"] or row["low"]]
    assert sorted(used) == sorted(model)


def test_rehashing_keeps_every_member():
    small, large = table(INDEX, 64), table(INDEX, 256)
    for row, key in enumerate(KEYS):
        _insert(small, *key, row + 1)
    rehash(small, large)
    assert [large[_find(large, *key)]["row"] for key in KEYS] == [row + 1 for row in range(len(KEYS))]


@entry_kernel
def _add(venues, book, row, price, level):
    book.levels[level].price_ticks = price
    add_level(venues[0], book, book.ladders[row], row & 1, price, level)


@entry_kernel
def _drop(venues, book, row, price):
    remove_level(venues[0], book, book.ladders[row], row & 1, price)


@entry_kernel
def _at(book, row, price):
    return np.int64(find_level(book, book.ladders[row], price))


@entry_kernel
def _after(book, row, price):
    return np.int64(next_level(book, book.ladders[row], row & 1, price))


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("spread", [40, 5_000, 2**20, AMOUNT_MAX])
def test_a_ladder_is_a_sorted_list(side, spread):
    rng = random.Random(spread + side)
    state = create((64,) * 7)
    book, row = state.book, 2 + side
    model: dict[int, int] = {}  # price -> level
    free = list(range(1, 16))
    prices = [rng.randint(1, spread) for _ in range(30)] + [1, spread]
    for _ in range(2000):
        price = rng.choice(prices)
        assert _at(book, row, price) == model.get(price, 0)
        if price in model:
            _drop(state.venue, book, row, price)
            free.append(model.pop(price))
        elif free:
            model[price] = free.pop()
            _add(state.venue, book, row, price, model[price])
        best_first = sorted(model, reverse=side == Side.BUY)
        ladder = book.ladders[row]
        assert ladder["best"] == (model[best_first[0]] if model else 0)
        assert ladder["count"] == len(model)
        following = [_after(book, row, price) for price in best_first]
        assert following == [model[price] for price in best_first[1:]] + [0] * bool(model)
    for price in list(model):
        _drop(state.venue, book, row, price)
    assert ladder["root"] == 0
    assert not book.node_children.any()  # every node went back empty


@entry_kernel
def _ceil_ppm(amount, ppm):
    return ceil_ppm(amount, ppm)


@entry_kernel
def _gross_of(net, fee_ppm):
    return gross_of(net, fee_ppm)


@entry_kernel
def _exceeds(first, second, third, limit):
    return product_exceeds(first, second, third, limit)


@entry_kernel
def _bits(word):
    return lowest_bit(word), highest_bit(word)


@entry_kernel
def _digest(words):
    return digest_of_words(words, 0)


@pytest.mark.parametrize("amount", [0, 1, 999_999, 10**6, 10**6 + 1, AMOUNT_MAX, 2**63 - 1])
@pytest.mark.parametrize("ppm", [0, 1, 999, PPM - 1, PPM])
def test_fees_round_up_and_never_overflow(amount, ppm):
    assert _ceil_ppm(amount, ppm) == -(-amount * ppm // PPM)


@pytest.mark.parametrize("gross", [1, 2, 999, 1000, PPM, 10**12 + 7, AMOUNT_MAX - 1, AMOUNT_MAX])
@pytest.mark.parametrize("fee_ppm", [0, 1, 999, 333_333, PPM - 1])
def test_the_least_amount_that_leaves_another_after_its_fee_is_exact(gross, fee_ppm):
    net = gross * (PPM - fee_ppm) // PPM
    least = _gross_of(net, fee_ppm)
    assert least == -(-net * PPM // (PPM - fee_ppm)) <= gross
    assert least - _ceil_ppm(least, fee_ppm) == net
    assert net == 0 or least - 1 - _ceil_ppm(least - 1, fee_ppm) < net


@pytest.mark.parametrize("numbers", [(1, 1, 1), (2**31, 2**31, 1), (2**31, 2**31, 2), (2**62 - 1, 1, 1), (2**62, 1, 1), (2**63 - 1,) * 3])
def test_products_are_compared_exactly(numbers):
    first, second, third = numbers
    assert _exceeds(first, second, third, AMOUNT_MAX) == (first * second * third > AMOUNT_MAX)


@pytest.mark.parametrize("place", [0, 1, 31, 32, 62, 63])
def test_bit_searches(place):
    word = np.array([1 << place], np.uint64).view(np.int64)[0]
    assert _bits(word) == (place, place)
    assert _bits(np.int64(-1)) == (0, 63)


@pytest.mark.parametrize("client_id", [b"", b"a", b"x" * CLIENT_ID_BYTES, bytes(range(40))])
def test_client_ids_have_the_builders_digest(client_id):
    words = np.frombuffer(client_id.ljust(CLIENT_ID_BYTES, b"\0"), np.int64)
    assert _digest(words) == client_id_digest(client_id)
