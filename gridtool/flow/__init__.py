"""Physics: compiled case, topology, dispatch with load shedding, AC verification, N-1."""
