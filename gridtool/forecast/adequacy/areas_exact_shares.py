"""The shortage of areas joined by transport interfaces, and its one fair share.

The unserved load s of the areas can be anything that leaves every group S of areas at least
its need

    need(S) = load(S) - capacity(S) - limits of the interfaces into S.

The smallest total is the largest need of any group (max-flow min-cut). Among the splits of this
total one is lexicographically smallest in the shares of load unserved, largest first: areas that
interfaces do not hold apart lose the same share of their load. ``need`` is supermodular, so it
is found group by group: the group with the largest need per MW of load loses that share, and the
others follow with what their need adds to it (Fujishige, "Lexicographically optimal base of a
polymatroid with respect to a weight vector", Math. Oper. Res. 5 (1980) 186-196).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["list_groups", "need_of_groups", "share_unserved"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
_SAME = 1e-12


def list_groups(areas: int) -> BoolArray:
    """Membership of every group of areas, (2**areas, areas); group g holds area i if bit i is 1."""
    return np.asarray((np.arange(2**areas)[:, None] >> np.arange(areas)) & 1, dtype=np.bool_)


def need_of_groups(
    capacity_mw: FloatArray, load_mw: FloatArray, *, limits: FloatArray, member: BoolArray
) -> FloatArray:
    """Need of each group in each state, MW (2**A, s); it may be negative, the empty one's is 0.

    Parameters
    ----------
    capacity_mw : (A, s)
    load_mw : (A, s)
    limits : (A, A)
        Most that flows from row to column.
    """
    inside = member.astype(np.float64)
    imports = np.einsum("ga,ab,gb->g", 1.0 - inside, limits, inside)
    return np.asarray(inside @ (load_mw - capacity_mw) - imports[:, None])


def share_unserved(need: FloatArray, load_mw: FloatArray, *, member: BoolArray) -> FloatArray:
    """Unserved load of each area in each state, MW (A, s); it adds up to the largest need.

    Parameters
    ----------
    need : (2**A, s)
        From :func:`need_of_groups`.
    load_mw : (A, s)
    """
    groups, states = need.shape
    areas = len(load_mw)
    size = member @ load_mw
    code = np.arange(groups)
    settled = np.zeros(states, dtype=np.int64)
    unserved = np.zeros((areas, states))
    for _ in range(areas):
        contains = (code[:, None] & settled) == settled
        more = size - np.take_along_axis(size, settled[None], axis=0)
        gain = need - np.take_along_axis(need, settled[None], axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(contains & (more > 0), gain / more, -np.inf)
        best = share.max(axis=0)
        if not (best > _SAME).any():
            break
        # All areas that reach the largest share together: the largest such group.
        equal = share >= best - _SAME * np.maximum(1.0, np.abs(best))
        chosen = np.where(equal, more, -1.0).argmax(axis=0)
        chosen = np.where(best > _SAME, chosen, settled)
        fresh = member[chosen].T & ~member[settled].T
        unserved += np.where(fresh, np.maximum(best, 0.0) * load_mw, 0.0)
        settled = chosen
    return unserved
