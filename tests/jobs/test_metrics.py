"""The Prometheus textfile, read back by the parser of prometheus-client."""

from __future__ import annotations

import math
import re
import threading
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from store_cases import HOLDER, NOW

from gridtool.jobs.metrics import Family, format_families, write_metrics
from gridtool.jobs.store.model import Closing
from gridtool.jobs.store.open import open_store, read_store

HEADLINE = {
    "eue_mwh": 1234.5,
    "hours_off_p50": 3.25,
    "hours_off_p90": 8.0,
    "lole_h": float("nan"),
    "input_age_s_history": 7200.0,
    "input_age_s_damage": 60.0,
}


def parse(text):
    """Value by name and labels; refuses what the collector would."""
    families = list(text_string_to_metric_families(text))
    assert len({family.name for family in families}) == len(families)
    found = {}
    for family in families:
        assert family.documentation
        assert family.type == "gauge"
        for sample in family.samples:
            assert sample.timestamp is None
            key = (sample.name.removeprefix("gridtool_job_"), *sorted(sample.labels.items()))
            assert key not in found
            found[key] = sample.value
    return found


@pytest.fixture
def keep(sqlite_address, identity):
    def keep_run(*, job="night", slot=NOW, at=NOW, **closing):
        with open_store(sqlite_address, holder=HOLDER, now=at) as store:
            run = store.rows.begin(identity(job=job, slot=slot), holder=HOLDER, now=at)
            ended = Closing(finished_at=at + timedelta(seconds=90), duration_s=90.5, **closing)
            store.rows.end(run, ended)

    return keep_run


@pytest.fixture
def figures(sqlite_address, tmp_path):
    def read():
        path = tmp_path / "gridtool.prom"
        assert write_metrics(path, read_store(sqlite_address).rows) == ""
        return parse(path.read_text())

    return read


def test_the_figures_of_a_run(keep, figures):
    keep(exit_code=0, headline=HEADLINE)
    found = figures()
    job = ("job", "night")
    assert math.isnan(found.pop(("headline", job, ("name", "lole_h"))))
    assert found == {
        ("last_success_seconds", job): NOW.timestamp() + 90,
        ("last_run_seconds", job): NOW.timestamp(),
        ("last_slot_seconds", job): NOW.timestamp(),
        ("exit_code", job): 0.0,
        ("duration_seconds", job): 90.5,
        ("degraded", job): 0.0,
        ("input_age_seconds", ("input", "history"), job): 7200.0,
        ("input_age_seconds", ("input", "damage"), job): 60.0,
        ("shortage_hours_off", job, ("q", "0.5")): 3.25,
        ("shortage_hours_off", job, ("q", "0.9")): 8.0,
        ("shortage_eue_mwh", job): 1234.5,
        ("headline", job, ("name", "eue_mwh")): 1234.5,
        ("headline", job, ("name", "hours_off_p50")): 3.25,
        ("headline", job, ("name", "hours_off_p90")): 8.0,
    }


def test_a_run_that_failed_leaves_the_last_success_as_it_was(keep, figures):
    keep(exit_code=0, headline=HEADLINE)
    later = NOW + timedelta(days=1)
    keep(slot=later, at=later, state="failed", exit_code=3)
    found, job = figures(), ("job", "night")
    assert found["last_success_seconds", job] == NOW.timestamp() + 90
    assert found["last_run_seconds", job] == later.timestamp()
    assert found["exit_code", job] == 3.0
    assert found["last_slot_seconds", job] == NOW.timestamp()
    assert found["shortage_eue_mwh", job] == 1234.5


def test_a_job_that_never_succeeded_has_no_success(keep, figures):
    keep(state="interrupted", exit_code=143)
    assert set(figures()) == {
        (name, ("job", "night")) for name in ("last_run_seconds", "exit_code", "duration_seconds")
    }


@pytest.mark.parametrize(
    ("closing", "degraded"),
    [
        ({"exit_code": 0}, 0.0),
        ({"exit_code": 10}, 0.0),
        ({"exit_code": 6}, 1.0),
        ({"exit_code": 6, "quality": "fewer_samples"}, 1.0),
        ({"exit_code": 10, "quality": "last_good_inputs"}, 1.0),
    ],
)
def test_what_rests_on_a_fallback_is_degraded(keep, figures, closing, degraded):
    keep(**closing)
    assert figures()["degraded", ("job", "night")] == degraded


def test_every_job_is_in_the_file(keep, figures):
    names = ["night", 'a "quoted" \\ job', "two\nlines", "Київ, ніч"]
    for name in names:
        keep(job=name, exit_code=0)
    assert {key[1][1] for key in figures() if key[0] == "degraded"} == set(names)


@given(
    label=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r")),
    value=st.floats(),
)
def test_any_label_and_number_come_back(label, value):
    family = Family(name="x", meaning='a "b" \\ c\nd', samples=[({"job": label}, value)])
    (found,) = text_string_to_metric_families(format_families([family]))
    (sample,) = found.samples
    assert sample.labels == {"job": label}
    assert sample.value == value or (math.isnan(value) and math.isnan(sample.value))
    assert found.documentation == family.meaning


def test_the_lines_are_those_of_the_format():
    family = Family(name="gridtool_x", meaning="Words.", samples=[({"job": "a", "q": "0.5"}, 2.0)])
    assert format_families([family]) == (
        '# HELP gridtool_x Words.\n# TYPE gridtool_x gauge\ngridtool_x{job="a",q="0.5"} 2.0\n'
    )


def test_a_reader_never_sees_half_a_file(keep, sqlite_address, tmp_path):
    keep(exit_code=0, headline=HEADLINE)
    path, rows = tmp_path / "gridtool.prom", read_store(sqlite_address).rows
    assert write_metrics(path, rows) == ""
    whole, ended, seen = path.read_text(), threading.Event(), set()

    def read():
        while not ended.is_set():
            seen.add(path.read_text())

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(50):
        assert write_metrics(path, rows) == ""
    ended.set()
    reader.join()
    assert seen == {whole}
    assert [entry.name for entry in tmp_path.glob("*.prom*")] == ["gridtool.prom"]


def test_what_cannot_be_written_is_told(keep, sqlite_address, tmp_path):
    keep(exit_code=0)
    rows = read_store(sqlite_address).rows
    (tmp_path / "file").write_text("x")
    said = write_metrics(tmp_path / "file" / "gridtool.prom", rows)
    assert re.match("the metrics were not written: cannot write .*gridtool.prom", said)
    assert "has to end in .prom" in write_metrics(tmp_path / "gridtool.txt", rows)
    sqlite_address.folder.joinpath("gridtool.db").write_bytes(b"not a database" * 100)
    assert "the metrics were not written: the store" in write_metrics(tmp_path / "a.prom", rows)
    assert not list(tmp_path.glob("*.prom"))
