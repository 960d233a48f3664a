"""Certified lower bounds on energy not served, and the network programs they are made of."""

from __future__ import annotations

from gridtool.restoration.bound.energy import BoundEffort, BoundResult, energy_bound
from gridtool.restoration.bound.fleets import Fleet, make_fleets

__all__ = ["BoundEffort", "BoundResult", "Fleet", "energy_bound", "make_fleets"]
