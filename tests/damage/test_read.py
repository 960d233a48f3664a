"""Report files: formats, styles, rows set aside."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from gridtool.damage.ledger import DamageLedger
from gridtool.damage.model import DamageState, Estimate3
from gridtool.damage.read import read_reports
from gridtool.errors import DamageReportError

KYIV = ZoneInfo("Europe/Kyiv")
LATER = datetime(2027, 6, 1, tzinfo=UTC)

ENGLISH = (
    "report_id,source,asset,state,remaining_capacity_pct,occurred_at,reported_at,confidence,"
    "low_h,likely_h,high_h,skills,spares,note\n"
    "R-1,EOC,SS-01/T1,extensive,,2027-01-12T03:10+02:00,2027-01-12T05:00+02:00,0.9,"
    "12,24.5,60,substation,transformer_40mva|breaker_110,tank leaks\n"
    "R-2,EOC,PP-1/G1,,40,2027-01-12 03:10,2027-01-12 06:00,,,,,,,\n"
)
UKRAINIAN = (
    "report_id;source;asset;state;remaining_capacity_pct;occurred_at;reported_at;confidence;"
    "low_h;likely_h;high_h;skills;spares;note\r\n"
    "R-1;EOC;SS-01/T1;extensive;;12.01.2027 03:10;12.01.2027 05:00;0,9;"
    "12;24,5;60;substation;transformer_40mva breaker_110;tank leaks\r\n"
    "R-2;EOC;PP-1/G1;;40,0;12.01.2027 03:10;12.01.2027 06:00;;;;;;;\r\n"
)
ITEMS = [
    {"report_id": "R-1", "source": "EOC", "asset": "SS-01/T1", "state": "extensive",
     "occurred_at": "2027-01-12T03:10", "reported_at": "2027-01-12T05:00", "confidence": 0.9,
     "low_h": 12, "likely_h": 24.5, "high_h": 60, "skills": ["substation"],
     "spares": ["transformer_40mva", "breaker_110"], "note": "tank leaks"},
    {"report_id": "R-2", "source": "EOC", "asset": "PP-1/G1", "remaining_capacity_pct": 40,
     "occurred_at": "2027-01-12T03:10", "reported_at": "2027-01-12T06:00", "state": None},
]  # fmt: skip
YAML = """
- {report_id: R-1, source: EOC, asset: SS-01/T1, state: extensive, confidence: 0.9,
   occurred_at: 2027-01-12 03:10, reported_at: 2027-01-12 05:00, low_h: 12, likely_h: 24.5,
   high_h: 60, skills: [substation], spares: [transformer_40mva, breaker_110], note: tank leaks}
- report_id: R-2
  source: EOC
  asset: PP-1/G1
  remaining_capacity_pct: 40
  occurred_at: 12.01.2027 03:10
  reported_at: 12.01.2027 06:00
