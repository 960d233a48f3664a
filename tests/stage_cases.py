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


HALF_YEAR_H, MONTH_H = 4344, 724


def half_year(case, random, *, samples, damage=(1, 5)):
    """Stages and demand of a winter half-year like the coupled forecast's.

    Units fail every 1,200 h for 50 h, lines every 30,000 h for 20 h, transformers every 150,000 h
    for 150 h; one to five branches or sections are damaged and repaired after some days; imports
    are limited to 702-936 MW, anew each month.
    """
    made = _HalfYears(case)
    for row in range(samples):
        made.add(row, random, damage)
    hour = np.arange(HALF_YEAR_H)
    season = 0.72 + 0.1 * np.sin(hour / HALF_YEAR_H * np.pi)
    wave = 0.1 * np.sin((hour % 24 - 9) / 24 * 2 * np.pi)
    cold = np.repeat(0.05 * random.standard_normal((samples, HALF_YEAR_H // 24)), 24, axis=1)
    factor = np.clip(season + wave + cold, 0.3, 1.1)
    stages = {name: np.array(values) for name, values in made.columns.items()}
    return Stages(**stages, part_shares=np.array(made.vectors)), factor


class _HalfYears:
    def __init__(self, case):
        self.case = case
        self.sources = len(case.source_ids)
        line = np.array(case.branch_kinds) == "line"
        units = np.where(case.source_infeed, np.inf, 1200.0)
        self.mttf = np.concatenate([units, np.where(line, 3e4, 1.5e5)])
        self.mttr = np.concatenate([np.full(self.sources, 50.0), np.where(line, 20.0, 150.0)])
        position = case.part_position
        self.branch_at = np.array([position[branch] for branch in case.branch_ids])
        busbar_at = [position[busbar] for busbar in case.busbar_ids]
        self.damageable = np.concatenate([self.branch_at, busbar_at])
        names = ("row", "first", "end", "parts", "source_mw", "import_mw")
        self.columns = {name: [] for name in names}
        self.vectors, self.known = [], {}

    def add(self, row, random, damage):
        hit = random.choice(
            self.damageable, random.integers(damage[0], damage[1] + 1), replace=False
        )
        down = {int(part): float(random.choice([0.0, 0.0, 0.0, 0.5])) for part in hit}
        events = self.failures(random)
        events += [(float(hour), "month", 0) for hour in range(MONTH_H, HALF_YEAR_H, MONTH_H)]
        events += [(random.gamma(2.0, 200.0), "repair", part) for part in down]
        up, limits, first = np.ones(len(self.mttf)), random.triangular(702, 819, 936, 6), 0
        for moment, kind, part in [*sorted(events), (HALF_YEAR_H, "month", 0)]:
            end = min(int(np.ceil(moment)), HALF_YEAR_H)
            if end > first:
                source = self.case.source_max_mw * up[: self.sources]
                state = (row, first, end, self.parts(up, down), source, limits[first // MONTH_H])
                for name, value in zip(self.columns, state, strict=True):
                    self.columns[name].append(value)
                first = end
            if kind == "repair":
                del down[part]
            elif kind != "month":
                up[part] = kind == "back"

    def failures(self, random):
        events = []
        for part in np.flatnonzero(np.isfinite(self.mttf)):
            clock = random.exponential(self.mttf[part])
            while clock < HALF_YEAR_H:
                back = clock + random.exponential(self.mttr[part])
                events += [(clock, "fail", part), (back, "back", part)]
                clock = back + random.exponential(self.mttf[part])
        return events

    def parts(self, up, down):
        out = tuple(np.flatnonzero(up[self.sources :] == 0.0).tolist())
        key = (out, tuple(sorted(down.items())))
        if key not in self.known:
            shares = np.ones(self.case.part_count)
            for place, share in down.items():
                shares[place] = share
            shares[self.branch_at[list(out)]] = 0.0
            self.known[key] = len(self.vectors)
            self.vectors.append(shares)
        return self.known[key]
