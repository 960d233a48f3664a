"""What a plan brings: stages, dates of restoration, AC power flow, cold-load pickup."""
