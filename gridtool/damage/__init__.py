"""Damage reports, the ledger that keeps them all, and the state of the network as of a time."""
