"""What the cases of a detection are written with."""

from trailhound.testing.cases import Case, Expected, RateCase, fires, quiet
from trailhound.testing.records import ACCOUNT, NOON, ROLE, ROOT, USER, Record, record, sign_in

__all__ = [
    "ACCOUNT",
    "NOON",
    "ROLE",
    "ROOT",
    "USER",
    "Case",
    "Expected",
    "RateCase",
    "Record",
    "fires",
    "quiet",
    "record",
    "sign_in",
]
