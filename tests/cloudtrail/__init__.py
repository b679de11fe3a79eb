"""A twin file for each detection."""
