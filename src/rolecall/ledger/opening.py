"""Which database is opened: the one on a server that the setting ``queue`` names, or the user's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from rolecall.errors import SettingsError
from rolecall.ledger.database import open_database, usual_place
from rolecall.ledger.postgres import PostgresDatabase
from rolecall.ledger.store import Store

SCHEMES: Final = ("postgresql", "postgres")


def open_store(url: str, data_folder: str, environ: Mapping[str, str]) -> Store:
    """Open the database at ``url`` (the setting ``queue``); if that is empty the embedded one, in
    ``data_folder`` or at its usual place. It is made where there is none, its tables too.

    Raises:
        SettingsError: ``url`` is none of a PostgreSQL.
        DatabaseError: it cannot be reached, is not there, is damaged, of a newer Rolecall or not
            Rolecall's, or psycopg is not installed.
    """
    if not url:
        return open_database(usual_place(data_folder, environ), environ)
    demand_url(url)
    return PostgresDatabase(url)


def demand_url(url: str) -> None:
    """Raise `SettingsError` where ``url`` cannot be the address of a PostgreSQL."""
    hint = "write postgresql://USER@HOST:5432/NAME, and the password into PGPASSWORD or ~/.pgpass"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        # The error of urlsplit may tell the password.
        raise SettingsError("queue is an address that cannot be read", hint=hint) from None
    if parts.scheme not in SCHEMES:
        raise SettingsError(
            f"queue is an address of {parts.scheme or 'no kind'}, not of a PostgreSQL", hint=hint
        )
    if parts.netloc.count("@") > 1 or "#" in url:
        raise SettingsError(
            "queue holds an @ or # that belongs to a password", hint="write %40 for @ and %23 for #"
        )


def shown_url(url: str) -> str:
    """``url`` as it may be shown: without its password."""
    try:
        parts = urlsplit(url)
        if parts.password is None and "password=" not in parts.query:
            return url
        user = f"{parts.username}:***@" if parts.username else ""
        host = parts.netloc.rsplit("@", 1)[-1]
        return urlunsplit((parts.scheme, user + host, parts.path, "", ""))
    except ValueError:
        return "***"
