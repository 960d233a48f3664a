"""What a set of finished jobs is worth: the load it serves."""
