"""Two runs compared in words: each change that is made is named, and nothing else is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from run_cases import run, write_job
from scored_runs import forecast_files, keep_run
from store_cases import HOLDER, NOW

from gridtool.errors import StoreError
from gridtool.formats.parquet import parquet_bytes
from gridtool.jobs.review.diff import diff_runs
from gridtool.jobs.review.diff_report import report_diff
from gridtool.jobs.store.model import RunInput
from gridtool.jobs.store.open import open_store, read_store
from gridtool.report.terminal_text import print_text

DAY = timedelta(days=1)
LATER = NOW + 2 * DAY


def damage_of(*rows):
    """A published table of damage; rows are asset, state, capacity left, days after NOW."""
    frame = pd.DataFrame(rows, columns=["asset", "state", "capacity_left_pct", "at"])
    frame["occurred_at"] = [NOW + days * DAY for days in frame["at"]]
    return {"tables/damage.parquet": parquet_bytes(frame.drop(columns="at"))}


def plan_of(**ends):
    """A published plan; hours after NOW by asset, the last of its stages."""
    rows = [(asset, NOW + timedelta(hours=h)) for asset, h in ends.items()]
    rows += [(asset, NOW + timedelta(hours=h - 5)) for asset, h in ends.items()]
    frame = pd.DataFrame(rows, columns=["asset", "finish"])
    return {"tables/restoration_plan.parquet": parquet_bytes(frame)}


def facts_of(*, settings=None, libraries=None, inputs=(), answer=None, **more):
    return {
        "request": {"settings": settings or {"forecast": {"samples": 100}}},
        "libraries": libraries or {"numpy": "2.0"},
        "inputs": [{"role": role, "sha256": sha, "path": role, "size": 1} for role, sha in inputs],
        "answer": answer or {"samples": 100, "wanted": 100, "complete": True},
        **more,
    }


def compared(address, before, after):
    """The changes between two runs; each is (files, facts, changes of the row)."""
    with open_store(address, holder=HOLDER, now=NOW) as store:
        runs = [
            keep_run(store, as_of=as_of, files={"report.txt": b"x\n", **files}, facts=facts, **more)
            for as_of, (files, facts, more) in ((NOW, before), (LATER, after))
        ]
        return diff_runs(store, runs[1].id)


def words_of(diff, topic):
    return [change.words for change in diff.causes if change.topic == topic]


def test_damage_that_is_new_late_back_worse_and_better(address):
    before = damage_of(
        ("T1", "extensive", 0.0, -1), ("T2", "moderate", 50.0, -1), ("L1", "complete", 0.0, -1),
        ("L2", "moderate", 50.0, -1),
    )  # fmt: skip
    after = damage_of(
        ("T1", "extensive", 30.0, -1), ("T2", "complete", 0.0, -1), ("L2", "moderate", 50.0, -1),
        ("B1", "moderate", 50.0, 1), ("B2", "complete", 0.0, 1.5), ("F1", "complete", 0.0, -2),
    )  # fmt: skip
    diff = compared(address, (before, facts_of(), {}), (after, facts_of(), {}))
    assert words_of(diff, "damage") == [
        "new damage: B2 (complete) and B1 (moderate)",
        "known only now, though it was there before: F1 (complete)",
        "L1 is back in service",
        "worse than was known: T2 (moderate, 50 % left to complete, 0 % left)",
        "better than was known: T1 (extensive, 0 % left to extensive, 30 % left)",
    ]
    assert {change.topic for change in diff.causes} == {"damage"}


def test_repairs_that_slipped_and_moved(sqlite_address):
    before = plan_of(T1=10, T2=40, L1=100, L2=200, L3=30)
    after = plan_of(T1=90, T2=40, L1=196, L2=152, B1=400)
    diff = compared(sqlite_address, (before, facts_of(), {}), (after, facts_of(), {}))
    slipped = (
        "1 repair slipped that was to be done by now: T1 by 3.3 days; T1 was planned for "
        "12 Jan 16:00, now 16 Jan 00:00"
    )
    assert words_of(diff, "repairs") == [
        slipped,
        "1 repair planned for later: L1 by 4.0 days",
        "1 repair planned for sooner: L2 by 48 h",
        "the last repair ends on 28 Jan 22:00 instead of 20 Jan 14:00",
    ]


def test_a_plan_that_is_gone(sqlite_address):
    diff = compared(sqlite_address, (plan_of(T1=9), facts_of(), {}), ({}, facts_of(), {}))
    assert words_of(diff, "repairs") == ["there is no repair plan now"]


def test_what_was_asked_otherwise(sqlite_address):
    before = facts_of(
        settings={"job": {"as_of": "a"}, "forecast": {"samples": 100}, "plan": {"bound": True}},
        inputs=[("network/lines.csv", "a"), ("reports/r.csv", "a"), ("model/m.json", "a")],
        network_version="2",
    )
    after = facts_of(
        settings={"job": {"as_of": "b"}, "forecast": {"samples": 200}, "plan": {"bound": True}},
        inputs=[
            ("network/lines.csv", "b"), ("reports/r.csv", "b"), ("reports/s.csv", "c"),
            ("model/m.json", "b"), ("resources/crews.csv", "a"),
        ],
        network_version="3",
        libraries={"numpy": "2.1"},
        answer={"samples": 60, "wanted": 200, "complete": True, "fallback": "the model is old."},
        stale_from="run-7",
    )  # fmt: skip
    diff = compared(
        sqlite_address,
        ({}, before, {}),
        ({}, after, {"program_version": "0.2.0", "seed": 2, "quality": "last_good_inputs"}),
    )
    assert words_of(diff, "program") == [
        "another version of gridtool: 0.1.0 before, 0.2.0 now",
        "other versions of libraries: numpy 2.0 to 2.1",
    ]
    assert words_of(diff, "settings") == [
        "settings: forecast.samples 100 to 200",
        "fewer samples now: 60 of 200",
        "another seed: 1 before, 2 now",
    ]
    assert words_of(diff, "inputs") == [
        "another version of the network: 2 before, 3 now",
        "stale inputs now: those of run-7",
        "the network's files are others: lines.csv",
        "crews, spares or other resources are others: crews.csv",
    ]
    assert words_of(diff, "model") == [
        "fallback now: the model is old",
        "the demand model in the file is another: it was refitted",
    ]


def forecasts(address, *, level, seeds=(1, 1), as_of=(NOW, LATER)):
    with open_store(address, holder=HOLDER, now=NOW) as store:
        runs = [
            keep_run(
                store,
                as_of=moment,
                files=forecast_files(np.random.default_rng(seed), as_of=moment, n=80, level=height),
                facts=facts_of(),
                headline={"unserved_mw": 10.0 * height, "input_age_s_history": 7.0 * height},
                inputs=(RunInput(role=role, path="a", sha256="a", size=1),),
            )
            for role, moment, seed, height in zip("ab", as_of, seeds, (1.0, level), strict=True)
        ]
        return diff_runs(store, runs[0].id, runs[1].id)


def test_forecasts_are_compared_over_the_days_that_both_have_in_pairs(sqlite_address):
    diff = forecasts(sqlite_address, level=1.1, as_of=(NOW, NOW))
    before, after = diff.months["eue_mwh_before"], diff.months["eue_mwh_after"]
    # The same draws at a tenth more: every pair differs by a tenth, though either value is unsure.
    assert np.allclose(after / before, 1.1, rtol=1e-5)
    assert list(diff.months["days"]) == [19, 28]
    assert np.allclose(diff.months["hours_off_p90_before"], diff.months["hours_off_p90_after"])
    served, energy = (change.words for change in diff.results)
    assert served == "11 MW cannot be served now, 10 MW before"
    assert "from 13 Jan to 28 Feb 2027" in energy
    assert "(+10 %)" in energy
    assert words_of(diff, "demand") == [
        "demand from 13 Jan to 28 Feb 2027 is expected 10.0 % higher"
    ]
    assert list(diff.figures["figure"]) == ["unserved_mw"]


def test_a_difference_of_chance_is_called_so(sqlite_address):
    diff = forecasts(sqlite_address, level=1.0, seeds=(1, 2))
    (energy,) = [change.words for change in diff.results]
    assert "from 15 Jan to 28 Feb 2027" in energy
    assert energy.endswith("no more than the chance of the samples")
    # The standard error of the change is that of a sum of independent days, both runs together.
    month = diff.months.iloc[1]
    day_sd = 24 * 0.7 * 80 * 0.05
    assert month["change_mwh_se"] == pytest.approx(day_sd * np.sqrt(2 * 28 / 80), rel=0.25)
    assert words_of(diff, "model") == [
        "the demand model was refitted, with 2 more days of history, to 2027-01-14"
    ]


def test_nothing_changed(sqlite_address):
    diff = forecasts(sqlite_address, level=1.0, as_of=(NOW, NOW))
    result = report_diff(diff)
    assert diff.causes == ()
    assert result.verdict.endswith("no change. Nothing else changed.")
    assert len(result.tables) == 3
    assert "change" in print_text(result)


def write_weather(path, *, until, cold=0.0):
    """Hours from 2025 on of 500 MW at 5 °C; from 12 January 2027 on colder, 2 % more a degree."""
    hours = np.arange("2025-01-01", until, dtype="datetime64[h]")
    deeper = np.where(hours >= np.datetime64("2027-01-12T00"), cold, 0.0)
    rows = [
        f"{hour}:00Z,{500 * (1 + 0.02 * less) + i % 24:.2f},{5 - less:.1f}"
        for i, (hour, less) in enumerate(zip(hours, deeper, strict=True))
    ]
    path.write_text("timestamp_utc,load_mw,temp_c\n" + "\n".join(rows) + "\n")


@pytest.mark.parametrize(("cold", "word"), [(4.0, "colder"), (-4.0, "warmer"), (0.0, "")])
def test_the_weather_in_between_is_told_from_the_inputs_that_are_kept(
    sqlite_address, tmp_path, request, cold, word
):
    root = request.config.rootpath
    folder = tmp_path / "job"
    folder.mkdir()
    write_weather(folder / "mine.csv", until="2027-01-12")
    path = write_job(folder, root, as_of="")
    first = run(path, sqlite_address, slot=datetime(2027, 1, 12, tzinfo=UTC))
    write_weather(folder / "mine.csv", until="2027-01-19", cold=cold)
    second = run(path, sqlite_address, slot=datetime(2027, 1, 19, tzinfo=UTC))
    assert first.exit_code == second.exit_code == 0
    diff = diff_runs(read_store(sqlite_address), second.run_id)
    span = "2027-01-12 to 2027-01-18"
    told = words_of(diff, "weather")
    if word:
        degrees = 5.0 - cold
        than = f"4.0 °C {word} than these days in the 2 years before"
        assert told == [f"{word} weather: {span} had {degrees:.1f} °C, {than}"]
    else:
        assert told == []
    percent = 100 * 500 * 0.02 * cold / 511.5
    signed = f"{'+' if percent > 0 else ''}{percent:.1f}"
    assert words_of(diff, "demand") == [
        f"{span} used {signed} % against these weeks in the 2 years before"
    ]
    assert words_of(diff, "model") == ["the demand model was refitted to another history"]


def test_runs_that_cannot_be_compared_are_refused(sqlite_address):
    with open_store(sqlite_address, holder=HOLDER, now=NOW) as store:
        first = keep_run(store, as_of=NOW, files={"report.txt": b"x\n"}, facts=facts_of())
        other = keep_run(
            store, as_of=NOW, files={"report.txt": b"x\n"}, facts=facts_of(), job="other",
            inputs=(RunInput(role="a", path="a", sha256="a", size=1),),
        )  # fmt: skip
        with pytest.raises(StoreError, match="no run of night was done before"):
            diff_runs(store, first.id)
        diff = diff_runs(store, first.id, other.id)
        assert words_of(diff, "settings") == ["another job: night before, other now"]
        (store.folder / first.folder / "manifest.json").unlink()
        with pytest.raises(StoreError, match="gone"):
            diff_runs(store, first.id, other.id)
