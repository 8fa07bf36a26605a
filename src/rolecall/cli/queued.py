"""The queue that a verb is about, and ids as people write them."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Final

from rolecall.errors import UsageError

if TYPE_CHECKING:
    from rolecall.queue.queue import Queue
    from rolecall.settings import Settings

_UNITS: Final = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_TIME: Final = re.compile(r"([0-9]{1,5})([mhdw])")
_ID: Final = re.compile(r"([tb])(0|[1-9][0-9]{0,17})")


def open_queue(settings: Settings) -> Queue:
    """The queue that the settings name; close its ``store`` at the end.

    Raises:
        UsageError: a package that the queue needs is not installed, or the settings are wrong.
        DatabaseError: the database cannot be used.
    """
    try:
        from rolecall.queue import open as opening
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "rolecall":
            raise
        raise UsageError(
            f"the queue needs {error.name}, which is not installed",
            hint="pip install 'rolecall[serve]'",
        ) from None
    return opening.open_queue(settings, os.environ)


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


def read_time(text: str, flag: str) -> int:
    """Seconds of a length of time as people write it; raises `UsageError`."""
    found = _TIME.fullmatch(text)
    if not found or int(found[1]) < 1:
        raise UsageError(f"{flag} cannot be {text!a}", hint="write it like 30m, 12h, 90d or 8w")
    return int(found[1]) * _UNITS[found[2]]


def read_since(text: str) -> int:
    """The same of ``--since``, which reaches as far back as figures are kept."""
    from rolecall.monitor.series import DAY, KEPT

    seconds, most = read_time(text, "--since"), KEPT[DAY]
    if seconds > most:
        raise UsageError(
            f"--since cannot be {text!a}: figures are kept for {most // DAY:,} days",
            hint=f"write {most // DAY}d for all of them",
        )
    return seconds
