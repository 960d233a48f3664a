"""Limits of what a saved model may hold."""

from __future__ import annotations

__all__ = ["COLD_C", "HOT_C", "LOG"]

LOG = 200.0
"""Most of a logarithm of demand: e to the power of it is beyond every network."""
COLD_C, HOT_C = -120.0, 120.0
