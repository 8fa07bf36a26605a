"""The figures of a candidate: from a run on labelled samples, from a bench, or declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from msgspec import Struct

from rolecall.errors import UsageError
from rolecall.evaluate.choose.bench_file import BenchFile, number, place, read_json
from rolecall.evaluate.choose.exact import exact
from rolecall.evaluate.choose.nouns import Candidate, Figure, Trace

GIB = 2**30


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
        bench = BenchFile.read(folder / candidate.bench, candidate.bench)
        figures |= {one.measure: one for one in _of_bench(bench)}
    else:
        missing.append("no bench is named")
    findings = _of_verify(folder / candidate.verify) if candidate.verify else ()
    return Evidence(figures=figures, findings=findings, missing=tuple(missing))


def _of_bench(bench: BenchFile) -> Iterator[Figure]:
    def figure(measure: str, value: float | Fraction | None, where: str) -> Iterator[Figure]:
        if value is None:
            return
        trace = Trace(
            file=bench.path,
            fingerprint=bench.fingerprint,
            made=bench.text("made"),
            command=bench.text("command"),
            place=where,
        )
        told = value if isinstance(value, Fraction) else exact(value)
        yield Figure(measure=measure, value=told, trace=trace)

    used = bench.gpu_bytes
    yield from figure("vram_gib", None if used is None else Fraction(used, GIB), "all GPUs seen")
    alone, fastest = bench.alone, bench.fastest
    if alone is not None and (tpot := number(alone, "tpot_ms", "mean")):
        yield from figure("tokens_per_s", 1_000 / tpot, f"{place(alone)}, mean TPOT {tpot:g} ms")
    if fastest is not None:
        for measure, keys in (
            ("postings_per_min", ("postings_per_min",)),
            ("latency_p95_ms", ("e2el_ms", "p95")),
            ("cost_per_1000_usd", ("cost_per_1000_usd",)),
        ):
            yield from figure(measure, number(fastest, *keys), place(fastest))


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
