"""Pydantic's findings in the words of an issue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gridtool.errors import Issue
from gridtool.formats.spelling import did_you_mean, list_words

__all__ = ["find_issues", "section_model"]

Model = TypeVar("Model", bound=BaseModel)


def find_issues(
    model: type[Model], tables: Mapping[str, Any], *, file: str
) -> tuple[Model | None, list[Issue]]:
    """The settings in ``tables``, or None and every finding in words."""
    try:
        return model.model_validate(tables), []
    except ValidationError as problem:
        found = [_issue(detail, file, model) for detail in problem.errors(include_url=False)]
        return None, _join_alternatives(found)


def section_model(model: type[BaseModel], keys: list[str]) -> type[BaseModel]:
    """The model of the section at ``keys``; ``model`` itself for none."""
    for key in keys:
        annotation = model.model_fields[key].annotation
        arms = (annotation, *get_args(annotation))
        model = next(arm for arm in arms if isinstance(arm, type) and issubclass(arm, BaseModel))
    return model


def _join_alternatives(issues: list[Issue]) -> list[Issue]:
    """One finding per key: pydantic gives one for each type that a key may have."""
    joined: dict[str | None, Issue] = {}
    for issue in issues:
        first = joined.get(issue.field)
        if first is None:
            joined[issue.field] = issue
        else:
            ways = [way for way in (first.accepted, issue.accepted) if way]
            joined[issue.field] = replace(first, accepted=", or ".join(dict.fromkeys(ways)))
    return list(joined.values())


def _issue(detail: ErrorDetails, file: str, model: type[BaseModel]) -> Issue:
    kind, keys = detail["type"], [str(part) for part in detail["loc"] if _is_key(part)]
    given, context = detail["input"], detail.get("ctx", {})
    place = ".".join(keys)
    if kind == "missing":
        return Issue(message="is missing", file=file, field=place, hint=_meaning(keys, model))
    if kind == "extra_forbidden":
        known = list(section_model(model, keys[:-1]).model_fields)
        return Issue(
            message="is not a known key",
            file=file,
            field=place,
            accepted=list_words(known),
            hint=did_you_mean(keys[-1], known),
        )
    message, accepted = _describe(kind, context)
    return Issue(message=message, file=file, field=place, value=str(given), accepted=accepted)


def _is_key(part: int | str) -> bool:
    """Whether a part of pydantic's place is a key of the file, not the name of a union's arm."""
    arms = ("float", "literal[", "str", "constrained-", "datetime", "date")
    return isinstance(part, int) or not part.startswith(arms)


def _describe(kind: str, context: Mapping[str, Any]) -> tuple[str, str | None]:
    """Message and what is accepted, for a kind of pydantic's findings."""
    bounds = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    for name, words in bounds.items():
        if name in context:
            return "is out of range", f"{words} {context[name]}"
    kinds = {
        "int_type": "a whole number",
        "int_from_float": "a whole number",
        "float_type": "a number",
        "bool_type": "true or false",
        "string_type": 'text in quotes: "..."',
        "string_too_short": "text that is not empty",
        "list_type": 'a list: ["...", "..."]',
        "too_short": "at least one entry",
        "dict_type": "a table of keys and values",
        "model_type": "a table: [name] and its keys on the lines below",
        "literal_error": str(context.get("expected", "")),
        "datetime_type": "a time: 2027-01-12T08:00:00+02:00",
        "date_type": "a date: 2027-01-12",
    }
    return "has a value that is not accepted", kinds.get(kind, kind.replace("_", " "))


def _meaning(keys: list[str], model: type[BaseModel]) -> str | None:
    if len(keys) == 1 and keys[0] in {"format", "format_version"}:
        (word,) = get_args(model.model_fields["format"].annotation)
        return f'the file begins with format = "{word}" and format_version = 1'
    if len(keys) == 1:
        return f"add the section [{keys[0]}]"
    field = section_model(model, keys[:-1]).model_fields.get(keys[-1])
    return f"it is the {field.description}" if field and field.description else None
