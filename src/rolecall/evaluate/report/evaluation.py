"""The report of a run: how right each engine is, how far to trust it, and where it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from rolecall.evaluate.compare import Compared, Comparison, headline, verdict_words
from rolecall.evaluate.nouns import Interval
from rolecall.evaluate.plural import plural
from rolecall.evaluate.report.page import Cell, Section, code, listed, plot, prose, table
from rolecall.evaluate.report.plots import Bar, Line, bars, diagonal, histogram, lines
from rolecall.evaluate.report.svg import Axis
from rolecall.evaluate.results import EngineResult, Results
from rolecall.evaluate.run import EvaluationRun
from rolecall.evaluate.score.figures import Figures, GroupFigures
from rolecall.evaluate.statistics import Threshold

THRESHOLD: Final = 8_192


def sections(
    found: Results, run: EvaluationRun, compared: Sequence[Comparison] = ()
) -> list[Section]:
    """All parts of the report, in the order in which they are read."""
    beside = [Section(title="Side by side", parts=_compared(compared))] if compared else []
    return [
        Section(title="At a glance", parts=(*_flattered(run), *_glance(found))),
        *beside,
        Section(title="By field", parts=_fields(found)),
        Section(title="How far to trust the confidence", parts=_trust(found)),
        Section(title="Accuracy against coverage", parts=_coverage(found, run)),
        Section(title="By site, language and length", parts=_groups(found)),
        Section(title="Length of the pages", parts=_lengths(found)),
        Section(title="How this was made", parts=_made(found, run)),
    ]


def percent(value: float | None) -> str:
    """A share in per cent with one decimal; a dash where there is none."""
    return "–" if value is None else f"{100 * value:.1f}"


def spanned(one: Interval | None) -> str:
    """A share with its interval, in per cent."""
    if one is None:
        return "–"
    return f"{100 * one.mid:.1f} ({100 * one.low:.1f}–{100 * one.high:.1f})"


def _marked(name: str) -> Callable[[EngineResult], str | Cell]:
    return lambda one: spanned(one.marks[name])


def _each(one: EngineResult, total: float) -> float:
    """A total over the pages as the mean of one."""
    return total / max(1, one.figures.samples)


GLANCE: Final[tuple[tuple[str, Callable[[EngineResult], str | Cell]], ...]] = (
    ("decision record's metric (adr009)", lambda one: spanned(one.adr009)),
    ("mean over fields (macro)", lambda one: spanned(one.macro)),
    ("the same, of pages that have a value", lambda one: percent(one.figures.macro_value)),
    ("right outcome", _marked("right_outcome")),
    ("every value has support that is there", _marked("grounded")),
    ("the schema holds", _marked("schema_valid")),
    ("an answer or a list was cut", _marked("truncated")),
    ("an engine was asked", _marked("asked")),
    ("outcomes", lambda one: _outcomes(one)),
    (
        "tokens in, a page",
        lambda one: f"{_each(one, one.figures.usage.input_tokens):,.0f}",
    ),
    (
        "tokens out, a page",
        lambda one: f"{_each(one, one.figures.usage.output_tokens):,.0f}",
    ),
    (
        "US dollars a 1,000 pages",
        lambda one: f"{1000 * _each(one, one.figures.cost_usd):.3f}",
    ),
    ("seconds a page: mean", lambda one: f"{one.seconds[0]:.3f}"),
    ("seconds a page: 95th percentile", lambda one: f"{one.seconds[2]:.3f}"),
)
"""Rows of the first table: what they are called, and an engine's figure."""


def flattery(run: EvaluationRun) -> list[str]:
    """A sentence for each engine whose reader was trained on some of the pages."""
    return [
        f"{name}: the embedded reader was trained on {part.seen:,} of these "
        f"{run.samples.get('count')} pages, and is better on those than on others."
        for name, part in run.engines.items()
        if part.seen
    ]


def _flattered(run: EvaluationRun) -> tuple[str, ...]:
    return tuple(prose(one) for one in flattery(run))


def _glance(found: Results) -> tuple[str, ...]:
    names = [one.name for one in found.engines]
    rows: list[list[str | Cell]] = [
        [words, *(cell(one) for one in found.engines)] for words, cell in GLANCE
    ]
    told = (
        f"{plural(found.pages, 'page')} of {plural(found.sites, 'site')}. Shares in per cent, with "
        f"{100 * found.level:g} % intervals drawn over sites: pages of one site are alike."
    )
    few = ""
    if found.sites < 10:
        few = prose(f"Only {plural(found.sites, 'site')}: expect other sites to differ more.")
    chart = bars(
        [
            Bar(name="adr009", values=tuple(e.adr009 for e in found.engines)),
            Bar(name="macro", values=tuple(e.macro for e in found.engines)),
            Bar(name="macro_value", values=tuple(e.figures.macro_value for e in found.engines)),
        ],
        names,
        title="How right each engine is",
    )
    return prose(told), few, plot(chart), table(["", *names], rows)


