"""Demand by district and by class of customers."""
