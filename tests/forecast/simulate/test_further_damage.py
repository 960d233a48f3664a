from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from forecast.simulate.futures_cases import (
    assert_sound,
    bytes_of,
    damaged_city,
    futures_of,
    make_plan,
    outage_city,
)

from gridtool.errors import InputError
from gridtool.forecast.model import FurtherDamage
from gridtool.forecast.simulate.further_damage import (
    MONTH_H,
    check_further_damage,
    draw_further_hits,
)
from gridtool.forecast.simulate.futures import draw_futures, execute_futures

EXPOSED = {"AB": 1.0, "BC": 2.0, "G": 3.0, "C": 0.5, "A/F0": 1.5}
STATED = FurtherDamage(
    rate_per_month=6.0,
    batch=(0.5, 0.3, 0.2),
    states={"slight": 0.1, "moderate": 0.3, "extensive": 0.4, "complete": 0.2},
    exposure=EXPOSED,
)


def drawn(stated, *, n=4000, seed=5, first=0, until_h=1461.0, **options):
    inputs = futures_of(damaged_city({}), None, further_damage=stated, seed=seed)
    numbers = np.arange(first, first + n, dtype=np.uint64)
    return inputs.further, draw_further_hits(
        inputs.further.statement,
        inputs.further.work,
        seed=seed,
        samples=numbers,
        repair_samples=numbers,
        until_h=until_h,
        **options,
    )


def by_sample(found, i):
    span = slice(found.hits.first[i], found.hits.first[i + 1])
    return found.hits.at_h[span], found.hits.entry[span], found.hits.state[span]


def test_as_many_events_and_assets_as_stated():
    """Poisson with 12 events expected in two months, 1.7 assets each; slight hits on lines do no
    harm and are left out."""
    sure = replace(STATED, states={"complete": 1.0})
    n = 4000
    _, found = drawn(sure, n=n)
    events = found.hits.events
    assert abs(events.mean() - 12.0) < 4 * np.sqrt(12 / n)
    assert abs(events.var() - 12.0) < 4 * 12 * np.sqrt(2 / n)
    assets = np.diff(found.hits.first)
    second_moment = 0.5 + 0.3 * 4 + 0.2 * 9
    assert abs(assets.mean() - 12.0 * 1.7) < 4 * np.sqrt(12 * second_moment / n)
    assert 0.0 < found.hits.at_h.min() <= found.hits.at_h.max() < 1461.0


def test_slight_hits_on_what_has_no_part_capacity_do_nothing():
    further, found = drawn(STATED)
    assert [row[0] is None for row in further.work.jobs] == [
        asset in ("AB", "BC") for asset in further.work.assets
    ]
    lines = np.isin(found.hits.entry, [further.work.assets.index(x) for x in ("AB", "BC")])
    assert not (found.hits.state[lines] == 0).any()
    assert (found.hits.state[~lines] == 0).any()


def test_assets_by_weight_without_repetition():
    """The first of an event is asset a with w(a)/W, the second by the weights that are left."""
    sure = replace(STATED, states={"complete": 1.0}, batch=(0.0, 1.0))
    further, found = drawn(sure, n=3000)
    weight = np.array([EXPOSED[asset] for asset in further.work.assets])
    share = weight / weight.sum()
    pairs = found.hits.entry.reshape(-1, 2)
    assert (found.hits.at_h.reshape(-1, 2)[:, 0] == found.hits.at_h.reshape(-1, 2)[:, 1]).all()
    assert (pairs[:, 0] != pairs[:, 1]).all()
    exact = share[:, None] * share[None, :] / (1 - share[:, None])
    np.fill_diagonal(exact, 0.0)
    assert exact.sum() == pytest.approx(1.0)
    counts = np.zeros_like(exact)
    np.add.at(counts, (pairs[:, 0], pairs[:, 1]), 1)
    error = np.sqrt(exact * (1 - exact) / len(pairs)) + 1e-12
    assert (np.abs(counts / len(pairs) - exact) < 4.5 * error).all()


def test_a_higher_rate_brings_the_same_events_sooner_and_more_of_them():
    few, many = (drawn(replace(STATED, rate_per_month=rate), n=50)[1] for rate in (2.0, 5.0))
    for i in range(50):
        at, entry, state = by_sample(few, i)
        more_at, more_entry, more_state = by_sample(many, i)
        k = len(at)
        assert len(more_at) >= k
        assert more_at[:k] * 5.0 == pytest.approx(at * 2.0)
        assert (more_entry[:k] == entry).all()
        assert (more_state[:k] == state).all()
    work = few.work_h[few.hits.first[0] : few.hits.first[1]]
    assert (many.work_h[: len(work)] == work).all()


