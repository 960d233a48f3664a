from __future__ import annotations

import highspy
import numpy as np
import pytest
from builders import grid
from restoration.cases import damaged, star

from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.flow.milp import quiet_highs
from gridtool.network.catalog import load_network
from gridtool.restoration.bound.network_program import make_network_program
from gridtool.restoration.value.effects import RepairEffects, make_effects
from gridtool.restoration.work.jobs import make_jobs


def most_served(program, mask, *, level=0):
    """Optimum of the program at one level with the binaries fixed to ``mask``."""
    highs = quiet_highs(presolve="off")
    weight = np.eye(len(program.served))[level]
    program.block.add_to(highs, price=program.price(weight))
    highs.changeObjectiveSense(highspy.ObjSense.kMaximize)
    fixed = np.array([float(mask >> i & 1) for i in range(program.bits)])
    highs.changeColsBounds(program.bits, np.arange(program.bits, dtype=np.int32), fixed, fixed)
    highs.run()
    assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return highs.getInfo().objective_function_value


def random_mesh(rng):
    """A meshed grid with tight lines, ordinary load only, and random damage."""
    count = int(rng.integers(4, 8))
    stations = {f"S{i}": (float(rng.integers(5, 60)), 0) for i in range(count)}
    pairs = [(int(rng.integers(0, i)), i) for i in range(1, count)]
    pairs += [tuple(sorted(rng.choice(count, 2, replace=False).tolist())) for _ in range(3)]
    lines = [
        (f"L{k}", f"S{a}", f"S{b}", float(rng.integers(15, 90))) for k, (a, b) in enumerate(pairs)
    ]
    network = grid(
        stations=stations,
        lines=lines,
        infeeds=[("IF", "S0", 400)],
        units=[("G1", f"S{count - 1}", 30)],
    )
    assets = [line[0] for line in lines] + ["IF", "S1/B", "S2", "S3/F0"]
    chosen = rng.choice(assets, size=5, replace=False).tolist()
    shares = {asset: float(rng.choice([0.0, 0.0, 0.4])) for asset in chosen}
    return network, damaged(network, shares)


@pytest.mark.parametrize("seed", range(12))
def test_every_state_of_a_mesh_serves_what_the_dispatch_serves(seed):
    network, state = random_mesh(np.random.default_rng(seed))
    case = compile_case(network)
    effects = make_effects(state, make_jobs(state))
    program = make_network_program(case, effects, levels=(1.0, 0.6))
    transport = make_network_program(case, effects, loops=False)
    dispatcher = Dispatcher(case)
    for mask in range(1 << effects.jobs):
        shares = effects.shares(mask)
        served = dispatcher.served_mw(shares)
        assert most_served(program, mask) == pytest.approx(served, abs=1e-5)
        assert most_served(transport, mask) >= served - 1e-5
    part = dispatcher.served_mw(shares, demand_factor=0.6)
    assert most_served(program, mask, level=1) == pytest.approx(part, abs=1e-5)


def test_the_best_finished_stage_counts_and_no_other():
    """Line at 0; temporary 40 %, permanent 100 % of its 100 MW; 70 MW wait behind it."""
    network = grid(
        stations={"S0": (0, 0), "S1": (70, 0)},
        lines=[("L1", "S0", "S1", 100)],
        infeeds=[("IF", "S0", 1000)],
    )
    stages = ((1, {}), (0, {"L1": 0.4}), (-1, {"L1": 0.0}))
    effects = RepairEffects(jobs=2, stages=(stages,))
    program = make_network_program(compile_case(network), effects)
    served = [most_served(program, mask) for mask in range(4)]
    assert served == pytest.approx([0, 40, 70, 70])


def test_a_candidate_gives_only_while_it_is_placed():
    network = grid(
        stations={"S0": (0, 0), "S1": (70, 0)},
        lines=[("L1", "S0", "S1", 100)],
        infeeds=[("IF", "S0", 1000)],
        units=[("G", "S1", 25)],
    )
    effects = RepairEffects(jobs=1, stages=(((0, {}), (-1, {"L1": 0.0})),), candidates=("G",))
    program = make_network_program(compile_case(network), effects)
    assert [most_served(program, mask) for mask in range(4)] == pytest.approx([0, 70, 25, 70])


def test_weights_and_import_limit_count():
    """30 ordinary and 10 protected MW, 20 MW of import: protected counts five times."""
    network = grid(stations={"S0": (30, 10)}, lines=[], infeeds=[("IF", "S0", 1000)])
    effects = RepairEffects(jobs=0, stages=())
    program = make_network_program(
        compile_case(network), effects, import_limit_mw=20.0, weights=np.array([[1.0, 5.0]])
    )
    assert most_served(program, 0) == pytest.approx(10 * 5 + 10)


def test_two_copies_in_one_model_do_not_touch_each_other():
    state = damaged(star(30, 20), {"L1": 0.0, "L2": 0.0})
    effects = make_effects(state, make_jobs(state))
    program = make_network_program(compile_case(state.network), effects)
    highs = quiet_highs(presolve="off")
    firsts = [program.block.add_to(highs, price=program.price(np.ones(1))) for _ in range(2)]
    for first in firsts:  # one repair in each copy
        columns = np.array([first, first + 1], dtype=np.int32)
        highs.addRow(-np.inf, 1.0, 2, columns, np.ones(2))
    highs.changeObjectiveSense(highspy.ObjSense.kMaximize)
    highs.run()
    assert highs.getInfo().objective_function_value == pytest.approx(60)


@pytest.mark.parametrize("seed", range(3))
def test_the_city_is_never_served_more_than_the_program_says(root, seed):
    rng = np.random.default_rng(seed)
    city = load_network(root / "networks" / "rivercity")
    case = compile_case(city)
    assets = [*city.substations.index, *city.transformers.index, *city.lines.index]
    assets += [*city.couplers.index, *city.busbars.index, *city.feeders.index]
    chosen = rng.choice(assets, size=40, replace=False).tolist()
    state = damaged(city, {asset: float(rng.choice([0.0, 0.5])) for asset in chosen})
    effects = make_effects(state, make_jobs(state))
    program = make_network_program(case, effects)
    transport = make_network_program(case, effects, loops=False)
    dispatcher = Dispatcher(case)
    for share in (0.0, 0.3, 0.6, 1.0):
        mask = sum(1 << i for i in range(effects.jobs) if rng.random() < share)
        served = dispatcher.served_mw(effects.shares(mask))
        with_loops = most_served(program, mask)
        assert with_loops >= served - 1e-4
        assert most_served(transport, mask) >= with_loops - 1e-4
