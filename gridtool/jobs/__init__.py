"""Job files and the whole chain they describe."""
