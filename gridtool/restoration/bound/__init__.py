"""Certified lower bounds on energy not served, and the network programs they are made of."""
