"""The run history: what ran when on what; nothing of it is lost or half there."""
