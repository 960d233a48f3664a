"""The distributions of a sample in a file, checked key by key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gridtool.damage.model import DamageState
from gridtool.errors import Issue
from gridtool.formats.spelling import did_you_mean
from gridtool.jobs.findings import find_issues
from gridtool.jobs.sweeps.read_changes import KEYS, convert_value
from gridtool.jobs.sweeps.read_settings import ChangeSection, DistributionSection
from gridtool.network.model import CityNetwork
from gridtool.network.schema import ASSET_TABLES
from gridtool.whatif.change import MOST_HINTS
from gridtool.whatif.draws import (
    ChosenAssets,
    Distribution,
    Integers,
    Normal,
    OneOf,
    Triangular,
    Uniform,
)
from gridtool.whatif.space import Option

__all__ = ["DistributionReader", "read_options"]

KINDS = ("uniform", "normal", "triangular", "integers", "values", "choose")
_LONGEST_WORDS = 60


def read_options(
    key: str, values: Sequence[Any], *, place: str, file: str
) -> tuple[tuple[Option, ...], list[Issue]]:
    """The values of a key in a list, each as it stands in a scenario, and what is wrong."""
    options, issues = [], []
    for number, value in enumerate(values, start=1):
        found, own = find_issues(ChangeSection, {key: value}, file=file)
        if found is None:
            inner = f"{place}[{number}]"
            issues += [_at_value(issue, key, inner) for issue in own]
        else:
            checked = getattr(found, key)
            options.append(Option(words=_say(value), value=convert_value(key, checked)))
    return tuple(options), issues


def _at_value(issue: Issue, key: str, place: str) -> Issue:
    """A finding about the key of a scenario as one about a value in a list of them."""
    rest = (issue.field or key).removeprefix(key).removeprefix(".")
    return Issue(
        message=issue.message,
        file=issue.file,
        field=f"{place}.{rest}" if rest else place,
        value=issue.value,
        accepted=issue.accepted,
        hint=issue.hint,
    )


def _say(value: Any) -> str:
    """A value in a few words, for the name of a scenario."""
    if isinstance(value, dict):
        words = ", ".join(f"{name}: {_say(inner)}" for name, inner in value.items())
    elif isinstance(value, list):
        words = "+".join(_say(inner) for inner in value) or "none"
    else:
        words = f"{value:g}" if isinstance(value, float) else str(value)
    return words if len(words) <= _LONGEST_WORDS else words[: _LONGEST_WORDS - 3] + "..."


class DistributionReader:
    """One distribution of the file; ``issues`` is what is wrong with it."""

    def __init__(
        self,
        key: str,
        section: DistributionSection,
        *,
        network: CityNetwork,
        place: str,
        file: str,
    ) -> None:
        self._key = key
        self._given = section
        self._network = network
        self._place, self._file = place, file
        self.issues: list[Issue] = []

    def read(self) -> Distribution | None:
        """The distribution; None, and issues, if there is none."""
        kinds = [kind for kind in KINDS if getattr(self._given, kind) is not None]
        if len(kinds) != 1:
            said = f"{len(kinds)} kinds of distribution are given" if kinds else "has no kind"
            self._refuse(said, accepted=f"exactly one of {', '.join(KINDS)}")
            return None
        kind = kinds[0]
        self._check_company(kind)
        found: Distribution | None
        if kind == "choose":
            found = self._choose()
        elif kind == "values":
            found = self._values()
        else:
            found = self._numbers(kind)
        return None if self.issues else found

    def _check_company(self, kind: str) -> None:
        """Keys beside the kind that belong to another one."""
        homes = {
            "low": "normal",
            "high": "normal",
            "weights": "values",
            "among": "choose",
            "kinds": "choose",
            "state": "choose",
        }
        for key in self._given.model_fields_set - {kind}:
            if homes.get(key, kind) != kind:
                self._refuse(f"belongs to {homes[key]}, not to {kind}", inner=key)

    def _numbers(self, kind: str) -> Distribution | None:
        number = KEYS[self._key].number
        if not number or (number == "int" and kind != "integers"):
            wanted = "values or choose" if not number else "integers or values"
            self._refuse(f"cannot be drawn by {kind}", accepted=wanted)
            return None
        if kind == "integers" and number != "int":
            self._refuse("is not a whole number", accepted="uniform, normal, triangular or values")
            return None
        edges = list(getattr(self._given, kind))
        if kind == "normal":
            return self._normal(*edges, unit=KEYS[self._key].unit)
        return self._between(kind, edges, unit=KEYS[self._key].unit)

    def _between(self, kind: str, edges: list[Any], *, unit: float) -> Distribution | None:
        if edges != sorted(edges):
            self._refuse("is not in ascending order", inner=kind, value=edges)
            return None
        self._check_ends(edges[0], edges[-1], inner=kind)
        if kind == "uniform":
            return Uniform(low=edges[0], high=edges[1], unit=unit)
        if kind == "triangular":
            return Triangular(low=edges[0], likely=edges[1], high=edges[2], unit=unit)
        return Integers(low=edges[0], high=edges[1])

    def _normal(self, mean: float, sd: float, *, unit: float) -> Normal | None:
        """What is drawn stays within what the key accepts."""
        least, most = _range_of(self._key)
        low = least if self._given.low is None else self._given.low
        high = most if self._given.high is None else self._given.high
        if sd <= 0:
            self._refuse("is not above 0", inner="normal", value=sd)
        elif not low < high or not low - 6 * sd < mean < high + 6 * sd:
            self._refuse(
                "gives hardly any value in range",
                inner="normal",
                value=[mean, sd],
                accepted=f"values from {low:g} to {high:g}",
            )
        else:
            self._check_ends(low, high, inner="low" if self._given.low is not None else "high")
            return Normal(mean=mean, sd=sd, low=low, high=high, unit=unit)
        return None

    def _check_ends(self, *ends: float, inner: str) -> None:
        for end in ends:
            _, own = find_issues(ChangeSection, {self._key: end}, file=self._file)
            self.issues += [_at_value(issue, self._key, f"{self._place}.{inner}") for issue in own]

    def _values(self) -> OneOf | None:
        values, weights = self._given.values or [], self._given.weights or []
        options, own = read_options(
            self._key, values, place=f"{self._place}.values", file=self._file
        )
        self.issues += own
        if weights and len(weights) != len(values):
            said = f"has {len(weights)} entries for {len(values)} values"
            self._refuse(said, inner="weights")
        return OneOf(values=tuple(option.value for option in options), weights=tuple(weights))

    def _choose(self) -> ChosenAssets | None:
        if self._key not in {"out", "damage"}:
            self._refuse("cannot be chosen", accepted="choose is for the keys out and damage")
            return None
        if (self._given.state is None) != (self._key == "out"):
            hint = "with a state it is the key damage, without one the key out"
            self._refuse("needs a state" if self._key == "damage" else "has a state", hint=hint)
        among = self._find_among()
        given = self._given.choose
        least, most = given if isinstance(given, list) else (given or 0, given or 0)
        if not self.issues and not 0 <= least <= most <= len(among):
            self._refuse(
                "is out of range",
                inner="choose",
                value=given,
                accepted=f"0 to {len(among)}, the assets there are to choose of",
            )
        state = None if self._given.state is None else DamageState(self._given.state)
        return ChosenAssets(least=least, most=most, among=among, state=state)

    def _find_among(self) -> tuple[str, ...]:
        """The assets named, then those of the kinds, each once."""
        assets = self._network.assets
        words = tuple(ASSET_TABLES.values())
        for name, given, known, what in (
            ("among", self._given.among, assets, "an asset of the network"),
            ("kinds", self._given.kinds, words, "a kind of asset"),
        ):
            for word in given:
                if word not in known:
                    near = len(self.issues) < MOST_HINTS
                    hint = did_you_mean(word, known) if near else None
                    self._refuse(f"is not {what}", inner=name, value=word, hint=hint)
        wanted = set(self._given.kinds)
        of_kinds = (asset.id for asset in assets.values() if asset.kind in wanted)
        found = tuple(dict.fromkeys((*self._given.among, *of_kinds)))
        if not found and not self.issues:
            self._refuse("says of no asset that it may be chosen", hint="give among or kinds")
        return found

    def _refuse(
        self,
        message: str,
        *,
        inner: str = "",
        value: object = None,
        accepted: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.issues.append(
            Issue(
                message=message,
                file=self._file,
                field=f"{self._place}.{inner}" if inner else self._place,
                value=None if value is None else str(value),
                accepted=accepted,
                hint=hint,
            )
        )


def _range_of(key: str) -> tuple[float, float]:
    """Least and largest number that a key accepts, as its declaration has them."""
    schema = ChangeSection.model_json_schema()["properties"][key]
    arms = [schema, *schema.get("anyOf", ())]
    least = max((arm["minimum"] for arm in arms if "minimum" in arm), default=-np.inf)
    most = min((arm["maximum"] for arm in arms if "maximum" in arm), default=np.inf)
    return float(least), float(most)
