"""A run as tables for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rolecall.evaluate.load.figures import NO_SLO
from rolecall.evaluate.load.nouns import Bench, Outlook, Point, Spread
from rolecall.table import aligned

Cell = Callable[[Point], str]

NONE = "-"


def text_of(bench: Bench) -> str:
    """All that a run found, as text."""
    out = [_head(bench), ""]
    if bench.points:
        out.append(_table(_COLUMNS, bench.points))
        out.append(_table(_LOAD, bench.points))
        out.append(_latency_table(bench.points))
    out += _more(bench)
    out += _findings(bench)
    return "\n".join(out) + "\n"


def _head(bench: Bench) -> str:
    if bench.target == "engine":
        what = f"engine {bench.engine}, model {bench.model}"
        if bench.engine_version:
            what += f", version {bench.engine_version}"
        told = bench.prompts
        what += f"\n{told.get('count', 0):,} prompts about {told.get('asked_pages', 0):,} of "
        what += f"{told.get('pages', 0):,} pages"
        what += f", form {told.get('form', '')}"
        what += ", sent again as they are" if bench.load.get("repeat") else ", none sent twice"
    else:
        with_ = f"engine {bench.engine}" if bench.engine else "the embedded reader alone"
        what = f"whole pages with {with_}, {bench.load.get('pages', 0):,} pages, "
        what += f"{bench.load.get('workers', 1)} processes"
    cards = ", ".join(
        f"{one.name} {one.used_bytes / 2**30:.1f} of {one.total_bytes / 2**30:.1f} GiB"
        for one in bench.machine.gpus
    )
    machine = cards or f"no GPU seen here ({bench.machine.gpu_reason})"
    return f"{what}\n{bench.machine.cores} cores, {machine}"


def _number(value: float | None, digits: int = 1) -> str:
    return NONE if value is None else f"{value:,.{digits}f}"


def _whole(value: float | None) -> str:
    return NONE if value is None else f"{value:,.0f}"


def _share(value: float | None) -> str:
    return NONE if value is None else f"{value:.1%}"


def _load(one: Point) -> str:
    return f"{one.concurrency} at once" if one.loop == "closed" else f"{one.rate:g}/s"


def _length(value: Spread | None) -> str:
    return NONE if value is None else f"{value.p50:,.0f} / {value.p95:,.0f} / {value.most:,.0f}"


def _brief(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 1000 else f"{value:,.0f}"


def _held(one: Point) -> str:
    return f"{one.held['mean']:.1f} / {one.held['peak']:.0f}" if one.held else NONE


def _cached(one: Point) -> str:
    if one.cached_tokens is None or not one.input_tokens:
        return NONE
    return f"{one.cached_tokens / one.input_tokens:.1%}"


def _server(one: Point) -> str:
    if one.server is None:
        return NONE
    told = one.server
    return f"{told.running} run, {told.waiting} wait, KV {told.kv_usage:.0%}"


def _foreseen(one: Point) -> str:
    if one.foreseen is None:
        return NONE
    told = one.foreseen
    return f"{told.low:,.0f} - {told.expected:,.0f} - {told.high:,.0f}"


_COLUMNS: tuple[tuple[str, Cell], ...] = (
    ("load", _load),
    ("postings/min", lambda one: _number(one.postings_per_min)),
    ("a plan expects", _foreseen),
    ("its bound", lambda one: _whole(one.foreseen.bound if one.foreseen else None)),
    ("req/s", lambda one: _number(one.requests_per_s, 2)),
    ("tok/s in", lambda one: _whole(one.input_tokens_per_s)),
    ("tok/s out", lambda one: _number(one.output_tokens_per_s)),
    ("from cache", _cached),
    ("goodput/s", lambda one: _number(one.goodput_per_s, 2)),
    ("asked", lambda one: _share(one.asked) if one.asked != 1.0 else NONE),
    ("in shape", lambda one: _share(one.schema_valid)),
    ("cut", lambda one: _share(one.truncated)),
    ("failed", lambda one: f"{one.failed:,} of {one.requests:,}"),
    ("US$/1,000", lambda one: _number(one.cost_per_1000_usd, 3)),
)

_LOAD: tuple[tuple[str, Cell], ...] = (
    ("load", _load),
    ("seconds", lambda one: _number(one.seconds)),
    ("under way, mean / most", _held),
    ("tokens in, p50 / p95 / most", lambda one: _length(one.input_length)),
    ("tokens out, p50 / p95 / most", lambda one: _length(one.output_length)),
    ("server", _server),
)

_LATENCIES: tuple[tuple[str, Callable[[Point], Spread | None]], ...] = (
    ("TTFT", lambda one: one.ttft_ms),
    ("TPOT", lambda one: one.tpot_ms),
    ("ITL", lambda one: one.itl_ms),
    ("E2EL", lambda one: one.e2el_ms),
    ("to the next request", lambda one: one.gap_ms),
    ("sent late", lambda one: one.lag_ms),
)


def _table(columns: Sequence[tuple[str, Cell]], points: Sequence[Point]) -> str:
    """One row a point; a column that no point has a value for is left out."""
    kept = []
    for name, cell in columns:
        cells = [cell(one) for one in points]
        if any(one != NONE for one in cells):
            kept.append((name, *cells))
    return aligned(*zip(*kept, strict=True))


def _latency_table(points: Sequence[Point]) -> str:
    """Mean and percentiles of each latency, one row a point."""
    rows: list[tuple[str, ...]] = [("latency in ms", "", "mean", "p50", "p95", "p99")]
    for name, value in _LATENCIES:
        shown = name
        for one in points:
            if (found := value(one)) is not None:
                numbers = (found.mean, found.p50, found.p95, found.p99)
                rows.append((shown, _load(one), *map(_brief, numbers)))
                shown = ""
    return aligned(*rows)


def _more(bench: Bench) -> Iterator[str]:
    told = bench.prompts
    for key, name in (
        ("compose_ms", "composing the prompts of a page"),
        ("grammar_ms", "writing a grammar, a part of that"),
    ):
        if told.get(key):
            yield f"{name}: {told[key]['p50']:.2f} ms, 95th percentile {told[key]['p95']:.2f} ms"
    if first := told.get("first_token_ms"):
        yield (
            f"first token held to its form: {first['held']:.1f} ms, free: {first['free']:.1f} ms "
            f"(medians of {first['pairs']} prompts, in turns)"
        )
    yield from _outlook(bench.outlook)
    yield from _missing(bench.points)
    for one in bench.points:
        kinds = ", ".join(f"{name} {count:,}" for name, count in one.failures.items())
        if kinds:
            yield f"{_load(one)}: failed: {kinds}"
        if one.stopped:
            yield f"{_load(one)}: ended early: {one.stopped}"
    if bench.load.get("why_ended"):
        yield f"the sweep ended: {bench.load['why_ended']}"
    yield from bench.notices


def _outlook(told: Outlook | None) -> Iterator[str]:
    """Of what the plan's figures are, or why there are none."""
    if told is None:
        return
    if told.reason:
        yield f"no plan is made beside it: {told.reason}"
        return
    yield f"the plan's figures are those of {told.model} on {told.card}, low - usual - high"
    yield from (f"the plan assumes: {one}" for one in told.notes)


def _missing(points: Sequence[Point]) -> Iterator[str]:
    """Which figures could not be had, and why, each reason once."""
    found: dict[str, dict[str, list[str]]] = {}
    for one in points:
        for name, reason in one.reasons.items():
            if name != "goodput_per_s" or reason != NO_SLO:
                names = found.setdefault(reason, {})
                names.setdefault(name.removesuffix("_ms").replace("_", " "), []).append(_load(one))
    for reason, names in found.items():
        where = {tuple(loads) for loads in names.values()}
        every = all(len(loads) == len(points) for loads in where)
        at = "" if every else f" at {', '.join(dict.fromkeys(x for y in where for x in y))}"
        yield f"no {', '.join(names)}{at}: {reason}"


def _findings(bench: Bench) -> Iterator[str]:
    words = {"pass": "meets", "fail": "FAILS", "not_run": "not run"}
    if bench.findings:
        yield ""
    for one in bench.findings:
        figure = f": {one.figure}" if one.figure else ""
        reason = f" ({one.reason})" if one.reason else ""
        yield f"{words[one.verdict]:<8}{one.id:<6} {one.text}, {one.goal}{figure}{reason}"