def _outcomes(one: EngineResult) -> Cell:
    told = ", ".join(f"{count:,} {name}" for name, count in one.figures.outcomes.items())
    return Cell(told, "words")


def _compared(compared: Sequence[Comparison]) -> tuple[str, ...]:
    """Each pair of engines on the same pages, field by field."""
    parts: list[str] = []
    for one in compared:
        head = ["", one.a, one.b, "difference in points", "p", "p, all fields", "verdict"]
        rows = [_pair(row, one) for row in (one.macro, one.adr009, *one.fields)]
        parts += [prose(headline(one)), table(head, rows)]
    told = (
        "The tests and what a verdict rests on: `docs/evaluation.md`. A difference is that of the "
        "first engine less the second."
    )
    return (*parts, prose(told))


def _pair(row: Compared, one: Comparison) -> list[str | Cell]:
    gap = "–"
    if row.difference is not None:
        low, mid, high = row.difference.low, row.difference.mid, row.difference.high
        gap = f"{100 * mid:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"
    kind = {"a": "good", "b": "bad"}.get(row.verdict, "soft")
    ps = ("–" if p is None else f"{p:.4f}" for p in (row.p, row.p_adjusted))
    verdict = Cell(verdict_words(row, one), f"words {kind}")
    return [row.field, percent(row.a), percent(row.b), gap, *ps, verdict]


def _fields(found: Results) -> tuple[str, ...]:
    names = list(found.engines[0].fields)
    series = [one.name for one in found.engines]
    chart = bars(
        [
            Bar(
                name=name,
                values=tuple(e.fields[name].all for e in found.engines),
                note=f"{found.engines[0].fields[name].n_value} have it",
            )
            for name in names
        ],
        series,
        title="Score of each field over all pages",
    )
    rows: list[list[str | Cell]] = []
    for name in names:
        for engine in found.engines:
            one = engine.fields[name]
            label = f"{name}, {engine.name}" if len(series) > 1 else name
            null, count = spanned(one.null), str(one.n_null)
            rows.append(
                [label, spanned(one.all), spanned(one.value), str(one.n_value), null, count]
            )
    head = ["field", "all", "pages with a value", "n", "pages without", "n"]
    told = (
        "`all` is the mean score over all labelled pages; a page whose label has no value scores "
        "1 if nothing was found. Lists are scored by F1, the rest by right or wrong."
    )
    return prose(told), plot(chart), table(head, rows)


def _trust(found: Results) -> tuple[str, ...]:
    series = [diagonal()]
    for one in found.engines:
        bins = [b for b in one.confidence.bins if b.n and b.confidence is not None and b.accuracy]
        series.append(
            Line(
                name=one.name,
                points=tuple((b.confidence or 0.0, b.accuracy.mid) for b in bins if b.accuracy),
                band=tuple((b.accuracy.low, b.accuracy.high) for b in bins if b.accuracy),
                dots=True,
            )
        )
    x = Axis(low=0.0, high=1.0, percent=True, label="confidence")
    y = Axis(low=0.0, high=1.0, percent=True, label="right")
    chart = lines(series, x, y, title="Share of right values by confidence")
    rows: list[list[str | Cell]] = []
    for name in found.engines[0].fields:
        cells = [one.fields[name].confidence for one in found.engines if name in one.fields]
        if any(one.n for one in cells):
            rows.append(
                [
                    name,
                    *(f"{one.ece:.3f} ({one.n})" if one.ece is not None else "–" for one in cells),
                ]
            )
    told = (
        "Of values given with a confidence of 80 %, 80 % should be right. The table has the "
        "expected calibration error of each field (and its number of values with a confidence)."
    )
    return prose(told), plot(chart), table(["field", *(e.name for e in found.engines)], rows)


