"""One typed row to a damage report, with every finding about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gridtool.damage.capacity import SWITCHED_KINDS, state_for_share
from gridtool.damage.match import AssetMatcher
from gridtool.damage.model import DamageReport, DamageState, Estimate3
from gridtool.damage.schema import DAMAGE_REPORTS
from gridtool.errors import Issue
from gridtool.network.model import CityNetwork

__all__ = ["RowJudge", "check_estimate", "make_estimate"]

_ESTIMATE = ("low_h", "likely_h", "high_h")
_REQUIRED_PCT = {"none": 100.0, "complete": 0.0}


class RowJudge:
    """Turns typed rows of one file into reports about assets of ``network``."""

    def __init__(self, network: CityNetwork, matcher: AssetMatcher, *, file: str) -> None:
        self._network = network
        self._matcher = matcher
        self._file = file

    def judge(self, row: int, values: Mapping[str, Any]) -> tuple[DamageReport | None, list[Issue]]:
        """The report of a row, None if it has errors; and its findings.

        ``values`` has every column of the schema but those whose cells could not be typed.
        """
        issues = [
            *self._check_damage(row, values),
            *self._check_times(row, values),
            *check_estimate(row, values, file=self._file),
        ]
        asset = self._match_asset(row, values, issues)
        refused = any(issue.severity == "error" for issue in issues)
        if asset is None or refused or len(values) < len(DAMAGE_REPORTS.columns):
            return None, issues
        return self._make_report(row, values, asset), issues

    def _issue(self, row: int, field: str, message: str, **more: Any) -> Issue:
        return Issue(message=message, file=self._file, row=row, field=field, **more)

    def _match_asset(self, row: int, values: Mapping[str, Any], issues: list[Issue]) -> str | None:
        text = values.get("asset")
        if text is None:
            return None
        asset, by_look = self._matcher.match(text)
        if asset is None:
            near = self._matcher.hint(text)
            issues.append(
                self._issue(
                    row,
                    "asset",
                    "is not an asset of the network",
                    value=text,
                    hint=f"did you mean {near!r}?" if near else None,
                )
            )
        elif by_look:
            issues.append(
                self._issue(
                    row,
                    "asset",
                    f"mixes Latin and Cyrillic letters; read as {asset}",
                    value=text,
                    ids=(asset,),
                    severity="warning",
                )
            )
        if asset is not None:
            issues += self._check_switched(row, values, asset)
        return asset

    def _check_damage(self, row: int, values: Mapping[str, Any]) -> list[Issue]:
        if "state" not in values or "remaining_capacity_pct" not in values:
            return []
        state, left = values.get("state"), values.get("remaining_capacity_pct")
        if state is None and left is None:
            return [self._issue(row, "state", "neither state nor remaining_capacity_pct is given")]
        if left is not None and _REQUIRED_PCT.get(state or "", left) != left:
            message = f"contradicts remaining_capacity_pct {left:g}"
            accepted = "none with 100, complete with 0, the others with any"
            return [self._issue(row, "state", message, value=state, accepted=accepted)]
        return []

    def _check_switched(self, row: int, values: Mapping[str, Any], asset: str) -> list[Issue]:
        kind = self._network.assets[asset].kind
        left = values.get("remaining_capacity_pct")
        if kind not in SWITCHED_KINDS or left is None or not 0 < left < 100:
            return []
        return [
            self._issue(
                row,
                "remaining_capacity_pct",
                f"a {kind} is in service or out; taken as in service",
                value=f"{left:g}",
                ids=(asset,),
                severity="warning",
            )
        ]

    def _check_times(self, row: int, values: Mapping[str, Any]) -> list[Issue]:
        issues = []
        for earlier, later in (("occurred_at", "reported_at"), ("reported_at", "recorded_at")):
            first, second = values.get(earlier), values.get(later)
            if first is not None and second is not None and first > second:
                issues.append(
                    self._issue(
                        row,
                        later,
                        f"is before {earlier} ({first:%Y-%m-%dT%H:%MZ})",
                        value=f"{second:%Y-%m-%dT%H:%MZ}",
                    )
                )
        return issues

    def _make_report(self, row: int, values: Mapping[str, Any], asset: str) -> DamageReport:
        left = values["remaining_capacity_pct"]
        share = None if left is None else left / 100
        state = values["state"]
        return DamageReport(
            report_id=values["report_id"],
            source=values["source"],
            asset=asset,
            state=DamageState(state) if state is not None else state_for_share(share),
            occurred_at=values["occurred_at"],
            reported_at=values["reported_at"],
            recorded_at=values["recorded_at"] or values["reported_at"],
            remaining_capacity=share,
            confidence=values["confidence"],
            estimate=make_estimate(values),
            skills=tuple(values["skills"] or ()),
            spares=tuple(values["spares"] or ()),
            note=values["note"] or "",
            file=self._file,
            row=row,
        )


def check_estimate(row: int, values: Mapping[str, Any], *, file: str) -> list[Issue]:
    """Findings on the estimate of a row: all three hours or none, in order."""
    if any(name not in values for name in _ESTIMATE):
        return []
    missing = [name for name in _ESTIMATE if values[name] is None]
    if missing:
        if len(missing) == len(_ESTIMATE):
            return []
        message = "is empty, but a part of the estimate is given"
        accepted = "all three or none"
        return [Issue(message=message, file=file, row=row, field=missing[0], accepted=accepted)]
    low, likely, high = (values[name] for name in _ESTIMATE)
    if low <= likely <= high:
        return []
    return [
        Issue(
            message="the estimate is not in order",
            file=file,
            row=row,
            field="likely_h",
            value=f"{low:g} / {likely:g} / {high:g}",
            accepted="low <= likely <= high",
        )
    ]


def make_estimate(values: Mapping[str, Any]) -> Estimate3 | None:
    """The estimate of a row without findings, if it has one."""
    if values["low_h"] is None:
        return None
    return Estimate3(low_h=values["low_h"], likely_h=values["likely_h"], high_h=values["high_h"])
