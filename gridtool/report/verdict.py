"""The verdict: the whole result in one paragraph of plain words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from gridtool.flow.model import Assessment
from gridtool.forecast.model import CITY, ShortageForecast
from gridtool.network.model import CityNetwork
from gridtool.report.forecast import CAUSE_WORDS, city_energy, say_further_damage
from gridtool.report.mobile import describe_placements
from gridtool.report.restore_checks import describe_ac, describe_bound
from gridtool.report.restore_words import count_repairs, describe_stop
from gridtool.restoration.model import RestorationPlan
from gridtool.units import format_quantity

__all__ = ["lost_to_damage", "time_regained", "write_verdict"]

_SMALLEST_MW = 0.05


def write_verdict(
    network: CityNetwork,
    assessment: Assessment,
    *,
    damaged: int,
    plan: RestorationPlan | None = None,
    forecast: ShortageForecast | None = None,
) -> str:
    """What a duty officer reads first.

    Parameters
    ----------
    damaged
        Number of damaged assets.
    """
    zone = network.manifest.zone
    parts = [_say_now(network, assessment, damaged=damaged, zone=zone)]
    if plan is not None and plan.jobs:
        parts.append(_say_plan(plan, zone=zone))
    if forecast is not None:
        parts.append(_say_forecast(forecast))
    parts.append(_say_assumptions(network, plan, forecast))
    return " ".join(part for part in parts if part)


def _say_now(network: CityNetwork, assessment: Assessment, *, damaged: int, zone: ZoneInfo) -> str:
    moment = f"As of {_day(assessment.as_of, zone)} ({zone.key})"
    extent = f"{damaged} damaged asset{'s' if damaged != 1 else ''}" if damaged else "no damage"
    demand = format_quantity(assessment.demand_mw, decimals=0)
    if assessment.unserved_mw < _SMALLEST_MW:
        return (
            f"{moment}, {network.manifest.name} has {extent} reported and can serve all of its "
            f"{demand} MW at the reference peak."
        )
    share = 100 * assessment.unserved_mw / assessment.demand_mw
    critical = _count(assessment.critical_out, "critical customer")
    if not assessment.critical_out:
        critical = "no critical customer"
    text = (
        f"{moment}, with {extent} reported, {network.manifest.name} cannot serve "
        f"{format_quantity(assessment.unserved_mw, decimals=0)} of {demand} MW ({share:.0f} %) "
        f"at the reference peak: {_count(assessment.customers_out, 'customer')} "
        f"{_are(assessment.customers_out)} without supply, "
        f"{critical} among them"
    )
    worst = assessment.districts.sort_values("unserved_mw", ascending=False).iloc[0]
    return (
        f"{text}; the most in {worst['name']} "
        f"({format_quantity(worst['unserved_mw'], decimals=0)} MW)."
    )


def _say_plan(plan: RestorationPlan, *, zone: ZoneInfo) -> str:
    jobs = count_repairs(plan)
    crews = _count(len({job.crew for job in plan.jobs}), "crew")
    text = f"The plan makes {jobs} with {crews}"
    returns = _return_times(plan)
    if returns:
        first, last, name = returns
        text += f"; load returns first on {_day(first, zone)}"
        if last > first:
            text += f" and last on {_day(last, zone)} ({name})"
    if lost_to_damage(plan.curve) > _SMALLEST_MW:
        most, all_of_it = (_day(time_regained(plan.curve, share), zone) for share in (0.9, 1.0))
        text += f"; all of the lost load is back on {all_of_it}"
        if most != all_of_it:
            text += f", 90 % of it on {most}"
    left = float(plan.curve["unserved_mw"].iloc[-1])
    if left > _SMALLEST_MW:
        text += (
            f"; when all is repaired {format_quantity(left, decimals=0)} MW of the reference "
            "peak stay unserved"
        )
    energy = format_quantity(plan.ens_mwh, decimals=0)
    text += f". Until then {energy} MWh are not served at that demand."
    more = (describe_bound(plan), describe_placements(plan), describe_ac(plan))
    return " ".join(part for part in (describe_stop(plan), text, *more) if part)


def _return_times(plan: RestorationPlan) -> tuple[datetime, datetime, str] | None:
    """First and last expected return of a substation, and the name of the last."""
    etr = plan.etr
    back = etr[(etr["level"] == "substation") & etr["etr"].notna() & (etr["unserved_mw"] > 0)]
    if back.empty:
        return None
    back = back.sort_values("etr", kind="stable")
    last = back.iloc[-1]
    return back["etr"].iloc[0], last["etr"], str(last["name"])


def lost_to_damage(curve: pd.DataFrame) -> float:
    """Load that the plan brings back, MW."""
    return float(curve["served_mw"].iloc[-1] - curve["served_mw"].iloc[0])


def time_regained(curve: pd.DataFrame, share: float) -> datetime:
    """When ``share`` of the lost load is back to stay."""
    served = curve["served_mw"].to_numpy(dtype=np.float64)
    wanted = served[0] + share * lost_to_damage(curve)
    short = np.flatnonzero(served < wanted - min(_SMALLEST_MW, abs(wanted) * 1e-6))
    step = int(short[-1]) + 1 if len(short) else 0
    moment: datetime = curve["time"].iloc[step]
    return moment


def _say_forecast(forecast: ShortageForecast) -> str:
    monthly = forecast.monthly
    city = monthly[monthly["district"] == CITY]
    energy = city_energy(forecast)
    span = _span(city["month"].tolist())
    stated = say_further_damage(forecast)
    if energy.value <= 0:
        return f"{span} no shortage was found in {forecast.samples} simulated futures{stated}."
    text = f"{span}, {energy} MWh are expected to be unserved{stated}"
    cause = _main_cause(forecast.causes)
    if cause:
        text += f", mostly for {cause}"
    districts = monthly[monthly["district"] != CITY]
    worst = (
        (districts if len(districts) else city)
        .sort_values(["hours_off_p50", "hours_off_mean"], ascending=False, kind="stable")
        .iloc[0]
    )
    return (
        f"{text}; it is worst in {worst['name']} in {_month(str(worst['month']))}: "
        f"{worst['hours_off_p50']:.1f} hours a day without supply for an ordinary customer "
        f"(P10 {worst['hours_off_p10']:.1f}, P90 {worst['hours_off_p90']:.1f})."
    )


def _main_cause(causes: pd.DataFrame) -> str:
    """The largest cause in words, with its share."""
    sums = causes[list(CAUSE_WORDS)].sum()
    total = float(sums.sum())
    if total <= 0:
        return ""
    name = str(sums.idxmax())
    return f"{CAUSE_WORDS[name]} ({100 * float(sums[name]) / total:.0f} %)"


def _say_assumptions(
    network: CityNetwork, plan: RestorationPlan | None, forecast: ShortageForecast | None
) -> str:
    assumed: list[str] = list(network.assumptions[:2])
    if len(network.assumptions) > 2:
        assumed.append(f"{len(network.assumptions) - 2} more on the network")
    if plan is not None and plan.jobs:
        assumed.append("repairs take the expected time")
    elif forecast is not None and plan is None:
        assumed.append("nothing is repaired")
    if forecast is not None:
        assumed.append(f"demand: {forecast.demand_description.partition(';')[0]}")
        assumed += [note.rstrip(".") for note in forecast.notes[:2]]
    return f"Assumed: {'; '.join(assumed)}." if assumed else ""


def _count(number: int, noun: str) -> str:
    return f"{format_quantity(number, decimals=0)} {noun}{'' if number == 1 else 's'}"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _day(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{local.day} {local:%B %Y %H:%M}"


def _month(month: str) -> str:
    return f"{datetime.fromisoformat(f'{month}-01'):%B %Y}"


def _span(months: Sequence[str]) -> str:
    first, last = _month(months[0]), _month(months[-1])
    if first == last:
        return f"In {first}"
    same_year = first.split()[1] == last.split()[1]
    return f"From {first.split()[0] if same_year else first} to {last}"
