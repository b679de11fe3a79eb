"""The detections, shown."""
