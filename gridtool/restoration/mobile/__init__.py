"""Mobile substations and generators: sites, tours, and what they serve."""
