"""Fitted models as data: written, read back, and when to fit them again."""
