"""Files to events."""
