"""About a plan: why it is so, what changed, and what more resources would bring."""
