"""Results as named tables, verdicts and charts, for terminals and files."""
