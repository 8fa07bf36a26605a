"""A record as a server sends it, with names for its parts. See ``docs/records.md``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from rolecall.core import Span


class Evidence(Struct, frozen=True, kw_only=True):
    """Why one value is believed: the words of the page that support it, and where they stand."""

    quote: str | None = None
    start: int | None = None
    end: int | None = None
    match: str = "none"
    origin: str = ""
    confidence: float | None = None
    block_path: str | None = None
    pointer: str | None = None

    @property
    def span(self) -> Span | None:
        """Where the quote stands in the page's visible text, if it does."""
        if self.start is None or self.end is None:
            return None
        return Span(self.start, self.end)


class Reason(Struct, frozen=True, kw_only=True):
    """Why there is no posting, or why the page failed; ``retry_at`` is ISO 8601 in UTC."""

    code: str
    stage: str = ""
    message: str = ""
    retryable: bool = False
    retry_at: str | None = None


class Problem(Struct, frozen=True, kw_only=True):
    """A doubt about one value."""

    pointer: str
    kind: str
    message: str = ""


class Notice(Struct, frozen=True, kw_only=True):
    """Something that was cut, repaired, replaced, guessed or withheld."""

    code: str
    message: str = ""


class Record(Struct, frozen=True, kw_only=True):
    """What was found on one page.

    The same names as in `rolecall.extract`'s result: ``record.data["title"]``,
    ``record.evidence["/title"].quote``. ``data`` is ``None`` unless ``outcome`` is ``ok`` or
    ``partial``. ``raw`` are the record's bytes as they came, `json` reads them: a field of a newer
    server that has no name here is found there. ``task`` is the number of its task, if it has one.
    """

    outcome: str
    source: str = "-"
    seq: int = 0
    source_id: str | None = None
    url: str | None = None
    reason: Reason | None = None
    data: Mapping[str, Any] | None = None
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Notice, ...] = ()
    attempts: tuple[Mapping[str, Any], ...] = ()
    route: Mapping[str, Any] = field(default_factory=dict)
    text_sha256: str | None = None
    text: str | None = None
    copy_of: Mapping[str, Any] | None = None
    config: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)
    schema_version: str = "1"
    task: str | None = None
    raw: bytes = b""

    @property
    def ok(self) -> bool:
        """Whether the posting is there with all that the schema requires."""
        return self.outcome == "ok"

    def json(self) -> dict[str, Any]:
        """The record as plain data, each call anew."""
        import orjson

        told: dict[str, Any] = orjson.loads(self.raw)
        return told
