"""All 72,576 states of the RBTS by one angle LP each, built from the published tables alone."""

from __future__ import annotations

import csv
from itertools import product
from math import comb
from types import SimpleNamespace

import highspy
import numpy as np
import pytest

from gridtool.forecast.adequacy.composite_enumerate import enumerate_states
from gridtool.forecast.adequacy.composite_system import prepare_composite
from gridtool.forecast.adequacy.model import LoadSeries
from gridtool.forecast.adequacy.read_load import plain_calendar
from gridtool.network.catalog import load_network

LIKE = ((0, 5), (1, 6), (2,), (3,), (4,), (7,), (8,))  # lines 1 and 6, 2 and 7 are parallel
LOLP_EDNS = {1.0: (0.00976130583954, 0.12000834612313), 0.7: (0.00116563489603, 0.01627176068599)}
"""By demand factor, as this file's enumeration gives them."""


@pytest.fixture
def tables(reference):
    def rows(name):
        with (reference / "rbts" / name).open() as stream:
            return list(csv.DictReader(stream))

    return SimpleNamespace(
        load={int(row["bus"]): float(row["peak_mw"]) for row in rows("bus_load.csv")},
        lines=rows("branches.csv"),
        units=rows("units.csv"),
    )


def capacities(tables, bus):
    """Chance of each capacity up at a bus."""
    chances = {0.0: 1.0}
    for row in tables.units:
        if int(row["bus"]) != bus:
            continue
        rate = float(row["FOR"])
        for _ in range(int(row["count"])):
            more = {}
            for up, chance in chances.items():
                for added, share in ((0.0, rate), (float(row["size_mw"]), 1 - rate)):
                    more[up + added] = more.get(up + added, 0.0) + chance * share
            chances = more
    return chances


class AngleProgram:
    """Columns: output at buses 1 and 2, shed at buses 2 to 6, angles of buses 1 to 6."""

    def __init__(self, tables, out, factor):
        self.highs = highspy.Highs()
        self.highs.setOptionValue("output_flag", "off")
        for upper in (0.0, 0.0, *(factor * tables.load[bus] for bus in range(2, 7))):
            self.highs.addVar(0.0, upper)
        for shed in range(2, 7):
            self.highs.changeColCost(shed, 1.0)
        for _ in range(6):
            self.highs.addVar(-highspy.kHighsInf, highspy.kHighsInf)
        balance = np.zeros((6, 13))
        balance[0, 0] = balance[1, 1] = 1.0
        balance[np.arange(1, 6), np.arange(2, 7)] = 1.0
        for k, row in enumerate(tables.lines):
            if k in out:
                continue
            ends = np.array([int(row["from"]) - 1, int(row["to"]) - 1])
            flow = np.zeros(13)
            flow[7 + ends] = np.array([1.0, -1.0]) * 100.0 / float(row["x_pu"])
            balance[ends] += np.outer([-1.0, 1.0], flow)
            limit = 100.0 * float(row["rating_pu_100mva"])
            self.add_row(flow, -limit, limit)
        for bus in range(1, 7):
            demand = factor * tables.load.get(bus, 0.0)
            self.add_row(balance[bus - 1], demand, demand)

    def add_row(self, row, lower, upper):
        at = np.flatnonzero(row).astype(np.int32)
        self.highs.addRow(lower, upper, len(at), at, row[at])

    def unserved(self, first, second):
        self.highs.changeColBounds(0, 0.0, first)
        self.highs.changeColBounds(1, 0.0, second)
        self.highs.run()
        assert self.highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
        return self.highs.getInfo().objective_function_value


def enumerate_alone(tables, factor):
    ratings = list(product(capacities(tables, 1).items(), capacities(tables, 2).items()))
    lolp = edns = states = 0.0
    for counts in product(*(range(len(members) + 1) for members in LIKE)):
        chance, out = 1.0, set()
        for members, count in zip(LIKE, counts, strict=True):
            row = tables.lines[members[0]]
            repair = float(row["perm_duration_h"])
            rate = repair / (8760.0 / float(row["perm_outage_per_year"]) + repair)
            n = len(members)
            chance *= comb(n, count) * rate**count * (1 - rate) ** (n - count)
            out |= set(members[:count])
        program = AngleProgram(tables, out, factor)
        for (first, one), (second, other) in ratings:
            lacking = program.unserved(first, second)
            lolp += chance * one * other * (lacking > 1e-6)
            edns += chance * one * other * lacking
            states += 1
    assert states == 72_576
    return lolp, edns


@pytest.mark.slow
@pytest.mark.reference
@pytest.mark.parametrize("factor", list(LOLP_EDNS))
def test_the_values_are_those_of_an_lp_a_state(tables, factor):
    assert enumerate_alone(tables, factor) == pytest.approx(LOLP_EDNS[factor], rel=1e-10)


@pytest.mark.parametrize("factor", list(LOLP_EDNS))
@pytest.mark.parametrize("shedding", ["total", "proportional"])
def test_enumeration_gives_the_same(factor, shedding):
    load = LoadSeries(load_mw=np.full((1, 24), 185.0 * factor), calendar=plain_calendar(24))
    found = enumerate_states(prepare_composite(load_network("rbts"), load, shedding=shedding))
    values = (found.lolp.value, found.edns_mw.value)
    assert values == pytest.approx(LOLP_EDNS[factor], rel=1e-10)
