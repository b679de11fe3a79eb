"""Where and when detections run: every job, and all input and output."""
