"""What has to be the same on all workers, that they give the same rows."""

from __future__ import annotations

from importlib import metadata

__all__ = ["read_versions"]

_DECIDING = ("gridtool", "numpy", "scipy", "pandas", "pandapower", "highspy", "numba", "pyarrow")


def read_versions() -> dict[str, str]:
    """Versions of this package, and of those whose results and files may differ by version."""
    return {name: metadata.version(name) for name in _DECIDING}
