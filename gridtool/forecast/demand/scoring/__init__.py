"""The model held against the past: scores, methods that cost nothing, calibration."""
