"""Generating systems of the tests: RTS-79, RBTS and the systems of PRAS."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from gridtool.forecast.adequacy.model import GeneratingSystem, Interface, LoadSeries, UnitGroup
from gridtool.forecast.adequacy.read_load import plain_calendar
from gridtool.forecast.adequacy.read_system import SystemFiles, read_system
from gridtool.forecast.adequacy.returns import (
    return_between_days,
    return_lognormal_days,
    return_on_day,
)

FOLDER = Path(__file__).parents[3] / "forecasts" / "adequacy"


def shipped(name):
    """A shipped system and its load."""
    files = SystemFiles(units=FOLDER / f"{name}_units.csv", load=FOLDER / f"{name}_load.csv.gz")
    found = read_system(files, zone=ZoneInfo("UTC"))
    return found.system, found.load


def constant(load_mw):
    """One hour of load."""
    return LoadSeries(load_mw=np.array([[load_mw]]), calendar=plain_calendar(1))


def rts79_damaged():
    """RTS-79 with both 400 MW units and the 350 MW unit out, as in oracle_repair.json."""
    system, load = shipped("rts79")
    by_id = {group.id: group for group in system.groups}
    sound = [group for group in system.groups if group.id not in {"U350", "U400"}]
    damaged = [
        replace(by_id["U400"], id="400a", count=1, returns=return_on_day(60)),
        replace(by_id["U400"], id="400b", count=1, returns=return_between_days(90, 150)),
        replace(by_id["U350"], returns=return_lognormal_days(120, 0.5)),
    ]
    return replace(system, groups=(*sound, *damaged)), load


def pras(reference, name):
    """A system of the PRAS project, its load, and what is expected."""
    case = json.loads((reference / "pras" / "cases.json").read_text())[name]
    groups = tuple(
        UnitGroup(
            id=unit,
            area=area,
            capacity_mw=np.array(capacity, dtype=float),
            outage_rate=fail / (fail + repair),
            p_fail=fail,
            p_repair=repair,
        )
        for unit, area, capacity, fail, repair in case["gens"]
    )
    links = tuple(
        Interface(
            id=link,
            from_area=a,
            to_area=b,
            forward_mw=np.array([float(forward)]),
            backward_mw=np.array([float(backward)]),
            outage_rate=fail / (fail + repair),
            p_fail=fail,
            p_repair=repair,
        )
        for link, a, b, forward, backward, fail, repair in case["lines"]
    )
    load = np.array(case["load"], dtype=float)
    areas = tuple(case["regions"])
    system = GeneratingSystem(groups=groups, areas=areas, interfaces=links)
    series = LoadSeries(load_mw=load, calendar=plain_calendar(load.shape[1]), areas=areas)
    return system, series, case
