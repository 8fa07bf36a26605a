"""Who is asking, and what they may do.

There are three ways in: a token in ``Authorization: Bearer``, the cookie of a visit, and, where the
server is reached from this machine only and nobody ever made a token, none at all.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import parse_qsl

from msgspec import Struct
from starlette.requests import Request
from starlette.types import Scope

from rolecall.errors import DatabaseError
from rolecall.ledger.store import Store
from rolecall.serve.problems import ProblemError
from rolecall.serve.tokens import (
    SCOPES,
    Token,
    Visit,
    all_tokens,
    all_visits,
    digest,
    id_in,
    mark_used,
    now_ms,
)

COOKIE: Final = "rolecall_visit"
CSRF_FIELD: Final = "csrf"
CSRF_HEADER: Final = b"x-csrf-token"
LOCAL: Final = "local"
"""The submitter where nobody needs to say who they are."""
FRESH_SECONDS: Final = 1.0
"""How long a token that was revoked elsewhere may still be good."""
AGAIN_SECONDS: Final = 0.05
"""How often at most tokens are read anew because of one that is not known yet."""
STALE_SECONDS: Final = 60.0
"""How long known tokens are good while the database cannot be read."""
USED_MS: Final = 60_000
"""How exactly is kept when a token was last used."""
LARGEST_FORM: Final = 12_000_000

Auth = Literal["auto", "always", "beyond-loopback"]


class Who(Struct, frozen=True, kw_only=True):
    """Somebody who is let in: the name that tasks are handed in under, and the scopes.

    ``csrf`` is what forms of a visit must bring along, in the field ``csrf`` or the header
    ``X-CSRF-Token``; ``None`` where no cookie is used.
    """

    name: str
    scopes: frozenset[str]
    way: Literal["token", "visit", "local"]
    token: str | None = None
    csrf: str | None = None

    def may(self, scope: str) -> bool:
        """Whether they may do what needs ``scope``."""
        return scope in self.scopes or "admin" in self.scopes

    def needs(self, *scopes: str) -> None:
        """Refuse unless they may do what needs one of ``scopes``."""
        if not any(self.may(scope) for scope in scopes):
            raise ProblemError(
                403,
                "forbidden",
                f"this needs the scope {' or '.join(scopes)}",
                hint="ask whoever runs the server for a token with it (rolecall tokens add)",
                headers={"WWW-Authenticate": f'Bearer scope="{" ".join(scopes)}"'},
            )

    @property
    def sees(self) -> str | None:
        """Whose tasks they see: their own, or everyone's (``None``)."""
        return None if self.may("read") else self.name

    @property
    def changes(self) -> str | None:
        """Whose tasks they may cancel, retry and forget: their own, or everyone's (``None``)."""
        return None if self.may("admin") else self.name


ANYBODY: Final = Who(name=LOCAL, scopes=frozenset(SCOPES), way="local")
"""The user of this machine, where no token is needed."""


class _Known(Struct, frozen=True):
    """Tokens and visits as they were read at ``moment``, in seconds of a steady clock."""

    tokens: Mapping[str, Token]
    visits: Mapping[bytes, Visit]
    moment: float

    def good(self, since: float | None) -> bool:
        """Whether they were read at ``since`` or later; without it, within the last second."""
        return self.moment >= (time.monotonic() - FRESH_SECONDS if since is None else since)


