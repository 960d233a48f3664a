"""Histories of demand as their owners keep them: read, checked, laid out by hour."""
