"""The evidence of a decision record: every figure, and the file, command and date behind it."""

from __future__ import annotations

from collections.abc import Iterator

from rolecall.evaluate.choose.decide import Decision
from rolecall.evaluate.choose.measures import MEASURES
from rolecall.evaluate.choose.nouns import Candidate, Figure, Trace
from rolecall.evaluate.report.document import Block, Grid, Prose

Source = tuple[str, str, str, str, str]


def blocks(decision: Decision) -> Iterator[Block]:
    """The figures with their sources, the sources, and what was declared."""
    found = [(one.candidate, f) for one in decision.standings for f in one.figures.values()]
    measured = [(one, figure) for one, figure in found if not figure.trace.declared]
    sources = {source: f"S{i}" for i, source in enumerate(_sources(measured), start=1)}
    if measured:
        rows = tuple(
            (*_row(one, f), f.trace.place, sources[_source(f.trace)]) for one, f in measured
        )
        head = ("Candidate", "Figure", "Value", "Interval", "Where", "Source")
        yield Grid(head=head, rows=rows, words=(1, 2, 3, 4, 5))
        told = tuple((name, *source) for source, name in sources.items())
        columns = ("Source", "File", "Fingerprint", "Made", "Command", "Samples")
        yield Grid(head=columns, rows=told, words=(1, 2, 3, 4, 5))
    else:
        yield Prose("Nothing was measured for this record.")
    declared = tuple(
        (*_row(one, figure)[:3], figure.trace.reason)
        for one, figure in found
        if figure.trace.declared
    )
    if declared:
        yield Prose("Declared in the file of candidates, not measured:")
        yield Grid(head=("Candidate", "Figure", "Value", "Reason"), rows=declared, words=(1, 2, 3))


def _sources(measured: list[tuple[Candidate, Figure]]) -> list[Source]:
    return list(dict.fromkeys(_source(figure.trace) for _, figure in measured))


def _source(trace: Trace) -> Source:
    """File, fingerprint, date, command and samples, as they are shown."""
    file, print_, command, samples = (
        f"`{one}`" if one else "not said"
        for one in (trace.file, trace.fingerprint, trace.command, trace.samples)
    )
    return file, print_, trace.made or "not said", command, samples


def _row(candidate: Candidate, figure: Figure) -> tuple[str, str, str, str]:
    measure, interval = MEASURES[figure.measure], "none"
    if figure.low is not None and figure.high is not None:
        interval = f"{measure.span(figure.low, figure.high)} ({100 * figure.level:g} %)"
    return candidate.name, figure.measure, measure.shown(figure.value), interval
