"""How losses spread: by hand, and how often the stated error holds the truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from gridtool.damage.model import DamageState
from gridtool.whatif.draws import OneOf
from gridtool.whatif.losses import LossSpread
from gridtool.whatif.model import LossRange, SweepRow, SweepScenario, failed_row
from gridtool.whatif.scenario import Scenario
from gridtool.whatif.space import Axis, Grid, Named, Option, Sample, ScenarioSpace, Variable
from gridtool.whatif.table import Comparison


def spread_of(rows, *, level="assess", is_drawn=True):
    stated = LossRange(name="winter", numbers=range(1, len(rows) + 1), is_drawn=is_drawn)
    spreading = LossSpread((stated,), level=level)
    spreading.add(rows)
    return spreading.table().set_index("quantity")


def present(number, unserved):
    return SweepRow(
        number=number,
        name=f"s{number}",
        unserved_mw=unserved,
        protected_unserved_mw=0.0,
        customers_out=10 * unserved,
    )


def test_by_hand():
    """1 to 10 MW: mean 5.5, standard deviation sqrt(55 / 6), P10 the first, P90 the ninth."""
    found = spread_of([present(k, float(k)) for k in range(1, 11)])
    row = found.loc["unserved_mw"]
    assert row["scenarios"] == 10
    assert row[["mean", "p10", "p50", "p90"]].tolist() == [5.5, 1.0, 5.0, 9.0]
    assert row["mean_se"] == pytest.approx((55 / 6 / 10) ** 0.5)
    assert found.loc["customers_out", "p90"] == 90.0


def test_listed_values_have_no_error_of_drawing():
    found = spread_of([present(k, float(k)) for k in range(1, 5)], is_drawn=False)
    assert found["mean_se"].isna().all()
    assert spread_of([present(1, 3.0)])["mean_se"].isna().all()


def test_what_failed_and_what_is_no_loss_is_left_out():
    lost = SweepScenario(number=2, name="lost", scenario=Scenario())
    stated = LossRange(name="winter", numbers=range(1, 3), is_drawn=True)
    spreading = LossSpread((stated,), level="assess")
    spreading.add(
        [present(0, 99.0), present(1, 4.0), failed_row(lost, reason="no"), present(3, 9.0)]
    )
    found = spreading.table().set_index("quantity")
    assert found.loc["unserved_mw", ["scenarios", "mean"]].tolist() == [1, 4.0]
    assert len(LossSpread((), level="forecast").table()) == 0


def test_the_error_of_draws_on_shared_futures_covers_the_truth():
    """Draws (sd 30) by futures (sd 20) and what neither explains (sd 10): 400 sweeps, mean 100."""
    random = np.random.default_rng(1)
    hits, errors, means = [], [], []
    for _ in range(400):
        draws, futures = random.normal(0, 30, 25), random.normal(0, 20, 40)
        values = 100 + draws[:, None] + futures + random.normal(0, 10, (25, 40))
        rows = [
            SweepRow(
                number=k,
                name=str(k),
                samples=40,
                eue_mwh=float(row.mean()),
                eue_by_sample=tuple(row),
                hours_off_by_sample=tuple(row),
            )
            for k, row in enumerate(values, 1)
        ]
        row = spread_of(rows, level="forecast").loc["eue_mwh"]
        means.append(row["mean"])
        errors.append(row["mean_se"])
        hits.append(abs(row["mean"] - 100) < norm.ppf(0.95) * row["mean_se"])
    exact = (30**2 / 25 + 20**2 / 40 + 10**2 / 1000) ** 0.5
    assert np.std(means) == pytest.approx(exact, rel=4 / 800**0.5)
    assert np.mean(errors) == pytest.approx(exact, rel=0.03)
    assert abs(np.mean(hits) - 0.9) < 4 * (0.9 * 0.1 / 400) ** 0.5 + 0.02


def varied(field, *values):
    options = tuple(Option(words=str(value), value=value) for value in values)
    return Axis(key=field, field=field, options=options)


def drawn(name, field, *values):
    variable = Variable(field=field, distribution=OneOf(values=values))
    return Sample(name=name, draws=3, seed=1, variables=(variable,))


def test_groups_that_differ_in_what_is_lost_are_ranges_and_decisions_are_not():
    complete = (("S1", DamageState.COMPLETE),)
    space = ScenarioSpace(
        (
            Named(name="stated", scenario=Scenario(out=("S1",))),
            Grid(name="decided", axes=(varied("crews", 2, 3), varied("back", ("S1",), ()))),
            Grid(name="listed", axes=(varied("crews", 2, 3), varied("out", ("S1",), ("S2",)))),
            drawn("weather", "demand_growth", 0.0, 0.1),
            drawn("hit", "damaged", complete, ()),
            Grid(
                name="decided after a loss",
                axes=(varied("crews", 2, 3),),
                fixed=Scenario(out=("S1",)),
            ),
        )
    )
    assert space.losses == (
        LossRange(name="listed", numbers=range(6, 10), is_drawn=False),
        LossRange(name="hit", numbers=range(13, 16), is_drawn=True),
    )
    for one in space.losses:
        names = {space[number].name for number in one.numbers}
        assert all(name.startswith(one.name) for name in names)


def test_losses_change_no_rank_and_no_chance_of_others():
    random = np.random.default_rng(2)

    def simulated(number, mean):
        eue = random.normal(mean, 30, 60)
        return SweepRow(
            number=number,
            name=str(number),
            samples=60,
            eue_mwh=float(eue.mean()),
            eue_by_sample=tuple(eue),
            hours_off_by_sample=tuple(eue / 100),
        )

    rows = [simulated(k, 100 - k) for k in range(4)]
    lost = [simulated(k, 50) for k in range(4, 8)]
    stated = LossRange(name="winter", numbers=range(4, 8), is_drawn=True)

    def compare(rows):
        comparison = Comparison("forecast", seed=1, losses=(stated,))
        comparison.add(rows)
        return comparison.table()

    alone, beside = compare(rows), compare([*rows, *lost])
    assert beside.iloc[:4].equals(alone)
    assert beside["number"].tolist()[4:] == [4, 5, 6, 7]
    assert beside[["rank", "p_best", "p_better"]].iloc[4:].isna().all(axis=None)
    assert beside["eue_mwh_diff_se"].notna().all(), "the difference to the base is told"
