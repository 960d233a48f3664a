"""The scores of a demand model as tables and a sentence."""

from __future__ import annotations

from gridtool.forecast.demand.backtest import Backtest
from gridtool.report.tables import NamedTable

__all__ = ["describe_backtest", "tables_backtest"]


def tables_backtest(found: Backtest) -> tuple[NamedTable, ...]:
    """Mean scores by method, then every origin."""
    decimals = dict.fromkeys(("coverage_80", "energy_coverage_80"), 2) | dict.fromkeys(
        ("pinball_pct", "mape_pct"), 2
    )
    return (
        NamedTable(
            name="scores",
            title="Demand model against seasonal naive, mean over origins",
            frame=found.scores,
            decimals=decimals,
            note="Pinball over levels 0.1 to 0.9 in percent of mean demand; coverage of 80 % "
            "intervals by hours and by the energy of months.",
        ),
        NamedTable(name="origins", title="Every origin", frame=found.origins, decimals=decimals),
    )


def describe_backtest(found: Backtest) -> str:
    """What the scores mean for a planner."""
    scores = found.scores.set_index("method")
    model, naive = scores.loc["model"], scores.loc["seasonal naive"]
    better = 100 * (1 - model["pinball_pct"] / naive["pinball_pct"])
    coverage = model["coverage_80"]
    if coverage < 0.7:
        trust = "its intervals are too narrow: take them wider"
    elif coverage > 0.9:
        trust = "its intervals are too wide"
    else:
        trust = "its intervals can be taken as they are"
    word = "better" if better >= 0 else "worse"
    return (
        f"Months ahead the model's pinball loss is {model['pinball_pct']:.2f} % of mean demand, "
        f"{abs(better):.0f} % {word} than seasonal naive; 80 % intervals hold "
        f"{100 * coverage:.0f} % of the hours and {100 * model['energy_coverage_80']:.0f} % of "
        f"the months' energy, so {trust}. The peak was missed by {model['peak_error_pct']:.1f} % "
        "on average."
    )
