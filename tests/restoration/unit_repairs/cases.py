"""Small MATPOWER cases made at random, as text, and read back."""

from __future__ import annotations

import numpy as np

from gridtool.flow.mld_case import read_matpower_file
from gridtool.restoration.unit_repairs.damage import case_of_file

__all__ = ["matpower_text", "random_text", "read_text"]


def matpower_text(*, buses, gens, branches, damage=None, storage=(), more=""):
    """A case: ``buses`` (number, type, Pd, Gs), ``gens`` (bus, Pmin, Pmax, status), ``branches``
    (from, to, r, x, rate, status); ``damage`` holds lists of 0 and 1 by table."""
    lines = ["function mpc = made", "mpc.version = '2';", "mpc.baseMVA = 100.0;", "mpc.bus = ["]
    lines += [f"{n} {kind} {pd} 0 {gs} 0 1 1 0 110 1 1.1 0.9;" for n, kind, pd, gs in buses]
    lines += ["];", "mpc.gen = ["]
    lines += [f"{bus} 0 0 0 0 1 100 {on} {high} {low};" for bus, low, high, on in gens]
    lines += ["];", "mpc.branch = ["]
    lines += [f"{f} {t} {r} {x} 0 {rate} 0 0 0 0 {on};" for f, t, r, x, rate, on in branches]
    lines += ["];"]
    if storage:
        lines += ["mpc.storage = [", *storage, "];"]
    for name, marks in (damage or {}).items():
        lines += ["%column_names% damaged", f"mpc.{name}_damage = [", *(f"{m};" for m in marks)]
        lines += ["];"]
    return "\n".join([*lines, more]) + "\n"


def random_text(seed, *, buses=6, extra=3, share=0.6):
    """A connected case with tight ratings and random damage, everything repairable."""
    rng = np.random.default_rng(seed)
    ends = [(int(rng.integers(k)) + 1, k + 1) for k in range(1, buses)]
    while len(ends) < buses - 1 + extra:
        start, end = sorted(int(bus) + 1 for bus in rng.choice(buses, 2, replace=False))
        ends.append((start, end))
    loads = rng.integers(0, 9, buses) * 10
    gens = [(int(rng.integers(buses)) + 1, 0, int(rng.integers(3, 15)) * 10, 1) for _ in range(3)]
    branches = [
        (f, t, 0.01, round(float(rng.uniform(0.02, 0.3)), 3), int(rng.integers(1, 9)) * 10, 1)
        for f, t in ends
    ]
    damage = {
        "bus": (rng.random(buses) < share / 4).astype(int),
        "gen": (rng.random(len(gens)) < share).astype(int),
        "branch": (rng.random(len(branches)) < share).astype(int),
    }
    rows = [(k + 1, 3 if k == 0 else 1, int(load), 0) for k, load in enumerate(loads)]
    return matpower_text(buses=rows, gens=gens, branches=branches, damage=damage)


def read_text(folder, text, *, name="made.m"):
    """The repairable components of a case given as text."""
    path = folder / name
    path.write_text(text)
    return case_of_file(read_matpower_file(path))
