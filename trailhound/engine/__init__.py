"""Detections as pure functions: DataFrames and Columns in and out; no file, no table, no clock."""
