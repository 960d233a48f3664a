from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from builders import build_network
from click.testing import CliRunner
from restoration.cases import star

from gridtool.cli import cli
from gridtool.damage.ledger import state_as_of
from gridtool.damage.model import Estimate3
from gridtool.damage.read import read_reports
from gridtool.errors import ResourcesError
from gridtool.network.catalog import load_network
from gridtool.restoration.model import RepairStage, StartedWork
from gridtool.restoration.resources import RESOURCE_TABLES, read_resources
from gridtool.restoration.work.jobs import list_unused, make_jobs

NETWORK = star(30, 20)
CREWS = "id,skills,substation,x_km,y_km,shift_start_h,shift_h,speed_kmh,available_from\n"


def write(folder, **files):
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def test_a_folder_is_read(tmp_path):
    write(
        tmp_path,
        crews="id;skills;substation;speed_kmh;available_from\n"
        "A;line cable;S2;25,5;12.01.2027 08:00\n",
        spares="spare,stock\ntower,2\n",
        arrivals="spare,quantity,arrives_at\ntower,1,2027-02-01T10:00\ntower,3,2027-03-01\n",
    )
    found = read_resources(tmp_path, NETWORK)
    (crew,) = found.crews
    assert (crew.id, crew.skills, crew.x_km, crew.speed_kmh) == ("A", ("line", "cable"), 2.0, 25.5)
    assert (crew.shift_start_h, crew.shift_h, crew.available_to) == (8.0, 12.0, None)
    assert crew.available_from == datetime(2027, 1, 12, 6, tzinfo=UTC)
    assert dict(found.stock) == {"tower": 2}
    assert [arrival.quantity for arrival in found.arrivals] == [1, 3]
    assert found.arrivals[0].arrives_at == datetime(2027, 2, 1, 8, tzinfo=UTC)


def test_crews_alone_are_enough(tmp_path):
    write(tmp_path, crews="id,skills,x_km,y_km\nA,line,1.5,2.5\n")
    found = read_resources(tmp_path, NETWORK)
    assert (found.crews[0].x_km, found.crews[0].y_km) == (1.5, 2.5)
    assert dict(found.stock) == {}
    assert found.arrivals == ()


def test_all_findings_of_all_files_come_at_once(tmp_path):
    write(
        tmp_path,
        crews=CREWS + "A,line,S9,,,8,12,30,\nA,line,S1,,,8,30,0,\nB,line,,,,8,12,30,yesterday\n"
        "C,line,,,,8,12,30,\n",
        spares="spare,stock\ntower,-1\n",
        arrivals="spare,amount,arrives_at\ntower,1,2027-02-01\n",
    )
    with pytest.raises(ResourcesError) as caught:
        read_resources(tmp_path, NETWORK)
    text = str(caught.value)
    for part in (
        "crews.csv, row 2, substation",
        "crews.csv, row 3, id",
        "crews.csv, row 3, shift_h",
        "crews.csv, row 3, speed_kmh",
        "crews.csv, row 4, available_from",
        "crews.csv, row 5, substation: the crew has no depot",
        "spares.csv, row 2, stock",
        "arrivals.csv, row 1, amount",
        "arrivals.csv, row 1, quantity",
    ):
        assert part in text, text
    assert caught.value.exit_code == 3


def test_a_crew_that_leaves_before_it_comes_is_refused(tmp_path):
    write(
        tmp_path,
        crews="id,skills,substation,available_from,available_to\nA,line,S1,2027-01-12,2027-01-11\n",
    )
    with pytest.raises(ResourcesError, match="leaves before it is there"):
        read_resources(tmp_path, NETWORK)


def test_missing_files_and_folders_are_findings(tmp_path):
    with pytest.raises(ResourcesError, match="no such folder"):
        read_resources(tmp_path / "none", NETWORK)
    with pytest.raises(ResourcesError, match=r"crews\.csv: the file is missing"):
        read_resources(tmp_path, NETWORK)
    write(tmp_path, crews="id,skills,substation\n")
    with pytest.raises(ResourcesError, match="has no crew"):
        read_resources(tmp_path, NETWORK)