"""


def save(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def said(reports):
    """What reports say, wherever they were read."""
    return [
        tuple(
            getattr(report, name)
            for name in report.__dataclass_fields__
            if name not in {"file", "row"}
        )
        for report in reports
    ]


def test_the_same_reports_in_every_format_and_style(tmp_path, network):
    paths = [
        save(tmp_path, "a.csv", ENGLISH),
        save(tmp_path, "b.csv", UKRAINIAN),
        save(tmp_path, "c.csv", UKRAINIAN.encode("utf-16")),
        save(tmp_path, "d.csv", UKRAINIAN.encode("utf-8-sig")),
        save(tmp_path, "e.csv", UKRAINIAN.replace("tank leaks", "бак тече").encode("cp1251")),
        save(tmp_path, "f.json", json.dumps(ITEMS)),
        save(tmp_path, "g.yaml", YAML),
        save(tmp_path, "h.tsv", UKRAINIAN.replace(";", "\t")),
        save(tmp_path, "i.csv", "sep=;\r\n" + UKRAINIAN),
    ]
    batches = [read_reports([path], network, zone=KYIV) for path in paths]
    first = batches[0].reports
    assert [report.asset for report in first] == ["SS-01/T1", "PP-1/G1"]
    assert first[0].occurred_at == datetime(2027, 1, 12, 1, 10, tzinfo=UTC)
    assert first[0].recorded_at == first[0].reported_at
    assert first[0].estimate == Estimate3(low_h=12, likely_h=24.5, high_h=60)
    assert first[0].spares == ("transformer_40mva", "breaker_110")
    assert first[1].state is DamageState.EXTENSIVE
    assert first[1].remaining_capacity == 0.4
    for batch in batches:
        expected = [
            tuple("бак тече" if cell == "tank leaks" and "e.csv" in batch.files[0].name else cell
                  for cell in row)
            for row in said(first)
        ]  # fmt: skip
        assert said(batch.reports) == expected
        assert batch.read == 2
        assert batch.warnings == ()
    forms = [batch.files[0].form for batch in batches]
    assert forms == [
        "CSV (comma), utf-8",
        "CSV (semicolon), utf-8",
        "CSV (semicolon), utf-16",
        "CSV (semicolon), utf-8-sig",
        "CSV (semicolon), cp1251",
        "JSON, utf-8",
        "YAML, utf-8",
        "CSV (tab), utf-8",
        "CSV (semicolon), utf-8",
    ]


def test_rows_are_numbered_as_people_see_them(tmp_path, network):
    rows = {}
    for name, content in (("a.csv", ENGLISH), ("f.json", json.dumps(ITEMS)), ("g.yaml", YAML)):
        batch = read_reports([save(tmp_path, name, content)], network, zone=KYIV)
        rows[name] = [report.row for report in batch.reports]
    assert rows == {"a.csv": [2, 3], "f.json": [1, 2], "g.yaml": [2, 5]}


def test_a_header_alone_means_no_damage_and_an_empty_file_is_an_error(tmp_path, network):
    header = ENGLISH.splitlines(keepends=True)[0]
    batch = read_reports([save(tmp_path, "a.csv", header)], network, zone=KYIV)
    assert (batch.reports, batch.read) == ((), 0)
    assert read_reports([save(tmp_path, "a.json", "[]")], network, zone=KYIV).read == 0
    for name in ("b.csv", "b.json", "b.yaml"):
        with pytest.raises(DamageReportError, match="is empty"):
            read_reports([save(tmp_path, name, "")], network, zone=KYIV)


def test_a_folder_stands_for_its_report_files_each_read_once(tmp_path, network):
    save(tmp_path, "b.csv", UKRAINIAN)
    save(tmp_path, "a.yaml", YAML)
    save(tmp_path, "README.md", "# notes")
    batch = read_reports([tmp_path, tmp_path / "b.csv"], network, zone=KYIV)
    assert [file.name for file in batch.files] == [
        (tmp_path / name).as_posix() for name in ("a.yaml", "b.csv")
    ]
    assert len(DamageLedger(batch.reports).as_of(LATER, network).damage) == 2
    (tmp_path / "empty").mkdir()
    with pytest.raises(DamageReportError, match="no report file in this folder"):
        read_reports([tmp_path / "empty"], network, zone=KYIV)
    with pytest.raises(DamageReportError, match="no report file is given"):
        read_reports([], network, zone=KYIV)


BAD_ROWS = (
    "R-3,EOC,SS-1/T1,extensive,,2027-01-12T03:10,2027-01-12T05:00,,,,,,,\n"
    "R-4,EOC,SS-01/T1,extensive,,2027-01-12T03:10,2027-01-12T05:00\n"
    "R-5,EOC,SS-02/T1,wrecked,,2027-01-12T03:10,yesterday,2,,,,,,\n"
)


def test_one_bad_row_refuses_all_with_every_finding(tmp_path, network):
    path = save(tmp_path, "a.csv", ENGLISH + BAD_ROWS)
    other = save(tmp_path, "b.csv", "wrong\n")
    with pytest.raises(DamageReportError) as caught:
        read_reports([path, other], network, zone=KYIV)
    places = {(issue.file.rsplit("/")[-1], issue.row, issue.field) for issue in caught.value.issues}
    assert {
        ("a.csv", 4, "asset"),
        ("a.csv", 5, None),
        ("a.csv", 6, "state"),
        ("a.csv", 6, "reported_at"),
        ("a.csv", 6, "confidence"),
        ("b.csv", 1, None),
    } <= places


def test_quarantine_sets_bad_rows_aside_and_the_counts_add_up(tmp_path, network):
    path = save(tmp_path, "a.csv", ENGLISH + BAD_ROWS)
    batch = read_reports([path], network, zone=KYIV, quarantine=True)
    assert [report.report_id for report in batch.reports] == ["R-1", "R-2"]
    assert [(entry.row, entry.cells[0]) for entry in batch.rejected] == [
        (4, "R-3"),
        (5, "R-4"),
        (6, "R-5"),
    ]
    assert batch.read == 5 == len(batch.reports) + len(batch.rejected)
    assert (batch.files[0].read, batch.files[0].accepted, batch.files[0].rejected) == (5, 2, 3)
    assert "did you mean 'SS-01/T1'" in str(batch.rejected[0].issue)
    reason = batch.rejected[2].issue.message
    assert "not one of the accepted words" in reason
    assert "reported_at: is not a date and time" in reason
    assert "confidence: is too large" in reason


def test_quarantine_does_not_take_a_file_that_is_no_table(tmp_path, network):
    path = save(tmp_path, "a.csv", "asset;state\nSS-01/T1;complete\n")
    with pytest.raises(DamageReportError, match="the column is missing"):
        read_reports([path], network, zone=KYIV, quarantine=True)


def test_look_alike_letters_are_read_with_a_warning(tmp_path, network):
    path = save(tmp_path, "a.csv", ENGLISH.replace("SS-01/T1", "ss\u201301/Т1"))
    batch = read_reports([path], network, zone=KYIV)
    assert batch.reports[0].asset == "SS-01/T1"
    [warning] = batch.warnings
    assert (warning.severity, warning.row, warning.ids) == ("warning", 2, ("SS-01/T1",))


def test_part_capacity_of_a_switched_part_is_a_warning(tmp_path, network):
    text = ENGLISH.replace("PP-1/G1,,40", "SS-02/110-1,,40")
    batch = read_reports([save(tmp_path, "a.csv", text)], network, zone=KYIV)
    assert "a busbar is in service or out" in str(batch.warnings[0])
    assert "SS-02/110-1" not in DamageLedger(batch.reports).as_of(LATER, network).capacity_share


def test_text_from_a_spreadsheet_is_kept_as_text(tmp_path, network):
    text = ENGLISH.replace("R-1", "007").replace("R-2", "1E5").replace("tank leaks", "NA")
    batch = read_reports([save(tmp_path, "a.csv", text)], network, zone=KYIV)
    assert [report.report_id for report in batch.reports] == ["007", "1E5"]
    assert batch.reports[0].note == "NA"


def test_an_event_may_be_reported_and_recorded_at_once(tmp_path, network):
    text = ENGLISH.replace("06:00", "03:10")
    batch = read_reports([save(tmp_path, "a.csv", text)], network, zone=KYIV)
    assert batch.reports[1].occurred_at == batch.reports[1].recorded_at
