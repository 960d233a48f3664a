"""Days on which people live otherwise."""
