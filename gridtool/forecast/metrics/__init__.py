"""Adequacy metrics from simulated futures, each with its standard error."""
