"""Stages of simulated winters: hours a second and core, against a warm LP an hour."""

from __future__ import annotations

import time

import numpy as np
import pytest
from stage_cases import half_year

from gridtool.flow.class_shares import class_shares
from gridtool.flow.compile import compile_case
from gridtool.flow.lp import LpSolver
from gridtool.flow.program import ShedProgram
from gridtool.flow.reduction import reduce_topology, sum_by_terminal
from gridtool.flow.stage_dispatch import StageDispatch
from gridtool.flow.topology import topology_of
from gridtool.network.catalog import load_network

SAMPLES, LP_STAGES, LP_HOURS = 40, 40, 25
TARGET_CPU_S = 40.0


def prepare():
    network = load_network("rivercity")
    case = compile_case(network)
    solver = StageDispatch(case, class_shares(network, case)[0])
    random = np.random.Generator(np.random.Philox(17))
    solver.shortage(*half_year(case, random, samples=1, damage=(20, 20)))  # compiles the kernels
    return case, solver, random


def solve_warm(case, stages, factor, k):
    """CPU time of one LP an hour on stage ``k``, the first one not counted, and total shed."""
    topology = topology_of(case, stages.part_shares[stages.parts[k]])
    reduced = reduce_topology(case, topology)
    wanted = sum_by_terminal(reduced, topology.connectable_mw)
    program = ShedProgram(reduced, wanted, busbars=len(case.busbar_ids), shared_import=True)
    rating = np.minimum(topology.source_max_mw, stages.source_mw[k])[reduced.source]
    end = min(stages.end[k], stages.first[k] + 1 + LP_HOURS)
    lit = wanted.sum()
    lp, shed, spent = LpSolver(), [], 0.0
    for hour in range(stages.first[k], end):
        begin = time.process_time()
        result = lp.solve(
            program,
            rating,
            factor=float(factor[stages.row[k], hour]),
            import_limit_mw=float(stages.import_mw[k]),
        )
        spent += time.process_time() - begin if shed else 0.0
        dead = (case.demand_mw.sum() - lit) * factor[stages.row[k], hour]
        shed.append(program.shed_by_cell(result.columns).sum() + dead)
    return spent, np.array(shed)


@pytest.mark.benchmark
def test_winters_against_a_warm_lp_an_hour():
    case, solver, random = prepare()
    stages, factor = half_year(case, random, samples=SAMPLES)
    begin = time.process_time()
    found = solver.shortage(stages, factor)
    spent = time.process_time() - begin
    total = found.district_mw.sum(axis=(2, 3))
    lp_spent, lp_hours, worst = 0.0, 0, 0.0
    for k in random.choice(len(stages.row), LP_STAGES, replace=False):
        seconds, shed = solve_warm(case, stages, factor, k)
        lp_spent += seconds
        lp_hours += len(shed) - 1
        hours = slice(stages.first[k], stages.first[k] + len(shed))
        worst = max(worst, float(np.abs(total[stages.row[k], hours] - shed).max()))
    rate, lp_rate = factor.size / spent, lp_hours / lp_spent
    print(
        f"\n{SAMPLES} winters of rivercity, {factor.size} hours, {len(stages.row)} stages, "
        f"{len(stages.part_shares)} states of the parts; CPU time of one core:"
        f"\n  {spent:.2f} s, {rate:,.0f} hours/s, by program {solver.by_program} hours"
        f"\n  warm HiGHS, one LP an hour: {lp_rate:,.0f} hours/s; ratio {rate / lp_rate:.0f}"
        f"\n  largest difference of the total: {worst:.1e} MW"
    )
    assert worst < 1e-6
    assert rate / lp_rate >= 300


@pytest.mark.benchmark
@pytest.mark.parametrize("damage", [(1, 5), (10, 25)])
def test_ten_thousand_winters(damage):
    case, solver, random = prepare()
    before, spent, listed, states = solver.compiled, 0.0, 0, 0
    samples = 0
    for _ in range(4):
        stages, factor = half_year(case, random, samples=50, damage=damage)
        begin = time.process_time()
        solver.shortage(stages, factor)
        spent += time.process_time() - begin
        samples += len(factor)
        listed += len(stages.row)
        states += len(stages.part_shares)
    whole = spent / samples * 10_000
    print(
        f"\nwinters of rivercity with {damage[0]} to {damage[1]} parts damaged, {samples} samples, "
        f"{listed / samples:.0f} stages and {states / samples:.0f} states of the parts each:"
        f"\n  {spent / samples / factor.shape[1] * 1e6:.2f} us an hour, "
        f"{spent / listed * 1e6:.1f} us a stage, compiled programs in "
        f"{(solver.compiled - before) / listed:.2%} of stages, LPs {solver.solved}"
        f"\n  10,000 samples: {whole:.0f} CPU-s"
    )
    assert whole <= TARGET_CPU_S
