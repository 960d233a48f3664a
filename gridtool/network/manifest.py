"""``network.toml``: typed on reading, canonical on writing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from gridtool.errors import Issue
from gridtool.formats import nearest
from gridtool.network.model import NetworkManifest

__all__ = ["FORMAT", "FORMAT_VERSION", "MANIFEST", "ManifestFile", "manifest_text", "type_manifest"]

MANIFEST = "network.toml"
FORMAT = "gridtool-network"
FORMAT_VERSION = 1

_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_Word = Annotated[str, Field(min_length=1, max_length=200)]


class ManifestFile(BaseModel):
    """Keys of ``network.toml`` with what is accepted; meanings are the descriptions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    format: Literal["gridtool-network"] = Field(description="what the folder is")
    format_version: Literal[1] = Field(description="version of the format")
    id: _Word = Field(description="short name, used in results")
    name: _Word = Field(description="name for people")
    version: _Word = Field(description="version of the data")
    timezone: _Word = Field(description="IANA time zone of local days, as Europe/Kyiv")
    frequency_hz: _Positive = Field(default=50.0, description="nominal frequency, Hz")
    base_mva: _Positive = Field(default=100.0, description="base of per-unit values, MVA")
    voltage_levels_kv: tuple[_Positive, ...] = Field(
        default=(), strict=False, description="nominal voltages, kV, from the highest"
    )
    reference: str = Field(default="", description="the peak that feeder demands stand for")
    provenance: str = Field(default="", description="where the data comes from")
    synthetic: bool = Field(default=False, description="true: no real network")
    seed: int | None = Field(default=None, ge=0, description="seed it was generated from")
    pf_margin: float = Field(
        default=0.95,
        gt=0,
        le=1,
        description="share of a branch's MVA rating that the DC dispatch may use as MW",
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError("is not a time zone") from None
        return value


def type_manifest(content: Mapping[str, Any]) -> tuple[NetworkManifest | None, list[Issue]]:
    """The manifest in ``content``, or None with every finding."""
    try:
        typed = ManifestFile.model_validate(dict(content))
    except ValidationError as error:
        return None, [_issue_of(detail) for detail in error.errors()]
    names = {field.name for field in fields(NetworkManifest)}
    kept = {key: value for key, value in typed.model_dump().items() if key in names}
    return NetworkManifest(**kept), []


def _issue_of(detail: Any) -> Issue:
    key = ".".join(str(part) for part in detail["loc"])
    kind = detail["type"]
    if kind == "missing":
        return Issue(message="the key is missing", file=MANIFEST, field=key)
    if kind == "extra_forbidden":
        close = nearest(key, list(ManifestFile.model_fields))
        return Issue(
            message="there is no such key",
            file=MANIFEST,
            field=key,
            accepted=", ".join(ManifestFile.model_fields),
            hint=f"did you mean {close}?" if close else None,
        )
    message = str(detail["msg"]).removeprefix("Value error, ")
    return Issue(message=message, file=MANIFEST, field=key, value=str(detail["input"]))


def manifest_text(manifest: NetworkManifest) -> str:
    """``network.toml`` of ``manifest``, keys in the order of :class:`ManifestFile`."""
    values = {"format": FORMAT, "format_version": FORMAT_VERSION} | asdict(manifest)
    lines = [
        f"{key} = {_toml_value(values[key])}"
        for key in ManifestFile.model_fields
        if values[key] not in (None, "", ())
    ]
    return "\n".join(lines) + "\n"


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # a JSON string is a TOML basic string, except that DEL must be escaped
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml_value(entry) for entry in value) + "]"
    return repr(value)
