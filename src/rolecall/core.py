"""The nouns of Rolecall: frozen, slotted, keyword-only dataclasses of plain data.

One path runs through the package: ``Source -> Page -> Candidate -> Extraction``. Everything here
imports the standard library only, so that any part may import it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, make_dataclass, replace
from datetime import date
from typing import Any, Final, Literal, TypeVar, cast

Kind = Literal["title", "heading", "paragraph", "item", "row"]
Role = Literal["header", "posting", "chrome", "similar", "cookie", "orders"]
Origin = str  # "stated", "reader", an engine's name, or "cache"
Match = Literal["exact", "normalised", "stated", "derived", "none"]
Outcome = Literal["ok", "partial", "not_a_posting", "failed"]
Form = Literal["grounded", "grammar", "json_schema", "json_object", "text"]
"""How an answer is held to its shape: by a grammar in which quotes can only be copied from the
page, by one grammar for all pages, by a JSON Schema, as any JSON object, or not at all."""

NOT_A_POSTING = (
    "list_page", "several_postings", "expired_notice", "login_wall", "needs_javascript",
    "blocked_page", "not_html", "empty_text", "other",
)  # fmt: skip
FAILURES = (
    "unreadable", "blocked_address", "too_large", "decode_error", "timeout", "engine_unavailable",
    "rate_limited", "budget_exceeded", "context_overflow", "cancelled", "poison", "internal",
)  # fmt: skip
MEDIA_TYPES: Final[Mapping[str, str]] = {
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "application/xhtml+xml",
    ".txt": "text/plain",
    ".text": "text/plain",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
}
"""What the ending of a name says that a page is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What came in, untouched. ``captured`` is the day the page was saved, if the user knows it."""

    body: bytes
    locator: str = "-"
    url: str | None = None
    media_type: str | None = None
    charset: str | None = None
    captured: date | None = None
    _id: str = field(default="", init=False, repr=False, compare=False)

    def but_bodiless(self) -> Source:
        """The same without its bytes, for where only its name and its identity are needed."""
        bare = replace(self, body=b"")
        object.__setattr__(bare, "_id", self.id)
        return bare

    @property
    def id(self) -> str:
        """The sha256 of the body, in hexadecimal; reckoned once."""
        if not self._id:
            object.__setattr__(self, "_id", hashlib.sha256(self.body).hexdigest())
        return self._id


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open characters (code points) of ``Page.text``: the only coordinate system."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """The characters of ``text`` this span covers."""
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A visible line of the page.

    ``span`` leaves out a leading bullet mark. ``path`` leads back to the DOM. ``level`` is the
    heading level (1-6) or the list depth of an item. ``hints`` holds lower-case class, id and
    itemprop tokens of the element and its near ancestors; ``link`` is the share of the characters
    that stand in links, ``bold`` says that all of them are emphasised.
    """

    kind: Kind
    role: Role
    span: Span
    path: str
    tag: str = "p"
    level: int = 0
    hints: str = ""
    link: float = 0.0
    bold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A visible link: where its text stands, and where it leads."""

    span: Span
    href: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A posting that the page states as data, in schema.org's ``JobPosting`` shape.

    ``syntax`` is ``jsonld``, ``microdata`` or ``state``; ``pointer`` leads to the object, e.g.
    ``jsonld[0]#/@graph/1``. ``repaired`` says that the JSON had to be guessed at.
    """

    syntax: Literal["jsonld", "microdata", "state"]
    pointer: str
    data: Mapping[str, Any]
    repaired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that was cut, repaired, replaced or guessed; goes into the record."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All that a reader of the page can see, one block per line of ``text``.

    ``text`` starts with the document's title line (a block of kind ``title``) where there is one.
    ``meta`` holds ``<meta>`` and ``<html lang>`` values as hints; no value is ever taken from it.
    """

    source_id: str
    url: str | None
    text: str
    blocks: tuple[Block, ...]
    links: tuple[Link, ...] = ()
    statements: tuple[Statement, ...] = ()
    meta: Mapping[str, str] = field(default_factory=dict)
    language: str | None = None
    captured: date | None = None
    media_type: str = "text/html"
    warnings: tuple[Notice, ...] = ()

    def line(self, block: Block) -> str:
        """The visible text of one block."""
        return self.text[block.span.start : block.span.end]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A proposed value for a whole unit of the schema, with its evidence.

    ``value`` is the scalar of a one-field unit, the list of a list unit, or a mapping from field
    to value where the unit has several fields (salary, experience, places). ``quotes`` and
    ``spans`` run parallel: one entry per list item, else one for the unit. A span is ``None``
    where the support is not visible text; ``pointer`` then says where it stands.
    """

    unit: str
    value: Any
    quotes: tuple[str, ...] = ()
    spans: tuple[Span | None, ...] = ()
    origin: Origin = "reader"
    confidence: float | None = None
    pointer: str | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """A value for a field of the user's schema that no unit of the default posting fills.

    ``pointer`` is the field's JSON pointer; ``quotes`` and ``spans`` have an entry for each item.
    """

    pointer: str
    value: Any
    quotes: tuple[str, ...]
    spans: tuple[Span, ...]
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why one value of the result is believed. See ``docs/records.md``."""

    quote: str | None
    span: Span | None
    match: Match
    origin: Origin
    confidence: float | None
    block_path: str | None = None
    pointer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A doubt about one value; ``pointer`` is the JSON pointer of the field."""

    pointer: str
    kind: Literal["conflict", "ungrounded", "ambiguous", "schema", "syntax", "truncated"]
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why there is no posting, or why an input failed."""

    code: str
    stage: str
    message: str
    retryable: bool = False
    retry_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one completion, in the words of OpenTelemetry's GenAI conventions."""

    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a million tokens cost in US dollars, from a day on."""

    input: float
    cached: float
    output: float
    since: str = ""

    def cost(self, usage: Usage) -> float:
        """The cost of ``usage`` in US dollars; cached tokens are among the input tokens."""
        fresh = max(0, usage.input_tokens - usage.cached_tokens)
        spent = fresh * self.input + usage.cached_tokens * self.cached
        return (spent + usage.output_tokens * self.output) / 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineInfo:
    """What is known of an engine once it is connected.

    ``forms`` are the forms of answer that it has proved to enforce, the strictest first.
    ``window`` is the number of tokens that prompt and answer may take together. ``local`` says that
    a prompt does not leave the user's machines. ``price`` is ``None`` where nothing is paid.
    """

    name: str
    kind: str
    model: str
    window: int | None = None
    local: bool = False
    forms: tuple[Form, ...] = ("text",)
    price: Price | None = None
    concurrency: int = 8
    version: str = ""
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What an engine is asked: messages as (role, content), the form of the answer, the budget.

    ``grammar`` (Lark, as llguidance reads it) goes with the forms ``grounded`` and ``grammar``,
    ``json_schema`` with ``json_schema``. ``max_tokens`` bounds the answer.
    """

    messages: tuple[tuple[str, str], ...]
    form: Form = "text"
    grammar: str | None = None
    json_schema: Mapping[str, Any] | None = None
    max_tokens: int = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What an engine answered; a truncated answer is a value, not an exception.

    ``cached`` says that it was kept from an earlier run; ``failed`` are the tries before it.
    """

    text: str
    finish_reason: Literal["stop", "length", "refusal"]
    usage: Usage = Usage()
    engine: str = ""
    model: str = ""
    seconds: float = 0.0
    cached: bool = False
    failed: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One call of an engine, paid or not."""

    engine: str
    model: str
    result: str
    usage: Usage = Usage()
    cost_usd: float = 0.0
    seconds: float = 0.0
    cached: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Which producers were taken, in order, and why."""

    producers: tuple[str, ...] = ()
    engine: str | None = None
    answer_form: str | None = None
    tokens: int | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """The result for one page: values, their evidence, and the outcome."""

    outcome: Outcome
    data: Mapping[str, Any] | None = None
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Notice, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    route: Route = Route()
    reason: Reason | None = None
    page: Page | None = None
    extras: tuple[Extra, ...] = ()


Noun = TypeVar("Noun")


def maker(kind: type[Noun]) -> Callable[..., Noun]:
    """A quick way to make many of a frozen ``kind``: takes all its fields, in order.

    A frozen dataclass fills itself in past its own guard, which takes most of the time of making
    one. Here a twin with the same slots and no guard is filled in, and then becomes the ``kind``.
    """
    names = [(one.name, one.type) for one in fields(cast(Any, kind))]
    twin = make_dataclass(f"Open{kind.__name__}", names, slots=True)

    def make(*values: Any) -> Noun:
        made: Any = twin(*values)
        made.__class__ = kind
        noun: Noun = made
        return noun

    return make
