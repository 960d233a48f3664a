"""The nearest accepted word for a word that is not accepted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["did_you_mean", "drop_zeros", "list_words", "nearest"]

_LONGEST = 80


def drop_zeros(text: str) -> str:
    """SS-07 and SS-7 alike: near enough for a hint, not for a match."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", text)


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice most like ``word``, or None; case and leading zeros do not count.

    >>> nearest("tranformers", ["lines", "transformers"]), nearest("SS-7", ["SS-57", "SS-07"])
    ('transformers', 'SS-07')
    """
    by_folded: dict[str, str] = {}
    for choice in choices:
        by_folded.setdefault(drop_zeros(choice.casefold()), choice)
    wanted = drop_zeros(word.casefold()[:_LONGEST])
    found = get_close_matches(wanted, list(by_folded), n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def did_you_mean(word: str, choices: Iterable[str]) -> str | None:
    """A hint that names the nearest choice, or None."""
    found = nearest(word, choices)
    return None if found is None else f"did you mean {found!r}?"


def list_words(words: Iterable[str], *, limit: int = 12) -> str:
    """Words joined by commas, the rest counted.

    >>> list_words(["a", "b", "c"], limit=2)
    'a, b and 1 more'
    """
    given = list(words)
    text = ", ".join(given[:limit])
    return text if len(given) <= limit else f"{text} and {len(given) - limit} more"
