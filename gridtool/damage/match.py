"""Asset ids as people write them, matched to those of the network."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from functools import cached_property

from gridtool.formats import nearest
from gridtool.formats.spelling import drop_zeros

__all__ = ["AssetMatcher", "fold_id"]

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_APOSTROPHES = "\u2018\u2019\u02bc\u02bb\u2032\u00b4`\uff07"
_SIGNS = str.maketrans(dict.fromkeys(_DASHES, "-") | dict.fromkeys(_APOSTROPHES, "'"))
_LOOK_ALIKES = str.maketrans("авсеԁһіјкмнорԛѕтухԝү", "abcedhijkmhopqstyxwy")
_MOST_HINTS = 40


def fold_id(text: str) -> str:
    r"""``text`` without differences of case, Unicode form, dashes, apostrophes and spaces.

    >>> fold_id("ПС\u00a0Лівобережна\u201312") == fold_id("пс  лівобережна-12")
    True
    """
    folded = unicodedata.normalize("NFC", text).casefold().translate(_SIGNS)
    return " ".join(folded.split())


class AssetMatcher:
    """Finds the asset a text means among ``ids``; ambiguous texts match nothing."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._ids = tuple(ids)
        self._exact = frozenset(self._ids)
        self._hints_left = _MOST_HINTS

    def match(self, text: str) -> tuple[str | None, bool]:
        """The asset's id, or None; and whether look-alike letters had to be read for others."""
        if text in self._exact:
            return text, False
        folded = fold_id(text)
        found = self._by_fold.get(folded)
        if found:
            return (found[0], False) if len(found) == 1 else (None, False)
        found = self._by_look.get(_fold_look(folded), [])
        return (found[0], True) if len(found) == 1 else (None, False)

    def hint(self, text: str) -> str | None:
        """The id nearest to a text without match; None after many, as each search is slow."""
        if self._hints_left <= 0:
            return None
        self._hints_left -= 1
        padded = self._by_number.get(drop_zeros(fold_id(text)), [])
        return padded[0] if len(padded) == 1 else nearest(text, self._ids)

    @cached_property
    def _by_fold(self) -> dict[str, list[str]]:
        return self._group(fold_id)

    @cached_property
    def _by_look(self) -> dict[str, list[str]]:
        return self._group(lambda asset: _fold_look(fold_id(asset)))

    @cached_property
    def _by_number(self) -> dict[str, list[str]]:
        return self._group(lambda asset: drop_zeros(fold_id(asset)))

    def _group(self, fold: Callable[[str], str]) -> dict[str, list[str]]:
        groups: dict[str, list[str]] = {}
        for asset in self._ids:
            groups.setdefault(fold(asset), []).append(asset)
        return groups


def _fold_look(folded: str) -> str:
    """Cyrillic letters that look like Latin ones as those, small or capital."""
    return folded.translate(_LOOK_ALIKES)
