"""The figures of a candidate: from a run on labelled samples, from a bench, or declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from rolecall.errors import UsageError
from rolecall.evaluate.choose.exact import exact
from rolecall.evaluate.choose.nouns import Candidate, Figure, Trace
from rolecall.evaluate.files import read_json
from rolecall.evaluate.load.benchfile import read_traced
from rolecall.evaluate.load.nouns import Bench, Point

GIB: Final = 2**30


class Evidence(Struct, frozen=True, kw_only=True):
    """What is known of a candidate: figures by measure, requirements that were verified, and what
    is not there."""

    figures: Mapping[str, Figure]
    findings: tuple[Mapping[str, Any], ...] = ()
    missing: tuple[str, ...] = ()


def gather(candidate: Candidate, folder: Path) -> Evidence:
    """All evidence of one candidate; paths are taken from ``folder``.

    What was measured goes before what was declared; a figure that both give is taken from the
    measurement. Raises `UsageError` for a file that is named and cannot be read.
    """
    figures: dict[str, Figure] = {}
    missing: list[str] = []
    for name, one in candidate.declared.items():
        trace = Trace(file="", declared=True, reason=one.reason)
        figures[name] = Figure(measure=name, value=one.value, trace=trace)
    if candidate.context is not None:
        trace = Trace(file="", declared=True, reason="context in the file of candidates")
        figures["context_tokens"] = Figure(
            measure="context_tokens", value=Fraction(candidate.context), trace=trace
        )
    if candidate.evaluation:
        figures |= {one.measure: one for one in _of_run(candidate.evaluation, folder)}
    else:
        missing.append("no evaluation on labelled postings is named")
    if candidate.bench:
        found = _of_bench(folder / candidate.bench, candidate.bench)
        figures |= {one.measure: one for one in found}
    else:
        missing.append("no bench is named")
    findings = _of_verify(folder / candidate.verify) if candidate.verify else ()
    return Evidence(figures=figures, findings=findings, missing=tuple(missing))


def _of_bench(path: Path, told: str) -> Iterator[Figure]:
    """The figures of a bench file, which messages and traces call ``told``."""
    bench, fingerprint = read_traced(path)

    def figure(measure: str, value: float | Fraction | None, where: str) -> Iterator[Figure]:
        if value is not None:
            trace = Trace(
                file=told,
                fingerprint=fingerprint,
                made=bench.made,
                command=bench.command,
                place=where,
            )
            number = value if isinstance(value, Fraction) else exact(value)
            yield Figure(measure=measure, value=number, trace=trace)

    used = max((one.used_bytes for one in bench.machine.gpus), default=None)
    if bench.engine and bench.local is not False:  # else the cards are not the engine's
        memory = None if used is None else Fraction(used, GIB)
        yield from figure("vram_gib", memory, "the fullest GPU, all its processes")
    alone = next((one for one in bench.points if one.concurrency == 1), None)
    if alone is not None:
        yield from figure("tokens_per_s", alone.output_tokens_per_s, "1 at a time")
    fastest = _fastest(bench)
    if fastest is not None:
        latency = None if fastest.e2el_ms is None else fastest.e2el_ms.p95
        yield from figure("postings_per_min", fastest.postings_per_min, _place(fastest))
        yield from figure("latency_p95_ms", latency, _place(fastest))
        yield from figure("cost_per_1000_usd", fastest.cost_per_1000_usd, _place(fastest))


def _fastest(bench: Bench) -> Point | None:
    """The point with the most postings a minute, of those without failures."""
    clean = [one for one in bench.points if one.postings_per_min is not None and not one.failed]
    return max(clean, key=lambda one: one.postings_per_min or 0.0, default=None)


def _place(point: Point) -> str:
    if point.concurrency is not None:
        return f"{point.concurrency} at a time"
    return f"{point.rate:g} sent a second"


def _of_run(told: str, folder: Path) -> Iterator[Figure]:
    """The figures of one engine of a run folder, ``DIR:ENGINE``."""
    from rolecall.evaluate.choose.run_folder import run_figures

    where, colon, engine = told.rpartition(":")
    if not colon or not where or not engine:
        raise UsageError(
            f'evaluation = "{told}" cannot be used',
            hint='write evaluation = "DIR:ENGINE": a folder of rolecall eval run, and an engine',
        )
    yield from run_figures(folder / where, where, engine)


def _of_verify(path: Path) -> tuple[Mapping[str, Any], ...]:
    """The findings that ``rolecall verify --json`` wrote."""
    hint = "name a file that rolecall verify --json wrote"
    value, _ = read_json(path, hint)
    findings = value.get("findings")
    if not isinstance(findings, list) or not all(
        isinstance(one, dict) and isinstance(one.get("id"), str) for one in findings
    ):
        raise UsageError(f"{path} has no findings", hint=hint)
    return tuple(findings)
