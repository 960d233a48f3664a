"""The work to do: jobs in stages, how long they take, what waits for what."""
