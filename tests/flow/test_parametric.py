"""Parametric dispatch: equal to the dispatcher hour by hour, and its causes add up."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from builders import grid
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridtool.flow import parametric
from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.flow.parametric import ParametricDispatch
from gridtool.flow.topology import apply_shares


def by_district(case, by_busbar):
    total = np.zeros((len(case.district_ids), 2))
    np.add.at(total, case.busbar_district, by_busbar)
    return total


def hours(case, factors, *, ratings=None, limit=np.inf):
    count = len(factors)
    source = np.tile(case.source_max_mw, (count, 1)) if ratings is None else ratings
    return np.array(factors, dtype=float), source, np.full(count, limit)


def chain():
    return compile_case(
        grid(
            stations={"A": (10, 0), "B": (20, 5), "C": (10, 5)},
            lines=[("AB", "A", "B", 30), ("BC", "B", "C", 100)],
            infeeds=[("I", "A", 60)],
        )
    )


def test_hand_worked_hours():
    case = chain()
    found = ParametricDispatch(case, apply_shares(case, {})).unserved(
        *hours(case, [0.0, 0.75, 1.0, 2.0])
    )
    # Line AB carries 30: of 40 f behind it. At f = 2, 100 MW are wanted, 60 there are, and AB
    # lets 30 through while A takes 20.
    np.testing.assert_allclose(found.unserved_mw.sum(axis=(1, 2)), [0, 0, 10, 50], atol=1e-9)
    np.testing.assert_allclose(found.supply_mw, [0, 0, 0, 40])
    np.testing.assert_allclose(found.network_mw, [0, 0, 10, 10], atol=1e-9)
    np.testing.assert_allclose(found.delivery_mw, 0)


def test_causes_of_damage():
    case = chain()
    topology = apply_shares(case, {"BC": 0, "A/F0": 0.5, "I": 0.1})
    found = ParametricDispatch(case, topology).unserved(*hours(case, [1.0]))
    # 5 of A's 10 MW cannot be delivered; C is cut off with 15; 6 MW are there for A's 5 and B's 25.
    assert found.delivery_mw == pytest.approx([5])
    assert found.supply_mw == pytest.approx([24])
    assert found.network_mw == pytest.approx([15])
    assert found.unserved_mw.sum() == pytest.approx(44)


@pytest.mark.parametrize("shares", [{"A/B": 0, "B/B": 0, "C/B": 0}, {"I": 0}])
def test_nothing_served_without_network_or_sources(shares):
    case = chain()
    found = ParametricDispatch(case, apply_shares(case, shares)).unserved(*hours(case, [0.5, 1.0]))
    np.testing.assert_allclose(found.unserved_mw.sum(axis=(1, 2)), [25, 50])


def test_no_hours():
    case = chain()
    found = ParametricDispatch(case, apply_shares(case, {})).unserved(*hours(case, []))
    assert found.unserved_mw.shape == (0, 1, 2)


@pytest.fixture
def bases_only(monkeypatch):
    """No hour is answered in closed form."""
    monkeypatch.setattr(parametric, "_FIRST_CREDIT", 0)
    monkeypatch.setattr(parametric, "_CREDIT", 0)


@pytest.mark.usefixtures("bases_only")
def test_bases_are_kept_between_calls():
    case = chain()
    solver = ParametricDispatch(case, apply_shares(case, {}))
    factors = np.linspace(0.1, 2.0, 500)
    first = solver.unserved(*hours(case, factors))
    solved = solver.solved
    assert 0 < solved < 10
    again = solver.unserved(*hours(case, factors[::-1]))
    assert solver.solved == solved
    np.testing.assert_allclose(again.unserved_mw[::-1], first.unserved_mw, atol=1e-9)


@st.composite
def damaged_years(draw):
    count = draw(st.integers(2, 5))
    names = [f"S{i}" for i in range(count)]
    demand = {s: (draw(st.integers(0, 40)), draw(st.integers(0, 10))) for s in names}
    pairs = [(a, b) for i, a in enumerate(names) for b in names[:i]]
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=7))
    limits = st.sampled_from([5, 12, 20, 33, 60])
    lines = [(f"L{i}", a, b, draw(limits)) for i, (a, b) in enumerate(chosen)]
    sources = draw(st.lists(st.sampled_from(names), min_size=1, max_size=4))
    case = compile_case(
        grid(
            stations=demand,
            lines=lines,
            infeeds=[(f"I{i}", s, 35) for i, s in enumerate(sources[:2])],
            units=[(f"G{i}", s, 20) for i, s in enumerate(sources[2:])],
        )
    )
    parts = [*case.busbar_ids, *case.branch_ids, *case.source_ids, *case.feeder_ids]
    shares = draw(st.dictionaries(st.sampled_from(parts), st.sampled_from([0.0, 0.3, 0.7])))
    return case, shares, draw(st.integers(0, 2**32 - 1))


@pytest.mark.usefixtures("bases_only")
@given(damaged_years())
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_bases_equal_the_dispatcher_in_every_hour(drawn):
    assert_equals_the_dispatcher(*drawn)


@given(damaged_years())
@settings(max_examples=25, deadline=None)
def test_equals_the_dispatcher_in_every_hour(drawn):
    assert_equals_the_dispatcher(*drawn)


def test_closed_form_and_bases_meet(monkeypatch):
    """Whatever is answered in closed form in between, the hours' answers stay the same."""
    case = chain()
    asked = hours(case, np.linspace(0.1, 2.0, 300), limit=50.0)
    topology = apply_shares(case, {})
    answers = []
    for first, further in ((0, 0), (7, 3), (1000, 1000)):
        monkeypatch.setattr(parametric, "_FIRST_CREDIT", first)
        monkeypatch.setattr(parametric, "_CREDIT", further)
        answers.append(ParametricDispatch(case, topology).unserved(*asked).unserved_mw)
    np.testing.assert_allclose(answers[1], answers[0], atol=1e-9)
    np.testing.assert_allclose(answers[2], answers[0], atol=1e-9)


