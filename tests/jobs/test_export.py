"""Runs exported whole, checked by themselves, and read with DuckDB."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import timedelta

import numpy as np
import pytest
from scored_runs import forecast_files, keep_run
from store_cases import HOLDER, NOW

from gridtool.errors import StoreError
from gridtool.jobs.review.export import LISTING_FILE, check_export, export_runs, report_export
from gridtool.jobs.scoring.files import read_kept, read_kept_facts
from gridtool.jobs.store.folder import read_manifest
from gridtool.jobs.store.objects import keep_object, object_path
from gridtool.jobs.store.open import open_store

TARGETS = ["runs.zip", "runs.tar", "runs.tar.gz", "runs.tgz", "folder"]


@pytest.fixture
def store(sqlite_address):
    with open_store(sqlite_address, holder=HOLDER, now=NOW) as store:
        for week in range(2):
            as_of = NOW + week * timedelta(days=7)
            rng = np.random.default_rng(week)
            keep_run(store, as_of=as_of, files=forecast_files(rng, as_of=as_of, n=20))
        yield store


@pytest.mark.parametrize("name", TARGETS)
def test_an_export_is_whole_checked_and_always_the_same(store, tmp_path, name):
    runs = store.rows.list_runs()
    exported = export_runs(store, runs, tmp_path / "a" / name)
    # Per run a manifest and four files of samples; and the listing.
    assert exported.files == 2 * 5 + 1
    assert check_export(tmp_path / "a" / name) == ()
    assert "2 runs, 11 files" in report_export(exported).verdict
    if (tmp_path / "a" / name).is_file():
        export_runs(store, runs[::-1], tmp_path / "b" / name)
        first, again = ((tmp_path / part / name).read_bytes() for part in "ab")
        assert first == again
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [name]
    with pytest.raises(StoreError, match="exists"):
        export_runs(store, runs, tmp_path / "a" / name)


def test_a_folder_is_as_published_and_sha256sum_reads_its_listing(store, tmp_path):
    (run, *_) = store.rows.list_runs()
    export_runs(store, [run], tmp_path / "out")
    assert read_manifest(tmp_path / "out" / run.id) == read_manifest(store.folder / run.folder)
    done = subprocess.run(
        ["sha256sum", "--check", "--quiet", LISTING_FILE], cwd=tmp_path / "out", check=False
    )
    assert done.returncode == 0


def test_a_change_after_the_export_is_found(store, tmp_path):
    runs = store.rows.list_runs()
    out = tmp_path / "out"
    export_runs(store, runs, out)
    (out / runs[0].id / "manifest.json").write_text("{}")
    (out / runs[1].id / "samples" / "kept.json").unlink()
    (out / "more.txt").write_text("x")
    assert set(check_export(out)) == {
        f"{runs[0].id}/manifest.json is not what was exported",
        f"{runs[1].id}/samples/kept.json is missing",
        "more.txt is not listed",
    }
    (out / LISTING_FILE).unlink()
    assert check_export(out) == (f"out has no {LISTING_FILE}",)
    archive = tmp_path / "runs.tar.gz"
    export_runs(store, runs, archive)
    archive.write_bytes(archive.read_bytes()[:-2000])
    with pytest.raises(StoreError, match="cannot be read"):
        check_export(archive)


@pytest.mark.parametrize("name", ["runs.zip", "folder"])
def test_a_run_that_is_not_what_was_published_is_not_exported(store, tmp_path, name):
    runs = store.rows.list_runs()
    (store.folder / runs[0].folder / "samples" / "kept.json").write_text("{}")
    with pytest.raises(StoreError, match=r"nothing was exported: run .* not what was published"):
        export_runs(store, runs, tmp_path / name)
    assert list(tmp_path.glob("*runs*")) == list(tmp_path.glob("*folder*")) == []
    with pytest.raises(StoreError, match="no runs to export"):
        export_runs(store, [], tmp_path / name)


def test_a_write_that_fails_leaves_nothing(store, tmp_path, monkeypatch):
    def fail(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    runs = store.rows.list_runs()
    monkeypatch.setattr("gridtool.jobs.review.export.os.rename", fail)
    for name in TARGETS:
        with pytest.raises(StoreError, match="No space left on device"):
            export_runs(store, runs, tmp_path / "new" / name)
    assert list((tmp_path / "new").iterdir()) == []


def test_duckdb_reads_the_samples_of_all_runs(store):
    """The query of the README: P90 of hours off by run and month, by another engine."""
    duckdb = pytest.importorskip("duckdb")
    found = duckdb.sql(
        f"""
        SELECT split_part(filename, '/', -3) AS run, month, quantile_cont(hours_off, 0.9) AS p90
        FROM read_parquet('{store.folder}/runs/*/[0-9]*/samples/months.parquet', filename = true)
        WHERE district = '*'
        GROUP BY ALL
        ORDER BY run, month
        """
    ).fetchall()
    expected = []
    for run in sorted(store.rows.list_runs(), key=lambda run: run.id):
        folder = store.folder / run.folder
        facts = read_kept_facts(folder)
        city = read_kept(folder, facts).month_off[:, :, -1]
        p90 = np.quantile(city, 0.9, axis=0)
        expected += [(run.id, month, at) for month, at in zip(facts.grid.months, p90, strict=True)]
    assert len(found) == 4
    assert [row[:2] for row in found] == [row[:2] for row in expected]
    assert [row[2] for row in found] == pytest.approx([row[2] for row in expected], rel=1e-6)


def test_the_listing_names_every_content(store, tmp_path):
    (run, *_) = store.rows.list_runs()
    export_runs(store, [run], tmp_path / "out")
    lines = (tmp_path / "out" / LISTING_FILE).read_text().splitlines()
    for line in lines:
        content = (tmp_path / "out" / line[66:]).read_bytes()
        assert line[:64] == hashlib.sha256(content).hexdigest()


def test_what_runs_read_goes_with_them_once(sqlite_address, tmp_path):
    with open_store(sqlite_address, holder=HOLDER, now=NOW) as store:
        shas = [keep_object(store.folder, content) for content in (b"net\n", b"history\n")]
        runs = []
        for at, read in enumerate((shas[:1], shas)):
            facts = {"inputs": [{"role": sha, "sha256": sha} for sha in read]}
            as_of = NOW + timedelta(days=at)
            runs.append(keep_run(store, as_of=as_of, files={"a.txt": b"a\n"}, facts=facts))
        out = tmp_path / "out"
        export_runs(store, runs, out)
        assert check_export(out) == ()
        kept = sorted(path.relative_to(out).as_posix() for path in out.glob("objects/*/*"))
        assert kept == sorted(f"objects/{sha[:2]}/{sha}" for sha in shas)
        object_path(store.folder, shas[1]).unlink()
        with pytest.raises(StoreError, match=shas[1][:8]):
            export_runs(store, runs, tmp_path / "runs.zip")
        assert not list(tmp_path.glob("*runs.zip*"))
