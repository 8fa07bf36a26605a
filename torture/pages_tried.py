"""A page is tried: as a child of a run reads it, or by the real command; what came of it is judged.

Every page goes through a child process, so that one that hangs, dies or takes too much memory is
seen as what it is and the next is tried all the same.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from tests.cli.shell import COMMAND, environment

from rolecall.batch.workers import Crew, Loss, resident, work
from rolecall.core import Source
from rolecall.pipeline import Pipeline, extract_record, prepare, warm
from rolecall.record import dump
from rolecall.settings import Settings
from torture.nouns import Case, Class, Terms

SLOWEST: Final = 10.0
"""Seconds that one page may take."""
POSTING: Final = ("ok", "partial")
MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Hostile:
    """A page with what has to come of it.

    ``wants`` are the outcomes that are right, or reason codes; ``needles`` must stand in the
    visible text, unless one of the warnings ``excused`` says what was cut; ``absent`` must stand
    nowhere in the record; ``warned`` are warnings of which one has to be there.
    """

    name: str
    body: bytes
    wants: tuple[str, ...] = POSTING
    needles: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    excused: tuple[str, ...] = ()
    ending: str = ".html"
    charset: str | None = None
    media_type: str | None = None
    title: str = ""
    """The title that the record must have, if any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What came of a page: its record as the bytes that would be written, its time and memory."""

    name: str
    line: bytes
    seconds: float = 0.0
    peak: int = 0
    """Resident bytes at the worst moment."""


class Reading:
    """What a child does with a page."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline

    def __call__(self, one: Hostile) -> Seen:
        """Read it."""
        source = Source(
            body=one.body, locator=one.name, charset=one.charset, media_type=one.media_type
        )
        forget_peak()
        started = time.perf_counter()
        line = dump(extract_record(source, 0, self.pipeline))
        took = time.perf_counter() - started
        return Seen(name=one.name, line=line, seconds=took, peak=peak())


def lost(one: Hostile, loss: Loss) -> Seen:
    """What a run says of a page that hung or took its process down, twice."""
    told = {"outcome": "failed", "reason": {"code": loss.code, "message": loss.message}}
    return Seen(name=one.name, line=json.dumps(told).encode())


def pipeline(**settings: Any) -> Pipeline:
    """The embedded path, with the text in the record."""
    ready = prepare(Settings(with_text=True, **settings))
    warm(ready)
    return ready


def tried(
    pages: Iterable[Hostile], ready: Pipeline | None = None, *, timeout: float = SLOWEST
) -> Iterator[Seen]:
    """Each page through a child process of a run, in order."""
    crew = Crew(timeout=timeout, ordered=True)
    yield from filter(
        None,
        work(iter(pages), Reading(ready if ready is not None else pipeline()), lost, crew=crew),
    )


def commanded(pages: Iterable[Hostile], folder: Path, *words: str) -> dict[str, dict[str, Any]]:
    """The records of ``pages`` by name, made by ``rolecall extract`` on a folder of their files."""
    folder.mkdir(parents=True)
    for one in pages:
        (folder / f"{one.name}{one.ending}").write_bytes(one.body)
    out = folder.with_suffix(".jsonl")
    run = command(
        str(folder), "--out", str(out), "--with-text", "--quiet", "--workers", "2", *words
    )
    records = (json.loads(line) for line in out.read_bytes().splitlines())
    found = {Path(record["source"]).stem: record for record in records}
    if run.returncode not in (0, 3) or len(found) != len(list(folder.iterdir())):
        raise RuntimeError(f"{run.returncode}, {len(found)} records: {run.stderr[-500:]!r}")
    return found


def command(
    *words: str | bytes, before: tuple[str, ...] = (), **more: Any
) -> subprocess.CompletedProcess[bytes]:
    """``rolecall extract`` as a user calls it; ``before`` are the words of what runs it."""
    return subprocess.run(
        [*before, *COMMAND, "extract", *words],
        capture_output=True,
        check=False,
        timeout=600,
        env=environment(),
        **more,
    )


