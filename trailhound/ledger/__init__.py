"""Who evaluated what, what was missed, what failed."""
