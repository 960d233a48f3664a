"""Numbers as options: what click lets through and physics does not."""

from __future__ import annotations

import math
from typing import Any

import click

__all__ = ["FiniteRange", "Percentage"]


class FiniteRange(click.FloatRange):
    """A range of floats without NaN and infinity, which pass every comparison or none."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number, or a usage error."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


class Percentage(click.ParamType):  # type: ignore[type-arg]
    """A share above 0 and below 1, as a percentage (``2%``) or as a plain number (``0.02``)."""

    name = "percentage"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The share, or a usage error."""
        text = str(value).strip()
        try:
            share = float(text.removesuffix("%")) / (100.0 if text.endswith("%") else 1.0)
        except ValueError:
            share = math.nan
        if not 0.0 < share < 1.0:
            self.fail(f"{value!r} is not a share above 0 and below 100 %, e.g. 2%.", param, ctx)
        return share
