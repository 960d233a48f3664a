"""The folder of a sweep: whole files, in any order, and never another sweep's."""

from __future__ import annotations

import json
from itertools import pairwise

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from store_cases import HOLDER
from sweep_cases import made_row

from gridtool.errors import RunLocked, StoreError
from gridtool.jobs.sweeps.folder import SHELF, hold_folder, identify_sweep
from gridtool.jobs.sweeps.parts import SCHEMA, decode_rows, encode_rows, list_rows
from gridtool.jobs.sweeps.ranges import find_missing, take_disjoint
from gridtool.whatif.model import SweepRow

FACTS = {"file": "a" * 64, "seed": 1}


def hold(path, *, facts=FACTS, count=2500):
    return hold_folder(path, facts=facts, count=count, holder=HOLDER)


def keep(folder, *blocks):
    for first, end in blocks:
        folder.keep((first, end), encode_rows([made_row(number) for number in range(first, end)]))


def test_rows_come_back_as_they_went():
    rows = [made_row(number) for number in range(5)]
    table = decode_rows(encode_rows(rows))
    again = list_rows(table)
    assert [row.number for row in again] == list(range(5))
    assert [row.unserved_mw for row in again] == [row.unserved_mw for row in rows]
    assert [row.eue_by_sample for row in again] == [row.eue_by_sample for row in rows]
    assert all(isinstance(row, SweepRow) for row in again)
    assert again[0].ens_mwh != again[0].ens_mwh  # not known stays not known
    assert SCHEMA.field("ens_mwh").metadata[b"meaning"]


def test_what_is_no_part_is_refused():
    with pytest.raises(ValueError, match=r"not a parquet|Parquet"):
        decode_rows(b"no")


def test_missing_is_what_nobody_did(tmp_path):
    with hold(tmp_path / "sweep") as folder:
        assert folder.find_missing() == [(0, 1000), (1000, 2000), (2000, 2500)]
        keep(folder, (10, 30), (1000, 2000))
        assert folder.find_missing() == [(0, 10), (30, 1000), (2000, 2500)]
    with hold(tmp_path / "sweep") as folder:
        assert folder.find_missing() == [(0, 10), (30, 1000), (2000, 2500)]


def test_the_table_has_the_same_bytes_whatever_the_parts_were(tmp_path):
    contents = []
    for name, cuts in (("one", (0, 2500)), ("two", (0, 1, 7, 1000, 1500, 1600, 2000, 2499, 2500))):
        with hold(tmp_path / name) as folder:
            for first, end in reversed(list(pairwise(cuts))):
                for cut in range(first, end, SHELF):
                    keep(folder, (cut, min(cut + SHELF, end)))
            folder.finish()
            contents.append(folder.table.read_bytes())
            assert not folder.parts.exists()
            assert folder.find_missing() == []
            rows = [row for batch in folder.read_rows() for row in batch]
            assert [row.number for row in rows] == list(range(2500))
    assert contents[0] == contents[1]
    assert pq.ParquetFile(tmp_path / "one" / "scenarios.parquet").metadata.num_row_groups == 3


def test_a_shelf_joined_is_as_one_written_whole(tmp_path):
    with hold(tmp_path / "sweep", count=1000) as folder:
        blocks = [(0, 400), (400, 999), (999, 1000)]
        keep(folder, *blocks)
        folder.join_shelf(blocks)
        assert [path.name for path in folder.parts.iterdir()] == ["rows-0000000-0001000.parquet"]
        joined = (folder.parts / "rows-0000000-0001000.parquet").read_bytes()
    assert joined == encode_rows([made_row(number) for number in range(1000)])


def test_killed_while_a_shelf_was_joined_nothing_counts_twice(tmp_path):
    with hold(tmp_path / "sweep", count=1000) as folder:
        keep(folder, (0, 400), (400, 1000), (0, 1000))
        assert folder.list_parts() == [(0, 1000)]
        assert len(list(folder.parts.iterdir())) == 1


