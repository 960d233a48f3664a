"""Report files that are wrong in one way each: a message with its place, never a traceback."""

from __future__ import annotations

import gzip
import json
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridtool.damage.read import read_reports
from gridtool.errors import DamageReportError

KYIV = ZoneInfo("Europe/Kyiv")
HEADER = (
    "report_id;source;asset;state;remaining_capacity_pct;occurred_at;reported_at;recorded_at;"
    "confidence;low_h;likely_h;high_h;skills;spares;note\n"
)
ROW = {
    "report_id": "1", "source": "EOC", "asset": "SS-01/T1", "state": "moderate",
    "remaining_capacity_pct": "", "occurred_at": "12.01.2027 03:00",
    "reported_at": "12.01.2027 05:00", "recorded_at": "", "confidence": "0,9", "low_h": "5",
    "likely_h": "8", "high_h": "20", "skills": "substation", "spares": "", "note": "бак",
}  # fmt: skip


def row(**cells):
    return ";".join((ROW | cells).values()) + "\n"


WHOLE = HEADER + row() + row(report_id="2", asset="PP-1/G1")

# name of the file, content, row and field of a finding, words of its message
CELLS = {
    "unknown asset": ({"asset": "SS-1/T1"}, "asset", "did you mean 'SS-01/T1'"),
    "nothing like an asset": ({"asset": "?????"}, "asset", "not an asset"),
    "no asset": ({"asset": ""}, "asset", "is empty"),
    "unknown state": ({"state": "destroyed"}, "state", "accepted: none, slight"),
    "state as a number": ({"state": "3"}, "state", "not one of the accepted words"),
    "neither state nor capacity": ({"state": ""}, "state", "neither state nor"),
    "none with part capacity": (
        {"state": "none", "remaining_capacity_pct": "50"}, "state", "contradicts"),
    "complete with capacity left": (
        {"state": "complete", "remaining_capacity_pct": "5"}, "state", "contradicts"),
    "capacity above 100": ({"remaining_capacity_pct": "140"}, "remaining_capacity_pct",
                           "accepted: at most 100 %"),
    "negative capacity": ({"remaining_capacity_pct": "-1"}, "remaining_capacity_pct", "too small"),
    "capacity NaN": ({"remaining_capacity_pct": "NaN"}, "remaining_capacity_pct", "not a number"),
    "capacity infinite": ({"remaining_capacity_pct": "1e999"}, "remaining_capacity_pct", "finite"),
    "capacity with a unit": ({"remaining_capacity_pct": "40 %"}, "remaining_capacity_pct",
                             "not a number"),
    "thousands and decimals mixed": ({"high_h": "1.234,5"}, "high_h", "not a number"),
    "American date": ({"occurred_at": "01/12/2027 03:00"}, "occurred_at", "not a date"),
    "date as a spreadsheet number": ({"occurred_at": "46399,125"}, "occurred_at", "not a date"),
    "30 February": ({"occurred_at": "30.02.2027 03:00"}, "occurred_at", "not a date"),
    "hour 25": ({"reported_at": "12.01.2027 25:00"}, "reported_at", "not a date"),
    "hour the clock skips": (
        {"occurred_at": "28.03.2027 03:30", "reported_at": "29.03.2027 03:30"}, "occurred_at",
        "clock skips"),
    "year 1": ({"occurred_at": "0001-01-01"}, "occurred_at", "not a date|unlikely year"),
    "reported before it occurred": ({"reported_at": "11.01.2027 05:00"}, "reported_at",
                                    "is before occurred_at"),
    "recorded before it was reported": ({"recorded_at": "12.01.2027 04:00"}, "recorded_at",
                                        "is before reported_at"),
    "no time": ({"occurred_at": ""}, "occurred_at", "is empty"),
    "confidence in percent": ({"confidence": "90"}, "confidence", "at most 1"),
    "estimate out of order": ({"low_h": "9"}, "likely_h", "not in order"),
    "half an estimate": ({"high_h": ""}, "high_h", "all three or none"),
    "estimate of zero hours": ({"low_h": "0"}, "low_h", "above 0 h"),
    "no report id": ({"report_id": ""}, "report_id", "is empty"),
    "no source": ({"source": ""}, "source", "is empty"),
    "line end in an asset": ({"asset": '"SS-01\n/T1"'}, "asset", "line end"),
    "hidden character": ({"asset": "SS-01\u200b/T1"}, None, "U\\+200B"),
    "text turned round": ({"note": "\u202eabc"}, None, "U\\+202E"),
    "terminal escape": ({"note": "\x1b[31m"}, None, "U\\+001B"),
    "zero byte": ({"note": "a\x00b"}, None, "U\\+0000"),
    "a cell too many": ({"note": "a;b"}, None, "16 cells, the header has 15"),
    "a quote that does not end": ({"note": '"a'}, None, "never closed"),
}  # fmt: skip


