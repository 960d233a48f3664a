"""Compiled random streams: bit for bit the numbers of ``gridtool.forecast.streams.open_stream``.

Philox4x64 with ten rounds (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
1, 2, 3", SC 2011) with seed and sample as the key and the component as the counter's high word.
As in NumPy the counter is raised before a block is made, so the first block has counter 1, and
a double is the upper 53 bits of a word times 2**-53.

All arithmetic is on uint64, since a signed and an unsigned integer make a float in numba; products
and sums wrap, compiled or not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba.extending import overload

__all__ = [
    "STREAM_WORDS",
    "as_word",
    "fill_blocks",
    "fill_uniforms",
    "make_block",
    "next_uniform",
    "start_stream",
    "to_uniform",
    "uniform",
]

FloatArray = npt.NDArray[np.float64]
WordArray = npt.NDArray[np.uint64]
Block = tuple[np.uint64, np.uint64, np.uint64, np.uint64]

_MULTIPLIER_0 = np.uint64(0xD2E7470EE14C6C93)
_MULTIPLIER_1 = np.uint64(0xCA5A826395121157)
_WEYL_0 = np.uint64(0x9E3779B97F4A7C15)
_WEYL_1 = np.uint64(0xBB67AE8584CAA73B)
_LOW_HALF = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_TWO = np.uint64(2)
_THREE = np.uint64(3)
_UNUSED_BITS = np.uint64(11)

STREAM_WORDS = 8
"""Length of the array that holds an open stream: its key, component, place and last block."""


def as_word(number: int) -> np.uint64:
    """A seed, sample or component of any size as the word that kernels take (modulo 2**64)."""
    return np.uint64(number & ((1 << 64) - 1))


def _multiply_words(a: np.uint64, b: np.uint64) -> np.uint64:
    """Product modulo 2**64; compiled it is the plain product, which NumPy would warn of."""
    return as_word(int(a) * int(b))


def _add_words(a: np.uint64, b: np.uint64) -> np.uint64:
    """Sum modulo 2**64; as :func:`_multiply_words`."""
    return as_word(int(a) + int(b))


@overload(_multiply_words)
def _compile_product(a: Any, b: Any) -> Callable[[Any, Any], Any]:  # noqa: ARG001 - types, read by numba
    def multiply(a: Any, b: Any) -> Any:
        return a * b

    return multiply


@overload(_add_words)
def _compile_sum(a: Any, b: Any) -> Callable[[Any, Any], Any]:  # noqa: ARG001 - types, read by numba
    def add(a: Any, b: Any) -> Any:
        return a + b

    return add


@numba.njit(cache=True)
def _multiply(a: np.uint64, b: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Upper and lower word of a product, by halves."""
    a_low, a_high = a & _LOW_HALF, a >> _HALF
    b_low, b_high = b & _LOW_HALF, b >> _HALF
    middle = a_high * b_low + ((a_low * b_low) >> _HALF)
    cross = a_low * b_high + (middle & _LOW_HALF)
    return a_high * b_high + (middle >> _HALF) + (cross >> _HALF), _multiply_words(a, b)


@numba.njit(cache=True)
def make_block(seed: np.uint64, sample: np.uint64, component: np.uint64, block: np.uint64) -> Block:
    """The four words of block ``block`` (from 0) of a stream; all arguments uint64."""
    x_0, x_1, x_2, x_3 = _add_words(block, _ONE), _ZERO, _ZERO, component
    key_0, key_1 = seed, sample
    for _ in range(10):
        high_0, low_0 = _multiply(_MULTIPLIER_0, x_0)
        high_1, low_1 = _multiply(_MULTIPLIER_1, x_2)
        x_0, x_1, x_2, x_3 = high_1 ^ x_1 ^ key_0, low_1, high_0 ^ x_3 ^ key_1, low_0
        key_0 = _add_words(key_0, _WEYL_0)
        key_1 = _add_words(key_1, _WEYL_1)
    return x_0, x_1, x_2, x_3


@numba.njit(cache=True)
def to_uniform(word: np.uint64) -> float:
    """A word as a double in [0, 1), as NumPy's ``Generator.random`` makes it."""
    return np.float64(word >> _UNUSED_BITS) * (1.0 / 9007199254740992.0)


@numba.njit(cache=True)
def uniform(seed: np.uint64, sample: np.uint64, component: np.uint64, index: int) -> float:
    """Number ``index`` (from 0) of a stream of uniforms.

    Equal to ``open_stream(seed, sample, component=component).random(index + 1)[index]``.
    Each call makes a whole block: to draw many in order use :func:`fill_uniforms` or
    :func:`next_uniform`.
    """
    place = np.uint64(index)
    words = make_block(np.uint64(seed), np.uint64(sample), np.uint64(component), place >> _TWO)
    rest = place & _THREE
    if rest == _ZERO:
        word = words[0]
    elif rest == _ONE:
        word = words[1]
    elif rest == _TWO:
        word = words[2]
    else:
        word = words[3]
    return to_uniform(word)


@numba.njit(cache=True)
def fill_blocks(
    seed: np.uint64, sample: np.uint64, component: np.uint64, first: int, out: FloatArray
) -> None:
    """Fill ``out``, whole blocks of four numbers, from block ``first`` of a stream on."""
    for block in range(out.shape[0] >> 2):  # no branches: it becomes vector instructions
        words = make_block(seed, sample, component, np.uint64(first + block))
        at = 4 * block
        out[at] = to_uniform(words[0])
        out[at + 1] = to_uniform(words[1])
        out[at + 2] = to_uniform(words[2])
        out[at + 3] = to_uniform(words[3])


@numba.njit(cache=True)
def fill_uniforms(
    seed: np.uint64, sample: np.uint64, component: np.uint64, out: FloatArray
) -> None:
    """Write the first ``out.size`` numbers of a stream of uniforms to the (K,) array ``out``."""
    seed, sample, component = np.uint64(seed), np.uint64(sample), np.uint64(component)
    whole = out.shape[0] & ~3
    fill_blocks(seed, sample, component, 0, out[:whole])
    for index in range(whole, out.shape[0]):
        out[index] = uniform(seed, sample, component, index)


@numba.njit(cache=True)
def start_stream(
    stream: WordArray, seed: np.uint64, sample: np.uint64, component: np.uint64
) -> None:
    """Make ``stream``, a (STREAM_WORDS,) uint64 array, the stream named, at its first number."""
    stream[0] = np.uint64(seed)
    stream[1] = np.uint64(sample)
    stream[2] = np.uint64(component)
    stream[3] = _ZERO


@numba.njit(cache=True)
def next_uniform(stream: WordArray) -> float:
    """The next number of an open stream; one block of arithmetic for every four."""
    place = stream[3]
    rest = place & _THREE
    if rest == _ZERO:
        words = make_block(stream[0], stream[1], stream[2], place >> _TWO)
        stream[4] = words[0]
        stream[5] = words[1]
        stream[6] = words[2]
        stream[7] = words[3]
    stream[3] = place + _ONE
    return to_uniform(stream[np.int64(rest) + 4])
