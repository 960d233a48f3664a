"""A power flow of our own, and MATPOWER files written from arrays."""

import numpy as np

from gridtool.network.pandapower_net import build_net, quiet_pandapower

PQ, PV, REF = 1, 2, 3


def newton(base_mva, bus, gen, branch, *, start=None):
    """Complex bus voltages of a MATPOWER case by Newton's method, from a flat start.

    Written from the equations of MATPOWER User's Manual, sections 3.2 to 4.1; uses nothing of
    pandapower. Bus numbers may be any; one reference bus. With ``start`` (complex voltages by
    bus) the method starts there: equations can have several solutions, and this tells whether
    ``start`` is one. None if it does not converge.
    """
    order = {int(number): i for i, number in enumerate(bus[:, 0])}
    n = len(bus)
    admittance = np.zeros((n, n), dtype=complex)
    admittance[np.diag_indices(n)] = (bus[:, 4] + 1j * bus[:, 5]) / base_mva
    for row in branch[branch[:, 10] > 0]:
        f, t = order[int(row[0])], order[int(row[1])]
        series, half = 1 / (row[2] + 1j * row[3]), 0.5j * row[4]
        tap = (row[8] or 1.0) * np.exp(1j * np.radians(row[9]))
        admittance[f, f] += (series + half) / abs(tap) ** 2
        admittance[t, t] += series + half
        admittance[f, t] -= series / np.conj(tap)
        admittance[t, f] -= series / tap
    injected = -(bus[:, 2] + 1j * bus[:, 3]) / base_mva
    magnitude, angle = np.ones(n), np.radians(bus[:, 8]) * 0
    for row in gen[gen[:, 7] > 0]:
        injected[order[int(row[0])]] += (row[1] + 1j * row[2]) / base_mva
        if bus[order[int(row[0])], 1] > 1:
            magnitude[order[int(row[0])]] = row[5]
    reference = bus[:, 1] == REF
    angle[:] = np.radians(bus[reference, 8][0])
    if start is not None:
        free = bus[:, 1] == PQ
        magnitude[free] = np.abs(start)[free]
        angle[~reference] = np.angle(start)[~reference]
    unknown_angle, unknown_magnitude = np.flatnonzero(~reference), np.flatnonzero(bus[:, 1] == PQ)
    for _ in range(40):
        voltage = magnitude * np.exp(1j * angle)
        current = admittance @ voltage
        mismatch = voltage * current.conj() - injected
        wrong = np.r_[mismatch[unknown_angle].real, mismatch[unknown_magnitude].imag]
        if np.abs(wrong).max() < 1e-10:
            return voltage
        by_angle = 1j * voltage[:, None] * (np.diag(current) - admittance * voltage).conj()
        unit = voltage / magnitude
        by_magnitude = voltage[:, None] * (admittance * unit).conj() + np.diag(
            current.conj() * unit
        )
        jacobian = np.block(
            [
                [
                    by_angle[np.ix_(unknown_angle, unknown_angle)].real,
                    by_magnitude[np.ix_(unknown_angle, unknown_magnitude)].real,
                ],
                [
                    by_angle[np.ix_(unknown_magnitude, unknown_angle)].imag,
                    by_magnitude[np.ix_(unknown_magnitude, unknown_magnitude)].imag,
                ],
            ]
        )
        step = np.linalg.solve(jacobian, wrong)
        step *= min(1.0, 0.3 / np.abs(step).max())  # large steps from a flat start diverge
        angle[unknown_angle] -= step[: len(unknown_angle)]
        magnitude[unknown_magnitude] -= step[len(unknown_angle) :]
    return None


def case_text(base_mva, extra="", **tables):
    lines = ["function mpc = written", "mpc.version = '2';", f"mpc.baseMVA = {base_mva!r};"]
    for name, table in tables.items():
        lines.append(f"mpc.{name} = [")
        lines += ["\t" + "\t".join(repr(float(value)) for value in row) + ";" for row in table]
        lines.append("];")
    return "\n".join([*lines, extra])


def solve(city, **options):
    """Complex voltage in p.u. of every busbar of ``city``, in table order, by pandapower."""
    import pandapower as pp

    built = build_net(city)
    with quiet_pandapower():
        pp.runpp(
            built.net,
            numba=False,
            calculate_voltage_angles=True,
            init=options.pop("init", "dc"),
            tolerance_mva=1e-9,
            max_iteration=50,
            **options,
        )
    result = built.net.res_bus.loc[[built.busbars[busbar] for busbar in city.busbars.index]]
    return polar(result)


def polar(result):
    return (result.vm_pu * np.exp(1j * np.radians(result.va_degree))).to_numpy()
