"""Orders of repairs: rules in use, seeds, and the search."""
