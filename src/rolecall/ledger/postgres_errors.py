"""What PostgreSQL and the way to it may say, with remedies, and never with the password."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from rolecall.errors import DatabaseError

_TOLD: Final[tuple[tuple[str, str, str, bool], ...]] = (
    # The start of an SQLSTATE, what is wrong, the remedy, whether it may pass by itself.
    # https://www.postgresql.org/docs/current/errcodes-appendix.html
    ("53100", "cannot grow: the disk of the server is full", "make room on that disk", True),
    ("53300", "takes no more connections", "raise its max_connections", True),
    ("53", "is short of memory or room", "see the server's log", True),
    ("25006", "cannot be written: it is read-only", "point to the server that is written to", True),
    ("55P03", "is kept locked by another program", "try again, or end what holds the lock", True),
    ("57014", "was too slow to answer", "try again, or see what keeps the server busy", True),
    ("25P0", "ended a transaction that stood still", "try again", True),
    ("40", "had to choose between two that wrote the same", "try again", True),
    ("57P", "is being stopped or started", "try again", True),
    ("08", "lost the connection", "try again", True),
    ("28", "does not let this user in", "see the user, its password and pg_hba.conf", False),
    ("3D000", "is not there", "create it: createdb NAME", False),
    ("42501", "does not allow this user to do that", "grant it, or make the user the owner", False),
    ("58", "has trouble with its files", "see the server's log and disk", True),
    ("XX", "is damaged or at fault", "see the server's log", False),
)

_SAID: Final[tuple[tuple[str, str], ...]] = (
    # A failure to connect has no SQLSTATE.
    ("password authentication failed", "28"),
    ("no password supplied", "28"),
    ("no pg_hba.conf entry", "28"),
    ('role "', "28"),
    ('database "', "3D000"),
    ("too many clients", "53300"),
    ("remaining connection slots", "53300"),
    ("the database system is", "57P"),
)


def place_of(url: str) -> str:
    """How messages call the database at ``url``: its host and name, no user and no password."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the PostgreSQL of queue (ROLECALL_QUEUE)"
    name = unquote(parts.path.lstrip("/"))
    return f"PostgreSQL at {host or 'this machine'}{port}/{name}"


def remedied(error: Any, place: str) -> DatabaseError | None:
    """The error with its remedy; ``None`` where a statement of ours is wrong."""
    said = _first_line(error)
    code = error.sqlstate
    if code is None:
        name = type(error).__name__
        if name == "ProgrammingError":
            return DatabaseError(
                f"the address of {place} cannot be read",
                hint="write postgresql://USER@HOST:5432/NAME and give the password in PGPASSWORD"
                " or ~/.pgpass",
            )
        if name not in ("OperationalError", "ConnectionTimeout", "InterfaceError"):
            return None
        code = next((one for words, one in _SAID if words in str(error)), "")
        if not code:
            return DatabaseError(
                f"{place} cannot be reached: {said}",
                hint="see that the server runs and that host and port are right",
                retryable=True,
            )
    for start, what, hint, passes in _TOLD:
        if code.startswith(start):
            return DatabaseError(f"{place} {what}: {said}", hint=hint, retryable=passes)
    return None


def scrubbed(error: Exception, url: str) -> Exception | None:
    """The error as a cause to show; ``None`` where it would tell the password."""
    secrets = [one for one in (_password(url), url) if one]
    return None if any(one in str(error) for one in secrets) else error


def _password(url: str) -> str:
    try:
        parts = urlsplit(url)
        asked = parse_qs(parts.query).get("password", [""])
        return unquote(parts.password or "") or asked[0]
    except ValueError:
        return url


def _first_line(error: Any) -> str:
    """The server's own words; those of libpq tell the host, the port and why."""
    told = error.diag.message_primary if error.sqlstate else str(error)
    return " ".join((told or str(error)).split("\n")[0].split())[:300]