def assert_equals_the_dispatcher(case, shares, seed):
    random = np.random.Generator(np.random.Philox(seed))
    factor = random.choice([0.0, 0.3, 0.5, 0.7, 0.9, 1.0, 1.3], 12)
    source = case.source_max_mw * random.choice([0.0, 0.5, 1.0], (12, len(case.source_ids)))
    limit = random.choice([0.0, 20.0, 45.0, np.inf], 12)
    topology = apply_shares(case, shares)
    found = ParametricDispatch(case, topology).unserved(factor, source, limit)
    lifted = _without_limits(topology)
    dispatcher = Dispatcher(case)
    for h in range(12):
        options = {
            "demand_mw": case.demand_mw * factor[h],
            "source_max_mw": source[h],
            "import_limit_mw": limit[h],
        }
        dispatch = dispatcher.solve({}, topology=topology, **options)
        expected = by_district(case, dispatch.unserved_mw)
        np.testing.assert_allclose(found.unserved_mw[h], expected, atol=1e-6)
        total = found.supply_mw[h] + found.network_mw[h] + found.delivery_mw[h]
        assert total == pytest.approx(expected.sum(), abs=1e-6)
        free = dispatcher.solve({}, topology=lifted, **options).served_mw
        lit = topology.connectable_mw * factor[h] * _lit(topology)[:, None]
        assert found.supply_mw[h] == pytest.approx(lit.sum() - free.sum(), abs=1e-6)


def _without_limits(topology):
    fields = {name: getattr(topology, name) for name in topology.__dataclass_fields__}
    limit = np.where(topology.branch_in_service, 1e6, 0.0)
    return type(topology)(**fields | {"branch_limit_mw": limit})


def _lit(topology):
    lit = np.append(topology.energised, False)
    return lit[topology.node_of_busbar]


def test_without_compiled_kernels():
    """The kernels are plain Python too: NUMBA_DISABLE_JIT gives the same answers, slowly."""
    program = """
import numpy as np
from builders import grid
from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.flow.parametric import ParametricDispatch
from gridtool.flow.topology import apply_shares
case = compile_case(
    grid(
        stations={"A": (10, 0), "B": (20, 5), "C": (10, 5)},
        lines=[("AB", "A", "B", 30), ("BC", "B", "C", 9), ("CA", "C", "A", 9)],
        infeeds=[("I", "A", 60)],
    )
)
factor = np.array([0.5, 0.9, 1.0, 1.4])
found = ParametricDispatch(case, apply_shares(case, {})).unserved(
    factor, np.full((4, 1), 60.0), np.full(4, 40.0)
)
print(*found.unserved_mw.sum(axis=(1, 2)).round(9), Dispatcher(case).served_mw({"AB": 0.0}))
"""
    tests = Path(__file__).parent.parent
    answers = [
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONPATH": str(tests), "NUMBA_DISABLE_JIT": flag},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for flag in ("0", "1")
    ]
    assert answers[0] == answers[1] != ""
