"""The nouns of a measured load: what was sent, the figures of one point, the whole of a run.

``Sent`` (one request or page) -> ``Point`` (all of one loop) -> ``Bench`` (all points, the machine,
the findings), which is what a bench file holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct, field

from rolecall.core import Usage
from rolecall.evaluate.nouns import Finding

Loop = Literal["closed", "open"]
Target = Literal["engine", "pipeline"]

VERSION = 1
"""Of the bench file."""


class Sent(Struct, frozen=True, kw_only=True):
    """One request, or one page where the pipeline is measured; moments in monotonic seconds.

    ``number`` is its place in the run. ``failure`` is a short code, empty where an answer came.
    ``chunks`` are the moments at which the chunks of the answer came, empty where it was not
    streamed; ``ended`` is that of the last one. ``valid`` says whether the answer has the shape
    that was asked for, ``truncated`` whether it was cut (``None``: nobody was asked), ``counted``
    that the server told the tokens.
    """

    number: int
    sent: float
    ended: float
    failure: str = ""
    chunks: tuple[float, ...] = ()
    usage: Usage = Usage()
    counted: bool = False
    valid: bool | None = None
    truncated: bool | None = None
    cost_usd: float = 0.0


class Spread(Struct, frozen=True, kw_only=True):
    """How values are spread. Percentiles lie between neighbours in proportion (numpy's default)."""

    mean: float
    p50: float
    p95: float
    p99: float
    least: float
    most: float


class ServerLoad(Struct, frozen=True, kw_only=True):
    """What the server told of itself during a point: the most seen, and the prefix cache's hits."""

    running: int
    waiting: int
    kv_usage: float
    prefix_hits: int
    prefix_queries: int


class Foreseen(Struct, frozen=True, kw_only=True):
    """Postings a minute that a plan says: its bound, and what it expects."""

    bound: float
    low: float
    expected: float
    high: float


class Outlook(Struct, frozen=True, kw_only=True):
    """Of which model and card a plan was asked, and what was assumed; ``reason``: why of none."""

    model: str = ""
    card: str = ""
    notes: tuple[str, ...] = ()
    reason: str = ""


class Point(Struct, frozen=True, kw_only=True):
    """The figures of one loop; ``None`` where one could not be had, and ``reasons`` says why.

    ``requests`` have ended, ``failed`` of them without an answer (``failures``: by kind). Rates
    are of answers, over ``seconds`` from the first request sent to the last one ended. Token
    counts are the server's, summed; ``input_length`` and ``output_length`` spread them over
    requests. ``held`` is how many requests were under way, on average and at most. ``gap_ms`` lies
    between an answer and the next request where one is sent at a time; ``lag_ms`` is how late
    an open loop sent. ``schema_valid`` and ``truncated`` are shares of the answers, ``asked`` is
    the share of pages about which an engine was asked. ``foreseen`` is what a plan says.
    """

    loop: Loop
    concurrency: int | None = None
    rate: float | None = None
    seconds: float
    requests: int
    failed: int
    failures: Mapping[str, int] = field(default_factory=dict)
    postings_per_min: float | None = None
    requests_per_s: float | None = None
    input_tokens_per_s: float | None = None
    output_tokens_per_s: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    input_length: Spread | None = None
    output_length: Spread | None = None
    held: Mapping[str, float] = field(default_factory=dict)
    ttft_ms: Spread | None = None
    tpot_ms: Spread | None = None
    itl_ms: Spread | None = None
    e2el_ms: Spread | None = None
    gap_ms: Spread | None = None
    lag_ms: Spread | None = None
    goodput_per_s: float | None = None
    asked: float | None = None
    schema_valid: float | None = None
    truncated: float | None = None
    cost_per_1000_usd: float | None = None
    server: ServerLoad | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)
    stopped: str = ""
    foreseen: Foreseen | None = None


class Gpu(Struct, frozen=True, kw_only=True):
    """A card of this machine; ``used_bytes`` is the most seen, by all processes together."""

    name: str
    total_bytes: int
    used_bytes: int


class Machine(Struct, frozen=True, kw_only=True):
    """Where the load came from. ``gpu_reason`` says why no card is listed."""

    cores: int
    gpus: tuple[Gpu, ...] = ()
    gpu_reason: str = ""
    system: str = ""
    python: str = ""


class Bench(Struct, frozen=True, kw_only=True):
    """A run of ``rolecall bench``: what was measured, how, and what came out.

    ``outlook`` says of what the points' ``foreseen`` are; ``None`` in files of earlier versions,
    and where whole pages were measured.
    """

    version: int = VERSION
    made: str
    rolecall: str
    command: str
    target: Target
    engine: str = ""
    model: str = ""
    engine_version: str = ""
    local: bool | None = None
    machine: Machine
    load: Mapping[str, Any]
    prompts: Mapping[str, Any] = field(default_factory=dict)
    points: tuple[Point, ...] = ()
    findings: tuple[Finding, ...] = ()
    notices: tuple[str, ...] = ()
    outlook: Outlook | None = None
