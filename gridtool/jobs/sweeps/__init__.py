"""Sweeps of what-if scenarios: read, run on workers, kept in a folder that an end leaves whole."""
