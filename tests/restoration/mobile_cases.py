"""Networks with transformers, and mobile units, for the tests of mobile units."""

from __future__ import annotations

import numpy as np
from builders import build_network
from restoration.cases import crew, damaged

from gridtool.flow.compile import compile_case
from gridtool.flow.dispatch import Dispatcher
from gridtool.restoration.mobile.shortage import find_shortage
from gridtool.restoration.mobile.units import with_mobile_units
from gridtool.restoration.model import MobileUnit, Resources
from gridtool.restoration.schedule.problem import make_problem
from gridtool.restoration.value.blocks import constant_blocks
from gridtool.restoration.value.effects import make_effects
from gridtool.restoration.value.states import StateValues, timeline
from gridtool.restoration.work.jobs import make_jobs

LINE = {"length_km": 10, "r_ohm_per_km": 0.0, "x_ohm_per_km": 0.4, "c_nf_per_km": 0.0}


def city(loads, *, transformer_mva=25.0, infeed_mw=1000.0, pf_margin=0.9, spacing_km=20.0):
    """A supply point and substations of two sections, two transformers and a transfer coupler.

    ``loads`` are ``(section 1 MW, section 2 MW)`` by substation ``S1``, ``S2``, ...; a substation
    with None as second load has one section. Substation k stands ``k * spacing_km`` east of the
    supply point and has a line of its own.
    """
    tables = {
        "districts": [{"id": "D1", "name": "One"}],
        "substations": [_station("S0", 0.0)],
        "busbars": [{"id": "S0/110", "substation": "S0", "vn_kv": 110.0}],
        "infeeds": [{"id": "IF", "busbar": "S0/110", "max_mw": infeed_mw}],
        "couplers": [],
        "lines": [],
        "transformers": [],
        "feeders": [],
        "customers": [],
    }
    for k, (first, second) in enumerate(loads, start=1):
        name = f"S{k}"
        tables["substations"].append(_station(name, k * spacing_km))
        sections = [1] if second is None else [1, 2]
        tables["busbars"].append({"id": f"{name}/110", "substation": name, "vn_kv": 110.0})
        tables["lines"].append(
            {"id": f"L{k}", "from_busbar": "S0/110", "to_busbar": f"{name}/110", "max_i_ka": 1.0}
            | LINE
        )
        for section, load in zip(sections, (first, second), strict=False):
            busbar = f"{name}/10-{section}"
            tables["busbars"].append({"id": busbar, "substation": name, "vn_kv": 10.0})
            tables["transformers"].append(
                {
                    "id": f"{name}/T{section}",
                    "hv_busbar": f"{name}/110",
                    "lv_busbar": busbar,
                    "sn_mva": transformer_mva,
                    "vn_hv_kv": 115.0,
                    "vn_lv_kv": 10.5,
                    "vk_pct": 10.5,
                    "vkr_pct": 0.4,
                    "pfe_kw": 25.0,
                }
            )
            if load:
                tables["feeders"].append(
                    {"id": f"{name}/F{section}", "busbar": busbar, "peak_mw": load}
                )
        if second is not None:
            tables["couplers"].append(
                {
                    "id": f"{name}/C",
                    "busbar_a": f"{name}/10-1",
                    "busbar_b": f"{name}/10-2",
                    "closed": False,
                    "automatic_transfer": True,
                }
            )
    return build_network(tables, pf_margin=pf_margin)


def _station(name, x_km):
    return {
        "id": name,
        "name": name,
        "district": "D1",
        "kind": "distribution",
        "x_km": x_km,
        "y_km": 0.0,
    }


def mobile_substation(unit_id="MS-1", **changes):
    """10 MVA, 110/10 kV, 13 km/h: 2 hours for 20 km with the detour of 1.3; 4 h to set up."""
    settings = {
        "kind": "substation",
        "capacity_mva": 10.0,
        "kv": 10.0,
        "hv_kv": 110.0,
        "x_km": 0.0,
        "y_km": 0.0,
        "setup_h": 4.0,
        "teardown_h": 2.0,
        "speed_kmh": 13.0,
    }
    return MobileUnit(id=unit_id, **(settings | changes))


