"""Restoration schedules and shortage forecasts for a damaged city's power network."""

from __future__ import annotations

__version__ = "0.1.0"
