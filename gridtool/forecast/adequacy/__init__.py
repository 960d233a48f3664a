"""Adequacy of generating systems: exact by convolution and enumeration, and simulated."""
