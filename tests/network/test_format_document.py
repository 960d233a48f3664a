"""networks/README.md says what the readers do."""

from __future__ import annotations

import re

import pytest

from gridtool.network.manifest import ManifestFile
from gridtool.network.schema import TABLES
from gridtool.restoration.resources.tables import RESOURCE_TABLES

DOCUMENTED = (*TABLES, *RESOURCE_TABLES)


@pytest.fixture(scope="module")
def document(root):
    return (root / "networks" / "README.md").read_text(encoding="utf-8")


def rows_of(section):
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section.splitlines()
        if line.startswith("| `")
    ]


def section_of(document, heading):
    found = re.search(
        rf"^#+ {re.escape(heading)}.*?$(.*?)(?=^#|\Z)", document, re.MULTILINE | re.DOTALL
    )
    assert found, f"no section {heading}"
    return found.group(1)


@pytest.mark.parametrize("schema", DOCUMENTED, ids=lambda schema: schema.name)
def test_every_table_is_described_column_by_column_with_its_unit(document, schema):
    rows = rows_of(section_of(document, f"`{schema.name}.csv`"))
    assert [(name.strip("`"), kind, unit, meaning) for name, kind, unit, _, meaning in rows] == [
        (column.name, column.kind, column.unit, column.meaning) for column in schema.columns
    ]
    for column, (_, _, _, accepted, _) in zip(schema.columns, rows, strict=True):
        for choice in column.choices:
            assert choice in accepted
        assert ("empty" in accepted) is (not column.required)
        for limit in (column.minimum, column.maximum, column.above):
            assert limit is None or f"{limit:g}" in accepted
        assert column.references is None or f"`{column.references}`" in accepted


def test_tables_that_may_be_absent_are_marked(document):
    headings = dict(re.findall(r"^### `(\w+)\.csv`(.*)$", document, re.MULTILINE))
    assert {name: "optional" in rest for name, rest in headings.items()} == {
        schema.name: schema.optional for schema in DOCUMENTED
    }


def test_every_key_of_the_manifest_is_described(document):
    rows = rows_of(section_of(document, "Manifest"))
    described = {key.strip("`"): meaning for key, meaning in rows}
    assert set(described) == set(ManifestFile.model_fields)
    for key, field in ManifestFile.model_fields.items():
        assert described[key].startswith(field.description)
        assert ("(required)" in described[key]) is field.is_required()


def test_every_shipped_network_is_listed(document, root):
    shipped = {path.parent.name for path in root.glob("networks/*/network.toml")}
    listed = re.findall(r"^\| `(\w+)` \| ", document.split("## The format")[0], re.MULTILINE)
    assert set(listed) == shipped