def test_damaged_and_unfinished_files_are_done_again(tmp_path):
    with hold(tmp_path / "sweep") as folder:
        keep(folder, (0, 100), (100, 200), (200, 300), (300, 400))
        (folder.parts / "rows-0000000-0000100.parquet").write_bytes(b"PAR1 torn")
        whole = (folder.parts / "rows-0000100-0000200.parquet").read_bytes()
        (folder.parts / "rows-0000200-0000300.parquet").write_bytes(whole)  # of other scenarios
        (folder.parts / ".rows-0000500.tmp").write_bytes(b"half")
        assert folder.list_parts() == [(100, 200), (300, 400)]
        assert len(list(folder.parts.iterdir())) == 2


def test_a_damaged_table_is_made_again(tmp_path):
    with hold(tmp_path / "sweep", count=10) as folder:
        keep(folder, (0, 10))
        folder.finish()
        content = folder.table.read_bytes()
        folder.table.write_bytes(content[:-1])
    with hold(tmp_path / "sweep", count=10) as folder:
        assert folder.find_missing() == [(0, 10)]


def test_a_table_of_some_rows_is_never_written(tmp_path):
    with hold(tmp_path / "sweep") as folder:
        keep(folder, (0, 100))
        with pytest.raises(StoreError, match="100 rows of 2500"):
            folder.finish()
        assert not folder.table.exists()
        assert folder.list_parts() == [(0, 100)]


def test_another_sweep_is_refused_the_folder(tmp_path):
    with hold(tmp_path / "sweep"):
        pass
    with (
        pytest.raises(StoreError, match=r"another sweep \(different: seed\)"),
        hold(tmp_path / "sweep", facts={**FACTS, "seed": 2}),
    ):
        pass
    (tmp_path / "sweep" / "sweep.json").write_text("{")
    with pytest.raises(StoreError, match="cannot be read"), hold(tmp_path / "sweep"):
        pass


def test_files_of_others_are_left_alone(tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "note.txt").write_text("mine")
    with pytest.raises(StoreError, match="no sweep's"), hold(tmp_path / "letters"):
        pass
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StoreError, match="is a file"), hold(tmp_path / "file"):
        pass
    assert [path.name for path in (tmp_path / "letters").iterdir()] == ["note.txt"]


def test_one_at_a_time(tmp_path):
    with (
        hold(tmp_path / "sweep"),
        pytest.raises(RunLocked, match=r"the sweep in .* is in use by"),
        hold(tmp_path / "sweep"),
    ):
        pass
    with hold(tmp_path / "sweep"):
        pass


def test_what_a_sweep_is_made_of_is_said(tmp_path):
    with hold(tmp_path / "sweep"):
        said = json.loads((tmp_path / "sweep" / "sweep.json").read_text())
    assert said["identity"] == identify_sweep(FACTS)
    assert (said["format"], said["scenarios"], said["seed"]) == ("gridtool-sweep", 2500, 1)
    assert identify_sweep({"seed": 1, "file": "a" * 64}) == identify_sweep(FACTS)
    assert identify_sweep({**FACTS, "seed": 2}) != identify_sweep(FACTS)


def test_trouble_with_the_disk_is_said(tmp_path):
    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep" / "parts").write_text("in the way")
    with pytest.raises(StoreError), hold(tmp_path / "sweep"):
        pass


cuts = st.lists(st.integers(0, 50), max_size=12)


@given(cuts, st.integers(1, 20))
def test_done_and_missing_are_all_and_nothing_twice(ends, shelf):
    given_ranges = [(a, b) for a, b in pairwise(ends) if a < b]
    done = take_disjoint(given_ranges)
    missing = find_missing(done, 50, shelf=shelf)
    numbers = [number for block in done + missing for number in range(*block)]
    assert sorted(numbers) == list(range(50))
    assert all(first // shelf == (end - 1) // shelf for first, end in missing)
    assert set(done) <= set(given_ranges)