@pytest.mark.parametrize("case", CELLS)
def test_a_wrong_cell_is_refused_with_its_place(tmp_path, network, case):
    cells, field, message = CELLS[case]
    path = tmp_path / "reports.csv"
    path.write_text(HEADER + row() + row(**cells), encoding="utf-8")
    with pytest.raises(DamageReportError, match=message) as caught:
        read_reports([path], network, zone=KYIV)
    found = [issue for issue in caught.value.issues if issue.field == field]
    assert [issue.row for issue in found] == [3]
    assert found[0].file == path.as_posix()


ITEM = {key: value for key, value in ROW.items() if value}
FILES = {
    "empty": ("a.csv", b"", "is empty"),
    "only spaces": ("a.csv", b"  \n\n", "is empty"),
    "no header": ("a.csv", row().encode(), "not a header"),
    "a misspelt column": ("a.csv", WHOLE.replace("occurred_at", "ocurred_at").encode(),
                          "did you mean 'occurred_at'"),
    "a missing column": ("a.csv", WHOLE.replace("asset", "note2").encode(), "column is missing"),
    "a column twice": ("a.csv", WHOLE.replace("note", "source").encode(), "there twice"),
    "a column without name": ("a.csv", WHOLE.replace(";note", ";").encode(), "has no name"),
    "cut off": ("a.csv", WHOLE.encode()[:-40], "seems cut off at line 3"),
    "cut off inside a letter": ("a.csv", WHOLE.encode()[:-2], "not UTF-8"),
    "a spreadsheet file": ("a.csv", b"PK\x03\x04" + bytes(range(256)), "spreadsheet"),
    "random bytes": ("a.csv", bytes(range(128, 256)) * 9, "not UTF-8"),
    "UTF-16 cut in half": ("a.csv", WHOLE.encode("utf-16")[:-1], "not UTF-16"),
    "a damaged archive": ("a.csv.gz", gzip.compress(WHOLE.encode())[:-9], "cut off"),
    "JSON that is not": ("a.json", b"[{]", "JSON"),
    "JSON object": ("a.json", b"{}", "not a JSON list"),
    "JSON with a doubled key": ("a.json", b'[{"asset": "a", "asset": "b"}]', "asset"),
    "JSON with NaN": ("a.json", b'[{"confidence": NaN}]', "NaN"),
    "JSON nested deep": ("a.json", b"[" * 5000 + b"]" * 5000, "nested deeper"),
    "JSON list of texts": ("a.json", b'["SS-01/T1"]', "not a report with named fields"),
    "JSON with an unknown field": ("a.json", json.dumps([ITEM | {"sate": "x"}]).encode(),
                                   "did you mean 'state'"),
    "JSON with an object in a field": ("a.json", json.dumps([ITEM | {"note": {"a": 1}}]).encode(),
                                       "not one value"),
    "JSON with a hidden character": ("a.json", json.dumps([ITEM | {"note": "\u202e"}]).encode(),
                                     r"U\+202E"),
    "JSON with a wrong number": ("a.json", json.dumps([ITEM | {"confidence": True}]).encode(),
                                 "row 1, confidence: is not a number"),
    "YAML with an alias": ("a.yaml", b"- &a {asset: x}\n- *a\n", "anchor or alias"),
    "YAML with a tag": ("a.yml", b"- !!python/object:os.system x", "tag"),
    "YAML mapping": ("a.yaml", b"asset: x", "not a YAML list"),
    "YAML without its fields": ("a.yaml", b"- asset: SS-01/T1\n", "report_id: is empty"),
    "YAML that is not": ("a.yaml", b"- [}", "not YAML"),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_a_wrong_file_is_refused_with_its_name(tmp_path, network, case):
    name, content, message = FILES[case]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DamageReportError, match=message) as caught:
        read_reports([path], network, zone=KYIV)
    assert {issue.file for issue in caught.value.issues} == {path.as_posix()}


