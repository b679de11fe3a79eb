"""Events to alerts: streams, backfills, repairs, scans."""
