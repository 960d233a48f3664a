"""Text formats read strictly and written canonically: CSV, JSON, YAML, TOML."""

from gridtool.formats.spelling import nearest
from gridtool.formats.text import DecodedText, read_text

__all__ = ["DecodedText", "nearest", "read_text"]