HEAD = (
    "asset,stage,capacity_after_pct,low_h,likely_h,high_h,skills,crew_size,spares,after,crew,"
    "started_at\n"
)
TEAM = (
    "id,skills,substation,crew_type,size,available_from\n"
    "A,line,S1,lines,6,\nB,line,S1,,,2027-01-10\n"
)


def two_voltages():
    """S1 with 110 and 10 kV, S2 with 10 kV alone."""
    busbars = {"S1/110": ("S1", 110), "S1/10": ("S1", 10), "S2/10": ("S2", 10)}
    return build_network(
        {
            "districts": [{"id": "D", "name": "D"}],
            "substations": [
                {"id": s, "name": s, "district": "D", "kind": "distribution", "x_km": i, "y_km": 0}
                for i, s in enumerate(("S1", "S2"))
            ],
            "busbars": [
                {"id": key, "substation": owner, "vn_kv": kv}
                for key, (owner, kv) in busbars.items()
            ],
        }
    )


def findings(folder, network=NETWORK):
    with pytest.raises(ResourcesError) as caught:
        read_resources(folder, network)
    return [str(issue) for issue in caught.value.issues]


def test_crews_have_a_type_and_a_size(tmp_path):
    write(tmp_path, crews=TEAM)
    found = read_resources(tmp_path, NETWORK)
    assert [(crew.crew_type, crew.size) for crew in found.crews] == [("lines", 6), ("", 4)]


def test_an_uncertain_arrival_has_its_latest_date(tmp_path):
    head = "spare,quantity,arrives_at,latest_at\n"
    write(
        tmp_path,
        crews=TEAM,
        arrivals=head + "tower,1,2027-02-01,\ntower,1,2027-02-01,2027-02-01\n"
        "tower,1,2027-02-01T00:00Z,2027-03-01T00:00Z\n",
    )
    one, two, three = read_resources(tmp_path, NETWORK).arrivals
    assert one.latest_at is None
    assert two.latest_at == two.arrives_at
    assert three.latest_at == datetime(2027, 3, 1, tzinfo=UTC)
    write(tmp_path, arrivals=head + "tower,1,2027-02-01,2027-01-31\n")
    (line,) = findings(tmp_path)
    assert line.startswith("arrivals.csv, row 2, latest_at: is before arrives_at")


def test_mobile_units_are_read(tmp_path):
    write(
        tmp_path,
        crews=TEAM.replace("S1", "S2"),
        mobile_units="id,kind,capacity_mva,kv,hv_kv,substation,x_km,y_km,fuel_mwh_per_day,sites\n"
        "MS,substation,16,10,110,S2,,,,S1\nMG,generator,1.6,10,,,3,4,30,\n",
    )
    station, generator = read_resources(tmp_path, two_voltages()).mobile_units
    assert (station.kind, station.hv_kv, station.kv, station.x_km) == ("substation", 110, 10, 1.0)
    assert (station.setup_h, station.teardown_h, station.sites) == (4.0, 2.0, ("S1",))
    assert (generator.x_km, generator.y_km, generator.fuel_mwh_per_day) == (3.0, 4.0, 30.0)
    assert (generator.sites, generator.hv_kv) == ((), None)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("S1,substation,16,10,110,S2,,", "row 2, id: is the id of an asset"),
        ("M,trailer,16,10,110,S2,,", "row 2, kind: is not one of"),
        ("M,substation,16,10,,S2,,", "row 2, hv_kv: a mobile substation takes its power from a"),
        ("M,substation,16,110,10,S2,,", "row 2, hv_kv: a mobile substation takes its power from a"),
        ("M,generator,16,10,110,S2,,", "row 2, hv_kv: a generator has no high voltage"),
        ("M,substation,16,10,110,S2,5,", "row 2, fuel_mwh_per_day: a mobile substation burns no"),
        ("M,generator,16,6,,S2,,", "row 2, kv: no substation of the network has 6 kV"),
        ("M,substation,16,10,35,S2,,", "no substation of the network has 35 kV and 10 kV"),
        ("M,substation,16,10,110,S2,,S2", "row 2, sites: has no section of 110 kV and 10 kV"),
        ("M,generator,16,10,,S2,,S9", "row 2, sites: is not in substations"),
        ("M,generator,0,10,,S2,,", "row 2, capacity_mva: is too small"),
        ("M,generator,16,10,,,,", "row 2, substation: the unit has no depot"),
        ("M,generator,16,10,,S2,,\nM,generator,16,10,,S2,,", "row 3, id: is there twice"),
    ],
)
def test_a_faulty_mobile_unit_is_a_finding(tmp_path, row, words):
    head = "id,kind,capacity_mva,kv,hv_kv,substation,fuel_mwh_per_day,sites\n"
    write(tmp_path, crews=TEAM, mobile_units=head + row + "\n")
    (line,) = findings(tmp_path, two_voltages())
    assert line.startswith("mobile_units.csv")
    assert words in line


