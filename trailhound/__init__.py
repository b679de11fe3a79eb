"""Detections for AWS CloudTrail: what is suspicious, as pure functions over DataFrames.

Everything here takes and returns DataFrames or Columns; nothing reads a file, a table or a clock.
"""

from pyspark.sql import Column

from trailhound.engine.calls import Calls, calls
from trailhound.engine.conditions import (
    account,
    always,
    event,
    holds,
    is_any_of,
    is_false,
    is_filled_list,
    is_root,
    is_true,
    json_value,
    listed,
    lists_any_of,
    lists_foreign_account,
    number,
    owner_account,
    request_parameter,
    shown_parameters,
    sign_in_failed,
    source_address,
    succeeded,
    text_when,
    user,
    user_name,
)
from trailhound.engine.detection import (
    Detection,
    DetectionError,
    Options,
    Origin,
    Outcome,
    Rate,
    Severity,
    SingleEvent,
    rate,
    single_event,
)
from trailhound.engine.evaluate import alerts
from trailhound.engine.events import from_records, from_table
from trailhound.loading import load

__all__ = [
    "Calls",
    "Column",
    "Detection",
    "DetectionError",
    "Options",
    "Origin",
    "Outcome",
    "Rate",
    "Severity",
    "SingleEvent",
    "account",
    "alerts",
    "always",
    "calls",
    "event",
    "from_records",
    "from_table",
    "holds",
    "is_any_of",
    "is_false",
    "is_filled_list",
    "is_root",
    "is_true",
    "json_value",
    "listed",
    "lists_any_of",
    "lists_foreign_account",
    "load",
    "number",
    "owner_account",
    "rate",
    "request_parameter",
    "shown_parameters",
    "sign_in_failed",
    "single_event",
    "source_address",
    "succeeded",
    "text_when",
    "user",
    "user_name",
]
