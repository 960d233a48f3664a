"""The equipment-limited profile: how long a transformer that has to be made takes to come.

Hazus gives 30 days for a substation that is lost, an order of magnitude below what new
transformers take (research of the issue, section 5). Sources of the two quantiles:

- P50, 30 weeks: DTEK Odesa counted on 6 to 8 months of manufacture for the transformers of 20
  damaged substations (Ukrinform 4074742, 4075986); their middle, 7 months, is 30 weeks.
- P90, 78 weeks: 6 to 18 months for custom units (Kharchenko 2022, mediacenter.org.ua); the upper
  end is 78 weeks. Markets without a crisis programme are slower still: 115 to 130 weeks on
  average (Wood Mackenzie, POWER 26-06-2024).

The work of putting it in place comes on top. Hazus' 30 days for "complete" contain the wait for
parts, which the lead time has counted already; so it is taken as Hazus' 7 days of "extensive",
within the three weeks in which an autotransformer was brought and installed (Ukrenergo 2024).
"""

from __future__ import annotations

import math

from gridtool.damage.model import AssetDamage, DamageState
from gridtool.restoration.model import Duration
from gridtool.restoration.work.durations import Z90, hazus_duration

__all__ = ["INSTALLATION", "LEAD_P50_H", "LEAD_P90_H", "TRANSFORMER_LEAD", "needs_new_transformer"]

_WEEK_H = 7 * 24.0

LEAD_P50_H = 30 * _WEEK_H
"""Median hours of the calendar from the order to a transformer on site."""

LEAD_P90_H = 78 * _WEEK_H
"""Hours of the calendar within which nine of ten transformers are on site."""


def _make_lead() -> Duration:
    s = math.log(LEAD_P90_H / LEAD_P50_H) / Z90
    mean = LEAD_P50_H * math.exp(s**2 / 2)
    return Duration(
        mean_h=mean,
        sigma_h=mean * math.sqrt(math.expm1(s**2)),
        basis="transformer made to order",
    )


TRANSFORMER_LEAD = _make_lead()
"""The lognormal with these two quantiles, hours of the calendar from the as-of time."""

INSTALLATION = hazus_duration("transformer", DamageState.EXTENSIVE)
"""Crew working hours of putting it in place."""


def needs_new_transformer(damage: AssetDamage) -> bool:
    """Whether ``damage`` is of a transformer past repair: extensive or complete."""
    return damage.kind == "transformer" and damage.state.rank >= DamageState.EXTENSIVE.rank
