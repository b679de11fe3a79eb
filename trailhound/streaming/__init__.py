"""Structured Streaming, and nothing of detections."""