def mobile_generator(unit_id="MG-1", **changes):
    """5 MW at 10 kV, otherwise as the mobile substation."""
    settings = {"kind": "generator", "capacity_mva": 5.0, "hv_kv": None}
    return mobile_substation(unit_id, **(settings | changes))


def with_units(crews, *units):
    return Resources(crews=tuple(crews), stock={}, mobile_units=units)


class Scene:
    """A state, its repairs in a given order, and the network with the units of ``resources``.

    ``screen`` says whether units are tried only where the plan without them leaves load unserved.
    """

    def __init__(self, state, resources, *, order=None, blocks=None, screen=True):
        jobs = make_jobs(state, resources)
        self.state = state
        self.units = resources.mobile_units
        self.problem = make_problem(
            jobs, resources, as_of=state.as_of, zone=state.network.manifest.zone
        )
        self.order = np.array(
            range(len(jobs)) if order is None else [[j.id for j in jobs].index(o) for o in order],
            dtype=np.int64,
        )
        self.timetable = self.problem.schedule(self.order)
        self.dispatcher = Dispatcher(compile_case(state.network))
        self.effects = make_effects(state, jobs)
        self.blocks = blocks or constant_blocks(1.0)
        states = timeline(self.timetable.finish_h)
        self.shortage = find_shortage(
            self.dispatcher,
            [(hour, self.effects.shares(mask)) for hour, mask in states],
            end_h=states[-1][0],
            demand_factor=float(self.blocks.level[-1]),
        )
        self.extended, self.candidates = with_mobile_units(
            state, self.units, shortage=self.shortage
        )
        _, self.values = make_values(self.blocks)(
            Dispatcher(compile_case(self.extended.network)),
            make_effects(state, jobs, candidates=[c.part for c in self.candidates]),
        )
        self.screen = screen

    @property
    def placing(self):
        """Keyword arguments of ``place_units``."""
        return {
            "network": self.state.network,
            "candidates": self.candidates,
            "units": self.units,
            "shortage": self.shortage if self.screen else None,
        }

    def energy(self, switchings=()):
        return self.values.energy_not_served(self.timetable, switchings=switchings)


def make_values(blocks):
    """What ``improve_with_units`` wants: plain and weighted values, here the same."""

    def make(dispatcher, effects):
        def served(shares, /):
            return np.array(
                [dispatcher.served_mw(shares, demand_factor=f) for f in blocks.level.tolist()]
            )

        values = StateValues(effects, served=served, blocks=blocks)
        return values, values

    return make


def random_scene(seed, *, units=2, screen=True):
    """Two or three substations with damaged transformers, lines and sections; some crews."""
    rng = np.random.Generator(np.random.Philox(seed))
    sites = int(rng.integers(2, 4))
    loads = [
        (float(rng.integers(4, 30)), float(rng.integers(4, 30)) if rng.random() < 0.4 else None)
        for _ in range(sites)
    ]
    network = city(loads, spacing_km=5.0, infeed_mw=float(rng.choice([60.0, 1000.0])))
    parts = [*network.transformers.index, *network.lines.index, *network.busbars.index[1:]]
    hurt = {f"S{k}/T1": 0.0 for k in range(1, sites + 1)}
    hurt |= dict.fromkeys(rng.choice(parts, size=2).tolist(), 0.0)
    hours = {asset: float(rng.integers(10, 80)) for asset in hurt}
    state = damaged(network, hurt, hours=hours)
    team = [crew(f"C{k}", x_km=float(rng.integers(0, 20))) for k in range(1, 4)]
    fleet = []
    for k in range(units):
        make = mobile_substation if rng.random() < 0.7 else mobile_generator
        fleet.append(
            make(
                f"M{k}",
                capacity_mva=float(rng.integers(3, 25)),
                setup_h=float(rng.integers(1, 6)),
                x_km=float(rng.integers(0, 15)),
            )
        )
    return Scene(state, with_units(team, *fleet), screen=screen)
