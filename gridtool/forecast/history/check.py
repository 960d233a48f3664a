"""What is wrong with an hourly history, found by stated rules; doubtful hours are left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from gridtool.errors import Issue
from gridtool.forecast.history.quality import QualityFinding, list_findings, note_runs
from gridtool.forecast.history.rules import (
    BESIDE_H,
    CEILING,
    CEILING_QUANTILE,
    CLEAR_H,
    DIP_H,
    FLAT_H,
    LARGEST_MW,
    SPIKE_RATIO,
    find_dips,
    find_flat,
    find_spikes,
    find_unit_slips,
)

__all__ = ["CheckedLoad", "check_load"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
HOUR = timedelta(hours=1)

LEAST_VALID_SHARE = 0.5
LARGEST_SLIPPED_SHARE = 1 / 3
"""Above it nobody can say which part of the history is in the right unit."""
LONG_GAP_H = 300 * 24
"""A gap from which on a year is missing."""
DAY_SPIKE_H = 20


@dataclass(kw_only=True)
class CheckedLoad:
    """The demand while it is checked: what is left of it, and all that was found."""

    load_mw: FloatArray
    start: datetime
    file: str
    short: BoolArray
    findings: list[QualityFinding] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    set_aside: str | None = None

    def note(self, mask: BoolArray, kind: str, *, what: str, rule: str, masked: bool) -> None:
        """Findings for the true hours; they are left out if ``masked``."""
        if not mask.any():
            return
        found = note_runs(mask, kind, rule=rule, start=self.start, masked=masked)
        self.findings += found
        self.issues += list_findings(found, what, file=self.file)
        if masked:
            self.load_mw[mask] = np.nan

    def refuse(self, message: str, *, accepted: str | None = None, hint: str | None = None) -> None:
        """An error among the issues."""
        self.issues.append(Issue(message=message, file=self.file, accepted=accepted, hint=hint))


def check_load(
    load_mw: FloatArray, *, start: datetime, file: str, short: BoolArray, shed: BoolArray
) -> CheckedLoad:
    """Hourly demand with impossible hours left out (NaN), and the findings.

    The rules are those of :mod:`gridtool.forecast.history.rules`. Hours before the first and
    after the last known demand are no gap. Fewer than ``LEAST_VALID_SHARE`` of usable hours
    between them refuse the history.

    Parameters
    ----------
    short : (n,)
        Hours known to be short: their demand is true however low it is.
    shed : (n,)
        Hours whose shed load is measured: there the demand may be zero.
    """
    checked = CheckedLoad(load_mw=load_mw.copy(), start=start, file=file, short=short.copy())
    known = np.flatnonzero(np.isfinite(load_mw))
    if not len(known):
        checked.refuse("no hour holds a demand")
        return checked
    span = slice(int(known[0]), int(known[-1]) + 1)
    _check_gaps(checked, span)
    if len(np.unique(load_mw[known])) == 1 and len(known) >= FLAT_H:
        checked.refuse("the demand never changes", hint="it is a constant, no measurement")
    _check_range(checked, may_be_zero=shed)
    _check_units(checked)
    _check_shapes(checked)
    _check_share(checked, span)
    return checked


def _check_gaps(checked: CheckedLoad, span: slice) -> None:
    gaps = np.zeros(len(checked.load_mw), dtype=np.bool_)
    gaps[span] = np.isnan(checked.load_mw[span])
    rule = "no demand between the first and the last known one"
    checked.note(gaps, "gap", what="no demand", rule=rule, masked=True)
    longest = max(checked.findings, key=lambda finding: finding.hours, default=None)
    if longest is not None and longest.hours >= LONG_GAP_H:
        checked.set_aside = (
            f"no demand from {longest.first:%Y-%m-%d} to {longest.end:%Y-%m-%d}: "
            f"{longest.hours / 24:.0f} days are missing"
        )


def _check_range(checked: CheckedLoad, *, may_be_zero: BoolArray) -> None:
    with np.errstate(invalid="ignore"):
        below = (checked.load_mw < 0) | ((checked.load_mw == 0) & ~may_be_zero)
        above = checked.load_mw > LARGEST_MW
    checked.note(
        below,
        "zero",
        what="demand of zero or less, left out",
        rule="demand of zero or less, where no shed load is measured",
        masked=True,
    )
    limit = f"demand above {LARGEST_MW:,.0f} MW"
    checked.note(above, "too large", what=f"{limit}, left out", rule=limit, masked=True)


def _check_units(checked: CheckedLoad) -> None:
    slipped = find_unit_slips(checked.load_mw)
    known = max(int(np.isfinite(checked.load_mw).sum()), 1)
    if slipped.sum() > LARGEST_SLIPPED_SHARE * known:
        checked.refuse(
            f"{100 * slipped.sum() / known:.0f} % of the demand is about a factor of 1000 away "
            "from the rest: the file mixes units",
            hint="write all of it in one unit",
        )
    checked.note(
        slipped,
        "unit slip",
        what="demand a factor of about 1000 away from the rest, as by another unit, left out",
        rule=f"{CLEAR_H} hours or more between 316 and 3162 times above or below the median",
        masked=True,
    )


def _check_shapes(checked: CheckedLoad) -> None:
    """Flat lines, spikes and dips, where the history is not known to be short anyway."""
    stuck, held = find_flat(checked.load_mw)
    checked.note(
        stuck & ~checked.short,
        "flat",
        what="demand does not change for a day or longer, left out",
        rule=f"{FLAT_H} hours or more of exactly the same demand",
        masked=True,
    )
    checked.note(
        held & ~checked.short,
        "held down",
        what="supply held at one level for a day or longer, taken as short",
        rule=f"{FLAT_H} hours or more of the same demand, below nine tenths of the hours around or "
        f"never exceeded in the {BESIDE_H} hours before or after",
        masked=False,
    )
    _note_spikes(checked)
    dips = find_dips(checked.load_mw)
    checked.note(
        dips & ~checked.short,
        "dip",
        what="demand falls below half of the usual and returns within hours, taken as short",
        rule=f"up to {DIP_H} hours below half of the median at the same hour one and seven days "
        "before and after, usual demand on either side",
        masked=False,
    )
    checked.short |= held | dips


def _note_spikes(checked: CheckedLoad) -> None:
    spikes = find_spikes(checked.load_mw)
    days = np.zeros(len(spikes), dtype=np.bool_)
    for finding in note_runs(spikes, "", rule="", start=checked.start, masked=True):
        if finding.hours >= DAY_SPIKE_H:
            first = int((finding.first - checked.start) / HOUR)
            days[first : first + finding.hours] = True
    rule = (
        f"more than {SPIKE_RATIO:g} times the hours beside and the same hour one day before and "
        "after, or the same hour two and seven days before and after, and "
        f"{CEILING:g} times what {100 * CEILING_QUANTILE:.0f} % of the hours stay below"
    )
    checked.note(spikes & ~days, "spike", what="spike, left out", rule=rule, masked=True)
    checked.note(days, "day spike", what="spike of a day, left out", rule=rule, masked=True)


def _check_share(checked: CheckedLoad, span: slice) -> None:
    valid = float(np.isfinite(checked.load_mw[span]).mean())
    if valid < LEAST_VALID_SHARE:
        checked.refuse(
            f"only {100 * valid:.0f} % of the hours hold a usable demand",
            accepted=f"at least {100 * LEAST_VALID_SHARE:.0f} %",
            hint="see the other findings",
        )
