"""Files that are broken or want to do harm: each ends in one NetworkError that says where."""

import copy
import functools
import io
import json
import random
import subprocess
import sys
import zipfile

import openpyxl
import pandapower as pp
import pandapower.networks as shipped
import pandas as pd
import pytest
from network.foreign.engines import case_text
from network.foreign.test_matpower import BRANCH3, BUS3, GEN3

from gridtool.errors import NetworkError
from gridtool.network.foreign import read_foreign
from gridtool.network.foreign.read import network_from_bytes
from gridtool.network.model import CityNetwork

FRAME = {"_module": "pandas.core.frame", "_class": "DataFrame", "orient": "split"}


def frame(columns, rows, index=None):
    content = {"columns": columns, "index": index or list(range(len(rows))), "data": rows}
    return FRAME | {"_object": json.dumps(content)}


def stored(module, name, content=None):
    return {"_module": module, "_class": name, "_object": content or {}}


@pytest.fixture(scope="module")
def valid():
    """A small network as pandapower writes it, as Python objects."""
    net = pp.create_empty_network()
    pp.create_buses(net, 3, 110.0, zone="A")
    pp.create_bus(net, 10.0)
    pp.create_ext_grid(net, 0)
    pp.create_line_from_parameters(net, 0, 1, 10.0, 0.1, 0.4, 9.0, 0.6, name="L1")
    pp.create_transformer_from_parameters(net, 1, 3, 25.0, 110.0, 10.0, 0.5, 10.5, 20.0, 0.3)
    pp.create_switch(net, 1, 2, et="b")
    pp.create_load(net, 3, 9.0, 3.0)
    return json.loads(pp.to_json(net))


def edit(document, table, column, value, *, row=0):
    document = copy.deepcopy(document)
    content = json.loads(document["_object"][table]["_object"])
    content["data"][row][content["columns"].index(column)] = value
    document["_object"][table]["_object"] = json.dumps(content)
    return document


def reshape(document, table, change):
    document = copy.deepcopy(document)
    content = json.loads(document["_object"][table]["_object"])
    change(content)
    document["_object"][table]["_object"] = json.dumps(content)
    return document


def add(document, **members):
    document = copy.deepcopy(document)
    document["_object"] |= members
    return document


CELLS = {
    # table, column, value, what the finding calls the place
    "negative length": ("line", "length_km", -1.0),
    "length 0": ("line", "length_km", 0.0),
    "length missing": ("line", "length_km", None),
    "length as text": ("line", "length_km", "12"),
    "length true": ("line", "length_km", True),
    "huge length": ("line", "length_km", 1e300),
    "service as text": ("line", "in_service", "false"),
    "service 2": ("line", "in_service", 2),
    "no such bus": ("line", "to_bus", 77),
    "bus -1": ("line", "to_bus", -1),
    "bus 0.5": ("line", "to_bus", 0.5),
    "bus as list": ("line", "to_bus", [1]),
    "parallel 0": ("line", "parallel", 0),
    "parallel a million": ("line", "parallel", 1_000_000),
    "rating negative": ("line", "max_i_ka", -1.0),
    "derating 0": ("line", "df", 0.0),
    "control character in a name": ("line", "name", "a\x1b[2Jb"),
    "right-to-left override": ("load", "name", "a\u202eb"),
    "name of a megabyte": ("load", "name", "x" * 1_000_000),
    "nominal voltage 0": ("bus", "vn_kv", 0.0),
    "zone a list": ("bus", "zone", ["A"]),
    "sn_mva 0": ("trafo", "sn_mva", 0.0),
    "vk 0": ("trafo", "vk_percent", 0.0),
    "vk below vkr": ("trafo", "vk_percent", 0.1),
    "winding of another voltage": ("trafo", "vn_lv_kv", 35.0),
    "tap changer gone wild": ("trafo", "tap_step_percent", 500.0),
    "switch to nowhere": ("switch", "element", 99),
    "switch of unknown kind": ("switch", "et", "x"),
    "switch to itself": ("switch", "element", 1),
    "switch between voltages": ("switch", "element", 3),
    "load missing": ("load", "p_mw", None),
    "voltage set point 0": ("ext_grid", "vm_pu", 0.0),
}


