"""The command line; the only place of click, rich and exit codes."""
