"""``gridtool schema``: the format of each kind of input file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from gridtool.cli.options import OutputOptions, output_options
from gridtool.cli.output import emit
from gridtool.report.result import Result

if TYPE_CHECKING:
    from gridtool.report.tables import NamedTable

__all__ = ["KINDS", "schema"]

KINDS = ("job", "scenarios", "notification", "network", "damage", "resources", "adequacy")


@click.command()
@click.argument("kind", type=click.Choice(KINDS), metavar=f"[{'|'.join(KINDS)}]")
@click.option(
    "--json-schema", is_flag=True, help="Of a job or notification: the JSON Schema, for programs."
)
@output_options
def schema(*, kind: str, json_schema: bool, output: OutputOptions) -> None:
    """Print the format of an input: its columns or keys, units, defaults, what is accepted.

    \b
    Example:
        gridtool schema damage
        gridtool schema job --json-schema > job.schema.json
    """
    if json_schema:
        click.echo(json.dumps(_json_schema_of(kind), indent=2, ensure_ascii=False))
        return
    emit(Result(command="schema", tables=_tables_of(kind)), output)


def _json_schema_of(kind: str) -> dict[str, Any]:
    if kind == "job":
        from gridtool.jobs.settings import JobSettings

        return JobSettings.model_json_schema()
    if kind == "notification":
        from gridtool.jobs.notify_payload import payload_schema

        return payload_schema()
    raise click.UsageError("--json-schema is for job and notification; the others are tables")


def _tables_of(kind: str) -> tuple[NamedTable, ...]:
    from gridtool.report.schema import tables_of_schemas

    if kind == "job":
        return (_table_of_job(),)
    if kind in {"scenarios", "notification"}:
        return (_table_of_keys(kind),)
    if kind == "network":
        from gridtool.network.schema import TABLES

        return tables_of_schemas(TABLES)
    if kind == "resources":
        from gridtool.restoration.resources.tables import RESOURCE_TABLES

        return tables_of_schemas(RESOURCE_TABLES)
    if kind == "adequacy":
        from gridtool.forecast.adequacy.read_columns import GENERATING_TABLES
        from gridtool.forecast.adequacy.read_storages import STORAGES

        return tables_of_schemas((*GENERATING_TABLES, STORAGES))
    from gridtool.damage.schema import DAMAGE_REPORTS

    return tables_of_schemas((DAMAGE_REPORTS,))


def _table_of_keys(kind: str) -> NamedTable:
    import pandas as pd

    from gridtool.jobs.notify_payload import list_fields
    from gridtool.jobs.sweeps.read_keys import list_sweep_keys
    from gridtool.report.tables import NamedTable

    if kind == "scenarios":
        title, rows = "scenario file (TOML): sections and keys", list_sweep_keys()
    else:
        title, rows = "notification (JSON on a hook's stdin, or posted): fields", list_fields()
    return NamedTable(name=kind, title=title, frame=pd.DataFrame(rows))


def _table_of_job() -> NamedTable:
    import pandas as pd

    from gridtool.jobs.settings import list_keys
    from gridtool.report.tables import NamedTable

    return NamedTable(
        name="job",
        title="job file (TOML): sections and keys",
        frame=pd.DataFrame(list_keys()),
        note="Paths are relative to the job file, then to the folder of the network.",
    )
