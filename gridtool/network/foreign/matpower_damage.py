"""Damage tables of a MATPOWER case that would be passed over in silence."""

from __future__ import annotations

from gridtool.network.foreign.findings import Findings
from gridtool.network.foreign.matpower_text import MatpowerTable, MatpowerText

__all__ = ["check_damage_tables"]

_OF = ("bus", "gen", "branch", "storage")
_ENDING = "_damage"


def check_damage_tables(text: MatpowerText, findings: Findings) -> None:
    """Errors for damage of what is not there, and for damage that is no table of marks."""
    for name in sorted({*text.tables, *text.values, *text.texts}):
        if not name.endswith(_ENDING):
            continue
        of = name.removesuffix(_ENDING)
        if of not in _OF:
            findings.error(
                "marks what cannot be repaired here",
                field=f"mpc.{name}",
                accepted=", ".join(f"mpc.{known}{_ENDING}" for known in _OF),
                hint="correct the name, or remove the table",
            )
        elif name not in text.tables:
            findings.error(
                "is no table",
                field=f"mpc.{name}",
                accepted=f"a table of 0 and 1, one row for each row of mpc.{of}",
            )
        else:
            wanted = len(text.tables.get(of, MatpowerTable()).rows)
            _check_table(text.tables[name], name, wanted, findings)


def _check_table(table: MatpowerTable, name: str, wanted: int, findings: Findings) -> None:
    of = name.removesuffix(_ENDING)
    if wanted and not table.rows:
        findings.error(
            "has no rows",
            field=f"mpc.{name}",
            accepted=f"{wanted}, one for each row of mpc.{of}",
            hint="leave the table out if nothing is damaged",
        )
    elif table.rows and not wanted and of == "storage":  # the others' rows are counted elsewhere
        findings.error(
            f"has {len(table.rows)} rows",
            field=f"mpc.{name}",
            row=table.lines[0],
            accepted="none: the case has no mpc.storage",
        )
    elif table.rows and table.column_names and len(table.column_names) != len(table.rows[0]):
        findings.error(
            f"has {len(table.rows[0])} columns",
            field=f"mpc.{name}",
            row=table.lines[0],
            accepted=f"{len(table.column_names)}: {', '.join(table.column_names)}",
        )
