"""The policy of a plan written anew in plain Python, to hold the compiled one against.

Nothing of gridtool's scheduling, calendars or sampling is used: shifts are laid out day by day,
jobs are called one by one, random numbers come from Python's own generator.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from datetime import UTC, datetime, time, timedelta
from statistics import NormalDist

NORMAL = NormalDist()
HOUR = timedelta(hours=1)


class Clock:
    """The working hours of a crew, in hours after ``origin``."""

    def __init__(self, crew, *, origin, zone, days):
        opens, closes = [], []
        last = origin + timedelta(days=days)
        first = max(origin, crew.available_from or origin)
        last = min(last, crew.available_to or last)
        day = origin.astimezone(zone).date() - timedelta(days=2)
        spans = [(origin, last)] if crew.shift_h >= 24 else []
        while crew.shift_h < 24 and day <= last.astimezone(zone).date() + timedelta(days=1):
            wall = datetime.combine(day, time()) + timedelta(hours=crew.shift_start_h)
            over = wall + timedelta(hours=crew.shift_h)
            spans.append(tuple(w.replace(tzinfo=zone).astimezone(UTC) for w in (wall, over)))
            day += timedelta(days=1)
        for begin, end in spans:
            begin_h, end_h = (max(begin, first) - origin) / HOUR, (min(end, last) - origin) / HOUR
            if closes:
                begin_h = max(begin_h, closes[-1])
            if begin_h < end_h:
                opens.append(begin_h)
                closes.append(end_h)
        self.opens, self.closes = opens, closes

    def next_at_work(self, moment):
        k = bisect_right(self.closes, moment + 1e-9)
        return max(moment, self.opens[k]) if k < len(self.opens) else math.inf

    def finish(self, moment, work):
        if work <= 1e-9:
            return moment
        k = bisect_right(self.closes, moment + 1e-9)
        while k < len(self.opens):
            begin = max(moment, self.opens[k])
            if begin + work <= self.closes[k] + 1e-9:
                return begin + work
            work -= self.closes[k] - begin
            k += 1
        return math.inf

    def worked(self, begin, end):
        return sum(
            max(0.0, min(close, end) - max(opened, begin))
            for opened, close in zip(self.opens, self.closes, strict=True)
        )


def logarithm(duration):
    """Mean and sigma of the logarithm."""
    variance = math.log(1 + duration.sigma_h**2 / duration.mean_h**2)
    return math.log(duration.mean_h) - variance / 2, math.sqrt(variance)


class Policy:
    """Jobs and resources as the policy sees them."""

    def __init__(self, jobs, resources, *, as_of, zone, days):
        self.jobs = {job.id: job for job in jobs}
        self.crews = list(resources.crews)
        self.resources, self.as_of = resources, as_of
        self.clocks = {
            crew.id: Clock(crew, origin=as_of, zone=zone, days=days) for crew in self.crews
        }
        self.done_h = {}
        for job in jobs:
            if job.started:
                crew = next(crew for crew in self.crews if crew.id == job.started.crew)
                past = (as_of - job.started.started_at) / HOUR
                clock = Clock(crew, origin=job.started.started_at, zone=zone, days=past / 24 + 2)
                self.done_h[job.id] = clock.worked(0.0, past)
        self.expected = {job.id: self.mean_left(job) for job in jobs}

    def mean_left(self, job):
        done = self.done_h.get(job.id, 0.0)
        if not done:
            return job.duration.mean_h
        mu, s = logarithm(job.duration)
        if s == 0:
            return max(0.25, job.duration.mean_h - done)
        z = (math.log(done) - mu) / s
        return job.duration.mean_h * math.erfc((z - s) / 2**0.5) / math.erfc(z / 2**0.5) - done

    def in_turn(self, order):
        """Jobs in the order they are called."""
        rank = {name: k for k, name in enumerate(order)}
        called = [name for name in order if self.jobs[name].started]

        def call(name):
            if name not in called:
                job = self.jobs[name]
                for before in sorted((b for b in job.after if b in rank), key=rank.__getitem__):
                    call(before)
                called.append(name)

        for name in order:
            if not self.jobs[name].started:
                call(name)
        return called

    def announced(self):
        """Work, lead times and spares as a plan counts on them."""
        units = {}
        for spare, count in self.resources.stock.items():
            units.setdefault(spare, []).extend([0.0] * count)
        for arrival in self.resources.arrivals:
            hours = max(0.0, (arrival.arrives_at - self.as_of) / HOUR)
            units.setdefault(arrival.spare, []).extend([hours] * arrival.quantity)
        leads = {name: job.lead.mean_h if job.lead else 0.0 for name, job in self.jobs.items()}
        return self.expected, leads, {spare: sorted(hours) for spare, hours in units.items()}

    def draw(self, rng):
        """Work, lead times and spares as they may turn out."""
        work = {}
        for name, job in self.jobs.items():
            mu, s = logarithm(job.duration)
            done = self.done_h.get(name, 0.0)
            drawn = rng.lognormvariate(mu, s) if s else max(job.duration.mean_h, done + 0.25)
            while drawn <= done:  # it is known to have lasted longer
                drawn = rng.lognormvariate(mu, s)
            work[name] = max(0.25, drawn - done) if done else drawn
        leads = {
            name: rng.lognormvariate(*logarithm(job.lead)) if job.lead else 0.0
            for name, job in self.jobs.items()
        }
        units = {spare: [0.0] * count for spare, count in self.resources.stock.items()}
        for arrival in self.resources.arrivals:
            hours = self._draw_arrival(arrival, rng)
            units.setdefault(arrival.spare, []).extend([hours] * arrival.quantity)
        return work, leads, {spare: sorted(hours) for spare, hours in units.items()}

    def _draw_arrival(self, arrival, rng):
        median = (arrival.arrives_at - self.as_of) / HOUR
        if arrival.latest_at is None or arrival.latest_at <= max(arrival.arrives_at, self.as_of):
            return max(0.0, median)
        p90 = (arrival.latest_at - self.as_of) / HOUR
        if median <= 0:
            return rng.expovariate(math.log(10) / p90)
        return median * math.exp(rng.gauss(0, 1) * math.log(p90 / median) / NORMAL.inv_cdf(0.9))

    def execute(self, order, *, work, leads, units, patience=None, idle=1):
        """Finish, hours waited for supplies, crew and start by job, in the order they are taken.

        ``idle`` says what the patience is for: supplies (1) or everything (4).
        """
        free = {crew.id: 0.0 for crew in self.crews}
        place = {crew.id: (crew.x_km, crew.y_km) for crew in self.crews}
        left = {spare: list(hours) for spare, hours in units.items()}
        out = {}

        def do(name, wait, crew, begin):
            free[crew] = self.clocks[crew].finish(begin, work[name])
            place[crew] = (self.jobs[name].x_km, self.jobs[name].y_km)
            out[name] = (free[crew], wait, crew, begin)

        for name, job in self.jobs.items():
            if job.started:
                crew = job.started.crew
                do(name, 0.0, crew, self.clocks[crew].next_at_work(free[crew]))
        queue = [name for name in self.in_turn(order) if name not in out]
        while queue:
            name, look = self._take(queue, patience, idle, (leads, left, free, place, out))
            queue.remove(name)
            if look[2] is None:
                out[name] = look[:4]
                continue
            do(name, *look[1:4])
            for spare in self.jobs[name].spares:
                left[spare].pop(0)
        return out

    def _take(self, queue, patience, idle, standing):
        """The job taken next and what it would come to."""
        looks = []
        for name in queue:
            if any(before in queue for before in self.jobs[name].after):
                continue
            look = self._look(name, *standing)
            if patience is None or look[idle] <= patience[name] + 1e-9:
                return name, look
            looks.append((name, look))
        first = looks[0]
        for other in looks[1:]:
            if other[1][3] < first[1][3] - 1e-9:
                first = other
        return first

    def _look(self, name, leads, left, free, place, out):
        """A job if called now: expected finish, wait for supplies, crew, start, all idle time."""
        job = self.jobs[name]
        supplied = leads[name]
        for spare in set(job.spares):
            supplied = max(supplied, left[spare][job.spares.count(spare) - 1])
        after = max((out[before][0] for before in job.after if before in self.jobs), default=0.0)
        best = (math.inf, 0.0, None, math.inf, 0.0)
        best_way = math.inf
        for crew in self.crews:
            if not set(job.skills) <= set(crew.skills) or crew.size < job.crew_size:
                continue
            clock, (x, y) = self.clocks[crew.id], place[crew.id]
            way = 1.3 * math.hypot(job.x_km - x, job.y_km - y) / crew.speed_kmh
            there = clock.next_at_work(clock.finish(free[crew.id], way))
            ready = clock.next_at_work(max(there, after))
            begin = clock.next_at_work(max(ready, supplied))
            done = clock.finish(begin, self.expected[name])
            closer = done < best[0] + 1e-9 and way < best_way - 1e-9
            if done < best[0] - 1e-9 or closer:
                best, best_way = (done, begin - ready, crew.id, begin, begin - there), way
        return best

    def plan(self, order):
        work, leads, units = self.announced()
        return self.execute(order, work=work, leads=leads, units=units)

    def put_back(self, order):
        """``order`` with jobs put back that would keep a crew idle."""
        work, leads, units = self.announced()
        none = dict.fromkeys(self.jobs, 0.0)
        found = self.execute(order, work=work, leads=leads, units=units, patience=none, idle=4)
        return list(found)

    def sample(self, order, *, n, seed):
        """Finish hours by job of ``n`` executions: a list of mappings."""
        rng = random.Random(seed)
        patience = {name: entry[1] for name, entry in self.plan(order).items()}
        runs = []
        for _ in range(n):
            work, leads, units = self.draw(rng)
            found = self.execute(order, work=work, leads=leads, units=units, patience=patience)
            runs.append({name: entry[0] for name, entry in found.items()})
        return runs


def unit_moves(plan, finish):
    """Hours at which mobile units come and go if jobs finish after so many hours (by id).

    ``(hour, part, whether it comes)``. A stay ends as long after its reason as planned: the job
    that is finished at that very second, or else the last one before at the site, or anywhere.
    """

    def hours(moment):
        return (moment - plan.state.as_of) / HOUR

    found, late = [], {}
    for stay in sorted(plan.placements, key=lambda stay: stay.start):
        unit = next(u for u in plan.resources.mobile_units if u.id == stay.unit)
        comes = hours(stay.online) + late.get(unit.id, 0.0)
        if stay.offline is None:
            leaves = math.inf
        else:
            leaves = _leaves(plan, stay, finish, hours)
            if unit.available_to is not None:
                gone = hours(unit.available_to) - unit.teardown_h
                leaves = hours(stay.offline) if hours(stay.offline) > gone - 1e-3 else leaves
                leaves = min(leaves, gone)
            leaves = max(leaves, comes)
            late[unit.id] = leaves - hours(stay.offline)
        if comes < leaves:
            found.append((comes, stay.part, True))
            if leaves < math.inf:
                found.append((leaves, stay.part, False))
    return found


def _leaves(plan, stay, finish, hours):
    jobs = {entry.job.id: entry for entry in plan.jobs}
    planned = hours(stay.offline)
    done = [name for name in plan.order if hours(jobs[name].finish) < planned + 1e-3]
    done.sort(key=lambda name: hours(jobs[name].finish))  # stable: then as they are called
    here = [name for name in done if jobs[name].job.substation == stay.site]
    at_once = [name for name in done if hours(jobs[name].finish) > planned - 1e-3]
    both = [name for name in here if name in at_once]
    for group in (both, at_once, here, done):
        if group:
            reason = group[-1]
            return finish[reason] + max(0.0, planned - hours(jobs[reason].finish))
    return planned
