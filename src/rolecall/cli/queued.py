"""The queue that a verb is about, and ids as people write them."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Final

from rolecall.errors import UsageError

if TYPE_CHECKING:
    from rolecall.queue.queue import Queue
    from rolecall.settings import Settings

_ID: Final = re.compile(r"([tb])(0|[1-9][0-9]{0,17})")


def queue_at(url: str | None, settings: Settings) -> Queue:
    """The queue in the database at ``url``, or in the embedded one of the data folder.

    Raises:
        UsageError: a package that the queue needs is not installed.
        DatabaseError: the database cannot be used.
    """
    try:
        from rolecall.queue.open import open_queue
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "rolecall":
            raise
        raise UsageError(
            f"the queue needs {error.name}, which is not installed",
            hint="pip install 'rolecall[serve]'",
        ) from None
    return open_queue(url, settings, os.environ)


def add_queue(add: Any) -> None:
    """The word that names another database."""
    add("--queue", metavar="URL", help="a PostgreSQL database instead of the embedded one")


def read_id(text: str) -> tuple[str, int]:
    """What an id is of (``t`` a task, ``b`` a batch), and its number; raises `UsageError`."""
    found = _ID.fullmatch(text)
    if found is None:
        raise UsageError(
            f"{text!a} is no id", hint="a task is t123, a batch b45: rolecall tasks list"
        )
    return found[1], int(found[2])
