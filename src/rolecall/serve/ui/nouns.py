"""What the web UI is made over, and who looks at it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec import Struct
from starlette.datastructures import QueryParams
from starlette.requests import Request

from rolecall.core import Source
from rolecall.errors import Error
from rolecall.queue.postings import Postings
from rolecall.queue.queue import Queue
from rolecall.schema.schema import Schema
from rolecall.serve.accuracy import Accuracies
from rolecall.serve.labels import Labels
from rolecall.serve.ui.recent import Recent
from rolecall.settings import Settings


class Visitor(Struct, frozen=True, kw_only=True):
    """Whoever looks: a ``name`` for labels, the scopes, and the token that forms carry.

    ``sees`` and ``changes`` limit what is seen and changed to what one submitter has handed in;
    ``None`` is all. ``signed_in`` says that there is something to sign out of.
    """

    name: str
    csrf: str | None = None
    scopes: frozenset[str] = frozenset()
    signed_in: bool = False
    sees: str | None = None
    changes: str | None = None

    def may(self, scope: str) -> bool:
        """Whether they may do what needs ``scope``."""
        return scope in self.scopes or "admin" in self.scopes

    def needs(self, scope: str) -> None:
        """Raise `RefusedError` unless they may do what needs ``scope``."""
        if not self.may(scope):
            raise RefusedError(
                f"this needs the scope {scope}",
                hint="ask whoever runs the server for a token with it (rolecall tokens add)",
            )


class MissingError(Error):
    """There is nothing at this address."""

    code = "not_found"


class RefusedError(Error):
    """This visitor may not do that."""

    code = "forbidden"


Extract = Callable[[Source, str | None], Awaitable[Mapping[str, Any]]]
"""A page and the name or hash of a schema (``None``: the default posting) -> its record."""


@dataclass(frozen=True, kw_only=True)
class Ui:
    """What the pages are made from.

    ``visitor`` tells who asks, ``None`` where they have to sign in first. ``runs`` is the folder
    below which evaluation runs are looked for.
    """

    queue: Queue
    settings: Settings
    environ: Mapping[str, str]
    visitor: Callable[[Request], Visitor | None]
    extract: Extract
    runs: Path
    postings: Postings = field(init=False)
    recent: Recent = field(init=False)
    labels: Labels = field(init=False)
    accuracy: Accuracies = field(init=False)
    schema: Callable[[str | None], Schema | None] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "postings", Postings(self.queue.store))
        object.__setattr__(self, "recent", Recent(self.postings))
        object.__setattr__(self, "labels", Labels(self.queue.store))
        object.__setattr__(self, "schema", lru_cache(maxsize=64)(self._schema))
        object.__setattr__(self, "accuracy", Accuracies(self.queue.store, self.schema))

    def _schema(self, key: str | None) -> Schema | None:
        """The schema of a task; ``None`` for the default posting, or where it is not kept."""
        document = self.queue.view.schema(key) if key else None
        return Schema.from_json(document) if document is not None else None


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One request of a page: who asks, what the address says, and what a form holds."""

    request: Request
    visitor: Visitor
    form: Form

    @property
    def query(self) -> QueryParams:
        """What stands behind the question mark."""
        return self.request.query_params

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number from the address, from 1 to ``most``."""
        told = self.query.get(name, "")
        if not (told.isascii() and told.isdigit()):
            return default
        return min(most, max(1, int(told))) if len(told) < 10 else most


class Form(Struct, frozen=True):
    """The fields of a form, in their order, and the files."""

    fields: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, str, bytes], ...] = ()

    def get(self, name: str, default: str = "") -> str:
        """The last value of a field."""
        return next((value for key, value in reversed(self.fields) if key == name), default)

    def all(self, name: str) -> tuple[str, ...]:
        """All values of a field."""
        return tuple(value for key, value in self.fields if key == name)

    def file(self, name: str) -> tuple[str, bytes] | None:
        """Name and bytes of a file that was sent; ``None`` where none was."""
        found = (one for one in self.files if one[0] == name and (one[1] or one[2]))
        first = next(found, None)
        return (first[1], first[2]) if first is not None else None
