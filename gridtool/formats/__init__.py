"""Text formats read strictly and written canonically: CSV, JSON, YAML, TOML."""
