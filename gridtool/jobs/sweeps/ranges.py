"""Half-open ranges of scenario numbers: what is done, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["find_missing", "take_disjoint"]

Range = tuple[int, int]


def take_disjoint(ranges: Iterable[Range]) -> list[Range]:
    """Ranges of which none has a number of another, in order; of two the longer is taken."""
    taken: list[Range] = []
    for first, end in sorted(ranges, key=lambda one: (one[0], -one[1])):
        if taken and first < taken[-1][1]:
            if end - first > taken[-1][1] - taken[-1][0]:
                taken[-1] = (first, end)
            continue
        taken.append((first, end))
    return taken


def find_missing(done: Iterable[Range], count: int, *, shelf: int) -> list[Range]:
    """Ranges of 0 to ``count`` that are not done, cut at multiples of ``shelf``.

    Parameters
    ----------
    done
        In order, none with a number of another.
    """
    missing: list[Range] = []
    reached = 0
    for first, end in [*done, (count, count)]:
        while reached < first:
            cut = min(first, (reached // shelf + 1) * shelf)
            missing.append((reached, cut))
            reached = cut
        reached = max(reached, end)
    return missing
