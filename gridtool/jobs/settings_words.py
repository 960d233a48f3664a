"""The keys of a JSON schema in words, for people who write or read such files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["describe_key", "describe_type"]


def describe_key(section: str, key: str, schema: Mapping[str, Any]) -> dict[str, str]:
    """A key of a section, from the section's JSON schema: type, default, meaning."""
    found = schema["properties"][key]
    default = found.get("default")
    return {
        "section": f"[{section}]" if section else "",
        "key": key,
        "type": describe_type(found),
        "required": "yes" if key in schema.get("required", ()) else "no",
        "default": "" if default in (None, {}) else _default_words(default),
        "meaning": found.get("description", ""),
    }


def describe_type(found: Mapping[str, Any]) -> str:
    """Type and range of a key in words, from its JSON schema."""
    if "anyOf" in found:
        words = [describe_type(arm) for arm in found["anyOf"] if arm.get("type") != "null"]
        return " or ".join(dict.fromkeys(words))
    if "const" in found or "enum" in found:
        return " or ".join(repr(value) for value in found.get("enum", [found.get("const")]))
    if found.get("format") in {"date", "date-time"}:
        return "time"
    kinds = {"integer": "whole number", "boolean": "true or false", "string": "text"} | {
        "array": "list of text",
        "object": "table of text",
    }
    if found.get("additionalProperties", {}).get("type") == "number":
        return describe_type(found["additionalProperties"]).replace("number", "table of numbers", 1)
    items = found.get("items", {})
    if "enum" in items or items.get("type") == "number":
        return f"list of {describe_type(items).replace('number', 'numbers', 1)}"
    words = kinds.get(found["type"], found["type"])
    bounds = (
        ("minimum", "from"),
        ("exclusiveMinimum", "above"),
        ("maximum", "to"),
        ("exclusiveMaximum", "below"),
    )
    return " ".join([words, *(f"{word} {found[name]}" for name, word in bounds if name in found)])


def _default_words(default: object) -> str:
    if isinstance(default, dict):
        return "{" + ", ".join(f"{key} = {value}" for key, value in default.items()) + "}"
    return str(default).lower()