def _coverage(found: Results, run: EvaluationRun) -> tuple[str, ...]:
    series = [
        Line(
            name=one.name,
            points=tuple((p.share, p.accuracy) for p in one.coverage),
            band=tuple((p.low, p.accuracy) for p in one.coverage),
        )
        for one in found.engines
    ]
    lowest = min([p.low for one in found.engines for p in one.coverage] or [0.0])
    x = Axis(low=0.0, high=1.0, percent=True, label="values kept")
    y = Axis(low=min(0.9, lowest), high=1.0, percent=True, label="right")
    chart = lines(series, x, y, title="Accuracy of the values kept")
    rows: list[list[str | Cell]] = []
    for engine in found.engines:
        for name, one in [("all fields", engine.threshold), *_thresholds(engine)]:
            rows.append([f"{name}, {engine.name}", *_threshold(one)])
    told = (
        "Leave out what is less sure than a threshold, and the rest is right more often. From the "
        f"thresholds below on, {100 * found.target:g} % of values are right, counted with the "
        "lower end of the interval; the share kept is the price."
    )
    parts = [prose(told), plot(chart), table(["", "threshold", "kept", "right", "why none"], rows)]
    for engine in found.engines:
        setting = least_sure(engine)
        if setting and not run.schema:
            parts += [
                prose(f"As a setting for {engine.name}, in `rolecall.toml`:"),
                code(f'least_sure = "{setting}"'),
            ]
    return tuple(parts)


def _thresholds(engine: EngineResult) -> list[tuple[str, Threshold]]:
    return [(name, f.threshold) for name, f in engine.fields.items() if f.confidence.n]


def _threshold(one: Threshold) -> list[str | Cell]:
    if one.value is None or one.at is None:
        return ["–", "–", "–", Cell(one.reason, "words")]
    return [f"{one.value:.3f}", percent(one.at.share), percent(one.at.accuracy), Cell("", "words")]


def least_sure(engine: EngineResult) -> str:
    """The thresholds of an engine's fields as a value of the setting ``least_sure``.

    Fields whose values reach the target without any threshold are not named, and neither are those
    that reach it with none. Rounded down, so that no value at the threshold is lost.
    """
    told = []
    for name, one in _thresholds(engine):
        if one.value is not None and one.at is not None and one.at.share < 1.0:
            told.append(f"{name}={int(one.value * 1000) / 1000:g}")
    return ",".join(told)


MOST_GROUPS: Final = 60
GROUPS: Final[tuple[tuple[str, Callable[[Figures], Mapping[str, GroupFigures]]], ...]] = (
    ("site", lambda one: dict(sorted(one.sites.items(), key=lambda row: -row[1].samples))),
    ("language", lambda one: one.languages),
    ("tokens", lambda one: one.lengths),
)


def _groups(found: Results) -> tuple[str, ...]:
    parts: list[str] = []
    names = [one.name for one in found.engines]
    for head, of in GROUPS:
        rows: list[list[str | Cell]] = []
        first = of(found.engines[0].figures)
        for name, group in list(first.items())[:MOST_GROUPS]:
            cells = [of(one.figures)[name] for one in found.engines]
            rows.append(
                [
                    name,
                    str(group.samples),
                    *(percent(one.adr009) for one in cells),
                    *(percent(one.macro) for one in cells),
                ]
            )
        if len(first) > MOST_GROUPS:
            rows.append([f"and {len(first) - MOST_GROUPS} more", *[""] * (2 * len(names) + 1)])
        columns = [head, "pages", *(f"adr009 {n}" for n in names), *(f"macro {n}" for n in names)]
        parts.append(table(columns, rows))
    return tuple(parts)


def _lengths(found: Results) -> tuple[str, ...]:
    known = [one for one in found.tokens if one]
    if not known:
        return (prose("The records hold no text, so no length is known."),)
    over = sum(one > THRESHOLD for one in known)
    middle = sorted(known)[len(known) // 2]
    chart = histogram(
        known,
        title="Tokens of visible text",
        label="tokens of visible text",
        marks=[(float(THRESHOLD), f"threshold {THRESHOLD:,}")],
    )
    told = (
        f"Half of the pages have {middle:,} tokens or fewer; {over} of {len(known)} "
        f"({percent(over / len(known))} %) have more than {THRESHOLD:,}."
    )
    return prose(told), plot(chart)


def _made(found: Results, run: EvaluationRun) -> tuple[str, ...]:
    items = [
        f"Rolecall {run.rolecall}, {run.made}",
        f"samples: {run.samples.get('path')}, {run.samples.get('count')} pages, fingerprint "
        f"`{found.samples}`",
        *(f"{name}: {_way(run, name)}" for name in run.engines),
        "machine: " + ", ".join(f"{key} {value}" for key, value in run.machine.items()),
        "`results.json` beside this page holds all figures, `NAME.jsonl` the records.",
    ]
    return code(run.command), listed(items)


def _way(run: EvaluationRun, name: str) -> str:
    part = run.engines[name]
    told = [f"records `{part.records}`, configuration `{part.config}`"]
    told += [f"{key} = {value}" for key, value in part.settings.items()]
    told += [f"{engine} is {model}" for engine, model in part.models.items() if model]
    return ", ".join(told)
