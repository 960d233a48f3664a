"""City networks: the model, packages, foreign formats, checks, the synthetic generator."""
