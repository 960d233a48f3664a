"""Whose demand it is: a city's demand by district and class of customers, from its feeders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from gridtool.errors import HistoryError, Issue, NetworkError
from gridtool.flow.class_shares import OTHER_CLASS
from gridtool.formats.spelling import did_you_mean, list_words
from gridtool.network.declared.demand import CUSTOMER_CLASSES
from gridtool.network.model import CityNetwork

__all__ = ["DemandShares", "match_districts", "rescale_districts", "split_demand"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class DemandShares:
    """Shares of a city's demand at the reference peak by district and class.

    Attributes
    ----------
    districts
        Ids, D of them, in the order of the network's table.
    classes
        C of them; the last is ``other`` where feeders have no customers.
    shares : (D, C)
        Adding up to 1.
    """

    districts: tuple[str, ...]
    classes: tuple[str, ...]
    shares: FloatArray

    def by_hour(self, class_course: FloatArray) -> FloatArray:
        """Shares where each class has a course of its own, (D, C, H), adding up to 1 in every hour.

        Parameters
        ----------
        class_course : (C, H)
            Demand of each class relative to its demand at the reference peak, positive.
        """
        weights = self.shares[:, :, None] * class_course
        shares: FloatArray = weights / weights.sum(axis=(0, 1))
        return shares

    def with_districts(self, shares: FloatArray) -> FloatArray:
        """The classes within given shares of the districts, (..., D, C, H).

        A district without demand in the network has its classes as the city has them.

        Parameters
        ----------
        shares : (..., D, H)
        """
        own = self.shares.sum(axis=1, keepdims=True)
        mix = np.where(own > 0, self.shares / np.where(own > 0, own, 1.0), self.shares.sum(axis=0))
        divided: FloatArray = shares[..., :, None, :] * mix[:, :, None]
        return divided


def split_demand(network: CityNetwork) -> DemandShares:
    """Shares of the demand of the feeders in service at the reference peak.

    A feeder belongs to the district of its substation; its classes count by ``demand_share``, a
    feeder without customers is of :data:`gridtool.flow.class_shares.OTHER_CLASS`.

    Raises
    ------
    NetworkError
        If no feeder has a demand.
    """
    feeders = network.feeders
    peak_mw = np.where(feeders["in_service"], feeders["peak_mw"].astype("float64"), 0.0)
    if not peak_mw.sum() > 0.0:
        raise NetworkError(
            Issue(message="no feeder in service has a demand", file="feeders.csv", field="peak_mw")
        )
    districts = tuple(str(key) for key in network.districts.index)
    row = {district: at for at, district in enumerate(districts)}
    values = np.zeros((len(districts), len(CUSTOMER_CLASSES) + 1))
    at = np.array([row[district] for district in _district_of_feeder(network)])
    np.add.at(values, at, peak_mw[:, None] * _class_of_feeder(network))
    values /= values.sum()
    classes: tuple[str, ...] = (*CUSTOMER_CLASSES, OTHER_CLASS)
    if not values[:, -1].any():
        values, classes = values[:, :-1], classes[:-1]
    return DemandShares(districts=districts, classes=classes, shares=values)


def match_districts(names: tuple[str, ...], *, network: CityNetwork, file: str) -> tuple[str, ...]:
    """Ids of the network's districts by the names or ids that a history has for them.

    Raises
    ------
    HistoryError
        With every name that the network does not know, and every district named twice.
    """
    table = network.districts
    known = {str(name).casefold(): str(key) for key, name in table["name"].items()}
    known |= {str(key).casefold(): str(key) for key in table.index}
    words = [*map(str, table.index), *map(str, table["name"])]
    issues, found = [], []
    for name in names:
        district = known.get(" ".join(name.casefold().split()))
        if district is None:
            issues.append(
                Issue(
                    message="the network has no such district",
                    file=file,
                    value=name,
                    accepted=list_words(map(str, table.index)),
                    hint=did_you_mean(name, words),
                )
            )
        elif district in found:
            issues.append(Issue(message=f"{district} is there twice", file=file, value=name))
        else:
            found.append(district)
    if issues:
        raise HistoryError(issues, subject=file)
    return tuple(found)


def rescale_districts(network: CityNetwork, shares: Mapping[str, float]) -> CityNetwork:
    """The network with its feeders' peaks scaled so that districts have ``shares`` of the demand.

    The city's peak stays. Districts without a share keep their own, and those with one divide
    the rest in proportion: people who moved from one district to another are served by the
    feeders there. Within a district all feeders scale alike, reactive demand with them.

    Parameters
    ----------
    shares
        By district id, not negative; relative to each other.

    Raises
    ------
    NetworkError
        If a district with a share is not in the network or has no demand there.
    """
    own = split_demand(network)
    present = dict(zip(own.districts, own.shares.sum(axis=1).tolist(), strict=True))
    _check_shares(shares, present=present)
    moved = sum(present[district] for district in shares)
    total = sum(shares.values())
    factor = {
        district: moved * share / total / present[district] if share > 0 else 0.0
        for district, share in shares.items()
    }
    feeders = network.feeders.copy()
    scale = pd.Series(
        [factor.get(district, 1.0) for district in _district_of_feeder(network)],
        index=feeders.index,
        dtype="float64",
    )
    for column in ("peak_mw", "peak_mvar"):
        feeders[column] = feeders[column] * scale
    words = "feeders' peaks follow the shares that districts had in a history by district"
    return replace(
        network,
        tables={**network.tables, "feeders": feeders},
        assumptions=(*network.assumptions, words),
    )


def _check_shares(shares: Mapping[str, float], *, present: Mapping[str, float]) -> None:
    issues = []
    for district, share in shares.items():
        if district not in present:
            hint = did_you_mean(district, present)
            issues.append(Issue(message="no such district", value=district, hint=hint))
        elif not np.isfinite(share) or share < 0:
            issues.append(Issue(message=f"{district} has the share {share}", accepted="0 or more"))
        elif share > 0 and present[district] <= 0:
            issues.append(
                Issue(
                    message=f"{district} has demand in the history and no feeder with any",
                    hint="give its feeders a peak_mw",
                )
            )
    if not issues and not sum(shares.values()) > 0:
        issues.append(Issue(message="no district has a share of the demand"))
    if issues:
        raise NetworkError(issues, subject="shares of districts")


def _district_of_feeder(network: CityNetwork) -> list[str]:
    return [
        network.district_of_substation[network.substation_of_busbar[str(busbar)]]
        for busbar in network.feeders["busbar"]
    ]


def _class_of_feeder(network: CityNetwork) -> FloatArray:
    """Share of each feeder's demand by class, (F, C + 1), the last for unknown customers."""
    row = {str(feeder): at for at, feeder in enumerate(network.feeders.index)}
    column = {name: at for at, name in enumerate(CUSTOMER_CLASSES)}
    values = np.zeros((len(row), len(column) + 1))
    customers = network.customers
    for feeder, name, share in zip(
        customers["feeder"], customers["customer_class"], customers["demand_share"], strict=True
    ):
        values[row[str(feeder)], column[str(name)]] += float(share)
    total = values.sum(axis=1, keepdims=True)
    values /= np.where(total > 0, total, 1.0)
    values[total[:, 0] <= 0, -1] = 1.0
    return values
