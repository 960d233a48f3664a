"""Whether the forecasts of a job have been wrong by more than chance, and what to say of it.

Under right forecasts the places of the truths (:mod:`gridtool.jobs.scoring.blocks`) are
independent and uniform, their normal scores z standard normal. Over the last k blocks

- a level that is off shows in sum(z) / sqrt(k), which is standard normal,
- a spread that is off shows in sum(z^2), which is chi-squared with k degrees of freedom

(Berkowitz 2001, "Testing density forecasts, with applications to risk management"). Each test is
two-sided at its even share of :data:`FALSE_ALARM` (Bonferroni), so that of the reports on a job
whose forecasts are right at most that share names a drift.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import chi2, norm

from gridtool.jobs.store.open import Store
from gridtool.jobs.store.scores import ScoreEntry, ScoreRows

__all__ = [
    "BLOCK_SUFFIX",
    "FALSE_ALARM",
    "WINDOWS",
    "BlockScore",
    "Drift",
    "drift_words",
    "find_drift",
    "read_blocks",
]

FALSE_ALARM = 0.002
"""Most reports, of those on right forecasts, that name a drift: 1 of 500. As one week's blocks are
most of the next week's, wrong ones come in rows: of years of weekly reports 1 in 17 has any."""
WINDOWS = (1, 3, 8, 26)
"""Numbers of last blocks that are looked at: of weeks one, three, two months and half a year. A
single place is no surer than one sample in all; three low ones in a row are."""
BLOCK_SUFFIX = "_block"
MOST_TESTS = 2 * (2 * len(WINDOWS) - 1)
"""Of two quantities; over a single block level and spread are one test. It is fixed, so that the
rate holds whatever is known."""
_QUANTITIES = ("energy", "hours_off")


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockScore:
    """Of one block: place of the truth, the median's error (above 0: the forecast was high), the
    truth, and how many days it has.
    """

    run: int
    place: float
    error: float
    truth: float
    days: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A finding: over the last ``blocks`` blocks the level or the spread was off.

    ``error`` is the blocks' mean error by days, in percent of the truth for demand, in hours a
    day for hours off. ``share_80`` is the share of truths within the central 80 %.
    """

    quantity: str
    kind: Literal["level", "spread"]
    blocks: int
    high: bool
    p_value: float
    error: float
    share_80: float

    @property
    def words(self) -> str:
        """The finding as a sentence for the next report."""
        subject = {"energy": "the demand model", "hours_off": "the forecast of hours off"}
        runs = "the last scored run" if self.blocks == 1 else f"the last {self.blocks} scored runs"
        if self.kind == "level":
            size = (
                f"{abs(self.error):.1f} %"
                if self.quantity == "energy"
                else f"{abs(self.error):.1f} hours a day"
            )
            said = f"it was too {'high' if self.high else 'low'} by {size} over {runs}"
        else:
            width = "wide" if self.high else "narrow"
            said = (
                f"its intervals are too {width}: over {runs} those of 80 % held "
                f"{100 * self.share_80:.0f} %"
            )
        return f"{subject[self.quantity]} drifts: {said} ({_odds(self.p_value)})"


def find_drift(
    quantity: str, blocks: Sequence[BlockScore], *, rate: float = FALSE_ALARM
) -> Drift | None:
    """The clearest drift that the last blocks show; None without one.

    Parameters
    ----------
    blocks
        The oldest first.
    rate
        Most reports on right forecasts, of both quantities together, that name a drift.
    """
    places = np.array([block.place for block in blocks])
    scores = norm.ppf(places)
    found: list[tuple[float, Drift]] = []
    for count in WINDOWS:
        if len(scores) < count:
            break
        last, z = blocks[-count:], scores[-count:]
        days = np.array([block.days for block in last])
        error = np.array([block.error for block in last])
        truth = np.array([block.truth for block in last])
        mean = float(np.average(error, weights=days))
        if quantity == "energy":
            mean = 100 * float((error * days).sum() / (truth * days).sum())
        share = float((np.abs(places[-count:] - 0.5) <= 0.4).mean())
        level = float(z.sum() / np.sqrt(count))
        tests: list[tuple[Literal["level", "spread"], float, bool]] = [
            ("level", float(2 * norm.sf(abs(level))), level < 0)
        ]
        if count > 1:
            total = float((z**2).sum())
            sides = float(chi2.cdf(total, count)), float(chi2.sf(total, count))
            tests.append(("spread", min(1.0, 2 * min(sides)), sides[0] < sides[1]))
        found += [
            (
                p_value,
                Drift(
                    quantity=quantity,
                    kind=kind,
                    blocks=count,
                    high=high,
                    p_value=p_value,
                    error=mean,
                    share_80=share,
                ),
            )
            for kind, p_value, high in tests
            if p_value < rate / MOST_TESTS
        ]
    return min(found, key=lambda entry: entry[0])[1] if found else None


def read_blocks(entries: Sequence[ScoreEntry], quantity: str) -> tuple[BlockScore, ...]:
    """The blocks of a quantity among the entries of one scoring, in order of runs."""
    own: dict[int, dict[str, float]] = {}
    for entry in entries:
        if entry.quantity == quantity + BLOCK_SUFFIX and entry.value is not None:
            own.setdefault(entry.run, {})[entry.metric] = entry.value
    return tuple(
        BlockScore(
            run=run,
            place=found["place"],
            error=found["bias"],
            truth=found["truth"],
            days=found["count"],
        )
        for run, found in sorted(own.items(), key=lambda item: item[1]["order"])
    )


def drift_words(store: Store, job: str) -> tuple[str, ...]:
    """What the next report of a job has to say of the forecasts before it; empty if nothing.

    It rests on the job's latest scoring.
    """
    entries = ScoreRows(store.rows.engine).list_latest(job)
    found = (find_drift(quantity, read_blocks(entries, quantity)) for quantity in _QUANTITIES)
    return tuple(drift.words for drift in found if drift is not None)


def _odds(p_value: float) -> str:
    """How rare it is by chance, in words."""
    times = min(10**6, 1 / max(p_value, 1e-300))
    digits = 10 ** max(0, int(np.log10(times)) - 1)
    return f"chance alone would in 1 of {int(times // digits * digits):,}".replace(",", " ")
