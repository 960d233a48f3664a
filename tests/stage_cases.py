"""Random stages of a case, and the answer an hour of them must have."""

from __future__ import annotations

import numpy as np

from gridtool.flow.dispatch import Dispatcher
from gridtool.flow.model import Stages
from gridtool.flow.topology import share_vector, topology_of


def stages_of(case, rows):
    """Stages from rows of ``(hours, shares, source_mw, import_mw)``, one list by row."""
    vectors, found = [], {}
    listed = {name: [] for name in ("row", "first", "end", "parts", "source_mw", "import_mw")}
    for row, stretches in enumerate(rows):
        first = 0
        for hours, shares, source, limit in stretches:
            key = tuple(sorted(shares.items()))
            if key not in found:
                found[key] = len(vectors)
                vectors.append(share_vector(case, shares))
            for name, value in zip(
                listed, (row, first, first + hours, found[key], source, limit), strict=True
            ):
                listed[name].append(value)
            first += hours
    arrays = {name: np.array(values) for name, values in listed.items()}
    return Stages(**arrays, part_shares=np.array(vectors))


def random_stages(case, random, *, rows=2, each=4, hours=3, parts=4, limits, levels):
    """A few damaged states that come back in several rows, with sources that fail."""
    names = [*case.busbar_ids, *case.branch_ids, *case.coupler_ids, *case.feeder_ids]
    states = [{}]
    for _ in range(3):
        hit = random.choice(names, min(parts, len(names)), replace=False)
        states.append({str(part): float(random.choice([0.0, 0.0, 0.3, 0.7])) for part in hit})
    stretches = [
        [
            (
                hours,
                states[random.integers(len(states))],
                case.source_max_mw * random.choice([0.0, 0.5, 1.0, 1.0], len(case.source_ids)),
                float(random.choice(limits)),
            )
            for _ in range(each)
        ]
        for _ in range(rows)
    ]
    return stages_of(case, stretches), random.choice(levels, (rows, each * hours))


def hour_of(case, stages, k, factor, class_share, *, dispatcher=None):
    """Unserved load by district and tier, and by class, of stage ``k`` at a demand factor."""
    dispatch = (dispatcher or Dispatcher(case)).solve(
        {},
        topology=topology_of(case, stages.part_shares[stages.parts[k]]),
        demand_mw=case.demand_mw * factor,
        source_max_mw=stages.source_mw[k],
        import_limit_mw=stages.import_mw[k],
    )
    district = np.zeros((len(case.district_ids), 2))
    np.add.at(district, case.busbar_district, dispatch.unserved_mw)
    return district, np.einsum("bt,btc->c", dispatch.unserved_mw, class_share)


def assert_stages_equal_the_dispatcher(case, stages, factor, class_share, found, *, every=1):
    """Each hour (or each ``every``-th) of ``found`` is the dispatcher's."""
    dispatcher = Dispatcher(case)
    at = 0
    for k in range(len(stages.row)):
        for hour in range(stages.first[k], stages.end[k]):
            at += 1
            if at % every:
                continue
            row = stages.row[k]
            district, by_class = hour_of(
                case, stages, k, factor[row, hour], class_share, dispatcher=dispatcher
            )
            np.testing.assert_allclose(found.district_mw[row, hour], district, atol=1e-6)
            np.testing.assert_allclose(found.class_mw[row, hour], by_class, atol=1e-6)
