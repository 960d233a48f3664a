"""How long a plan is searched unless told otherwise, counted in dispatches of distinct states.

Kept apart so that commands can name it in their help without the planner.
"""

from __future__ import annotations

__all__ = ["LONG_SEARCH", "QUICK_SEARCH"]

LONG_SEARCH = 20_000
"""Where the plan itself is wanted (``gridtool restore``)."""

QUICK_SEARCH = 2_000
"""Where the plan is one step of several (``gridtool run``, ``whatif`` and ``forecast``): a few
seconds for the shipped city, whose plan comes within a percent of that of the long search."""
