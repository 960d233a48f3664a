"""Any rows of repairs.csv are either refused with findings or become jobs that can be ordered."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from restoration.cases import damaged, star

from gridtool.errors import ResourcesError
from gridtool.restoration.resources.read import read_resources
from gridtool.restoration.resources.tables import REPAIRS
from gridtool.restoration.work.jobs import list_unused, make_jobs

NETWORK = star(30, 20, 10)
STATE = damaged(NETWORK, {"L1": 0.0, "L2": 0.4, "S1": 0.0, "S1/B": 0.0, "IF": 0.6})
CREWS = "id,skills,substation,size\nA,line substation,S1,4\nB,line,S2,2\n"

CELLS = {
    "asset": ["L1", "L2", "S1", "S1/B", "IF", "L3", "l1", "L9"],
    "stage": ["make safe", "temporary", "permanent", "Permanent", "done"],
    "capacity_after_pct": ["", "0", "40", "60", "100", "101", "x"],
    "low_h": ["", "1", "5", "1e-9", "-1"],
    "likely_h": ["", "2", "5", "1e200"],
    "high_h": ["", "5", "1e300", "3"],
    "skills": ["", "line", "crane|line"],
    "crew_size": ["", "1", "4", "0"],
    "spares": ["", "tower", "tower:2|bolt", "tower:0", ":"],
    "after": ["", "L1", "L2 L1", "S1", "L1:temporary", "L2:permanent", "S1/B:make-safe", "Q"],
    "crew": ["", "", "", "A", "B", "C"],
    "started_at": ["", "", "", "2027-01-12 05:00", "2027-01-13", "1901-01-01"],
}
ROWS = st.lists(st.tuples(*(st.sampled_from(CELLS[name]) for name in REPAIRS.names)), max_size=6)
SOUND = st.lists(
    st.tuples(
        st.sampled_from(["L1", "L2", "S1", "IF", "L3"]),
        st.sampled_from(["make safe", "temporary", "permanent"]),
        st.sampled_from(CELLS["after"][:6]),
        st.sampled_from(["", "", "A", "B"]),
    ),
    max_size=8,
    unique_by=lambda row: row[:2],
)


def read(rows):
    """The resources with these rows of ``repairs.csv``."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([REPAIRS.names, *rows])
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "crews.csv").write_text(CREWS)
        (Path(folder) / "repairs.csv").write_text(text.getvalue())
        return read_resources(folder, NETWORK)


def order_or_refusal(rows):
    """The jobs of these rows, which have an order; None if they are refused with findings."""
    resources, jobs, issues = None, None, ()
    try:
        resources = read(rows)
        jobs = make_jobs(STATE, resources)
    except ResourcesError as refused:
        issues = refused.issues
    if jobs is None:
        assert issues
        assert all(issue.file == "repairs.csv" and issue.message for issue in issues)
        return None
    list_unused(STATE, resources)
    done: set[str] = set()
    left = {job.id: set(job.after) for job in jobs}
    while left:
        free = {job for job, before in left.items() if before <= done}
        assert free, f"none of {sorted(left)} can be next"
        done |= free
        left = {job: before for job, before in left.items() if job not in free}
    return jobs


@given(ROWS)
@settings(max_examples=150)
def test_any_cells_are_refused_with_findings_or_can_be_ordered(rows):
    order_or_refusal(rows)


@given(SOUND)
@settings(max_examples=150)
def test_sound_rows_are_refused_for_cycles_and_started_work_alone(rows):
    filled = []
    for asset, stage, after, crew in rows:
        own = ["1", "2", "3"] if stage != "permanent" else [""] * 3
        capacity = "70" if stage == "temporary" else ""
        started = "2027-01-12 05:00" if crew else ""
        filled.append([asset, stage, capacity, *own, "", "", "", after, crew, started])
    jobs = order_or_refusal(filled)
    if jobs is None:
        assert any(after or crew for *_, after, crew in rows)
        return
    ranks: dict[str, list[int]] = {}
    shares: dict[str, list[float]] = {}
    for job in jobs:
        ranks.setdefault(job.asset, []).append(job.stage.rank)
        shares.setdefault(job.asset, []).append(job.capacity_after)
    assert set(ranks) == set(STATE.damage)
    for asset, found in ranks.items():
        assert found == sorted(set(found))
        assert shares[asset] == sorted(shares[asset])
        assert shares[asset][-1] == 1.0