class Entry:
    """Lets people in. ``loopback`` says that only this machine reaches the server."""

    def __init__(self, store: Store, auth: Auth, *, loopback: bool) -> None:
        self.store = store
        self._auth, self.loopback = auth, loopback
        self._known: _Known | None = None
        self._reading = asyncio.Lock()
        self._used: dict[str, int] = {}
        self._written: dict[str, int] = {}

    async def known(self, since: float | None = None) -> _Known:
        """Tokens and visits, read anew where they were read longer than a second ago.

        With ``since``, a moment of the steady clock, they are as they were then or later: that is
        asked for where one is not among them, and may have been made elsewhere just now.
        """
        known = self._known
        if known is not None and known.good(since):
            return known
        async with self._reading:
            known = self._known
            if known is not None and known.good(since):
                return known
            if known is not None and since is not None:
                # Whoever sends what nobody knows waits; the database need not be asked each time.
                await asyncio.sleep(known.moment + AGAIN_SECONDS - time.monotonic())
            try:
                self._known = await asyncio.to_thread(self._read)
            except DatabaseError:
                if known is None or time.monotonic() - known.moment > STALE_SECONDS:
                    raise
                return known
            return self._known

    def forget(self) -> None:
        """Read everything anew at the next request: something was changed here."""
        self._known = None

    async def is_open(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether nobody needs to say who they are.

        A request that came through a proxy may be from anywhere, whatever the server is bound to.
        """
        if not self.loopback or any(_passed_on(name) for name in headers):
            return False
        if self._auth == "auto":
            # One that was revoked counts too: revoking the last one must not open the door.
            return not (await self.known()).tokens
        return self._auth == "beyond-loopback"

    async def who(self, headers: Mapping[bytes, bytes]) -> Who | None:
        """Who sent a request with these headers (names in small letters); ``None``: not known.

        Raises:
            ProblemError: a token or a cookie was sent that is good for nothing.
        """
        said = headers.get(b"authorization")
        if said is not None:
            return await self.by_token(_bearer(said))
        cookie = cookie_in(headers)
        if cookie:
            begun = time.monotonic()
            kept = digest(cookie)
            visit = (await self.known()).visits.get(kept)
            if visit is None:
                # Signed in at another server of the same queue, a moment ago.
                visit = (await self.known(begun)).visits.get(kept)
            found = await self._of(visit, cookie) if visit is not None else None
            if found is not None:
                return found
        return ANYBODY if await self.is_open(headers) else None

    async def by_token(self, text: str) -> Who:
        """Who holds this token; raises `ProblemError` where it lets nobody in."""
        begun = time.monotonic()
        public = id_in(text)
        token = (await self.known()).tokens.get(public) if public is not None else None
        if token is None and public is not None:
            token = (await self.known(begun)).tokens.get(public)
        kept = token.hash if token is not None else bytes(32)
        right = hmac.compare_digest(kept, digest(text))
        if token is None or not right or not token.alive(now_ms()):
            raise _unknown()
        self._note(token)
        return Who(name=token.name, scopes=token.scopes, way="token", token=token.id)

    async def write_used(self) -> None:
        """Write down which tokens were used since the last time."""
        used, self._used = self._used, {}
        if used:
            await asyncio.to_thread(mark_used, self.store, used)

    async def _of(self, visit: Visit, cookie: str) -> Who | None:
        token = (await self.known()).tokens.get(visit.token)
        if token is None or not token.alive(now_ms()) or visit.expires <= now_ms():
            return None
        self._note(token)
        return Who(
            name=token.name,
            scopes=token.scopes,
            way="visit",
            token=token.id,
            csrf=csrf_of(cookie),
        )

    def _read(self) -> _Known:
        moment = time.monotonic()
        tokens = {one.id: one for one in all_tokens(self.store)}
        visits = {one.hash: one for one in all_visits(self.store)}
        return _Known(tokens, visits, moment)

    def _note(self, token: Token) -> None:
        now = now_ms()
        if now - self._written.get(token.id, token.used or 0) >= USED_MS:
            self._used[token.id] = self._written[token.id] = now


def who_of(request: Request) -> Who:
    """Who sent this request; only for routes that are not public."""
    found = request.scope.get("rolecall.who")
    if not isinstance(found, Who):
        raise not_signed_in()
    return found


def allowed(request: Request, *scopes: str) -> Who:
    """Who sent this request; refused unless they may do what needs one of ``scopes``."""
    who = who_of(request)
    who.needs(*scopes)
    return who


async def still(entry: Entry, request: Request) -> bool:
    """Whether the sender of a request is let in as before: an answer may take long, and a token be
    revoked meanwhile."""
    who = who_of(request)
    try:
        found = await entry.who(headers_of(request.scope))
    except (ProblemError, DatabaseError):
        return False
    return found is not None and (found.name, found.scopes) == (who.name, who.scopes)


def csrf_of(cookie: str) -> str:
    """What a form must bring along: no other site can read it, for it follows from the cookie."""
    return hashlib.sha256(b"rolecall csrf " + cookie.encode("utf-8", "replace")).hexdigest()[:40]


async def form_of(request: Request, most: int = LARGEST_FORM) -> dict[str, str]:
    """The fields of a form that was sent (``application/x-www-form-urlencoded``), by name.

    The only way in which routes read forms: one of a visit without its right ``csrf`` is refused.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise ProblemError(415, "media_type", "a form is needed")
    body = await request.body()
    if len(body) > most:
        raise ProblemError(413, "too_large", f"a form may have {most:,} bytes")
    try:
        fields = dict(
            parse_qsl(
                body.decode("utf-8"),
                keep_blank_values=True,
                max_num_fields=200,
                errors="strict",
            )
        )
    except ValueError:
        raise ProblemError(400, "malformed", "the form cannot be read") from None
    who = request.scope.get("rolecall.who")
    if isinstance(who, Who) and who.csrf is not None:
        header = request.headers.get("x-csrf-token", "")
        check_csrf(who, fields.pop(CSRF_FIELD, "") or header)
    return fields


def check_csrf(who: Who, said: str) -> None:
    """Refuse what another site may have sent in the name of a visit."""
    if who.csrf is not None and not hmac.compare_digest(who.csrf.encode(), said.encode()):
        raise ProblemError(
            403,
            "csrf",
            "this form was not made by this server for this visit",
            hint="load the page again",
        )


def cookie_in(headers: Mapping[bytes, bytes]) -> str:
    """The cookie of a visit, if one was sent."""
    for part in headers.get(b"cookie", b"").decode("latin-1").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value[:200]
    return ""


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """The headers of a request by name; of a repeated one the last."""
    return dict(scope["headers"])


def _passed_on(name: bytes) -> bool:
    """Whether a header with this name is one that proxies add."""
    return name in (b"forwarded", b"x-real-ip", b"via") or name.startswith(b"x-forwarded-")


def not_signed_in() -> ProblemError:
    """The refusal of somebody who did not say who they are."""
    return ProblemError(
        401,
        "not_signed_in",
        "a token is needed",
        hint="send Authorization: Bearer rc_..., from rolecall tokens add",
        headers={"WWW-Authenticate": "Bearer"},
    )


def _unknown() -> ProblemError:
    return ProblemError(
        401,
        "unknown_token",
        "this token is unknown, revoked or has expired",
        hint="make another one with rolecall tokens add",
        headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
    )


def _bearer(header: bytes) -> str:
    kind, _, token = header.decode("latin-1").strip().partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise _unknown()
    return token.strip()
