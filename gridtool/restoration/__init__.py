"""Repair jobs, crews and spares, and plans that serve the most load the soonest."""