def test_a_missing_file_is_refused_with_the_nearest_name(tmp_path, network):
    (tmp_path / "reports.csv").write_text(WHOLE)
    with pytest.raises(DamageReportError, match=r"no such file; did you mean 'reports\.csv'"):
        read_reports([tmp_path / "report.csv"], network, zone=KYIV)


def check(tmp_path, network, name, content):
    """Read, with rows set aside: reports or findings, nothing else; counts must add up."""
    path = tmp_path / name
    path.write_bytes(content)
    try:
        batch = read_reports([path], network, zone=KYIV, quarantine=True)
    except DamageReportError as refused:
        pathless = [issue for issue in refused.issues if not (issue.message and issue.file)]
        if pathless:
            pytest.fail(f"findings without a place: {pathless}")
        return
    assert batch.read == len(batch.reports) + len(batch.rejected)
    assert all(report.asset in network.assets for report in batch.reports)


FUZZ = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
NAMES = st.sampled_from(["a.csv", "a.json", "a.yaml", "a.csv.gz"])


@FUZZ
@given(name=NAMES, content=st.binary(max_size=400))
def test_random_bytes_never_raise_anything_else(tmp_path, network, name, content):
    check(tmp_path, network, name, content)


JSON_WHOLE = json.dumps([ITEM, ITEM | {"report_id": "2", "spares": ["a", "b"]}])
YAML_WHOLE = "".join(f"- {json.dumps(item)}\n" for item in (ITEM, ITEM | {"report_id": "2"}))


@FUZZ
@given(
    name_and_text=st.sampled_from(
        [("a.csv", WHOLE), ("a.json", JSON_WHOLE), ("a.yaml", YAML_WHOLE)]
    ),
    edits=st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 8), st.text(max_size=6)), min_size=1, max_size=5
    ),
    encoding=st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]),
)
def test_mutated_reports_never_raise_anything_else(
    tmp_path, network, name_and_text, edits, encoding
):
    name, text = name_and_text
    for place, length, insert in edits:
        start = int(place * len(text))
        text = text[:start] + insert + text[start + length :]
    check(tmp_path, network, name, text.encode(encoding, "surrogatepass"))


@FUZZ
@given(edits=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=6))
def test_flipped_bytes_never_raise_anything_else(tmp_path, network, edits):
    content = bytearray(WHOLE.encode())
    for place, byte in edits:
        content[int(place * len(content))] = byte
    check(tmp_path, network, "a.csv", bytes(content))


@pytest.mark.parametrize("step", range(0, len(WHOLE.encode()), 7))
def test_a_file_cut_anywhere_gives_no_report_that_was_not_in_it(tmp_path, network, step):
    whole = tmp_path / "whole.csv"
    whole.write_text(WHOLE, encoding="utf-8")
    path = tmp_path / "cut.csv"
    path.write_bytes(WHOLE.encode()[:step])
    expected = read_reports([whole], network, zone=KYIV).reports
    try:
        batch = read_reports([path], network, zone=KYIV)
    except DamageReportError:
        return
    assert [report.asset for report in batch.reports] == [
        report.asset for report in expected[: len(batch.reports)]
    ]
    assert batch.warnings or WHOLE.encode()[:step].endswith(b"\n")
