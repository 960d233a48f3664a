"""Stages: every hour is what the dispatcher finds."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import grid
from hypothesis import given, settings
from hypothesis import strategies as st
from stage_cases import assert_stages_equal_the_dispatcher, half_year, random_stages, stages_of

from gridtool.flow import parametric, stage_dispatch
from gridtool.flow.class_shares import class_shares
from gridtool.flow.compile import compile_case
from gridtool.flow.stage_dispatch import StageDispatch
from gridtool.network.catalog import load_network


def chain_network(**changed):
    return grid(
        **{
            "stations": {"A": (10, 0), "B": (20, 5), "C": (10, 5)},
            "lines": [("AB", "A", "B", 30), ("BC", "B", "C", 100)],
            "infeeds": [("I", "A", 60)],
        }
        | changed
    )


def dispatch(network, rows, factor):
    case = compile_case(network)
    share, names = class_shares(network, case)
    stages = stages_of(case, rows(case))
    solver = StageDispatch(case, share)
    found = solver.shortage(stages, np.array(factor, dtype=float))
    assert_stages_equal_the_dispatcher(case, stages, factor, share, found)
    total = found.district_mw.sum(axis=(2, 3))
    causes = found.supply_mw + found.network_mw + found.delivery_mw
    np.testing.assert_allclose(found.class_mw.sum(axis=2), total, atol=1e-6)
    np.testing.assert_allclose(causes, total, atol=1e-6)
    return found, names, solver


def test_hand_worked_hours():
    """Line AB carries 30 of the 40 f behind it; at f = 2, 100 MW are wanted and 60 there are."""
    found, names, _ = dispatch(
        chain_network(),
        lambda case: [[(4, {}, case.source_max_mw, np.inf)]],
        np.array([[0.0, 0.75, 1.0, 2.0]]),
    )
    np.testing.assert_allclose(found.district_mw.sum(axis=(2, 3)), [[0, 0, 10, 50]], atol=1e-9)
    np.testing.assert_allclose(found.supply_mw, [[0, 0, 0, 40]])
    np.testing.assert_allclose(found.network_mw, [[0, 0, 10, 10]], atol=1e-9)
    # All 50 MW come off the 80 MW of households, none off the 20 MW of hospitals.
    by_class = dict(zip(names, found.class_mw[0, 3], strict=True))
    assert by_class["household"] == pytest.approx(50)
    assert by_class["hospital"] == pytest.approx(0)


def test_causes_and_stages_by_hand():
    """Hour 0: intact, 40 MW of import for 50. Hour 1: BC out, A's feeder half, 6 MW for 30."""
    found, names, solver = dispatch(
        chain_network(),
        lambda case: [
            [
                (1, {}, case.source_max_mw, 40.0),
                (1, {"BC": 0.0, "A/F0": 0.5}, 0.1 * case.source_max_mw, np.inf),
            ]
        ],
        np.ones((1, 2)),
    )
    np.testing.assert_allclose(found.supply_mw, [[10, 24]])
    np.testing.assert_allclose(found.delivery_mw, [[0, 5]])
    np.testing.assert_allclose(found.network_mw, [[0, 15]], atol=1e-9)
    # Hour 1 serves B's hospital (5 MW) and 1 of the 25 MW of households that are reached.
    by_class = dict(zip(names, found.class_mw[0].T, strict=True))
    np.testing.assert_allclose(by_class["hospital"], [0, 5])
    np.testing.assert_allclose(by_class["household"], [10, 39])
    # In hour 0 AB holds back what a share alike would send behind it, though not the total.
    assert solver.by_program == 1


