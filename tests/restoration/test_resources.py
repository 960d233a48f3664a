from __future__ import annotations

from datetime import UTC, datetime

import pytest
from restoration.cases import star

from gridtool.errors import ResourcesError
from gridtool.network.catalog import load_network
from gridtool.restoration.resources import RESOURCE_TABLES, read_resources

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


@pytest.mark.parametrize("name", ["rivercity", "rts79", "toy3", "toy5"])
def test_shipped_resources_are_read(root, name):
    network = load_network(root / "networks" / name)
    assert read_resources(root / "networks" / name / "resources", network).crews


def test_every_column_says_what_it_means():
    for schema in RESOURCE_TABLES:
        for column in schema.columns:
            assert column.meaning
            assert column.unit or not column.name.endswith(("_km", "_h", "_kmh"))
