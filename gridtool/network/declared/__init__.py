"""The tables of a network package, declared by theme."""