def test_nothing_to_answer():
    network = chain_network()
    case = compile_case(network)
    share, _ = class_shares(network, case)
    stages = stages_of(case, [[(1, {}, case.source_max_mw, np.inf)]])
    none = np.zeros(0, dtype=np.int64)
    stages = type(stages)(
        row=none,
        first=none,
        end=none,
        parts=none,
        part_shares=stages.part_shares,
        source_mw=np.zeros((0, 1)),
        import_mw=np.zeros(0),
    )
    found = StageDispatch(case, share).shortage(stages, np.zeros((0, 5)))
    assert found.district_mw.shape == (0, 5, 1, 2)


@pytest.mark.parametrize("factor", [-0.1, 10.5, np.nan])
def test_factors_out_of_range(factor):
    network = chain_network()
    case = compile_case(network)
    share, _ = class_shares(network, case)
    stages = stages_of(case, [[(1, {}, case.source_max_mw, np.inf)]])
    with pytest.raises(ValueError, match="demand factors"):
        StageDispatch(case, share).shortage(stages, np.array([[factor]]))


@st.composite
def damaged_rows(draw):
    count = draw(st.integers(2, 6))
    names = [f"S{i}" for i in range(count)]
    demand = {s: (draw(st.integers(0, 40)), draw(st.integers(0, 20))) for s in names}
    pairs = [(a, b) for i, a in enumerate(names) for b in names[:i]]
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=8))
    limits = st.sampled_from([5, 12, 20, 33, 60, 200])
    lines = [(f"L{i}", a, b, draw(limits)) for i, (a, b) in enumerate(chosen)]
    sources = draw(st.lists(st.sampled_from(names), min_size=1, max_size=4))
    network = grid(
        stations=demand,
        lines=lines,
        infeeds=[(f"I{i}", s, 45) for i, s in enumerate(sources[:2])],
        units=[(f"G{i}", s, 20) for i, s in enumerate(sources[2:])],
    )
    case = compile_case(network)
    if draw(st.booleans()):
        shift = draw(st.lists(st.sampled_from([0.0, 0.05, -0.2]), min_size=8, max_size=8))
        case = replace(case, branch_shift_rad=np.array(shift[: len(lines)]))
    share, _ = class_shares(network, case)
    return case, share, draw(st.integers(0, 2**32 - 1))


@given(damaged_rows())
@settings(max_examples=25, deadline=None)
def test_random_meshes_equal_the_dispatcher(drawn):
    case, share, seed = drawn
    random = np.random.Generator(np.random.Philox(seed))
    levels = [0.0, 0.3, 0.5, 0.7, 0.9, 1.0, 1.3, 2.5, float(random.random())]
    stages, factor = random_stages(
        case, random, each=3, hours=5, parts=2, limits=[0.0, 20.0, 45.0, np.inf], levels=levels
    )
    found = StageDispatch(case, share).shortage(stages, factor)
    assert_stages_equal_the_dispatcher(case, stages, factor, share, found)


@pytest.mark.parametrize("name", ["rivercity", "toy3", "toy5"])
def test_networks_equal_the_dispatcher(name):
    """RTS-79 is compared with an independent LP in test_stage_reference: where several limits are
    met exactly at once there, the dispatcher may find a zone smaller than it is."""
    network = load_network(name)
    case = compile_case(network)
    share, _ = class_shares(network, case)
    random = np.random.Generator(np.random.Philox(5))
    total = case.source_max_mw.sum()
    stages, factor = random_stages(
        case,
        random,
        rows=4,
        each=6,
        parts=6,
        limits=[0.3 * total, 0.5 * total, np.inf],
        levels=[0.5, 0.7, 0.9, 1.0, 1.2, 2.0],
    )
    found = StageDispatch(case, share).shortage(stages, factor)
    assert_stages_equal_the_dispatcher(case, stages, factor, share, found)
    total = found.district_mw.sum(axis=(2, 3))
    causes = found.supply_mw + found.network_mw + found.delivery_mw
    np.testing.assert_allclose(found.class_mw.sum(axis=2), total, atol=1e-6)
    np.testing.assert_allclose(causes, total, atol=1e-6)


