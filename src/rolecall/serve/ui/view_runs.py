"""Evaluation runs that lie in a folder: their figures, and their reports in a frame."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from starlette.responses import Response

from rolecall.errors import Error
from rolecall.evaluate.files import folders_below, number, read_json
from rolecall.serve.ui.nouns import Ask, MissingError, Ui
from rolecall.serve.ui.pages import WITH_FRAME, framed, page

MOST_RUNS: Final = 100
LARGEST_REPORT: Final = 30_000_000
HERE: Final = "~"
"""What the folder itself is called, since ``.`` means something in an address."""

RUN, RESULTS, REPORT = "run.json", "results.json", "report.html"


class Way(Struct, frozen=True, kw_only=True):
    """One engine of a run, in figures; shares from 0 to 1."""

    name: str
    adr009: float | None
    macro: float | None
    grounded: float | None
    seconds: float | None
    macro_low: float | None = None
    macro_high: float | None = None


class Run(Struct, frozen=True, kw_only=True):
    """A run: its folder below the one that is looked through, when it was made, on what."""

    name: str
    made: str
    command: str
    pages: int
    samples: str
    ways: tuple[Way, ...]
    report: bool
    fault: str = ""


def runs(ui: Ui, ask: Ask) -> Response:
    """The list of runs, the newest first; they hold pages of everyone."""
    ask.visitor.needs("read")
    found = sorted(map(read, folders(ui.runs)), key=lambda one: one.made, reverse=True)
    return page(ask, "runs.html", found=found[:MOST_RUNS], folder=str(ui.runs), run=None)


def run(ui: Ui, ask: Ask) -> Response:
    """One run with its report in a frame."""
    folder = _named(ui, ask)
    one = read((str(ask.request.path_params["run"]), folder))
    return page(ask, "run.html", policy=WITH_FRAME, run=one)


def report(ui: Ui, ask: Ask) -> Response:
    """The report of a run, as it lies there."""
    path = _named(ui, ask) / REPORT
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_REPORT:
            raise MissingError("there is no report that can be shown")
        return framed(path.read_bytes())
    except OSError as error:
        raise MissingError("the report cannot be read") from error


def _named(ui: Ui, ask: Ask) -> Path:
    """The folder of a run: only one of those that are found is ever opened."""
    ask.visitor.needs("read")
    wanted = str(ask.request.path_params["run"])
    for name, folder in folders(ui.runs):
        if name == wanted:
            return folder
    raise MissingError("there is no such run")


def folders(base: Path) -> Iterator[tuple[str, Path]]:
    """Folders with a run, some levels below ``base``: their name from there, and themselves."""
    for folder, inside in folders_below(base):
        if any(one.name == RUN for one in inside):
            yield (folder.relative_to(base).as_posix() if folder != base else HERE), folder


def read(found: tuple[str, Path]) -> Run:
    """What a run's files say; one that cannot be read says so."""
    name, folder = found
    told: dict[str, Any] = {}
    ways: tuple[Way, ...] = ()
    fault = ""
    try:
        told, _ = read_json(folder / RUN, "")
        if (folder / RESULTS).exists():
            results, _ = read_json(folder / RESULTS, "")
            ways = tuple(_way(one) for one in results.get("engines") or () if isinstance(one, dict))
        else:
            fault = "It has no results.json: rolecall eval report writes it."
    except Error as error:
        fault = str(error)
    samples = told.get("samples")
    samples = samples if isinstance(samples, dict) else {}
    count = samples.get("count")
    return Run(
        name=name,
        made=str(told.get("made", "")),
        command=str(told.get("command", "")),
        pages=count if isinstance(count, int) else 0,
        samples=str(samples.get("path", "")),
        ways=ways,
        report=(folder / REPORT).is_file(),
        fault=fault,
    )


def _way(one: dict[str, Any]) -> Way:
    seconds = one.get("seconds")
    first = seconds[0] if isinstance(seconds, list) and seconds else None
    return Way(
        name=str(one.get("name", "")),
        adr009=number(one, "figures", "adr009"),
        macro=number(one, "figures", "macro"),
        grounded=number(one, "figures", "marks", "grounded"),
        seconds=float(first) if isinstance(first, int | float) else None,
        macro_low=number(one, "macro", "low"),
        macro_high=number(one, "macro", "high"),
    )
