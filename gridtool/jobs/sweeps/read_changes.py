"""Keys of a scenario in a file as fields of a scenario: units, types, and which level they need."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from gridtool.damage.model import DamageState
from gridtool.jobs.sweeps.read_settings import CHANGE_KEYS, ChangeSection
from gridtool.whatif.model import Level
from gridtool.whatif.scenario import DAY_H, Scenario

__all__ = ["KEYS", "ChangeKey", "convert_value", "given_keys", "make_scenario"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeKey:
    """What a key of the file is in a :class:`Scenario`.

    Attributes
    ----------
    field
        Its name there.
    level
        The first level at which it says anything.
    unit
        Factor from the file's number to the field's.
    resources
        Whether it needs crews and spares in the base.
    number : "float", "int" or ""
        Whether distributions of numbers, of whole numbers, or none make sense.
    """

    field: str
    level: Level = "assess"
    unit: float = 1.0
    resources: bool = False
    number: str = ""


KEYS: MappingProxyType[str, ChangeKey] = MappingProxyType(
    {
        "out": ChangeKey(field="out"),
        "damage": ChangeKey(field="damaged"),
        "back": ChangeKey(field="back"),
        "delay_days": ChangeKey(
            field="delay_h", level="plan", unit=DAY_H, resources=True, number="float"
        ),
        "delays": ChangeKey(field="delays", level="plan", unit=DAY_H, resources=True),
        "crews": ChangeKey(field="crews", level="plan", resources=True, number="int"),
        "spares": ChangeKey(field="stock", level="plan", resources=True),
        "arrivals_later_days": ChangeKey(
            field="arrivals_later_h", level="plan", unit=DAY_H, resources=True, number="float"
        ),
        "mobile_units": ChangeKey(field="mobile_units", level="plan", resources=True, number="int"),
        "import_mw": ChangeKey(field="import_mw", number="float"),
        "import_change_mw": ChangeKey(field="import_change_mw", number="float"),
        "weather_year": ChangeKey(field="weather_year", level="forecast", number="int"),
        "demand_growth_pct": ChangeKey(field="demand_growth", unit=0.01, number="float"),
        "further_damage_rate": ChangeKey(
            field="further_damage_rate", level="forecast", number="float"
        ),
    }
)
"""By key of the file."""

_CONVERT: dict[str, Callable[[Any], Any]] = {
    "out": lambda ids: tuple(dict.fromkeys(ids)),
    "back": lambda ids: tuple(dict.fromkeys(ids)),
    "damage": lambda states: tuple((asset, DamageState(word)) for asset, word in states.items()),
    "delays": lambda days: tuple((asset, DAY_H * value) for asset, value in days.items()),
    "spares": lambda stock: tuple(stock.items()),
}


def convert_value(key: str, value: Any) -> Any:
    """The field's value of a key's checked value."""
    if value is None:
        return None
    if key in _CONVERT:
        return _CONVERT[key](value)
    unit = KEYS[key].unit
    return value if unit == 1.0 else unit * value


def given_keys(section: ChangeSection) -> tuple[str, ...]:
    """The keys of changes that a section gives."""
    return tuple(key for key in CHANGE_KEYS if key in section.model_fields_set)


def make_scenario(section: ChangeSection, *, keys: Iterable[str] | None = None) -> Scenario:
    """The changes of a section; of the ``keys`` alone, if given."""
    chosen = given_keys(section) if keys is None else tuple(keys)
    return Scenario(
        **{KEYS[key].field: convert_value(key, getattr(section, key)) for key in chosen}
    )
