"""What a backtest means for a planner, in words.

The thresholds are those of :data:`THRESHOLDS`. They allow for what five origins of six months
scatter by chance in a right model: the coverage of hours by about 0.05, that of months' energy
by about 0.1 (from the model's own paths put in the place of the truth).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gridtool.forecast.demand.scoring.backtest import Backtest
from gridtool.forecast.demand.scoring.backtest_model import (
    CALIBRATED,
    CLIMATOLOGY,
    MODEL,
    SEASONAL_NAIVE,
)

__all__ = ["THRESHOLDS", "describe_backtest"]

Scores = Mapping[str, Mapping[str, float]]
OWN = (MODEL, CALIBRATED)
THRESHOLDS = {
    "hours_too_narrow": 0.70,
    "hours_too_wide": 0.90,
    "energy_too_narrow": 0.65,
    "energy_too_wide": 0.95,
    "uneven_p_value": 0.02,
    "same_loss_pct": 3.0,
    "biased_pct": 2.0,
    "peak_good_pct": 5.0,
    "peak_poor_pct": 10.0,
}
"""What the words rest on.

- Of 80 % intervals, a share of hours below ``hours_too_narrow`` or above ``hours_too_wide``, of
  months' energy below ``energy_too_narrow`` or above ``energy_too_wide``, is called so.
- A p-value of the histogram below ``uneven_p_value`` is pointed out.
- Pinball losses within ``same_loss_pct`` of each other are a tie.
- An energy that is off by more than ``biased_pct`` in the mean over all origins is pointed out.
- Peaks of months are well met within ``peak_good_pct``, poorly beyond ``peak_poor_pct``.
"""


def describe_backtest(found: Backtest) -> str:
    """How far to trust the forecast: against what costs nothing, its intervals, energy, peaks."""
    scores = {
        str(name): {str(score): float(value) for score, value in row.items()}
        for name, row in found.scores.set_index("method").to_dict("index").items()
    }
    model = scores[MODEL]
    origins = found.origins["origin"].nunique()
    sentences = [f"Over {origins} origin{'s' if origins > 1 else ''} {_compare(scores)}."]
    if "coverage_80" in model:
        sentences.append(_judge_hours(model))
    sentences.append(_judge_energy(model))
    if "month_peak_error_pct" in model:
        sentences.append(_judge_peaks(model))
    if CALIBRATED in scores:
        sentences.append(_judge_calibrated(scores[CALIBRATED]))
    sentences.append(_conclude(scores))
    sentences += [note[0].upper() + note[1:] + "." for note in found.notes]
    return " ".join(sentence for sentence in sentences if sentence)


def _compare(scores: Scores) -> str:
    model = scores[MODEL]
    if "pinball_pct" not in model:
        own, naive = model["energy_error_pct"], scores[SEASONAL_NAIVE]["energy_error_pct"]
        return f"the model missed energy by {own:.1f} % on average, seasonal naive by {naive:.1f} %"
    words = [
        f"{_versus(model['pinball_pct'], scores[name]['pinball_pct'])} {name}"
        for name in (SEASONAL_NAIVE, CLIMATOLOGY)
        if name in scores
    ]
    return (
        f"the model's pinball loss is {model['pinball_pct']:.2f} % of mean demand, "
        + " and ".join(words)
    )


def _versus(own: float, other: float) -> str:
    gain = 100 * (1 - own / other)
    if abs(gain) < THRESHOLDS["same_loss_pct"]:
        return "level with"
    return f"{abs(gain):.0f} % {'better' if gain > 0 else 'worse'} than"


def _judge_hours(model: Mapping[str, float]) -> str:
    share = model["coverage_80"]
    trust = _judge_width(
        share, narrow=THRESHOLDS["hours_too_narrow"], wide=THRESHOLDS["hours_too_wide"]
    )
    text = f"Its 80 % intervals held {100 * share:.0f} % of the hours: {trust}."
    if model["pit_p_value"] < THRESHOLDS["uneven_p_value"]:
        text += (
            " Demand did not spread over the forecast as the paths do "
            f"(p = {model['pit_p_value']:.2g})."
        )
    if abs(model["bias_pct"]) > THRESHOLDS["biased_pct"]:
        side = "high" if model["bias_pct"] > 0 else "low"
        text += f" It lay {abs(model['bias_pct']):.1f} % too {side} on average."
    return text


def _judge_energy(model: Mapping[str, float]) -> str:
    share = model["energy_coverage_80"]
    if np.isnan(share):
        return ""
    trust = _judge_width(
        share, narrow=THRESHOLDS["energy_too_narrow"], wide=THRESHOLDS["energy_too_wide"]
    )
    if "coverage_80" not in model:
        return f"Its 80 % intervals of energy held {100 * share:.0f} % of the periods: {trust}."
    return (
        f"Those of energy held {100 * share:.0f} % of the months, whose energy was missed by "
        f"{model['energy_error_pct']:.1f} % on average: {trust}."
    )


def _judge_width(share: float, *, narrow: float, wide: float) -> str:
    if share < narrow:
        return "too narrow, plan with wider ones"
    if share > wide:
        return "wider than need be"
    return "take them as they are"


def _judge_peaks(model: Mapping[str, float]) -> str:
    miss = model["month_peak_error_pct"]
    if np.isnan(miss):
        return ""
    word = "usable"
    if miss <= THRESHOLDS["peak_good_pct"]:
        word = "well met"
    elif miss > THRESHOLDS["peak_poor_pct"]:
        word = "poorly met, keep a reserve"
    held = model["month_peak_coverage_80"]
    interval = "" if np.isnan(held) else f", within the 80 % interval in {100 * held:.0f} %"
    return (
        f"The months' peaks were missed by {miss:.1f} %{interval}, the whole peak by "
        f"{model['peak_error_pct']:.1f} %: {word}."
    )


def _judge_calibrated(own: Mapping[str, float]) -> str:
    return (
        "Calibrated at each origin on those before it, its 80 % intervals held "
        f"{100 * own['coverage_80']:.0f} % of the hours and those of energy "
        f"{100 * own['energy_coverage_80']:.0f} % of the months, at a pinball loss of "
        f"{own['pinball_pct']:.2f} %."
    )


def _conclude(scores: Scores) -> str:
    """The last word: worth more than what costs nothing, or not."""
    loss = "pinball_pct" if "pinball_pct" in scores[MODEL] else "energy_error_pct"
    others = {name: row[loss] for name, row in scores.items() if name not in OWN}
    if not others:
        return ""
    best = min(others, key=others.__getitem__)
    ratio, tie = scores[MODEL][loss] / others[best], THRESHOLDS["same_loss_pct"] / 100
    if ratio > 1 + tie:
        return f"Here {best} was the better forecast: do not rely on the model alone."
    if ratio > 1 - tie and best == CLIMATOLOGY:
        return (
            "For single hours climatology does as well; for energy and peaks, of which it says "
            "nothing, use the model."
        )
    return "It is worth using." if ratio <= 1 - tie else f"It is no better than {best}."
