"""The micro-batches that queries commit, as a run logs them."""

import time
from collections.abc import Iterable

from pyspark.sql.streaming.query import StreamingQuery

from trailhound.runtime import log

_EVERY = 1.0


class Seen:
    """What has been logged so far: each micro-batch of each query once."""

    def __init__(self) -> None:
        self._due = 0.0
        self._batches: dict[str, int] = {}

    def look(self, queries: Iterable[StreamingQuery], *, now: bool = False) -> None:
        """Log what queries have committed since the last look; at most once a second, or `now`."""
        if not log.is_on() or (time.monotonic() < self._due and not now):
            return
        self._due = time.monotonic() + _EVERY
        for query in queries:
            run = str(query.runId)
            for done in query.recentProgress:
                # What was looked for and not found is progress, too, but no batch.
                is_batch = "addBatch" in done["durationMs"]
                if is_batch and done["batchId"] > self._batches.get(run, -1):
                    self._batches[run] = done["batchId"]
                    log.info(
                        "batch committed",
                        query=query.name,
                        batch=done["batchId"],
                        rows=done["numInputRows"],
                        seconds=done["durationMs"]["triggerExecution"] / 1000,
                    )
