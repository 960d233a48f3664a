"""Malformed inputs of every kind through the command line: one message, its exit code, no trace.

``pytest -s tests/test_malformed_corpus.py`` prints the table.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil

import pytest
from click.testing import CliRunner
from malformed_jobs import JOBS

from gridtool.cli import cli

TOY = "networks/toy3"

# name of the case, file of the package, text, what is put in its place, words of the message
NETWORKS = [
    ("no manifest", "network.toml", None, None, "network.toml"),
    ("manifest is not TOML", "network.toml", 'format = "', "format = ", "is not TOML"),
    ("manifest of a later format", "network.toml", "version = 1", "version = 9", "format_version"),
    ("unknown time zone", "network.toml", "timezone = ", 'timezone = "Kyiw"#', "time zone"),
    ("misspelt key", "network.toml", "timezone", "timezon", "timezone"),
    ("no lines file", "lines.csv", None, None, "lines.csv"),
    ("empty file", "lines.csv", "", None, "lines.csv"),
    ("misspelt column", "lines.csv", "length_km", "lenght_km", "length_km"),
    ("a column twice", "lines.csv", "r_ohm_per_km,", "length_km,", "length_km"),
    ("negative length", "lines.csv", "B/110,20,", "B/110,-20,", "length_km"),
    ("length in words", "lines.csv", "B/110,20,", "B/110,twenty,", "twenty"),
    ("infinite rating", "lines.csv", "0.262431940540739", "1e999", "max_i_ka"),
    ("rating of zero", "lines.csv", "0.262431940540739", "0", "max_i_ka"),
    ("no reactance", "lines.csv", "20,0,0.4,", "20,0,0,", "x_ohm_per_km"),
    ("a line to itself", "lines.csv", "A/110,B/110", "A/110,A/110", "L-AB"),
    ("unknown busbar", "lines.csv", "A/110,B/110", "A/110,B/10", "did you mean 'B/110'"),
    ("an id twice", "lines.csv", "L-AC,", "L-AB,", "L-AB"),
    ("an id in two tables", "lines.csv", "L-AB,", "G-C,", "G-C"),
    ("a row too short", "lines.csv", ",0.262431940540739,true", "", "lines.csv"),
    ("unknown substation", "busbars.csv", "B/110,B,", "B/110,X,", "substation"),
    ("voltage of zero", "busbars.csv", "B/110,B,110", "B/110,B,0", "vn_kv"),
    ("a line between voltages", "busbars.csv", "B/110,B,110", "B/110,B,35", "35"),
    ("unknown kind", "substations.csv", ",plant,", ",nuclear,", "nuclear"),
    ("negative demand", "feeders.csv", "B/110,50,", "B/110,-50,", "peak_mw"),
    ("maybe in service", "feeders.csv", "1.1,true", "1.1,maybe", "maybe"),
    ("shares above one", "customers.csv", "25000,1", "25000,1.5", "demand_share"),
    ("half a customer", "customers.csv", "25000", "2.5", "customers"),
    ("unknown class", "customers.csv", "hospital", "clinic", "clinic"),
    ("outage rate in percent", "units.csv", ",0,,,,true", ",5,10,10,,true", "units.csv"),
    ("a hidden character", "districts.csv", "East", "Ea\u200bst", "U+200B"),
    ("a misspelt optional table", "units.csv -> unit.csv", None, None, "unit.csv"),
]

STORED = "id,busbar,charge_mw,discharge_mw,energy_mwh\n"
RATES = STORED.replace("\n", ",loss_per_hour,initial_share,mttf_h,mttr_h\n")
STORAGES = [
    ("an id of a line", STORED + "L-AB,B/110,5,5,20\n", "already used"),
    ("a busbar that is not there", STORED + "ST,B/10,5,5,20\n", "did you mean 'B/110'"),
    ("no energy", STORED + "ST,B/110,5,5,0\n", "energy_mwh"),
    ("energy in words", STORED + "ST,B/110,5,5,much\n", "not a number"),
    ("no power of charging", STORED + "ST,B/110,0,5,20\n", "charge_mw"),
    ("negative power", STORED + "ST,B/110,5,-5,20\n", "discharge_mw"),
    ("efficiency in percent", STORED[:-1] + ",charge_efficiency\nST,B/110,5,5,9,90\n", "at most 1"),
    ("efficiency of zero", STORED[:-1] + ",discharge_efficiency\nST,B/110,5,5,9,0\n", "above 0"),
    ("loses everything", RATES + "ST,B/110,5,5,20,1,,,\n", "loses everything within an hour"),
    ("more than full", RATES + "ST,B/110,5,5,20,,1.5,,\n", "initial_share"),
    ("never repaired", RATES + "ST,B/110,5,5,20,,,500,\n", "needs a time to repair"),
    ("a negative time to failure", RATES + "ST,B/110,5,5,20,,,-500,50\n", "mttf_h"),
    ("a column of another table", STORED[:-1] + ",max_mw\nST,B/110,5,5,20,5\n", "max_mw"),
]

REPORT = (
    "report_id,source,asset,state,occurred_at,reported_at\n"
    "1,EOC,L-AB,complete,2027-01-12T03:00,2027-01-12T05:00\n"
)
REPORTS = [
    ("empty", "r.csv", "", "empty"),
    ("header only in part", "r.csv", "report_id,asset\n1,L-AB\n", "missing"),
    ("unknown asset", "r.csv", REPORT.replace("L-AB", "L-AV"), "did you mean 'L-AC'?"),
    ("unknown state", "r.csv", REPORT.replace("complete", "broken"), "accepted: none"),
    ("American date", "r.csv", REPORT.replace("2027-01-12T03", "01/12/2027 03"), "occurred_at"),
    ("time the clock skips", "r.csv", REPORT.replace("2027-01-12T", "2027-03-28T"), "clock skips"),
    ("reported before it occurred", "r.csv", REPORT.replace("12T05", "11T05"), "before"),
    ("an unclosed quote", "r.csv", REPORT.replace("EOC", '"EOC'), "closed"),
    ("a cell too many", "r.csv", REPORT.replace("EOC", "EOC,x"), "7 cells"),
    ("binary", "r.csv", bytes(range(256)), "r.csv"),
    ("a spreadsheet", "r.csv", b"PK\x03\x04", "spreadsheet"),
    ("cut gzip", "r.csv", gzip.compress(REPORT.encode())[:40], "cut off"),
    ("not JSON", "r.json", '[{"asset": ', "JSON"),
    ("NaN in JSON", "r.json", '[{"confidence": NaN}]', "NaN"),
    ("a key twice in JSON", "r.json", '[{"asset": 1, "asset": 2}]', "twice"),
    ("deep JSON", "r.json", "[" * 100_000, "nested"),
    ("a YAML tag", "r.yaml", "- !!python/object/apply:os.system [id]\n", "YAML"),
    ("YAML aliases", "r.yaml", "- &a [x]\n- *a\n", "YAML"),
    ("another suffix", "r.pdf", "x", "accepted"),
    ("not there", None, "", "no such file"),
]

HOURS = "".join(
    f"2026-01-{day:02}T{hour:02}:00Z,{500 + hour}\n" for day in range(1, 4) for hour in range(24)
)
HISTORIES = [
    ("empty", "", "empty"),
    ("header only", "timestamp,load_mw\n", "rows"),
    ("no demand column", "timestamp,colour\n2026-01-01T00:00Z,red\n", "load"),
    ("no time column", "load_mw,temp_c\n5,5\n", "timestamp"),
    ("three days only", "timestamp,load_mw\n" + HOURS, "at least 360 days"),
    ("words as numbers", "timestamp,load_mw\n" + HOURS.replace(",501", ",n/a?"), "load_mw"),
    ("times that are none", "timestamp,load_mw\n" + HOURS.replace("T01:00", "T25:00"), "timestamp"),
    ("no demand at all", "timestamp,load_mw\n" + re.sub(",5..", ",0", HOURS), ""),
    ("a quote that never ends", 'timestamp,load_mw\n"' + HOURS, "closed"),
    ("not text", bytes(range(256)), "text"),
]

CREWS = "id,skills,substation\nC1,line,A\n"
ARRIVALS = "spare,quantity,arrives_at,latest_at\n"
UNITS = "id,kind,capacity_mva,kv,hv_kv,substation,sites\n"
REPAIRS = "asset,stage,capacity_after_pct,low_h,likely_h,high_h,after,spares,crew,started_at\n"


def _unit(name, row, words):
    return name, {"crews.csv": CREWS, "mobile_units.csv": UNITS + row + "\n"}, words


def _repair(name, rows, words):
    cells = REPAIRS.count(",")
    filled = [row + "," * (cells - row.count(",")) + "\n" for row in rows.split("\n")]
    crews = CREWS + "C2,cable,A\n"
    return name, {"crews.csv": crews, "repairs.csv": REPAIRS + "".join(filled)}, words


RESOURCES = [
    ("no crews file", {}, "crews.csv"),
    ("no crews", {"crews.csv": "id,skills,substation\n"}, "crew"),
    ("depot nowhere", {"crews.csv": CREWS.replace(",A", ",Z")}, "did you mean|substation"),
    ("no skills", {"crews.csv": CREWS.replace(",line,", ",,")}, "skills"),
    ("a shift of 30 hours", {"crews.csv": "id,skills,x_km,y_km,shift_h\nC1,line,0,0,30\n"}, "24"),
    ("a crew twice", {"crews.csv": CREWS + "C1,line,A\n"}, "C1"),
    (
        "half a spare",
        {"crews.csv": CREWS, "spares.csv": "spare,stock\ntower,0.5\n"},
        "stock",
    ),
    ("nobody in a crew", {"crews.csv": "id,skills,substation,size\nC1,line,A,0\n"}, "size"),
    (
        "an arrival later than its latest",
        {"crews.csv": CREWS, "arrivals.csv": ARRIVALS + "tower,1,2027-02-02,2027-02-01\n"},
        "latest_at: is before arrives_at",
    ),
    _unit("a unit that is a trailer", "M,trailer,16,110,,A,", "kind"),
    _unit("a unit of no voltage", "M,generator,16,10,,A,", "no substation of the network has 10"),
    _unit("a unit without high voltage", "M,substation,16,110,,A,", "hv_kv"),
    _unit("a unit with low high voltage", "M,substation,16,110,10,A,", "hv_kv"),
    _unit("a generator with high voltage", "M,generator,16,110,330,A,", "hv_kv"),
    _unit("a unit in an unknown place", "M,generator,16,110,,A,Z", "sites: is not in substations"),
    _unit("a unit with an asset's name", "L-AB,generator,16,110,,A,", "id of an asset"),
    _unit("a unit from nowhere", "M,generator,16,110,,,", "has no depot"),
    _repair("a repair of nothing", "L-AV,permanent", "did you mean 'L-AC'?|did you mean"),
    _repair("an unknown stage", "L-AB,final", "make safe, temporary, permanent"),
    _repair("a stage twice", "L-AB,permanent\nL-AB,permanent", "is there twice"),
    _repair("half for good", "L-AB,permanent,50", "a permanent repair leaves nothing out"),
    _repair("temporary without capacity", "L-AB,temporary,,1,2,3", "leaves some capacity"),
    _repair("temporary without an estimate", "L-AB,temporary,50", "estimate of its own"),
    _repair(
        "capacity that falls",
        "L-AB,make safe,60,1,2,3\nL-AB,temporary,50,1,2,3",
        "less than after make safe",
    ),
    _repair("an estimate upside down", "L-AB,permanent,,3,2,1", "not in order"),
    _repair("no number of spares", "L-AB,permanent,,,,,,tower:0", "is no number of spares"),
    _repair("started by nobody", "L-AB,permanent,,,,,,,,2027-01-12T06:00", "crew: is empty"),
    _repair("started at no time", "L-AB,permanent,,,,,,,C1", "started_at: is empty"),
    _repair(
        "started by an unknown crew",
        "L-AB,permanent,,,,,,,C9,2027-01-12T04:00",
        "crew: is not in crews (value 'C9'); accepted: C1, C2",
    ),
    _repair("a stage after no asset", "L-AB,permanent,,,,,X", "after: is not an asset"),
    _repair("a stage after one not declared", "L-AB,permanent,,,,,L-AC:temporary", "no row with"),
    _repair("a cycle", "L-AB,permanent,,,,,L-AB", "L-AB waits for L-AB"),
    _repair(
        "a cycle of stages",
        "L-AB,make safe,,1,2,3,L-AB:temporary\nL-AB,temporary,50,1,2,3",
        "L-AB:make-safe waits for L-AB:temporary (repairs.csv)",
    ),
    _repair(
        "started before what it waits for",
        "L-AB,make safe,,1,2,3\nL-AB,permanent,,,,,,,C1,2027-01-12T04:00",
        "L-AB has started, but waits for L-AB:make-safe",
    ),
    _repair(
        "a crew without the skill at work",
        "L-AB,permanent,,,,,,,C2,2027-01-12T04:00",
        "crew C2, which has started it, lacks the skill line",
    ),
]

FOREIGN = [
    ("JSON of something else", "x.json", '{"a": 1}', "pandapower"),
    ("a list", "x.json", "[]", "x.json"),
    ("cut off", "x.json", '{"_module": "pandapower.auxiliary", "_cl', "JSON"),
    (
        "code named by the file",
        "x.json",
        '{"_module": "os", "_class": "system", "_object": "touch hacked"}',
        "x.json",
    ),
    ("NaN", "x.json", '{"_module": "pandapower.auxiliary", "f_hz": NaN}', "NaN"),
    ("not a workbook", "x.xlsx", "PK but no more", "x.xlsx"),
    ("MATPOWER without buses", "x.m", "function mpc = x\nmpc.version = '2';\n", "bus"),
    ("MATPOWER that calls", "x.m", "function mpc = x\nsystem('touch hacked');\n", "x.m"),
    ("MATPOWER cut off", "x.m", "function mpc = x\nmpc.bus = [1 2 3", "x.m"),
]


def network_case(root, folder, file, old, new):
    target = folder / "city"
    shutil.copytree(root / TOY, target)
    if " -> " in file:
        before, after = file.split(" -> ")
        (target / before).rename(target / after)
    elif old is None:
        (target / file).unlink()
    else:
        text = (target / file).read_text(encoding="utf-8")
        changed = text.replace(old, new, 1) if new is not None else old
        assert changed != text, "the case changes the file"
        (target / file).write_text(changed, encoding="utf-8")
    return ["network", "check", str(target)]


def storage_case(root, folder, content):
    target = folder / "city"
    shutil.copytree(root / TOY, target)
    (target / "storages.csv").write_text(content, encoding="utf-8")
    return ["network", "check", str(target)]


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def report_case(root, folder, file, content):
    path = folder / (file or "nowhere.csv")
    if file:
        write(path, content)
    return ["damage", "check", str(path), "--network", str(root / TOY)]


def history_case(folder, content):
    write(folder / "h.csv", content)
    return ["demand", "fit", str(folder / "h.csv")]


def resources_case(root, folder, files):
    write(folder / "r.csv", REPORT)
    for name, content in files.items():
        write(folder / name, content)
    return [
        *["restore", str(root / TOY), "--damage", str(folder / "r.csv")],
        *["--resources", str(folder)],
    ]


def job_case(folder, content):
    write(folder / "job.toml", content)
    return ["run", str(folder / "job.toml")]


def foreign_case(folder, file, content):
    write(folder / file, content)
    return ["network", "check", str(folder / file)]


CASES = (
    [("network", name, network_case, case, words) for name, *case, words in NETWORKS]
    + [("storages", name, storage_case, case, words) for name, *case, words in STORAGES]
    + [("reports", name, report_case, case, words) for name, *case, words in REPORTS]
    + [("history", name, history_case, case, words) for name, *case, words in HISTORIES]
    + [("resources", name, resources_case, case, words) for name, *case, words in RESOURCES]
    + [("job", name, job_case, case, words) for name, *case, words in JOBS]
    + [("foreign file", name, foreign_case, case, words) for name, *case, words in FOREIGN]
)


@pytest.mark.parametrize("given", CASES, ids=[f"{case[0]}: {case[1]}" for case in CASES])
def test_is_refused_in_one_message(root, tmp_path, monkeypatch, given):
    kind, name, make, case, words = given
    monkeypatch.chdir(tmp_path)
    needs_root = make in {network_case, storage_case, report_case, resources_case}
    arguments = make(root, tmp_path, *case) if needs_root else make(tmp_path, *case)
    before = sorted(tmp_path.rglob("*"))
    result = CliRunner().invoke(cli, arguments)
    message = result.stderr.strip()
    print(f"\n{kind} | {name} | {result.exit_code} | {' / '.join(message.splitlines()[:2])[:240]}")
    assert result.exit_code == 3, result.output
    assert "Traceback" not in result.output
    assert message.startswith("error: ")
    assert re.search("finding", message)
    assert any(part.casefold() in message.casefold() for part in words.split("|")), message
    assert sorted(tmp_path.rglob("*")) == before, "a refused input leaves nothing behind"


def test_the_corpus_covers_what_the_issue_asks():
    assert len(CASES) >= 60
    assert {case[0] for case in CASES} >= {"network", "reports", "history", "job"}
    assert len({(case[0], case[1]) for case in CASES}) == len(CASES)


def test_the_sound_originals_are_accepted(root, tmp_path):
    """The cases differ from accepted inputs in what they say they do."""
    write(tmp_path / "r.csv", REPORT)
    check = ["damage", "check", str(tmp_path / "r.csv"), "--network", str(root / TOY)]
    for arguments in (["network", "check", str(root / TOY)], check):
        result = CliRunner().invoke(cli, [*arguments, "--format", "json"])
        assert result.exit_code == 0, result.output
        json.loads(result.stdout)
