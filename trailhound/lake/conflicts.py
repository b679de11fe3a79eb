"""Writers of one Delta table that meet: the one that was slower tries again."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from delta.exceptions import (
    ConcurrentAppendException,
    ConcurrentDeleteDeleteException,
    ConcurrentDeleteReadException,
    ConcurrentTransactionException,
    ConcurrentWriteException,
    DeltaConcurrentModificationException,
    MetadataChangedException,
    ProtocolChangedException,
)

from trailhound.errors import UserError

# Delta's Python classes have no common base: the one that is named like it is just one of them.
CONFLICTS = (
    ConcurrentAppendException,
    ConcurrentDeleteDeleteException,
    ConcurrentDeleteReadException,
    ConcurrentTransactionException,
    ConcurrentWriteException,
    DeltaConcurrentModificationException,
    MetadataChangedException,
    ProtocolChangedException,
)
"""What Delta raises when another writer was faster: the same again may work."""
_TRIES = 8

T = TypeVar("T")


def retried(name: str, write: Callable[[], T], pause: Callable[[float], None] = time.sleep) -> T:
    """Write to the table of a name, again after each conflict, with longer and longer pauses.

    Raises:
        UserError: conflicts went on for half a minute.
    """
    for attempt in range(_TRIES - 1):
        try:
            return write()
        except CONFLICTS:
            pause(random.uniform(0.5, 1.0) * 2**attempt / 4)
    try:
        return write()
    except CONFLICTS as error:
        raise UserError(
            f"{name}: other writers keep changing it (a conflict in each of {_TRIES} tries); let "
            "fewer run at once, then run this again"
        ) from error
