"""Demand, availability and the simulation of shortage over the coming months."""
