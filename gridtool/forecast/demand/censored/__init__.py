"""Demand behind what was served: hours found short, steps of the level, what planners state."""
