"""Typed rows of ``repairs.csv`` to declared repairs, with every finding about them.

What the damage decides is not judged here but when jobs are made of it (see
:func:`gridtool.restoration.work.jobs.make_jobs`): cycles, crews in two places, work that has
started before what it waits for. A file may outlive the damage it was written for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from gridtool.damage.capacity import SWITCHED_KINDS
from gridtool.damage.match import AssetMatcher
from gridtool.damage.rows import check_estimate, make_estimate
from gridtool.errors import Issue
from gridtool.formats.spelling import did_you_mean, list_words
from gridtool.network.model import CityNetwork
from gridtool.restoration.model import Crew, DeclaredRepair, RepairStage, StartedWork
from gridtool.restoration.work.precedence import split_job_id
from gridtool.restoration.work.stages import job_id

__all__ = ["read_repairs"]

_FILE = "repairs.csv"
_QUANTITY = re.compile(r"(.+):(\d{1,4})", re.ASCII)
_MOST_SPARES = 1000

TypedRow = tuple[int, Mapping[str, Any]]


def read_repairs(
    rows: Sequence[TypedRow],
    network: CityNetwork,
    *,
    crews: Mapping[str, Crew],
    all_crews: bool = True,
) -> tuple[tuple[DeclaredRepair, ...], list[Issue]]:
    """The repairs of rows whose cells are all typed, and all findings.

    Parameters
    ----------
    crews
        By id.
    all_crews
        False where rows of ``crews.csv`` have findings: who is missing then is no finding.
    """
    judge = _Judge(network, crews, all_crews=all_crews)
    found = [(row, judge.judge(row, values)) for row, values in rows]
    issues = [*judge.issues, *_check_repeats(found, dict(rows)), *_check_order(found)]
    issues += _check_after(found, network, judge.matcher)
    return tuple(repair for _, repair in found if repair is not None), issues


class _Judge:
    """Reads row by row and collects findings."""

    def __init__(self, network: CityNetwork, crews: Mapping[str, Crew], *, all_crews: bool) -> None:
        self._network = network
        self._crews = crews
        self._all_crews = all_crews
        self.matcher = AssetMatcher(network.assets)
        self.issues: list[Issue] = []

    def judge(self, row: int, values: Mapping[str, Any]) -> DeclaredRepair | None:
        """The repair of a row; None if its asset is not known."""
        asset, _ = self.matcher.match(values["asset"])
        self.issues += check_estimate(row, values, file=_FILE)
        if asset is None:
            self.issues.append(_unknown_asset(row, "asset", values["asset"], self.matcher))
            return None
        stage = RepairStage(values["stage"])
        self._check_stage(row, values, stage, kind=self._network.assets[asset].kind)
        estimated = all(values[name] is not None for name in ("low_h", "likely_h", "high_h"))
        given = values["capacity_after_pct"]
        return DeclaredRepair(
            asset=asset,
            stage=stage,
            capacity_after=None if given is None else given / 100,
            estimate=make_estimate(values) if estimated else None,
            skills=tuple(values["skills"] or ()),
            crew_size=values["crew_size"],
            spares=self._read_spares(row, values["spares"] or ()),
            after=tuple(self._spell(entry) for entry in values["after"] or ()),
            started=self._read_started(row, values),
        )

    def _spell(self, entry: str) -> str:
        """An entry of ``after`` with its asset spelt as in the network, where it is known."""
        asset, stage = split_job_id(entry, self._network.assets)
        found, _ = self.matcher.match(asset)
        if found is None:
            return entry
        return found if stage is None else f"{found}{entry[len(asset) :]}"

    def _add(self, row: int, field: str, message: str, **more: Any) -> None:
        self.issues.append(_issue(row, field, message, **more))

    def _check_stage(
        self, row: int, values: Mapping[str, Any], stage: RepairStage, *, kind: str
    ) -> None:
        given = values["capacity_after_pct"]
        if stage is not RepairStage.PERMANENT and values["low_h"] is None:
            message = f"a {stage.value} stage needs an estimate of its own"
            self._add(row, "low_h", message, accepted="low_h, likely_h and high_h")
        if stage is RepairStage.PERMANENT:
            if given not in (None, 100):
                message = "a permanent repair leaves nothing out"
                hint = "what leaves less is temporary"
                accepted = "100 or empty"
                self._add(
                    row,
                    "capacity_after_pct",
                    message,
                    value=f"{given:g}",
                    accepted=accepted,
                    hint=hint,
                )
        elif kind in SWITCHED_KINDS and given not in (None, 0, 100):
            message = f"a {kind} is in service or out"
            self._add(row, "capacity_after_pct", message, value=f"{given:g}", accepted="0 or 100")
        elif stage is RepairStage.TEMPORARY and not given:
            message = "a temporary stage leaves some capacity"
            shown = None if given is None else f"{given:g}"
            self._add(row, "capacity_after_pct", message, value=shown, accepted="above 0 %")

    def _read_spares(self, row: int, words: Sequence[str]) -> tuple[str, ...]:
        spares: list[str] = []
        for word in words:
            counted = _QUANTITY.fullmatch(word)
            spare, quantity = (counted[1], int(counted[2])) if counted else (word, 1)
            if not 1 <= quantity <= _MOST_SPARES or ":" in spare:
                accepted = f"a type of spare, or type:quantity with 1 to {_MOST_SPARES}"
                self._add(row, "spares", "is no number of spares", value=word, accepted=accepted)
                continue
            spares += [spare] * quantity
        return tuple(spares)

    def _read_started(self, row: int, values: Mapping[str, Any]) -> StartedWork | None:
        crew_id, moment = values["crew"], values["started_at"]
        if crew_id is None or moment is None:
            if crew_id is not None or moment is not None:
                field, other = ("started_at", "crew") if crew_id else ("crew", "started_at")
                message = f"is empty, but {other} is given"
                self._add(row, field, message, accepted="both or none")
            return None
        crew = self._crews.get(crew_id)
        if crew is None:
            if self._all_crews:
                hint = did_you_mean(crew_id, self._crews)
                accepted = list_words(self._crews)
                self._add(
                    row, "crew", "is not in crews", value=crew_id, accepted=accepted, hint=hint
                )
            return None
        begins, ends = crew.available_from, crew.available_to
        if (begins and moment < begins) or (ends and moment >= ends):
            self._add(
                row,
                "started_at",
                f"crew {crew_id} was not there then",
                value=f"{moment:%Y-%m-%dT%H:%MZ}",
                accepted="a time within the crew's available_from and available_to",
            )
        return StartedWork(crew=crew_id, started_at=moment)


def _check_repeats(
    found: Sequence[tuple[int, DeclaredRepair | None]], values: Mapping[int, Mapping[str, Any]]
) -> list[Issue]:
    """Rows of one stage of one asset whose ids are spelt in two ways.

    Those spelt alike have a finding already, as their key is there twice.
    """
    first: dict[str, int] = {}
    issues = []
    for row, repair in found:
        if repair is None:
            continue
        at = first.setdefault(job_id(repair.asset, repair.stage), row)
        if values[at]["asset"] != values[row]["asset"]:
            message = f"is there twice: first in row {at}"
            value = f"{values[row]['asset']} {repair.stage.value}"
            issues.append(_issue(row, "asset + stage", message, value=value))
    return issues


def _check_order(found: Sequence[tuple[int, DeclaredRepair | None]]) -> list[Issue]:
    """Stages of one asset never take capacity away."""
    best: dict[str, tuple[float, RepairStage]] = {}
    issues = []
    known = [(row, repair) for row, repair in found if repair is not None]
    for row, repair in sorted(known, key=lambda entry: entry[1].stage.rank):
        share = repair.capacity_after
        if share is None:
            continue
        before = best.setdefault(repair.asset, (share, repair.stage))
        if share < before[0]:
            message = f"{repair.asset} is left with less than after {before[1].value}"
            accepted = f"at least {100 * before[0]:g}"
            value = f"{100 * share:g}"
            issues.append(
                _issue(row, "capacity_after_pct", message, value=value, accepted=accepted)
            )
        best[repair.asset] = max(before, (share, repair.stage), key=lambda step: step[0])
    return issues


def _check_after(
    found: Sequence[tuple[int, DeclaredRepair | None]], network: CityNetwork, matcher: AssetMatcher
) -> list[Issue]:
    """Entries of ``after`` that name no asset, or a stage that is not declared."""
    declared = {(repair.asset, repair.stage) for _, repair in found if repair is not None}
    issues = []
    for row, repair in found:
        for entry in repair.after if repair is not None else ():
            asset, stage = split_job_id(entry, network.assets)
            if asset not in network.assets:
                issues.append(_unknown_asset(row, "after", entry, matcher))
            elif stage not in (None, RepairStage.PERMANENT) and (asset, stage) not in declared:
                message = f"{asset} has no row with the stage {stage.value}"
                issues.append(_issue(row, "after", message, value=entry))
    return issues


def _unknown_asset(row: int, field: str, text: str, matcher: AssetMatcher) -> Issue:
    near = matcher.hint(text)
    hint = f"did you mean {near!r}?" if near else None
    return _issue(row, field, "is not an asset of the network", value=text, hint=hint)


def _issue(row: int, field: str, message: str, **more: Any) -> Issue:
    return Issue(message=message, file=_FILE, row=row, field=field, **more)
