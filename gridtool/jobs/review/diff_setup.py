"""What changed of the question: program, settings, inputs, samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gridtool.jobs.review.change import Change, Topic, join_names
from gridtool.jobs.review.past import PastRun

__all__ = ["compare_setup"]

_KINDS: dict[str, tuple[Topic, str]] = {
    "network": ("inputs", "the network's files are others"),
    "resources": ("inputs", "crews, spares or other resources are others"),
    "outages": ("inputs", "the log of outages is another"),
    "special_days": ("inputs", "the list of special days is another"),
    "events": ("inputs", "the events stated of demand are others"),
    "district_history": ("inputs", "the history by district is another"),
}
"""Words by kind of input. Reports, history and model are told by what they change."""
_APART = {"job.as_of", "job.network", "damage.reports", "resources.folder"}
"""Settings that hold places and times, which are told otherwise."""


def compare_setup(before: PastRun, after: PastRun) -> Iterator[Change]:
    """Everything that was asked otherwise; what was learned in between is not told here."""
    if before.run.job != after.run.job:
        words = f"another job: {before.run.job} before, {after.run.job} now"
        yield Change(topic="settings", words=words)
    yield from _compare_program(before, after)
    yield from _compare_settings(before, after)
    yield from _compare_samples(before, after)
    if before.run.seed != after.run.seed:
        words = f"another seed: {before.run.seed} before, {after.run.seed} now"
        yield Change(topic="settings", words=words)
    yield from _compare_inputs(before, after)


def _compare_program(before: PastRun, after: PastRun) -> Iterator[Change]:
    old, new = before.run.program_version, after.run.program_version
    if old != new:
        yield Change(topic="program", words=f"another version of gridtool: {old} before, {new} now")
    versions = [past.manifest.get("libraries") or {} for past in (before, after)]
    changed = [
        f"{name} {versions[0].get(name, 'none')} to {versions[1].get(name, 'none')}"
        for name in sorted({*versions[0], *versions[1]})
        if versions[0].get(name) != versions[1].get(name)
    ]
    if changed:
        yield Change(topic="program", words=f"other versions of libraries: {join_names(changed)}")
    versions_of = [str(past.manifest.get("network_version") or "") for past in (before, after)]
    if versions_of[0] != versions_of[1]:
        words = f"another version of the network: {versions_of[0]} before, {versions_of[1]} now"
        yield Change(topic="inputs", words=words)


def _compare_settings(before: PastRun, after: PastRun) -> Iterator[Change]:
    old, new = _flatten(before.settings), _flatten(after.settings)
    changed = [
        f"{key} {_value(old.get(key))} to {_value(new.get(key))}"
        for key in sorted({*old, *new} - _APART)
        if old.get(key) != new.get(key) and not _is_place(old.get(key), new.get(key))
    ]
    if changed:
        yield Change(topic="settings", words=f"settings: {join_names(changed)}")


def _compare_samples(before: PastRun, after: PastRun) -> Iterator[Change]:
    """Fewer futures than asked for, and degraded runs."""
    for past, time in ((before, "before"), (after, "now")):
        answer = past.manifest.get("answer") or {}
        done, wanted = int(answer.get("samples") or 0), int(answer.get("wanted") or 0)
        if 0 < done < wanted:
            words = f"fewer samples {time}: {done:,} of {wanted:,}".replace(",", " ")
            yield Change(topic="settings", words=words)
        if past.run.quality == "last_good_inputs":
            source = past.manifest.get("stale_from") or "an earlier run"
            yield Change(topic="inputs", words=f"stale inputs {time}: those of {source}")
        if not answer.get("complete", True):
            yield Change(topic="settings", words=f"the run {time} was interrupted: no forecast")
        if answer.get("fallback"):
            yield Change(topic="model", words=f"fallback {time}: {answer['fallback']}".rstrip("."))


def _compare_inputs(before: PastRun, after: PastRun) -> Iterator[Change]:
    old, new = before.contents, after.contents
    changed: dict[str, list[str]] = {}
    for role in sorted({*old, *new}):
        if old.get(role) != new.get(role):
            kind, _, name = role.partition("/")
            changed.setdefault(kind, []).append(name)
    for kind, names in changed.items():
        if kind in _KINDS:
            topic, words = _KINDS[kind]
            yield Change(topic=topic, words=f"{words}: {join_names(names)}")


def _flatten(tables: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in tables.items():
        if isinstance(value, dict):
            found |= _flatten(value, f"{prefix}{key}.")
        elif value is not None:
            found[f"{prefix}{key}"] = value
    return found


def _is_place(*values: Any) -> bool:
    return all(isinstance(value, str) and value.startswith("inputs/") for value in values)


def _value(value: Any) -> str:
    return "none" if value is None else str(value)
