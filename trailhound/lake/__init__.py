"""The Delta tables, and nothing of streams."""
