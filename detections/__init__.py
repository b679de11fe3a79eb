"""The detections that come with trailhound: each file in `cloudtrail/` is one."""
