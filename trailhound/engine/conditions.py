"""The words detections are written in: functions that return Columns over canonical events.

Boolean ones are two-valued: what is missing is false, also under `~`. All are called late, since a
Column needs a live Spark session.
"""

from functools import reduce
from operator import or_

from pyspark.sql import Column
from pyspark.sql import functions as F

from trailhound.engine.calls import Calls, calls

MASKED = "HIDDEN_DUE_TO_SECURITY_REASONS"
ROOT_USER = "<root>"


def always() -> Column:
    """Every event of the calls that the detection reads."""
    return F.lit(True)


def holds(condition: Column) -> Column:
    """Return the condition with unknown made false."""
    return F.coalesce(condition, F.lit(False))


def event(name: str) -> Column:
    """Return a column of the event: "userAgent", "userIdentity.type"."""
    return F.col(name)


def request_parameter(path: str) -> Column:
    """Return what was asked, as text: string. Null where it is missing, null, or a denial hid it.

    Booleans and numbers come as their JSON text, so "true" and true are the same.
    """
    return json_value("requestParameters", path)


def json_value(column: str, path: str) -> Column:
    """Return the value at a dotted path of a column that holds JSON text: string.

    A step may lead through JSON that a pipeline has put into a string.
    """
    first, *rest = path.split(".")
    value = F.get_json_object(F.col(column), f"$.{path}")
    if not rest:
        return value
    outer = F.get_json_object(F.col(column), f"$.{first}")
    return F.coalesce(value, F.get_json_object(outer, f"$.{'.'.join(rest)}"))


def is_true(value: Column) -> Column:
    """A JSON true, or its text."""
    return holds(F.lower(F.trim(value)) == "true")


def is_false(value: Column) -> Column:
    """A JSON false, or its text; what is missing is not false."""
    return holds(F.lower(F.trim(value)) == "false")


def is_any_of(value: Column, *texts: str) -> Column:
    """One of the texts, exactly."""
    return holds(value.isin(*texts))


def number(value: Column) -> Column:
    """Return a whole JSON number, or its text, as double; null where it is none."""
    return F.when(value.rlike(r"^-?\d+(\.0+)?\z"), value.try_cast("double"))


def listed(value: Column) -> Column:
    """Return a JSON list of texts, or one text alone, as array<string>; null where missing."""
    is_list = F.trim(value).startswith("[")
    items = F.from_json(value, "array<string>")
    return F.when(holds(is_list), items).when(value.isNotNull(), F.array(value))


def text_when(condition: Column, text: str) -> Column:
    """Return the text where the condition is true: string, else null."""
    return F.when(condition, F.lit(text))


def shown_parameters(*paths: str) -> Column:
    """Return what was asked as "name value, name value": string, null where nothing of it was."""
    shown = [F.concat(F.lit(f"{path} "), request_parameter(path)) for path in paths]
    return F.nullif(F.concat_ws(", ", *shown), F.lit(""))


def is_filled_list(value: Column) -> Column:
    """A JSON list that holds something."""
    return holds(F.json_array_length(value) > 0)


def lists_any_of(values: Column, *texts: str) -> Column:
    """The list (array<string>) holds one of the texts, exactly."""
    return holds(F.arrays_overlap(values, F.array(*map(F.lit, texts))))


def lists_foreign_account(values: Column, *trusted: str) -> Column:
    """The list (array<string>) holds an account that is neither the owner's nor trusted.

    Never where the owner is unknown.
    """
    own = _account_number(owner_account())
    accounts = F.transform(values, _account_number)
    return holds(F.exists(accounts, lambda v: (v != "") & (v != own) & ~v.isin(*trusted)))


def is_call(which: Calls) -> Column:
    """One of the calls: source and name, both exactly."""
    source = F.col("eventSource").isin(*which.sources)
    if not which.versioned:
        return holds(source & F.col("eventName").isin(*which.names))
    pattern = rf"^({'|'.join(which.names)})(\d{{8}})?(v\d+)?\z"
    return holds(source & F.col("eventName").rlike(pattern))


def may_be_call(which: Calls) -> Column:
    """Return a condition no stricter than `is_call`, in terms that a Parquet reader can skip by."""
    source = F.col("eventSource").isin(*which.sources)
    if not which.versioned:
        return source & F.col("eventName").isin(*which.names)
    return source & reduce(or_, (F.col("eventName").startswith(name) for name in which.names))


def succeeded() -> Column:
    """The call worked: no error, or, for a console sign-in, the answer "Success"."""
    answer = F.get_json_object(F.col("responseElements"), "$.ConsoleLogin")
    no_error = _is_blank("errorCode") & _is_blank("errorMessage")
    is_sign_in = is_call(calls("signin", "ConsoleLogin"))
    return F.when(is_sign_in, holds(answer == "Success")).otherwise(no_error)


def sign_in_failed() -> Column:
    """A console sign-in that was refused."""
    return holds(F.get_json_object(F.col("responseElements"), "$.ConsoleLogin") == "Failure")


def is_root() -> Column:
    """The caller is the account's root user."""
    return holds(F.col("userIdentity.type") == "Root")


def account() -> Column:
    """Return the caller's account, else the one that received the event: string."""
    return F.coalesce(_text("userIdentity.accountId"), _text("recipientAccountId"))


def owner_account() -> Column:
    """Return the account that received the event, else the caller's: string."""
    return F.coalesce(_text("recipientAccountId"), _text("userIdentity.accountId"))


def user_name() -> Column:
    """Return the name of the user within the account, `<root>` for root: string.

    Null for names that AWS masks (a mistyped name may be a password) and for missing ones.
    """
    name = _text("userIdentity.userName")
    return F.when(is_root(), F.lit(ROOT_USER)).when(name != MASKED, name)


def user() -> Column:
    """Return account/user: string; null without either."""
    return F.concat(account(), F.lit("/"), user_name())


def source_address() -> Column:
    """Return the address, or service name, that the call came from: string."""
    return _text("sourceIPAddress")


def _account_number(value: Column) -> Column:
    # A JSON number has lost its leading zeros.
    digits = value.try_cast("decimal(12,0)").cast("string")
    is_number = value.rlike(r"^[0-9][0-9.eE+]*$")
    return F.when(is_number, F.coalesce(F.lpad(digits, 12, "0"), value)).otherwise(value)


def _text(name: str) -> Column:
    return F.nullif(F.col(name), F.lit(""))


def _is_blank(name: str) -> Column:
    return F.coalesce(F.col(name), F.lit("")) == ""
