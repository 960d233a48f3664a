"""Kept runs listed, shown, compared, pruned and exported."""
