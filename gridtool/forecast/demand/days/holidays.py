"""Public holidays by country, from the library ``holidays``: moving feasts and regions included.

What a law calls a holiday need not be one that people live: under martial law a country has
none. Years in which the library knows of far fewer days than in the years before are named in a
note, since a model that mixes both kinds of years by date would learn nothing right.

Each holiday is a kind of its own, by name: Christmas empties a city more than a day that only
offices keep. The pinball of forecasts six months ahead is 2.42 % of the mean load of New York City
(five origins; 2.44 with one kind for all, 2.45 without holidays) and 2.22 % of Victoria's (four
origins; 2.23 and 2.29). Days between a holiday and a weekend as a kind change both by less than
0.01, days around Christmas only one of them: they are left to the user's file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import date
from statistics import median
from typing import TYPE_CHECKING

from gridtool.errors import InputError, Issue
from gridtool.forecast.demand.model import HOLIDAY, SpecialDays
from gridtool.formats.spelling import did_you_mean, list_words

if TYPE_CHECKING:
    from holidays import HolidayBase

__all__ = ["holidays_of"]

LOOKBACK_YEARS = 12
"""Years before the first one asked for, whose number of holidays is the usual one."""
FEW = 0.5
"""A year with less than this share of the usual number lacks holidays."""
YEARS = (1950, 2100)


def holidays_of(
    country: str, *, subdivision: str | None = None, years: Collection[int]
) -> SpecialDays:
    """Public holidays of ``country`` in ``years``, with their names in English.

    Parameters
    ----------
    country
        ISO 3166 code of two or three letters, or the English name; upper and lower case alike.
    subdivision
        Code or name of a region with holidays of its own, as the library has them: ``NY``,
        ``New York``.
    years
        Local calendar years.

    Raises
    ------
    InputError
        If there is no such country, region or year, with the nearest that there is.
    """
    code = _find_country(country)
    asked = sorted(set(years))
    _check_years(asked)
    if not asked:
        return SpecialDays()
    looked = range(asked[0] - LOOKBACK_YEARS, asked[-1] + 1)
    found = _list_days(code, subdivision=subdivision, years=looked)
    names = {day: name for day, name in sorted(found.items()) if day.year in set(asked)}
    place = code if subdivision is None else f"{code}, {subdivision}"
    return SpecialDays(
        kind_of={day: _kind_of(name) for day, name in names.items()},
        names=names,
        notes=_find_gaps(found, asked=asked, place=place),
    )


def _kind_of(name: str) -> str:
    """Kind of a day of this name: without what is said in brackets, and of several the first.

    >>> _kind_of("Independence Day (observed)"), _kind_of("Anzac Day; Easter Monday")
    ('Independence Day', 'Anzac Day')
    """
    return re.sub(r"\s*\([^()]*\)", "", name.split(";", maxsplit=1)[0]).strip() or HOLIDAY


def _find_country(country: str) -> str:
    """The code of two letters for a code or an English name."""
    from holidays.registry import COUNTRIES

    codes: dict[str, str] = {}
    for module, (_, code, *others) in COUNTRIES.items():
        for word in (code, *others, module.replace("_", " ")):
            codes.setdefault(word.casefold(), code)
    found = codes.get(" ".join(country.casefold().replace("_", " ").split()))
    if found is not None:
        return found
    names = [module.replace("_", " ").title() for module in COUNTRIES]
    by_length = sorted(set(codes.values())) if len(country) <= 3 else names
    raise InputError(
        Issue(
            message="no holidays are known for this country",
            field="country",
            value=country,
            accepted=f"a code or name of {len(COUNTRIES)} countries, such as UA or Ukraine",
            hint=did_you_mean(country, by_length),
        )
    )


def _check_years(years: list[int]) -> None:
    outside = [year for year in years if not YEARS[0] <= year <= YEARS[1]]
    if outside:
        raise InputError(
            Issue(
                message="holidays are not known for this year",
                field="years",
                value=list_words(map(str, outside)),
                accepted=f"{YEARS[0]} to {YEARS[1]}",
            )
        )


def _list_days(code: str, *, subdivision: str | None, years: range) -> dict[date, str]:
    from holidays import country_holidays

    plain = country_holidays(code, years=years, language=_language(code))
    if subdivision is None:
        return dict(plain.items())
    region = _find_subdivision(plain, subdivision, code=code)
    regional = country_holidays(code, subdiv=region, years=years, language=_language(code))
    return dict(regional.items())


def _language(code: str) -> str | None:
    """English where the library has it, so that names do not depend on the environment."""
    from holidays import country_holidays

    offered = country_holidays(code).supported_languages
    return next((name for name in ("en_US", "en_GB", "en") if name in offered), None)


def _find_subdivision(plain: HolidayBase, subdivision: str, *, code: str) -> str:
    aliases = plain.subdivisions_aliases
    words = {word.casefold(): word for word in plain.subdivisions}
    words |= {alias.casefold(): own for alias, own in aliases.items()}
    found = words.get(subdivision.strip().casefold())
    if found is not None:
        return str(found)
    raise InputError(
        Issue(
            message=f"{code} has no region of this name with holidays of its own",
            field="subdivision",
            value=subdivision,
            accepted=list_words(plain.subdivisions) if plain.subdivisions else "none",
            hint=did_you_mean(subdivision, [*plain.subdivisions, *aliases]),
        )
    )


def _find_gaps(found: Mapping[date, str], *, asked: list[int], place: str) -> tuple[str, ...]:
    """A note on the years that lack holidays although the years before had them."""
    count = Counter(day.year for day in found)
    before = range(asked[0] - LOOKBACK_YEARS, asked[-1] + 1)
    usual = median([count[year] for year in before if count[year]] or [0])
    missing = [year for year in asked if count[year] < FEW * usual]
    if not missing and usual:
        return ()
    if not usual:
        return (f"no holidays of {place} are known: give them in a file of special days",)
    listed = ", ".join(f"{year} ({count[year]})" for year in missing)
    note = (
        f"the library of holidays knows of few or none in {place} in {listed}; about {usual:.0f} "
        "a year are usual there. The law may have suspended them, as under martial law: give the "
        "days that people live as holidays in a file of special days"
    )
    return (note,)
