"""Arrays to JSON and back: shape, range and finiteness are checked on the way in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gridtool.forecast.demand.saved.codecs import FieldError, Reading, refuse

__all__ = ["Reals", "Wholes"]

Shape = tuple[int | str, ...]
_MOST_FINDINGS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Reals:
    """An array of float64; NaN is null.

    One dimension is written as a list, more as shape and values in order of rows. An empty array
    may have any shape.

    Attributes
    ----------
    shape
        A length by number, or by a name: arrays of one record that share the name must agree.
    gaps
        Whether numbers may be missing.
    """

    shape: Shape
    least: float = -1e300
    most: float = 1e300
    gaps: bool = False

    def encode(self, value: Any) -> Any:
        """Numbers exactly as they are.

        Raises
        ------
        ValueError
            If one is infinite.
        """
        flat = np.asarray(value, dtype=np.float64)
        if np.isinf(flat).any():
            raise ValueError("an infinite number cannot be written")
        numbers = [None if math.isnan(number) else number for number in flat.ravel().tolist()]
        return _pack(numbers, flat.shape)

    def decode(self, plain: Any, reading: Reading, *, place: str) -> npt.NDArray[np.float64]:
        """See :class:`gridtool.forecast.demand.saved.codecs.Codec`."""
        numbers, shape = _unpack(plain, reading, place=place)
        kinds = set(map(type, numbers)) - {int, float} - ({type(None)} if self.gaps else set())
        if kinds:
            raise _refuse_entries(
                [k for k, number in enumerate(numbers) if type(number) in kinds],
                numbers,
                reading,
                place=place,
                accepted="numbers" + (", null for a missing one" if self.gaps else ""),
            )
        array = np.array(numbers, dtype=np.float64)  # None becomes NaN
        outside = ~((array >= self.least) & (array <= self.most)) & ~np.isnan(array)
        if outside.any():
            raise _refuse_entries(
                np.flatnonzero(outside).tolist(),
                numbers,
                reading,
                place=place,
                accepted=f"numbers from {self.least:g} to {self.most:g}",
            )
        _check_shape(shape, self.shape, reading, place=place)
        return array.reshape(shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wholes:
    """An array of int64 in [``least``, ``most``]; written as :class:`Reals`."""

    shape: Shape
    least: int = 0
    most: int = 10_000_000

    def encode(self, value: Any) -> Any:
        """As numbers without a point."""
        array = np.asarray(value, dtype=np.int64)
        return _pack(array.ravel().tolist(), array.shape)

    def decode(self, plain: Any, reading: Reading, *, place: str) -> npt.NDArray[np.int64]:
        """See :class:`gridtool.forecast.demand.saved.codecs.Codec`."""
        numbers, shape = _unpack(plain, reading, place=place)
        wrong = [
            k
            for k, number in enumerate(numbers)
            if type(number) is not int or not self.least <= number <= self.most
        ]
        if wrong:
            raise _refuse_entries(
                wrong,
                numbers,
                reading,
                place=place,
                accepted=f"whole numbers from {self.least} to {self.most}",
            )
        _check_shape(shape, self.shape, reading, place=place)
        return np.array(numbers, dtype=np.int64).reshape(shape)


def _pack(numbers: list[Any], shape: tuple[int, ...]) -> Any:
    return numbers if len(shape) == 1 else {"shape": list(shape), "values": numbers}


def _unpack(plain: Any, reading: Reading, *, place: str) -> tuple[list[Any], tuple[int, ...]]:
    """Entries in order of rows, and a shape that holds as many."""
    if isinstance(plain, list):
        return plain, (len(plain),)
    if isinstance(plain, dict) and set(plain) == {"shape", "values"}:
        shape, numbers = plain["shape"], plain["values"]
        sound = (
            isinstance(shape, list)
            and isinstance(numbers, list)
            and len(shape) <= 6
            and all(type(length) is int and 0 <= length < 2**31 for length in shape)
            and math.prod(shape) == len(numbers)
        )
        if sound:
            return numbers, tuple(shape)
    raise refuse(
        "is not an array",
        reading,
        place=place,
        value=plain,
        accepted="a list, or shape and as many values",
    )


def _check_shape(shape: tuple[int, ...], wanted: Shape, reading: Reading, *, place: str) -> None:
    if 0 in shape:
        return
    if len(shape) != len(wanted):
        raise refuse(
            f"has {len(shape)} dimensions", reading, place=place, accepted=f"{len(wanted)}"
        )
    for length, name in zip(shape, wanted, strict=True):
        if isinstance(name, int):
            expected, where = name, "the model"
        else:
            expected, where = reading.lengths.setdefault(name, (length, place))
        if length != expected:
            raise refuse(f"has {length} entries where {where} has {expected}", reading, place=place)


def _refuse_entries(
    positions: list[int], numbers: list[Any], reading: Reading, *, place: str, accepted: str
) -> FieldError:
    issues = [
        issue
        for k in positions[:_MOST_FINDINGS]
        for issue in refuse(
            "is not accepted",
            reading,
            place=f"{place}[{k}]",
            value="null" if numbers[k] is None else numbers[k],
            accepted=accepted,
        ).issues
    ]
    return FieldError(*issues)
