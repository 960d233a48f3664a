"""Synthetic cities of any size, from a seed."""

from gridtool.network.synthetic.city import generate_city

__all__ = ["generate_city"]