def judged(one: Hostile, record: Mapping[str, Any], seconds: float = 0.0) -> Case:
    """The class of a page by its record."""
    found, note = _judged(one, record)
    if found is Class.RIGHT and seconds > SLOWEST:
        found, note = Class.HUNG, f"{seconds:.1f} s"
    return Case(name=one.name, found=found, note=note)


def _judged(one: Hostile, record: Mapping[str, Any]) -> tuple[Class, str]:
    reason, outcome = record.get("reason") or {}, record["outcome"]
    code = reason.get("code", "")
    if code in ("internal", "poison"):
        return Class.CRASHED, str(reason.get("message"))
    if code == "timeout":
        return Class.HUNG, str(reason.get("message"))
    shown = f"{outcome} {code}".strip()
    if not {outcome, code, f"{outcome}:{code}"} & set(one.wants):
        worst = (
            Class.WRONG if outcome in POSTING else Class.LOST if "ok" in one.wants else Class.WRONG
        )
        return worst, f"{shown}, wanted {' or '.join(one.wants)}"
    if outcome not in POSTING and record.get("data"):
        return Class.WRONG, "fields without a posting"
    text = record.get("text") or ""
    codes = {warning["code"] for warning in record.get("warnings", ())}
    gone = [needle for needle in one.needles if needle not in text]
    if gone and not codes & set(one.excused):
        return Class.LOST, f"not in the text: {gone[0][:60]}, warnings: {sorted(codes)}"
    whole = json.dumps(record, ensure_ascii=False)
    if kept := [word for word in one.absent if word in whole]:
        return Class.WRONG, f"in the record: {kept[0][:60]}"
    if one.warned and not codes & set(one.warned):
        return Class.WRONG, f"no warning {' or '.join(one.warned)}"
    data = record.get("data") or {}
    if one.title and data.get("title") != one.title:
        return Class.WRONG, f"title {data.get('title')!r}"
    return sound(record)


def sound(record: Mapping[str, Any]) -> tuple[Class, str]:
    """Whether quotes stand where the record says, and nothing is in it that UTF-8 cannot hold."""
    text = record.get("text")
    for pointer, one in record.get("evidence", {}).items():
        start, end = one.get("start"), one.get("end")
        if text is not None and one["match"] == "exact" and text[start:end] != one["quote"]:
            return Class.WRONG, f"the quote of {pointer} stands elsewhere"
    try:
        json.dumps(record, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except ValueError as error:
        return Class.WRONG, str(error)
    return Class.RIGHT, ""


def strict(line: bytes) -> dict[str, Any]:
    """A line of output, read as strictly as JSON can be."""

    def refused(word: str) -> Any:
        raise ValueError(word)

    return dict(json.loads(line.decode("utf-8"), parse_constant=refused))


def cases(terms: Terms, pages: Callable[[], Iterable[Hostile]]) -> tuple[Case, ...]:
    """A case for each page: through a child, and in the long form by the real command too.

    Of two findings about one page the worse counts.
    """
    found: dict[str, Case] = {}
    ready = pipeline()
    for one, seen in zip(pages(), tried(pages(), ready), strict=True):
        found[one.name] = judged(one, strict(seen.line), seen.seconds)
    if terms.full:
        files = [one for one in pages() if one.charset is None and one.media_type is None]
        records = commanded(files, terms.scratch / "pages")
        for one in files:
            again = judged(one, records[one.name])
            if again.found < found[one.name].found:
                found[one.name] = replace(again, note=f"by the command: {again.note}")
    return tuple(found.values())


def forget_peak() -> None:
    """Begin to measure the peak of this process's memory anew, where the system can."""
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
    except OSError:
        return


def peak(pid: int | None = None) -> int:
    """The peak of a process's resident memory in bytes since ``forget_peak``; 0 if unknown."""
    try:
        status = Path(f"/proc/{pid or os.getpid()}/status").read_text("ascii", "replace")
    except OSError:
        return resident() if pid is None else 0
    return next(
        (int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0
    )
