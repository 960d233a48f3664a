"""Past forecasts scored against what came, and models that drift."""
