"""Networks of other programs."""

from gridtool.network.foreign.read import read_foreign

__all__ = ["read_foreign"]
