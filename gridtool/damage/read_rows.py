"""Report files of each format as rows of text: CSV, JSON (list of objects), YAML (list)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from gridtool.damage.schema import DAMAGE_REPORTS
from gridtool.errors import DamageReportError, Issue
from gridtool.formats import read_text, strict_json, strict_yaml
from gridtool.formats.delimited import BrokenRow, parse_rows
from gridtool.formats.findings import refuse_on_errors
from gridtool.formats.spelling import did_you_mean, list_words
from gridtool.formats.text import DecodedText, find_invisible
from gridtool.formats.typed import TextRow, check_columns

__all__ = ["SUFFIXES", "ReportFile", "list_report_files", "read_report_file"]

_LIMIT_MB = 16
SUFFIXES = (".csv", ".json", ".yaml", ".yml")
"""Endings of report files looked for in a folder, each also with ``.gz``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFile:
    """A report file as text rows. ``form`` says what it was, e.g. ``CSV (semicolon), cp1251``.

    ``rows`` are numbered by line in CSV and YAML, by position in the list in JSON. ``broken``
    rows cannot be read as cells.
    """

    name: str
    form: str
    sha256: str
    columns: frozenset[str]
    rows: tuple[TextRow, ...]
    broken: tuple[BrokenRow, ...]
    warnings: tuple[Issue, ...]
    comma_separates: bool = False


def list_report_files(paths: Collection[Path | str]) -> list[Path]:
    """The files meant by ``paths``, folders replaced by the report files in them, each once.

    Raises
    ------
    DamageReportError
        If a folder holds no report file or cannot be listed, or ``paths`` is empty.
    """
    files: dict[Path, Path] = {}
    issues: list[Issue] = []
    for path in map(Path, paths):
        found = [path]
        if path.is_dir():
            found, problem = _list_folder(path)
            issues += problem
        for file in found:
            files.setdefault(file.resolve() if file.exists() else file, file)
    if not paths:
        issues.append(Issue(message="no report file is given"))
    refuse_on_errors(issues, error=DamageReportError, subject="damage reports")
    return list(files.values())


def _list_folder(folder: Path) -> tuple[list[Path], list[Issue]]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as problem:
        return [], [Issue(message=f"cannot be listed: {problem.strerror}", file=str(folder))]
    found = [entry for entry in entries if _suffix(entry) in SUFFIXES and entry.is_file()]
    issue = Issue(
        message="there is no report file in this folder",
        file=str(folder),
        accepted=list_words(SUFFIXES),
    )
    return found, [] if found else [issue]


def _suffix(path: Path) -> str:
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


def read_report_file(path: Path) -> ReportFile:
    """A report file as text; the ending decides on the format, CSV where it says nothing.

    Raises
    ------
    DamageReportError
        If the file as a whole cannot be read: see :func:`gridtool.formats.read_text`, wrong
        columns, not a list.
    """
    name = path.as_posix()
    decoded = read_text(path, limit_mb=_LIMIT_MB, name=name, error=DamageReportError)
    suffix = _suffix(path)
    if suffix not in SUFFIXES[1:]:
        return _read_delimited(decoded, name)
    if not decoded.text.strip():
        raise DamageReportError(Issue(message="is empty", file=name, accepted="a list of reports"))
    form = "JSON" if suffix == ".json" else "YAML"
    load = strict_json.load_text if form == "JSON" else strict_yaml.load_text
    content = load(decoded.text, file=name, max_depth=4, error=DamageReportError)
    if not isinstance(content, list):
        issue = Issue(message=f"is not a {form} list of reports", file=name, accepted="[{...}]")
        raise DamageReportError(issue, subject=name)
    return _read_items(content, decoded, name=name, form=form)


def _read_delimited(decoded: DecodedText, name: str) -> ReportFile:
    names = DAMAGE_REPORTS.names
    found = parse_rows(decoded, name=name, columns=names, error=DamageReportError)
    renamed, issues = check_columns(found.header, DAMAGE_REPORTS, file=name)
    if issues:  # of the rows, too: all findings at once
        issues += [row.issue for row in found.broken]
    refuse_on_errors(issues, error=DamageReportError, subject=name)
    rows = tuple(
        (row, {renamed[key]: cell for key, cell in cells.items()}) for row, cells in found.rows
    )
    return ReportFile(
        name=name,
        form=f"CSV ({found.dialect.name}), {found.encoding}",
        sha256=found.sha256,
        columns=frozenset(renamed.values()),
        rows=rows,
        broken=found.broken,
        warnings=found.warnings,
        comma_separates=found.dialect.delimiter == ",",
    )


def _read_items(content: list[object], decoded: DecodedText, *, name: str, form: str) -> ReportFile:
    rows: list[TextRow] = []
    broken: list[BrokenRow] = []
    for position, item in enumerate(content, start=1):
        row = item.row if isinstance(item, strict_yaml.LineMapping) else position
        cells, issue = _item_cells(item, row=row, name=name)
        if issue is None:
            rows.append((row, cells))
        else:
            broken.append(BrokenRow(row, tuple(cells.values()), issue))
    return ReportFile(
        name=name,
        form=f"{form}, {decoded.encoding}",
        sha256=decoded.sha256,
        columns=frozenset(DAMAGE_REPORTS.names),
        rows=tuple(rows),
        broken=tuple(broken),
        warnings=(),
    )


def _item_cells(item: object, *, row: int, name: str) -> tuple[dict[str, str], Issue | None]:
    """Cells of a report object as text, and the first finding about its form."""
    if not isinstance(item, dict):
        return {}, Issue(message="is not a report with named fields", file=name, row=row)
    cells: dict[str, str] = {}
    issue: Issue | None = None
    for key, value in item.items():
        field = str(key)
        text = _value_text(value)
        cells[field] = text or ""
        if field not in DAMAGE_REPORTS.names:
            hint = did_you_mean(field, DAMAGE_REPORTS.names)
            found = Issue(
                message="damage reports have no such field",
                file=name,
                row=row,
                field=field[:80],
                hint=hint,
            )
        elif text is None:
            found = Issue(message="is not one value", file=name, row=row, field=field)
        elif invisible := find_invisible(text, name=name):
            found = Issue(message=invisible[0].message, file=name, row=row, field=field)
        else:
            continue
        issue = issue or found
    return cells, issue


def _value_text(value: object) -> str | None:
    """A JSON or YAML value as a CSV cell has it; None for nested values."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, (str, int, float)):
        return "" if value is None else str(value)
    if isinstance(value, list):
        words = [_value_text(word) for word in value if not isinstance(word, list)]
        sound = [word for word in words if word and not any(map(str.isspace, word))]
        return "|".join(sound) if len(sound) == len(value) else None
    return None
