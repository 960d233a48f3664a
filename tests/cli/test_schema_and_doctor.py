from __future__ import annotations

import importlib.metadata
import json
import os

import pytest
from click.testing import CliRunner

from gridtool.cli import cli
from gridtool.cli.schema import KINDS
from gridtool.formats.schema import Column
from gridtool.jobs.settings import JobSettings
from gridtool.network.schema import TABLES
from gridtool.report.schema import describe_column


def call(*arguments):
    return CliRunner().invoke(cli, list(arguments))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_printed(kind):
    assert call("schema", kind).exit_code == 0
    envelope = json.loads(call("schema", kind, "--format", "json").stdout)
    assert envelope["schema"] == "gridtool.schema"
    assert all(envelope["data"].values())


def test_the_network_schema_is_the_declared_one():
    shown = json.loads(call("schema", "network", "--format", "json").stdout)["data"]
    assert list(shown) == [schema.name for schema in TABLES]
    for schema in TABLES:
        assert [row["column"] for row in shown[schema.name]] == list(schema.names)


def test_a_column_in_words():
    column = Column(
        name="share",
        kind="float",
        unit="%",
        meaning="a share",
        required=False,
        default=1.0,
        minimum=0,
        maximum=100,
    )
    assert list(describe_column(column).values()) == [
        "share",
        "float",
        "%",
        "no",
        "1.0",
        "at least 0; at most 100",
        "a share",
    ]


def test_the_json_schema_of_a_job_is_for_jobs():
    assert json.loads(call("schema", "job", "--json-schema").stdout) == (
        JobSettings.model_json_schema()
    )
    assert call("schema", "damage", "--json-schema").exit_code == 2
    assert call("schema", "dmage").exit_code == 2


def test_doctor_is_content_here(root, monkeypatch):
    monkeypatch.chdir(root)
    result = call("doctor", "--format", "json")
    rows = {row["check"]: row for row in json.loads(result.stdout)["data"]["checks"]}
    assert result.exit_code == 0, result.stdout
    assert "rivercity" in rows["networks"]["found"]
    assert "rivercity" in rows["jobs"]["found"]
    assert rows["pandapower"]["found"] == importlib.metadata.version("pandapower")


def test_doctor_finds_what_is_wrong(tmp_path, monkeypatch):
    module = importlib.import_module("gridtool.cli.doctor")
    versions = {"pandapower": "3.4.0", "highspy": "1.15.1", "ortools": "9.15"}
    monkeypatch.setattr(module, "_version", versions.get)
    assert module.check_pandapower().status == "failed"
    assert "3.5.6" in module.check_pandapower().advice
    assert module.check_solver().status == "failed"
    assert "with ortools" in module.check_solver().found
    assert module.check_packages().status == "failed"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "nowhere"))
    assert module.check_compiled().status == "warning"
    result = call("doctor")
    assert result.exit_code == 1
    assert "failed" in result.stdout


def test_the_pin_of_doctor_is_the_pin_of_the_project(root):
    module = importlib.import_module("gridtool.cli.doctor")
    assert f'"pandapower=={module.PANDAPOWER}"' in (root / "pyproject.toml").read_text()


def test_the_name_of_a_requirement():
    module = importlib.import_module("gridtool.cli.doctor")
    assert module._name_of("lightsim2grid<2,>=1.2") == "lightsim2grid"
    assert module._name_of("tzdata") == "tzdata"


def test_compiled_code_always_has_a_place(monkeypatch, tmp_path):
    module = importlib.import_module("gridtool.cli.compiled")
    monkeypatch.setenv("NUMBA_CACHE_DIR", "")  # what it was comes back for the tests that follow
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    with module.keep_compiled_code():
        assert "NUMBA_CACHE_DIR" not in os.environ
    monkeypatch.setattr(module, "_can_write", lambda _folder: False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with module.keep_compiled_code():
        (folder,) = tmp_path.iterdir()
        assert os.environ["NUMBA_CACHE_DIR"] == str(folder)
    assert not list(tmp_path.iterdir())
    monkeypatch.setenv("NUMBA_CACHE_DIR", "stated")
    with module.keep_compiled_code():
        assert os.environ["NUMBA_CACHE_DIR"] == "stated"
