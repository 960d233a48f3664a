"""Small MATPOWER cases for the AC load delivery, as text, and read back."""

from __future__ import annotations

from gridtool.flow.mld_ac_case import ac_case_of_matpower
from gridtool.flow.mld_case import read_matpower_file

__all__ = ["ac_case", "ac_text"]


def ac_text(*, buses, gens, branches, more=""):
    """``buses`` (number, type, Pd, Qd, Gs, Bs), within 0.9 and 1.1 p.u. unless Vmax and Vmin
    follow; ``gens`` (bus, Pmin, Pmax, Qmin, Qmax); ``branches`` (from, to, r, x, b, rate, ratio,
    angle, least and largest angle difference)."""
    lines = ["function mpc = made", "mpc.version = '2';", "mpc.baseMVA = 100.0;", "mpc.bus = ["]
    for number, kind, pd, qd, gs, bs, *limits in buses:
        high, low = limits or (1.1, 0.9)
        lines.append(f"{number} {kind} {pd} {qd} {gs} {bs} 1 1 0 110 1 {high} {low};")
    lines += ["];", "mpc.gen = ["]
    for bus, low, high, q_low, q_high in gens:
        lines.append(f"{bus} 0 0 {q_high} {q_low} 1 100 1 {high} {low};")
    lines += ["];", "mpc.branch = ["]
    for start, end, r, x, b, rate, ratio, angle, least, most in branches:
        lines.append(f"{start} {end} {r} {x} {b} {rate} 0 0 {ratio} {angle} 1 {least} {most};")
    return "\n".join([*lines, "];", more]) + "\n"


def ac_case(folder, **parts):
    """The AC case of :func:`ac_text`."""
    path = folder / "made.m"
    path.write_text(ac_text(**parts))
    return ac_case_of_matpower(read_matpower_file(path))
