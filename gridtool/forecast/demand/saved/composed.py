"""Codecs of values made of values: what may be missing, lists, mappings, dataclasses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

from gridtool.errors import Issue
from gridtool.forecast.demand.saved.codecs import Codec, FieldError, Reading, Words, refuse
from gridtool.formats.spelling import did_you_mean

__all__ = ["KIND", "Each", "Keyed", "Maybe", "OneOf", "Pair", "Record"]

KIND = "kind"
"""Member of an object that says which of several records it is."""
_MOST_ITEMS = 100_000


@dataclass(frozen=True, slots=True)
class Maybe:
    """``inner``, or null for None."""

    inner: Codec

    def encode(self, value: Any) -> Any:
        """Null for None."""
        return None if value is None else self.inner.encode(value)

    def decode(self, plain: Any, reading: Reading, *, place: str) -> Any:
        """See :class:`Codec`."""
        return None if plain is None else self.inner.decode(plain, reading, place=place)


@dataclass(frozen=True, slots=True)
class Each:
    """A tuple of any length, ``inner`` each."""

    inner: Codec

    def encode(self, value: Any) -> list[Any]:
        """As array."""
        return [self.inner.encode(item) for item in value]

    def decode(self, plain: Any, reading: Reading, *, place: str) -> tuple[Any, ...]:
        """See :class:`Codec`."""
        if not isinstance(plain, list) or len(plain) > _MOST_ITEMS:
            raise refuse("is not a list", reading, place=place, value=plain)
        return tuple(
            self.inner.decode(item, reading, place=f"{place}[{k}]") for k, item in enumerate(plain)
        )


@dataclass(frozen=True, slots=True)
class Pair:
    """Two of ``inner``, the first below the second."""

    inner: Codec

    def encode(self, value: Any) -> list[Any]:
        """As array of two."""
        return [self.inner.encode(item) for item in value]

    def decode(self, plain: Any, reading: Reading, *, place: str) -> tuple[Any, Any]:
        """See :class:`Codec`."""
        if not isinstance(plain, list) or len(plain) != 2:
            raise refuse("is not a pair", reading, place=place, value=plain)
        low, high = (self.inner.decode(item, reading, place=place) for item in plain)
        if low >= high:
            raise refuse("the first must be below the second", reading, place=place, value=plain)
        return low, high


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """A mapping as an object whose keys are ``key``'s texts, sorted unless ``ordered``."""

    key: Codec
    value: Codec
    ordered: bool = False

    def encode(self, value: Any) -> dict[str, Any]:
        """Sorted by the texts of the keys, or in the mapping's own order."""
        items = [(self.key.encode(key), self.value.encode(item)) for key, item in value.items()]
        return dict(items if self.ordered else sorted(items))

    def decode(self, plain: Any, reading: Reading, *, place: str) -> dict[Any, Any]:
        """See :class:`Codec`."""
        if not isinstance(plain, dict) or len(plain) > _MOST_ITEMS:
            raise refuse("is not an object", reading, place=place, value=plain)
        return {
            self.key.decode(key, reading, place=place): self.value.decode(
                item, reading, place=f"{place}.{key}"
            )
            for key, item in plain.items()
        }


@dataclass(frozen=True, slots=True)
class Record:
    """A dataclass, field by field.

    A field that a file does not have takes the dataclass's default where there is one: the file
    is older than the field. A field the file has and the record has not is refused.

    Attributes
    ----------
    check
        Words on what is wrong between the fields, or None.
    """

    made: type[Any]
    codecs: Mapping[str, Codec]
    check: Callable[[Any], str | None] = lambda _value: None

    @property
    def unlisted(self) -> set[str]:
        """Fields of the dataclass that have no codec; such a record cannot be written."""
        return {f.name for f in fields(self.made) if f.init} - set(self.codecs)

    def encode(self, value: Any) -> dict[str, Any]:
        """As object in the order of the codecs.

        Raises
        ------
        TypeError
            If it is of another class, or has a field without a codec: nothing is left out.
        """
        if type(value) is not self.made:
            raise TypeError(f"{type(value).__name__} is not {self.made.__name__}")
        if self.unlisted:
            raise TypeError(f"{self.made.__name__} has fields without a codec: {self.unlisted}")
        return {name: codec.encode(getattr(value, name)) for name, codec in self.codecs.items()}

    def decode(self, plain: Any, reading: Reading, *, place: str) -> Any:
        """See :class:`Codec`."""
        if not isinstance(plain, dict):
            raise refuse("is not an object", reading, place=place, value=plain)
        dot = f"{place}." if place else ""
        issues = [self._unknown(key, reading, place=dot + key) for key in plain]
        found: dict[str, Any] = {}
        defaults = {f.name for f in fields(self.made) if _has_default(f)}
        for name, codec in self.codecs.items():
            try:
                if name in plain:
                    found[name] = codec.decode(plain[name], reading, place=dot + name)
                elif name not in defaults:
                    raise refuse("is missing", reading, place=dot + name)
            except FieldError as error:
                issues += error.issues
        refused = [issue for issue in issues if issue is not None]
        if refused:
            raise FieldError(*refused)
        made = self.made(**found)
        wrong = self.check(made)
        if wrong is not None:
            raise refuse(wrong, reading, place=place)
        return made

    def _unknown(self, key: str, reading: Reading, *, place: str) -> Issue | None:
        if key in self.codecs or key == KIND:
            return None
        return Issue(
            message="is not known to this version",
            file=reading.file,
            field=place[:80],
            hint=did_you_mean(key, self.codecs),
        )


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of several records, told apart by the member ``kind``.

    Each is read with lengths of its own.
    """

    kinds: Mapping[str, Record]

    def kind_of(self, value: Any) -> str | None:
        """The word for ``value``; None where no record takes it."""
        return next((k for k, record in self.kinds.items() if type(value) is record.made), None)

    def encode(self, value: Any) -> dict[str, Any]:
        """The record with its kind in front."""
        kind = self.kind_of(value)
        if kind is None:
            raise TypeError(f"{type(value).__name__} has no form in a file")
        return {KIND: kind, **self.kinds[kind].encode(value)}

    def decode(self, plain: Any, reading: Reading, *, place: str) -> Any:
        """See :class:`Codec`."""
        if not isinstance(plain, dict):
            raise refuse("is not an object", reading, place=place, value=plain)
        kind = Words(tuple(self.kinds)).decode(plain.get(KIND), reading, place=f"{place}.{KIND}")
        return self.kinds[kind].decode(plain, Reading(file=reading.file), place=place)


def _has_default(found: Any) -> bool:
    return found.default is not MISSING or found.default_factory is not MISSING
