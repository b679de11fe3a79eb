"""`trailhound backfill` as a program for spark-submit."""

from trailhound.detect import backfill as job
from trailhound.runtime.job import Job

if __name__ == "__main__":
    Job.start(job.__doc__, job.arguments, job.main)
