"""What changes if: the same chain on changed inputs, and the difference."""
