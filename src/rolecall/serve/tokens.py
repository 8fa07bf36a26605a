"""Tokens and visits as they are kept: nothing that was kept lets anybody in.

A token is ``rc_ID_SECRET`` with a secret of 256 random bits. Only its SHA-256 is kept: a secret
that cannot be guessed needs no slow hash. A *visit* is one sign-in to the web UI with a token; its
cookie is random too, and kept in the same way. A visit may do what its token may at the moment.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from typing import Final

from msgspec import Struct

from rolecall.errors import UsageError
from rolecall.ledger.store import Store

SCOPES: Final = {
    "extract": "have a page extracted at once",
    "tasks": "hand in pages, and see and cancel one's own",
    "fetch": "name pages by their address, which the server then fetches",
    "read": "see everyone's tasks and postings",
    "label": "say what is right for postings that one sees",
    "admin": "all of these, and everyone's tasks changed, the queue paused and resumed",
}
"""What a token may be good for."""

MOST_VISITS: Final = 100
"""Visits of one token at the same time; the oldest end."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}")
_TOKEN: Final = re.compile(r"rc_([a-z0-9]{10})_([A-Za-z0-9_-]{43})")
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"


class Token(Struct, frozen=True, kw_only=True):
    """A token as it is kept; moments in milliseconds since 1970."""

    id: str
    name: str
    hash: bytes
    scopes: frozenset[str]
    made: int
    expires: int | None
    used: int | None
    revoked: int | None

    def alive(self, now: int) -> bool:
        """Whether it lets anybody in."""
        return self.revoked is None and (self.expires is None or now < self.expires)


class Visit(Struct, frozen=True, kw_only=True):
    """A sign-in as it is kept."""

    hash: bytes
    token: str
    expires: int


def now_ms() -> int:
    """Milliseconds since 1970."""
    return int(time.time() * 1000)


def digest(secret: str) -> bytes:
    """What is kept of a token or a cookie."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def id_in(token: str) -> str | None:
    """The public part of a token; ``None`` for what cannot be one."""
    found = _TOKEN.fullmatch(token)
    return found[1] if found else None


def read_scopes(words: str) -> frozenset[str]:
    """Scopes in words with commas between; raises `UsageError` for one that does not exist."""
    found = frozenset(one.strip() for one in words.split(",") if one.strip())
    unknown = sorted(found - SCOPES.keys())
    if unknown or not found:
        raise UsageError(
            f"there is no scope {unknown[0]!a}" if unknown else "a token needs a scope",
            hint=f"there are: {', '.join(SCOPES)}",
        )
    return found


def add_token(
    store: Store, name: str, scopes: frozenset[str], expires: int | None = None
) -> tuple[Token, str]:
    """Make a token and return it with its text, which is not kept and cannot be shown again.

    Raises:
        UsageError: the name cannot be used.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!a} cannot be the name of a token",
            hint="use up to 64 letters, digits, spaces and . _ @ -",
        )
    public = "".join(secrets.choice(_LETTERS) for _ in range(10))
    text = f"rc_{public}_{secrets.token_urlsafe(32)}"
    token = Token(
        id=public,
        name=name,
        hash=digest(text),
        scopes=scopes,
        made=now_ms(),
        expires=expires,
        used=None,
        revoked=None,
    )
    with store.write(durable=True) as connection:
        connection.execute(
            "INSERT INTO serve_token (id, name, hash, scopes, made, expires)"
            " VALUES (:id, :name, :hash, :scopes, :made, :expires)",
            {
                "id": token.id,
                "name": token.name,
                "hash": token.hash,
                "scopes": ",".join(sorted(scopes)),
                "made": token.made,
                "expires": token.expires,
            },
        )
    return token, text


def all_tokens(store: Store) -> list[Token]:
    """All tokens that were ever made, the oldest first."""
    rows = store.rows(
        "SELECT id, name, hash, scopes, made, expires, used, revoked FROM serve_token"
        " ORDER BY made, id"
    )
    return [
        Token(
            id=row[0],
            name=row[1],
            hash=bytes(row[2]),
            scopes=frozenset(row[3].split(",")),
            made=row[4],
            expires=row[5],
            used=row[6],
            revoked=row[7],
        )
        for row in rows
    ]


def revoke_tokens(store: Store, named: str) -> list[Token]:
    """Let the token with this id, or all of this name, in no more; gives those it took effect on.

    Their visits end with them.
    """
    found = [one for one in all_tokens(store) if named in (one.id, one.name) and not one.revoked]
    with store.write(durable=True) as connection:
        for one in found:
            told = {"id": one.id, "now": now_ms()}
            connection.execute("UPDATE serve_token SET revoked = :now WHERE id = :id", told)
            connection.execute("DELETE FROM serve_visit WHERE token = :id", told)
    return found


def mark_used(store: Store, moments: dict[str, int]) -> None:
    """Write down when tokens were last used."""
    with store.write() as connection:
        for public, moment in moments.items():
            connection.execute(
                "UPDATE serve_token SET used = :used WHERE id = :id",
                {"used": moment, "id": public},
            )


def start_visit(store: Store, token: str, hours: float) -> str:
    """Begin a visit and return its cookie; visits that have ended are forgotten."""
    cookie, now = secrets.token_urlsafe(32), now_ms()
    with store.write(durable=True) as connection:
        connection.execute("DELETE FROM serve_visit WHERE expires <= :now", {"now": now})
        # Whoever holds one token may not push the visits of others out of sight.
        connection.execute(
            "DELETE FROM serve_visit WHERE token = :token AND hash NOT IN (SELECT hash FROM"
            " serve_visit WHERE token = :token ORDER BY made DESC, hash LIMIT :most)",
            {"token": token, "most": MOST_VISITS - 1},
        )
        connection.execute(
            "INSERT INTO serve_visit (hash, token, made, expires)"
            " VALUES (:hash, :token, :now, :expires)",
            {
                "hash": digest(cookie),
                "token": token,
                "now": now,
                "expires": now + int(hours * 3_600_000),
            },
        )
    return cookie


def end_visit(store: Store, cookie: str) -> None:
    """End a visit."""
    with store.write(durable=True) as connection:
        connection.execute("DELETE FROM serve_visit WHERE hash = :hash", {"hash": digest(cookie)})


def all_visits(store: Store, most: int = 10_000) -> list[Visit]:
    """The visits that go on, the newest first."""
    rows = store.rows(
        "SELECT hash, token, expires FROM serve_visit WHERE expires > :now"
        " ORDER BY made DESC LIMIT :most",
        {"now": now_ms(), "most": most},
    )
    return [Visit(hash=bytes(row[0]), token=row[1], expires=row[2]) for row in rows]