def test_a_mobile_unit_leaves_after_it_comes(tmp_path):
    write(
        tmp_path,
        crews=TEAM,
        mobile_units="id,kind,capacity_mva,kv,substation,available_from,available_to\n"
        "M,generator,1,110,S1,2027-01-12,2027-01-12\n",
    )
    (line,) = findings(tmp_path)
    assert "available_to: the unit leaves before it is there" in line


def test_declared_repairs_are_read(tmp_path):
    write(
        tmp_path,
        crews=TEAM,
        repairs=HEAD
        + "L1,make safe,,1,2,3,,,,,A,2027-01-11T12:00Z\n"
        + "l1,temporary,60,5,6,8,line|crane,6,tower-110:2 bolt,S2|L2,,\n"
        + "L1,permanent,,,,,,,,l1:temporary L2:permanent s2,,\n",
    )
    safe, temporary, permanent = read_resources(tmp_path, NETWORK).repairs
    assert safe.started == StartedWork(crew="A", started_at=datetime(2027, 1, 11, 12, tzinfo=UTC))
    assert (safe.capacity_after, safe.estimate) == (None, Estimate3(low_h=1, likely_h=2, high_h=3))
    assert (temporary.asset, temporary.stage) == ("L1", RepairStage.TEMPORARY)
    assert (temporary.capacity_after, temporary.crew_size) == (0.6, 6)
    assert temporary.spares == ("tower-110", "tower-110", "bolt")
    assert (temporary.skills, temporary.after) == (("line", "crane"), ("S2", "L2"))
    assert (permanent.capacity_after, permanent.estimate, permanent.started) == (None, None, None)
    assert permanent.after == ("L1:temporary", "L2:permanent", "S2")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            "IFF,permanent,,,,,,,,,,",
            "asset: is not an asset of the network (value 'IFF'); did you mean 'IF'",
        ),
        ("L1,provisional,,,,,,,,,,", "row 2, stage: is not one of the accepted words"),
        ("L1,permanent,80,,,,,,,,,", "capacity_after_pct: a permanent repair leaves nothing out"),
        ("L1,temporary,,5,6,7,,,,,,", "capacity_after_pct: a temporary stage leaves some capacity"),
        (
            "L1,temporary,0,5,6,7,,,,,,",
            "capacity_after_pct: a temporary stage leaves some capacity",
        ),
        ("L1,temporary,50,,,,,,,,,", "low_h: a temporary stage needs an estimate of its own"),
        ("L1,make safe,,,,,,,,,,", "low_h: a make safe stage needs an estimate of its own"),
        ("L1,temporary,130,5,6,7,,,,,,", "capacity_after_pct: is too large"),
        ("S1/B,temporary,50,5,6,7,,,,,,", "a busbar is in service or out (value '50')"),
        ("L1,permanent,,7,6,5,,,,,,", "likely_h: the estimate is not in order"),
        ("L1,permanent,,7,,,,,,,,", "likely_h: is empty, but a part of the estimate is given"),
        ("L1,permanent,,,,,,0,,,,", "crew_size: is too small"),
        ("L1,permanent,,,,,,,tower:0,,,", "spares: is no number of spares (value 'tower:0')"),
        ("L1,permanent,,,,,,,a:b:2,,,", "spares: is no number of spares (value 'a:b:2')"),
        ("L1,permanent,,,,,,,,L9,,", "row 2, after: is not an asset of the network (value 'L9')"),
        ("L1,permanent,,,,,,,,L2:temporary,,", "after: L2 has no row with the stage temporary"),
        ("L1,permanent,,,,,,,,L2:later,,", "row 2, after: is not an asset of the network"),
        ("L1,permanent,,,,,,,,,A,", "row 2, started_at: is empty, but crew is given"),
        ("L1,permanent,,,,,,,,,,2027-01-11", "row 2, crew: is empty, but started_at is given"),
        (
            "L1,permanent,,,,,,,,,AB,2027-01-11",
            "row 2, crew: is not in crews (value 'AB'); accepted: A, B; did you mean",
        ),
        ("L1,permanent,,,,,,,,,B,2027-01-09", "row 2, started_at: crew B was not there then"),
        (
            "L1,make safe,70,1,2,3,,,,,,\nL1,temporary,50,5,6,7,,,,,,",
            "row 3, capacity_after_pct: L1 is left with less than after make safe",
        ),
        ("L1,permanent,,,,,,,,,,\nL1,permanent,,,,,,,,,,", "row 3, asset + stage: is there twice"),
        ("L1,permanent,,,,,,,,,,\nl1,permanent,,,,,,,,,,", "row 3, asset + stage: is there twice"),
    ],
)
def test_a_faulty_repair_is_a_finding(tmp_path, rows, words):
    write(tmp_path, crews=TEAM, repairs=HEAD + rows + "\n")
    lines = findings(tmp_path)
    assert all(line.startswith("repairs.csv") for line in lines)
    assert len(lines) == 1
    assert words in lines[0]


