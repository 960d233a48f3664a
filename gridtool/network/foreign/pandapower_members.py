"""What each member of a pandapower file means for us: read, dropped, refused or told about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from gridtool.network.foreign.findings import Findings, listed
from gridtool.network.foreign.pandapower_schema import (
    DROPPED,
    EXTRAS,
    FORMAT_VERSION,
    KEPT,
    REFUSED,
)

__all__ = ["Role", "check_parameters", "role_of", "tell_members"]

Role = Literal["kept", "dropped", "extra", "refused", "unknown"]


def role_of(member: str) -> Role:
    """What is done with the member called ``member``."""
    if member in KEPT:
        return "kept"
    if member in REFUSED:
        return "refused"
    if member.startswith(EXTRAS):
        return "extra"
    if member in DROPPED or member.startswith(("res_", "_")) or member.endswith("_std_types"):
        return "dropped"
    return "unknown"


def tell_members(filled: Iterable[str], findings: Findings, *, ignore_extras: bool) -> None:
    """Refuse or tell about the members that have content and are not read."""
    unknown: list[str] = []
    for member in filled:
        role = role_of(member)
        if role in ("refused", "extra"):
            _tell_extra(member, findings, role=role, ignore_extras=ignore_extras)
        elif role == "unknown":
            unknown.append(member)
    if unknown:
        findings.assume(f"tables left aside, unknown here: {listed(sorted(unknown))}")


def _tell_extra(member: str, findings: Findings, *, role: Role, ignore_extras: bool) -> None:
    what = "has no counterpart here" if role == "refused" else "changes how a network is solved"
    if ignore_extras:
        findings.assume(f"left aside as asked: {member}, which {what}")
    else:
        findings.error(
            f"{member} {what}",
            field=member,
            accepted="networks without it",
            hint="remove it, or ask to ignore extras and accept a different power flow",
        )


def check_parameters(parameters: dict[str, object], findings: Findings) -> tuple[str, float, float]:
    """Name, frequency in Hz and reference power in MVA of the network."""
    name = parameters.get("name")
    f_hz = _positive(parameters.get("f_hz", 50.0), "f_hz", findings, most=1000)
    sn_mva = _positive(parameters.get("sn_mva", 1.0), "sn_mva", findings, most=1e6)
    version = str(parameters.get("format_version", ""))
    if _numbers(version) > _numbers(FORMAT_VERSION):
        findings.assume(
            f"format version {version[:20]} is newer than {FORMAT_VERSION}, the newest known: "
            "what it added is not read"
        )
    return (name if isinstance(name, str) else ""), f_hz, sn_mva


def _positive(value: object, field: str, findings: Findings, *, most: float) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= most:
        return float(value)
    findings.error("cannot be used", field=field, value=value, accepted=f"above 0 up to {most:g}")
    return 1.0


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split(".")
    return tuple(int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 9)
