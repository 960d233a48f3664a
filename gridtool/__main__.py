"""``python -m gridtool`` is ``gridtool``."""

from __future__ import annotations

from gridtool.cli import main

if __name__ == "__main__":
    main()
