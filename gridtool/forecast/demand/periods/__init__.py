"""Histories of days, weeks, months and years, shaped to hours."""