def test_gaps_are_exponential():
    _, found = drawn(replace(STATED, batch=(1.0,), states={"complete": 1.0}), n=2000)
    gap = found.hits.at_h[found.hits.first[:-1][np.diff(found.hits.first) > 0]]
    mean = MONTH_H / 6.0
    for hours in (20.0, 80.0, 200.0):
        exact = -np.expm1(-hours / mean)
        assert abs((gap < hours).mean() - exact) < 4 * np.sqrt(exact * (1 - exact) / 2000)


def test_work_is_lognormal_with_the_moments_of_its_state():
    further, found = drawn(STATED, n=6000)
    for entry in range(len(EXPOSED)):
        chosen = (found.hits.entry == entry) & (found.hits.state == 3)
        job = further.work.jobs[entry][3]
        error = job.duration.sigma_h / np.sqrt(chosen.sum())
        assert abs(found.work_h[chosen].mean() - job.duration.mean_h) < 4 * error
    assert (found.ready_h == found.hits.at_h).all(), "nothing has to be made"


def test_no_rate_and_no_event_change_nothing():
    state = damaged_city({"AB": 0.0, "G": 0.3})
    plan = make_plan(state)
    plain, none, rare = (
        draw_futures(futures_of(state, plan, further_damage=stated), first=0, n=30)
        for stated in (
            None,
            replace(STATED, rate_per_month=0.0),
            replace(STATED, rate_per_month=1e-9),
        )
    )
    rows = np.arange(30)
    assert bytes_of(plain, rows) == bytes_of(none, rows) == bytes_of(rare, rows)


def test_futures_with_further_damage_cover_every_hour_and_do_not_depend_on_chunks():
    state = damaged_city({"AB": 0.0, "G": 0.3, "A/B": 0.0})
    inputs = futures_of(state, make_plan(state), further_damage=STATED)
    whole = draw_futures(inputs, first=0, n=100)
    assert_sound(whole, n=100, hours=960)
    for first in (0, 50):
        part = draw_futures(inputs, first=first, n=50)
        rows = np.arange(first, first + 50)
        assert bytes_of(whole, rows) == bytes_of(part, np.arange(50))


def test_further_damage_drawn_anew_leaves_the_other_streams():
    state = damaged_city({"AB": 0.0}, fails=False)
    inputs = futures_of(state, make_plan(state), further_damage=STATED)
    plain, _ = execute_futures(inputs, first=0, n=40)
    anew, _ = execute_futures(inputs, first=0, n=40, fresh=frozenset({"further damage"}))
    works, _ = execute_futures(inputs, first=0, n=40, fresh=frozenset({"repairs"}))
    assert not np.array_equal(plain.hits.at_h, anew.hits.at_h)
    assert np.array_equal(plain.hits.at_h, works.hits.at_h)
    assert not np.array_equal(plain.work_h, works.work_h)


def test_without_a_plan_nothing_further_is_repaired():
    inputs = futures_of(damaged_city({}, fails=False), None, further_damage=STATED)
    stages = draw_futures(inputs, first=0, n=20)
    for row in range(20):
        own = stages.row == row
        assert (np.diff(stages.part_shares[stages.parts[own]], axis=0) <= 0).all()
        february = stages.first[own] >= 19 * 24 + 17  # G and I alone: K is for January
        assert (np.diff(stages.source_mw[own][february], axis=0) <= 0).all()


def test_every_finding_of_a_statement_at_once():
    bad = FurtherDamage(
        rate_per_month=-1.0,
        batch=(0.5, 0.4),
        states={"extensive": 0.5, "ruined": 0.5},
        exposure={"AB": 1.0, "AX": 1.0, "G": 0.0},
    )
    with pytest.raises(InputError) as caught:
        check_further_damage(bad, outage_city())
    found = {(issue.field, issue.value) for issue in caught.value.issues}
    assert found == {
        ("rate_per_month", "-1.0"),
        ("batch", "[0.5, 0.4]"),
        ("states", "ruined"),
        ("exposure", "0.0"),
        ("exposure", "AX"),
    }


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"rate_per_month": float("nan")}, "rate_per_month"),
        ({"rate_per_month": 1e6}, "rate_per_month"),
        ({"batch": (1.5, -0.5)}, "batch"),
        ({"batch": ()}, "batch"),
        ({"batch": (0.0,) * 5 + (1.0,)}, "batch"),
        ({"states": {}}, "states"),
        ({"states": {"none": 1.0}}, "states"),
        ({"exposure": {}}, "batch"),
        ({"exposure": {"AB": float("inf")}}, "exposure"),
    ],
)
def test_a_statement_that_cannot_be_drawn_from_is_refused(change, field):
    with pytest.raises(InputError) as caught:
        check_further_damage(replace(STATED, **change), outage_city())
    assert field in {issue.field for issue in caught.value.issues}


def test_a_sound_statement_passes():
    check_further_damage(STATED, outage_city())
    check_further_damage(FurtherDamage(rate_per_month=0.0, exposure={}), outage_city())
