"""The nearest accepted word for a word that is not accepted."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["did_you_mean", "list_words", "nearest"]

_LONGEST = 80


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice most like ``word``, or None if none is near; case does not count.

    >>> nearest("tranformers", ["lines", "transformers"])
    'transformers'
    """
    by_folded: dict[str, str] = {}
    for choice in choices:
        by_folded.setdefault(choice.casefold(), choice)
    found = get_close_matches(word.casefold()[:_LONGEST], list(by_folded), n=1, cutoff=0.6)
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