def hostile_json(valid):
    for name, (table, column, value) in CELLS.items():
        document = edit(valid, table, column, value)
        if name == "tap changer gone wild":
            for other, given in (
                ("tap_pos", 1),
                ("tap_neutral", 0),
                ("tap_side", "hv"),
                ("tap_changer_type", "Ratio"),
            ):
                document = edit(document, "trafo", other, given)
        yield name, json.dumps(document), f"{table}[0]"
    controller = stored("pandapower.control.controller.const_control", "ConstControl")
    yield from (
        (name, json.dumps(document), place)
        for name, document, place in (
            ("self loop", edit(valid, "line", "to_bus", 0), "line[0]"),
            ("function called", add(valid, f=stored("os", "system")), "f"),
            ("function in a list", add(valid, f=[[stored("subprocess", "run")]]), "f"),
            ("function in a dropped table", add(valid, res_bus=stored("os", "system")), "res_bus"),
            ("function in an internal member", add(valid, _x=stored("os", "system")), "_x"),
            (
                "function in the standard types",
                add(valid, std_types={"line": stored("os", "system")}),
                "std_types",
            ),
            ("function in the version", add(valid, version=stored("os", "system")), "version"),
            ("function instead of a table", add(valid, bus=stored("os", "system")), "bus"),
            ("function in a cell", edit(valid, "line", "std_type", stored("os", "system")), "line"),
            (
                "function in a text cell",
                edit(valid, "line", "std_type", json.dumps(stored("os", "system"))),
                "line",
            ),
            (
                "function in the types of a table",
                add(valid, bus=valid["_object"]["bus"] | {"dtype": stored("os", "system")}),
                "bus",
            ),
            (
                "function in a stored table",
                add(valid, res_x=frame(["a"], [[stored("os", "system")]])),
                "res_x",
            ),
            ("controller", add(valid, controller=frame(["object"], [[controller]])), "controller"),
            ("another root", stored("os", "system", valid["_object"]), None),
            ("networkx graph", add(valid, g=stored("networkx", "MultiGraph")), "g"),
            (
                "geopandas",
                add(valid, bus_geodata=stored("geopandas.geodataframe", "GeoDataFrame")),
                "bus_geodata",
            ),
            (
                "solver options",
                add(valid, user_pf_options={"tolerance_mva": 1e6}),
                "user_pf_options",
            ),
            (
                "characteristics",
                add(valid, trafo_characteristic_table=frame(["a"], [[1]])),
                "trafo_characteristic_table",
            ),
            (
                "capability curves",
                add(valid, q_capability_curve_table=frame(["a"], [[1]])),
                "q_capability_curve_table",
            ),
            ("frequency 0", add(valid, f_hz=0), "f_hz"),
            ("frequency as text", add(valid, f_hz="50"), "f_hz"),
            ("reference power negative", add(valid, sn_mva=-1), "sn_mva"),
            ("table is a number", add(valid, bus=3), "bus"),
            ("table is a list", add(valid, line=[]), "line"),
            ("table content is text", add(valid, bus=FRAME | {"_object": "hello"}), None),
            ("table content is a number", add(valid, bus=FRAME | {"_object": "3"}), "bus"),
            ("dropped table is not a table", add(valid, my=FRAME | {"_object": "["}), None),
            (
                "other orientation",
                add(valid, bus=valid["_object"]["bus"] | {"orient": "table"}),
                "bus",
            ),
            (
                "multi-index",
                add(valid, bus=valid["_object"]["bus"] | {"is_multiindex": True}),
                "bus",
            ),
            (
                "row number twice",
                reshape(valid, "bus", lambda t: t["index"].__setitem__(1, 0)),
                "bus[0]",
            ),
            (
                "row number 2e9",
                reshape(valid, "bus", lambda t: t["index"].__setitem__(1, 2 * 10**9)),
                "bus[2000000000]",
            ),
            (
                "row number as text",
                reshape(valid, "bus", lambda t: t["index"].__setitem__(1, "a")),
                "bus[a]",
            ),
            ("too few row numbers", reshape(valid, "bus", lambda t: t["index"].pop()), "bus"),
            ("too few cells", reshape(valid, "line", lambda t: t["data"][0].pop()), "line[0]"),
            (
                "column twice",
                reshape(valid, "line", lambda t: t["columns"].__setitem__(0, "df")),
                "line",
            ),
            (
                "column a number",
                reshape(valid, "line", lambda t: t["columns"].__setitem__(0, 1)),
                "line",
            ),
            (
                "column missing",
                reshape(
                    valid,
                    "line",
                    lambda t: t["columns"].__setitem__(t["columns"].index("length_km"), "length"),
                ),
                "line.length_km",
            ),
            ("rows that are numbers", reshape(valid, "line", lambda t: t.update(data=[1])), "line"),
            (
                "no buses at all",
                {**valid, "_object": {k: v for k, v in valid["_object"].items() if k != "bus"}},
                None,
            ),
            ("a list", [valid], None),
            ("a number", 1, None),
            ("nothing inside", stored("pandapower.auxiliary", "pandapowerNet", [1]), None),
            ("GeoJSON", {"type": "FeatureCollection", "features": []}, None),
        )
    )
    text = json.dumps(valid)
    yield "encrypted", "gAAAAABk" + "x" * 100, None
    yield "empty", "", None
    yield "cut off", text[: len(text) // 2], None
    yield "deep", '{"a":' * 5000 + "1" + "}" * 5000, None
    yield "NaN", text.replace("50.0", "NaN", 1), None
    yield "overflow", text.replace("50.0", "1e999", 1), None
    yield "long integer", text.replace("50.0", "9" * 400, 1), None
    yield "doubled key", text.replace('"f_hz":', '"f_hz": 60, "f_hz":', 1), None
    yield "deep in a table", text.replace('{\\"columns\\":[', '{\\"x\\":' + "[" * 99, 1), None


def test_hostile_json_files(valid):
    assert isinstance(convert(json.dumps(valid)), CityNetwork)
    cases = list(hostile_json(valid))
    assert len(cases) >= 75
    for name, text, place in cases:
        refused = refusal(text.encode(), "net.json")
        assert refused, f"{name} was accepted"
        fields = [str(issue.field) for issue in refused.issues]
        assert all(issue.file.startswith("net.json") for issue in refused.issues), name
        assert place is None or any(field.startswith(place) for field in fields), (name, fields)
        assert len(str(refused)) < 100_000, name


def refusal(content, file):
    """The refusal of ``content``; None if it is accepted. Anything else raised is a failure."""
    try:
        network_from_bytes(content, file)
    except NetworkError as refused:
        return refused
    return None


def convert(text, **options):
    return network_from_bytes(text.encode(), "net.json", **options)


def test_all_findings_of_all_tables_at_once(valid):
    document = edit(valid, "line", "length_km", -1.0)
    document = edit(document, "load", "p_mw", "many")
    document = edit(document, "trafo", "sn_mva", None)
    document = edit(document, "bus", "vn_kv", 0)
    with pytest.raises(NetworkError) as caught:
        convert(json.dumps(document))
    fields = {issue.field for issue in caught.value.issues}
    assert fields == {"line[0].length_km", "load[0].p_mw", "trafo[0].sn_mva", "bus[0].vn_kv"}


def test_a_controller_can_be_left_aside_but_is_never_built(valid):
    controller = stored("os", "system", "touch /tmp/built")
    document = add(valid, controller=frame(["object"], [[controller]]))
    city = convert(json.dumps(document), ignore_extras=True)
    assert any("controller" in told for told in city.assumptions)


def test_encodings(valid):
    text = json.dumps(valid)
    assert network_from_bytes(b"\xef\xbb\xbf" + text.encode(), "net.json")
    for content in (
        text.encode("utf-16"),
        b"\xff\xfe\x00",
        b"\x00\x81\x82",
        b"\xd0" + text.encode(),
    ):
        with pytest.raises(NetworkError):
            network_from_bytes(content, "net.json")


def test_what_is_no_file_of_ours(tmp_path):
    folder, other = tmp_path / "net.json", tmp_path / "net.mat"
    folder.mkdir()
    other.write_text("x")
    with pytest.raises(NetworkError, match="folder"):
        read_foreign(folder)
    with pytest.raises(NetworkError, match="no such file"):
        read_foreign(tmp_path / "absent.json")
    with pytest.raises(NetworkError, match=r"\.json, \.m, \.xlsx"):
        read_foreign(other)
    with pytest.raises(NetworkError, match="regular file"):
        read_foreign("/dev/null" if not sys.platform.startswith("win") else folder)


@functools.cache
def plain_workbook():
    """case4gs as pandapower writes it."""
    from pandapower.io_utils import to_dict_of_dfs  # noqa: TID251 - it only writes

    stream = io.BytesIO()
    with pd.ExcelWriter(stream, engine="openpyxl") as writer:
        for name, table in to_dict_of_dfs(
            shipped.case4gs(), include_empty_tables=False, include_std_types=False
        ).items():
            table.to_excel(writer, sheet_name=name)
    return stream.getvalue()


def workbook(*, sheets=(), change=None):
    """The plain workbook, its sheets edited and its members changed."""
    stream = io.BytesIO(plain_workbook())
    if sheets:
        book = openpyxl.load_workbook(stream)
        for edit_sheet in sheets:
            edit_sheet(book)
        stream = io.BytesIO()
        book.save(stream)
    if change is None:
        return stream.getvalue()
    changed = io.BytesIO()
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        members = {item.filename: old.read(item) for item in old.infolist()}
        change(members)
        for name, content in members.items():
            new.writestr(name, content)
    return changed.getvalue()


def set_cell(sheet, cell, value):
    def edit_sheet(book):
        book[sheet][cell] = value

    return edit_sheet


def replace(member, old, new):
    def change(members):
        assert old in members[member]
        members[member] = members[member].replace(old, new)

    return change


def put(member, content):
    return lambda members: members.__setitem__(member, content)


ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
EXTERNAL = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


def hostile_workbooks():
    first = "xl/worksheets/sheet1.xml"
    head = b"<worksheet "
    yield "formula without value", workbook(sheets=[set_cell("line", "F2", "=1+1")]), "line"
    yield "text for a number", workbook(sheets=[set_cell("bus", "C2", "many")]), "bus[0].vn_kv"
    yield "error value", workbook(sheets=[set_cell("bus", "C2", "#DIV/0!")]), "bus[0].vn_kv"
    yield "no row number", workbook(sheets=[set_cell("bus", "A2", None)]), "bus[None]"
    yield "row number twice", workbook(sheets=[set_cell("bus", "A3", 0)]), "bus[0]"
    yield "unnamed column", workbook(sheets=[set_cell("bus", "C1", None)]), "sheet bus"
    yield "stray cell", workbook(sheets=[set_cell("bus", "AA2", 1)]), "sheet bus"
    yield (
        "control element",
        workbook(
            sheets=[
                lambda book: book.create_sheet("controller").append(["", "object"]),
                set_cell("controller", "A2", 0),
            ]
        ),
        "controller",
    )
    yield (
        "extended ward",
        workbook(
            sheets=[
                lambda book: book.create_sheet("xward").append(["", "bus"]),
                set_cell("xward", "A2", 0),
            ]
        ),
        "xward",
    )
    yield "no bus sheet", workbook(sheets=[lambda book: book.remove(book["bus"])]), None
    yield "far corner", workbook(sheets=[set_cell("bus", "XFD1", "x")]), None
    yield "last row", workbook(sheets=[set_cell("bus", "A1048576", 1)]), None
    yield "entity bomb", workbook(change=replace(first, head, ENTITIES + head)), None
    yield "external entity", workbook(change=replace(first, head, EXTERNAL + head)), None
    yield "zip bomb", workbook(change=put("xl/media/a.bin", b"\0" * 30_000_000)), None
    yield (
        "zip bomb in a sheet",
        workbook(change=put(first, b"<worksheet>" + b" " * 30_000_000 + b"</worksheet>")),
        None,
    )
    yield "cut XML", workbook(change=lambda m: m.__setitem__(first, m[first][:300])), None
    yield "UTF-16 XML", workbook(change=put(first, "<a/>".encode("utf-16"))), None
    yield "member missing", workbook(change=lambda m: m.pop("xl/workbook.xml")), None
    yield "not a workbook", workbook(change=lambda m: m.clear()), None
    yield (
        "many members",
        workbook(change=lambda m: m.update({f"x/{i}": b"" for i in range(1200)})),
        None,
    )
    yield "cut archive", workbook()[:3000], None
    yield "text", b"hello", None
    yield "empty", b"", None


def test_hostile_workbooks():
    assert isinstance(network_from_bytes(workbook(), "net.xlsx"), CityNetwork)
    cases = list(hostile_workbooks())
    assert len(cases) >= 20
    for name, content, place in cases:
        refused = refusal(content, "net.xlsx")
        assert refused, f"{name} was accepted"
        fields = [str(issue.field) for issue in refused.issues]
        assert all(issue.file == "net.xlsx" for issue in refused.issues), name
        assert place is None or any(place in field for field in fields), (name, fields)


def test_an_entity_never_opens_a_file():
    """What the archive check refuses, the parser behind it would refuse as well."""
    assert openpyxl.DEFUSEDXML


AUDITED = """
import json, sys
from pathlib import Path
folder = Path(sys.argv[1])
from gridtool.errors import NetworkError
from gridtool.network.foreign.read import network_from_bytes
files = [(p.name, p.read_bytes()) for p in sorted(folder.iterdir())]
good = [file for file in files if file[0].startswith("good")]
for name, content in good:
    network_from_bytes(content, name)      # warm: every module of ours is imported now
try:
    network_from_bytes(b"", "x.xlsx")
except NetworkError:
    pass
seen, watching = [], True
def hook(event, args):
    if watching and event.split(".")[0] in (
        "import", "exec", "compile", "open", "subprocess", "socket", "os", "shutil", "ctypes",
        "pickle", "urllib", "tempfile", "glob"):
        seen.append((event, repr(args)[:120]))
sys.addaudithook(hook)
refused = 0
for name, content in files:
    try:
        network_from_bytes(content, name)
    except NetworkError:
        refused += 1
watching = False
print(json.dumps({"files": len(files), "refused": refused, "seen": seen}))
"""


def test_nothing_is_run_imported_or_opened_while_parsing(valid, tmp_path):
    case = case_text(100.0, bus=BUS3, gen=GEN3, branch=BRANCH3)
    files = {"good.json": json.dumps(valid).encode(), "good.m": case.encode()}
    files["good.xlsx"] = workbook()
    for number, (_, text, _) in enumerate(hostile_json(valid)):
        files[f"hostile{number}.json"] = text.encode()
    for number, (_, content, _) in enumerate(hostile_workbooks()):
        files[f"hostile{number}.xlsx"] = content
    for number, line in enumerate(
        [
            "system('id');",
            "!id",
            "eval('1');",
            "run('x.m')",
            "mpc.bus = [system('id')];",
            "import java.lang.*",
            "mpc.bus = load('x');",
            "py.os.system('id')",
        ]
    ):
        files[f"hostile{number}.m"] = case.replace("mpc.version", line + "\nmpc.version").encode()
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    run = subprocess.run(
        [sys.executable, "-c", AUDITED, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    assert result["files"] == len(files)
    assert result["refused"] == len(files) - 3
    assert result["seen"] == []


FRAGMENTS = ['"', "{", "}", "[", "]", ",", ":", "null", "-1", "0", "1e308", "true", "9" * 30]
FRAGMENTS += ["\\u0000", "\\ud800", "\x00", "\u202e", "''", ";", "%", "...", "Inf", "NaN", "=", "@"]


def mutants(text, *, n, seed):
    """Copies of ``text`` with pieces dropped, doubled, moved and replaced."""
    rng = random.Random(seed)
    for _ in range(n):
        mutant = text
        for _ in range(rng.choice((1, 1, 2, 5))):
            at, size = rng.randrange(len(mutant)), rng.choice((1, 1, 2, 8, 40))
            piece = rng.choice(
                [*FRAGMENTS, "", mutant[at : at + size] * 2, chr(rng.randrange(1, 999))]
            )
            mutant = mutant[:at] + piece + mutant[at + size :]
        yield mutant


@pytest.mark.parametrize(("suffix", "seed"), [("json", 1), ("json", 2), ("m", 3)])
def test_mutants_end_in_a_network_or_a_refusal(valid, suffix, seed):
    kept = ("bus", "line", "trafo", "switch", "load", "ext_grid", "f_hz", "sn_mva", "name")
    small = valid | {"_object": {name: valid["_object"][name] for name in kept}}
    texts = {"json": json.dumps(small), "m": case_text(100.0, bus=BUS3, gen=GEN3, branch=BRANCH3)}
    refusals = [
        refusal(mutant.encode("utf-8", "surrogatepass"), f"net.{suffix}")
        for mutant in mutants(texts[suffix], n=250, seed=seed)
    ]
    assert all(refused is None or refused.issues for refused in refusals)
    assert any(refused is None for refused in refusals) or suffix == "m"
    assert sum(refused is not None for refused in refusals) > 60


def test_mutants_of_a_cell_end_in_a_network_or_a_refusal(valid):
    """Values of any kind in any cell of any kept table."""
    rng = random.Random(4)
    values = [None, True, -1, 0, 1e14, 1e-300, "x", "", [], {}, 10**18, -0.0, 2.5]
    tables = ("bus", "line", "trafo", "switch", "load", "ext_grid")
    for _ in range(150):
        table = rng.choice(tables)
        columns = json.loads(valid["_object"][table]["_object"])["columns"]
        document = edit(valid, table, rng.choice(columns), rng.choice(values))
        refused = refusal(json.dumps(document).encode(), "net.json")
        assert refused is None or refused.issues