def test_a_crew_whose_row_is_faulty_is_not_missed_a_second_time(tmp_path):
    write(
        tmp_path,
        crews="id,skills,substation,shift_h\nA,line,S1,30\n",
        repairs=HEAD + "L1,permanent,,,,,,,,,A,2027-01-11\n",
    )
    (line,) = findings(tmp_path)
    assert line.startswith("crews.csv, row 2, shift_h")


@pytest.mark.parametrize("name", ["rivercity", "rts79", "toy3", "toy5"])
def test_shipped_resources_are_read(root, name):
    network = load_network(root / "networks" / name)
    assert read_resources(root / "networks" / name / "resources", network).crews


def test_the_city_has_an_example_of_every_table(root):
    folder = root / "networks" / "rivercity"
    city = load_network(folder)
    found = read_resources(folder / "resources", city)
    assert {unit.kind for unit in found.mobile_units} == {"substation", "generator"}
    assert {repair.stage for repair in found.repairs} == set(RepairStage)
    assert any(repair.started for repair in found.repairs)
    assert any(repair.after for repair in found.repairs)
    assert any(arrival.latest_at for arrival in found.arrivals)
    assert all(crew.crew_type for crew in found.crews)
    reports = read_reports(sorted((folder / "damage").glob("*.csv")), city, zone=city.manifest.zone)
    morning = state_as_of(city, reports.reports, datetime(2027, 1, 12, 6, tzinfo=UTC))
    assert list_unused(morning, found) == []
    jobs = make_jobs(morning, found)
    assert len(jobs) > sum(1 for entry in morning.damage.values() if entry.capacity_share < 1)
    before = state_as_of(city, reports.reports, datetime(2027, 1, 10, 6, tzinfo=UTC))
    assert all(job.started is None for job in make_jobs(before, found))
    assert any("had not started" in issue.message for issue in list_unused(before, found))


def test_every_column_says_what_it_means():
    for schema in RESOURCE_TABLES:
        for column in schema.columns:
            assert column.meaning
            assert column.unit or not column.name.endswith(
                ("_km", "_h", "_kmh", "_kv", "_mva", "_pct")
            )


def test_the_new_tables_are_in_the_schema():
    result = CliRunner().invoke(cli, ["schema", "resources", "--format", "json"])
    assert result.exit_code == 0
    tables = json.loads(result.stdout)["data"]
    assert set(tables) == {schema.name for schema in RESOURCE_TABLES}
    columns = {name: [row["column"] for row in rows] for name, rows in tables.items()}
    for schema in RESOURCE_TABLES:
        assert columns[schema.name] == list(schema.names)
    assert {"crew_type", "size"} <= set(columns["crews"])
    assert "latest_at" in columns["arrivals"]
