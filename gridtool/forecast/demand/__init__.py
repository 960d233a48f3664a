"""The demand model: fitted to a history, simulated months ahead, tested on the past."""