def test_half_year_of_the_city():
    """Long stages, whose hours are proven together: some hours of each against the dispatcher."""
    network = load_network("rivercity")
    case = compile_case(network)
    share, _ = class_shares(network, case)
    random = np.random.Generator(np.random.Philox(11))
    stages, factor = half_year(case, random, samples=3, damage=(3, 20))
    solver = StageDispatch(case, share)
    found = solver.shortage(stages, factor)
    assert_stages_equal_the_dispatcher(case, stages, factor, share, found, every=37)
    again = solver.shortage(stages, factor)
    np.testing.assert_allclose(again.district_mw, found.district_mw, atol=1e-8)


@pytest.mark.parametrize("name", ["compiled", "programs"])
def test_each_way_alone(monkeypatch, name):
    """Hours that the closed form answers have the same answer by compiled programs, and by LPs."""
    network = load_network("rivercity")
    case = compile_case(network)
    share, _ = class_shares(network, case)
    random = np.random.Generator(np.random.Philox(12))
    stages, factor = half_year(case, random, samples=1, damage=(8, 8))
    stages, factor = shorten(stages, factor, 2 if name == "programs" else 60)
    wanted = StageDispatch(case, share).shortage(stages, factor)

    def refuse(*_):
        return 0

    dispatch = stage_dispatch.dispatch_stages

    def leave_all(*arguments):
        dispatch(*arguments)
        for table in arguments[5][:2]:
            table[:] = 0.0
        arguments[5][-1][:] = True

    monkeypatch.setattr(stage_dispatch, "dispatch_stages", leave_all)
    if name == "programs":
        monkeypatch.setattr(stage_dispatch, "solve_left", refuse)
        monkeypatch.setattr(parametric, "_FIRST_CREDIT", 0)
    solver = StageDispatch(case, share)
    found = solver.shortage(stages, factor)
    assert solver.by_program == factor.size
    assert (solver.solved > 0) == (name == "programs")
    np.testing.assert_allclose(found.district_mw, wanted.district_mw, atol=1e-6)
    np.testing.assert_allclose(found.class_mw, wanted.class_mw, atol=1e-6)


def shorten(stages, factor, hours):
    """The first hours of each of the first stages, as a row of its own."""
    chosen = np.arange(min(24, len(stages.row)))
    picked = [stages.first[k] + np.arange(hours) % (stages.end - stages.first)[k] for k in chosen]
    rows = np.array([factor[stages.row[k], at] for k, at in zip(chosen, picked, strict=True)])
    return replace(
        stages,
        row=chosen,
        first=np.zeros(len(chosen), dtype=np.int64),
        end=np.full(len(chosen), hours),
        parts=stages.parts[chosen],
        source_mw=stages.source_mw[chosen],
        import_mw=stages.import_mw[chosen],
    ), rows


def test_without_compiled_kernels():
    """The kernels are plain Python too: NUMBA_DISABLE_JIT gives the same answers, slowly."""
    program = """
import numpy as np
from builders import grid
from stage_cases import stages_of
from gridtool.flow.class_shares import class_shares
from gridtool.flow.compile import compile_case
from gridtool.flow.stage_dispatch import StageDispatch
network = grid(
    stations={"A": (10, 0), "B": (20, 5), "C": (10, 5)},
    lines=[("AB", "A", "B", 30), ("BC", "B", "C", 9), ("CA", "C", "A", 9)],
    infeeds=[("I", "A", 60)],
)
case = compile_case(network)
rows = [[(3, {}, case.source_max_mw, 40.0), (2, {"BC": 0.0}, case.source_max_mw, np.inf)]]
factor = np.array([[0.5, 0.9, 1.0, 1.4, 0.8]])
found = StageDispatch(case, class_shares(network, case)[0]).shortage(stages_of(case, rows), factor)
for table in (found.district_mw, found.class_mw, found.supply_mw, found.delivery_mw):
    print(table.round(9).tolist())
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
