"""A plan made earlier, from the JSON that ``gridtool restore`` and ``gridtool run`` write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from gridtool.errors import InputError, Issue
from gridtool.formats import strict_json
from gridtool.formats.findings import cap_findings
from gridtool.formats.spelling import did_you_mean
from gridtool.formats.text import read_text
from gridtool.network.model import CityNetwork

__all__ = ["PreviousJob", "PreviousPlan", "parse_previous", "read_previous"]

SCHEMAS = ("gridtool.restore", "gridtool.run")
SCHEMA_VERSION = 1
SUBJECT = "previous plan"
_TABLE = "restoration_plan"
_RESULT = "result.json"
_HINT = "give the JSON of 'gridtool restore --format json', or the folder that --out wrote"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousJob:
    """A job as it was planned. Times are aware UTC; ``order`` is its rank, from 1."""

    id: str
    asset: str
    crew: str
    start: datetime
    finish: datetime
    order: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousPlan:
    """What was planned ``as_of`` an earlier time; jobs by their rank."""

    as_of: datetime
    jobs: tuple[PreviousJob, ...]


class _Envelope(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    as_of: AwareDatetime


class _Row(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    job: str = Field(min_length=1)
    asset: str = Field(min_length=1)
    crew: str = Field(min_length=1)
    order: int = Field(ge=1, strict=True)
    start: AwareDatetime
    finish: AwareDatetime


def read_previous(path: Path | str, network: CityNetwork) -> PreviousPlan:
    """The plan in a JSON file, or in the ``result.json`` of an output folder.

    Raises
    ------
    InputError
        With every finding; see :func:`parse_previous`.
    """
    path = Path(path)
    if path.is_dir():
        path = path / _RESULT
    found = read_text(path, limit_mb=64, name=str(path))
    return parse_previous(found.text, network, file=path.name)


def parse_previous(text: str, network: CityNetwork, *, file: str) -> PreviousPlan:
    """The plan in the JSON document ``text``, checked against ``network``.

    Parameters
    ----------
    file
        What findings call the document.

    Raises
    ------
    InputError
        With every finding: not JSON, of another command or version, rows that lack something or
        contradict each other, assets that the network has not.
    """
    document = strict_json.load_text(text, file=file, max_depth=12)
    rows = _find_rows(document, file=file)
    issues: list[Issue] = []
    as_of = _parse_as_of(document, issues, file=file)
    parsed = [_parse_row(row, issues, number=k, file=file) for k, row in enumerate(rows, start=1)]
    issues += _check_rows(parsed, network, file=file)
    if as_of is None or issues:
        raise InputError(cap_findings(issues), subject=SUBJECT)
    jobs = (_make_job(row) for row in parsed if row is not None)
    return PreviousPlan(as_of=as_of, jobs=tuple(sorted(jobs, key=lambda job: job.order)))


def _find_rows(document: object, *, file: str) -> Sequence[object]:
    """The rows of the plan's table, if ``document`` is an envelope that has one."""
    envelope = document if isinstance(document, Mapping) else {}
    issues = []
    schema = envelope.get("schema")
    if schema not in SCHEMAS:
        issues.append(
            Issue(
                message="is not a restoration plan",
                file=file,
                field="schema",
                value=None if schema is None else str(schema),
                accepted=" or ".join(SCHEMAS),
                hint=_HINT,
            )
        )
    elif envelope.get("schema_version") != SCHEMA_VERSION:
        issues.append(
            Issue(
                message="is of another version",
                file=file,
                field="schema_version",
                value=str(envelope.get("schema_version")),
                accepted=str(SCHEMA_VERSION),
                hint="make the previous plan again with this version of gridtool",
            )
        )
    tables = envelope.get("data")
    rows = tables.get(_TABLE) if isinstance(tables, Mapping) else None
    if not issues and not isinstance(rows, list):
        message = f"has no table {_TABLE}"
        issues.append(Issue(message=message, file=file, field="data", hint=_HINT))
    if issues:
        raise InputError(issues, subject=SUBJECT)
    return rows or ()


def _parse_as_of(document: object, issues: list[Issue], *, file: str) -> datetime | None:
    try:
        return _Envelope.model_validate(document).as_of.astimezone(UTC)
    except ValidationError as error:
        issues += _to_issues(error, file=file)
        return None


def _parse_row(row: object, issues: list[Issue], *, number: int, file: str) -> _Row | None:
    try:
        return _Row.model_validate(row)
    except ValidationError as error:
        issues += _to_issues(error, file=file, place=f"data.{_TABLE}, entry {number}")
        return None


def _to_issues(error: ValidationError, *, file: str, place: str = "") -> list[Issue]:
    found = []
    for item in error.errors(include_url=False, include_context=False):
        field = ".".join(map(str, item["loc"]))
        missing = item["type"] == "missing"
        found.append(
            Issue(
                message="is missing" if missing else item["msg"][:1].lower() + item["msg"][1:],
                file=file,
                field=", ".join(part for part in (place, field) if part),
                value=None if missing else repr(item["input"]),
                hint=_HINT if missing else None,
            )
        )
    return found


def _check_rows(rows: Sequence[_Row | None], network: CityNetwork, *, file: str) -> list[Issue]:
    """Findings between rows: a job twice, an unknown asset, an end before its start."""
    issues = []
    count = Counter(row.job for row in rows if row is not None)
    ranks = Counter(row.order for row in rows if row is not None)
    for number, row in enumerate(rows, start=1):
        if row is None:
            continue
        place = f"data.{_TABLE}, entry {number}"
        if count[row.job] > 1:
            message = "the job is there twice"
            issues.append(Issue(message=message, file=file, field=f"{place}, job", value=row.job))
        if ranks[row.order] > 1:
            message = "two jobs have the same rank"
            value = str(row.order)
            issues.append(Issue(message=message, file=file, field=f"{place}, order", value=value))
        if row.finish < row.start:
            message = "ends before it starts"
            value = row.finish.isoformat()
            issues.append(Issue(message=message, file=file, field=f"{place}, finish", value=value))
        if row.asset not in network.assets:
            issues.append(
                Issue(
                    message="the network has no such asset",
                    file=file,
                    field=f"{place}, asset",
                    value=row.asset,
                    ids=(row.asset,),
                    hint=did_you_mean(row.asset, network.assets)
                    or "it is the plan of another network",
                )
            )
    return issues


def _make_job(row: _Row) -> PreviousJob:
    return PreviousJob(
        id=row.job,
        asset=row.asset,
        crew=row.crew,
        start=row.start.astimezone(UTC),
        finish=row.finish.astimezone(UTC),
        order=row.order,
    )
