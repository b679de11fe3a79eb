"""`trailhound gaps` as a program for spark-submit."""

from trailhound.ledger import gaps as job
from trailhound.runtime.job import Job

if __name__ == "__main__":
    Job.start(job.__doc__, job.arguments, job.main)
