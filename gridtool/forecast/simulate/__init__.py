"""The sampled futures of a city and the dispatch of each of their hours."""
