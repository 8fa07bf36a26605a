"""Where the time of a page goes: each stage of the embedded extraction by itself, and the floors.

    python bench/stages.py                     microseconds of CPU a page and stage
    python bench/stages.py --instructions      instructions, with valgrind: the same on every run
    python bench/stages.py --calls realistic   the functions that take most, with cProfile
    python bench/stages.py --records FILE      the records of all sets, to compare two versions

Each stage runs over all pages of a set before the next one begins. What it takes is the least of
some runs, each in a fresh process, for what was seen before costs less: that is how a crawl is.
Instructions are those of the process between two marks; a mark is a call of ``srand48`` of the C
library, which nothing else calls, and at which callgrind writes down what it has counted.
"""

from __future__ import annotations

import argparse
import cProfile
import ctypes
import json
import os
import pstats
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import orjson
from selectolax.lexbor import LexborHTMLParser

import pages
from rolecall.core import Page, Source
from rolecall.ladder import Heard, settled
from rolecall.page import clean
from rolecall.page.decode import decode, sniff_binary, unpack
from rolecall.page.prescan import prescan, without_noscript
from rolecall.page.statements import read_statements
from rolecall.page.walk import walk
from rolecall.pipeline import Pipeline, Stages, conclude, extract_record, prepare, record_of, warm
from rolecall.reader import blocks as reader_blocks
from rolecall.reader import read as reader_read
from rolecall.reader.blocks import tag
from rolecall.reader.lines import prepare as prepare_lines
from rolecall.record import dump
from rolecall.stated import stated

SETS: Final = ("examples", "tiny", "realistic", "corpus")
FEW: Final = {"examples": 10, "tiny": 40, "realistic": 24, "corpus": 24}
"""Pages of a set under valgrind, which takes fifty times as long."""

MANY: Final = {"examples": 10, "tiny": 400, "realistic": 200, "corpus": 217}
FLOORS: Final = ("copy", "sha256", "decode only", "parse only", "orjson only")
Step = Callable[[], Any]


def bodies(name: str, most: int) -> list[bytes]:
    """The first ``most`` pages of a set; none where they are not there."""
    if name == "examples":
        found = [path for path in sorted(pages.EXAMPLES.iterdir()) if path.suffix in pages.SUFFIXES]
        return [path.read_bytes() for path in found][:most]
    if name == "corpus":
        files = sorted((pages.CORPUS / "pages").glob("*.html"))
        step = max(1, len(files) // most)
        return [path.read_bytes() for path in files[::step]][:most]
    return list(pages.kinds()[name](most))


class Measured:
    """One pass over a set. ``mark`` is called with a stage's name when it has ended."""

    def __init__(self, name: str, most: int, mark: Callable[[str], None]) -> None:
        self.mark = mark
        self.bodies = bodies(name, most)
        self.sources = [Source(body=body, media_type="text/html") for body in self.bodies]
        for source in self.sources:
            _ = source.id  # reckoned once and kept: it is a floor of its own
        self.pipeline = prepare()
        warm(self.pipeline)

    def stage(self, name: str, work: Callable[[Any], Any], over: list[Any]) -> list[Any]:
        """Do ``work`` for each of ``over``; only the work counts."""
        self.mark("")
        out = [work(one) for one in over]
        self.mark(name)
        return out

    def floors(self) -> None:
        """What any program must do with such pages."""
        self.stage("copy", bytearray, self.bodies)
        self.stage("sha256", lambda body: sha256(body).digest(), self.bodies)
        htmls = self.stage("decode only", lambda body: body.decode("utf-8", "replace"), self.bodies)
        self.stage("parse only", LexborHTMLParser, htmls)
        records = [extract_record(one, 0, self.pipeline) for one in self.sources]
        self.stage("orjson only", orjson.dumps, records)

    def stages(self) -> dict[str, float]:
        """The stages in their order; sizes of what went through them."""
        pages_ = self.cleaning()
        proposed = self.stage("stated data to values", stated, pages_)
        heard = self.reading(pages_, proposed)
        rules = self.pipeline.rules
        pairs = list(zip(pages_, heard, strict=True))
        results = self.stage("settle", lambda pair: settled(pair[0], pair[1], rules), pairs)
        lines = self.writing(results, pages_)
        count = len(pages_)
        return {
            "pages": count,
            "bytes": sum(map(len, self.bodies)) / count,
            "text": sum(len(page.text) for page in pages_) / count,
            "lines": sum(len(page.blocks) for page in pages_) / count,
            "record": sum(map(len, lines)) / count,
        }

    def cleaning(self) -> list[Page]:
        """Bytes to pages: the parts by themselves, then all of it."""

        def decoded(body: bytes) -> str:
            plain, _ = unpack(body)
            sniff_binary(plain)
            return decode(plain).text

        htmls = self.stage("decode", decoded, self.bodies)
        safe = self.stage("pre-scan", lambda html: prescan(without_noscript(html))[0], htmls)
        trees = self.stage("parse", LexborHTMLParser, safe)
        self.stage("statements", read_statements, trees)
        self.stage("walk", walk, trees)
        return self.stage("clean", clean, self.sources)

    def reading(self, pages_: list[Page], proposed: list[Any]) -> list[Heard]:
        """Pages to candidates: lines, their tags, proposals, the verdict."""
        reader, kept = self.pipeline.reader, dict[int, Any]()
        lines = self.stage("words of lines", prepare_lines, pages_)
        kept.update((id(page), one) for page, one in zip(pages_, lines, strict=True))
        setattr(reader_blocks, "prepare", lambda page: kept[id(page)])  # noqa: B010
        tagger = reader.model.tagger
        tagged = self.stage("features and tags", lambda page: tag(page, tagger), pages_)
        kept.update((id(page), one) for page, one in zip(pages_, tagged, strict=True))
        setattr(reader_read, "tag", lambda page, tagger: kept[id(page)])  # noqa: B010
        found = self.stage("proposals and rankers", reader.read, pages_)
        setattr(reader_read, "tag", tag)  # noqa: B010
        setattr(reader_blocks, "prepare", prepare_lines)  # noqa: B010
        told = [(*one, *more) for one, more in zip(proposed, found, strict=True)]

        def judged(of: tuple[Page, tuple[Any, ...]]) -> Any:
            reader._last = last[id(of[0])]
            return reader.verdict(*of)

        last = {id(page): (page, kept[id(page)], ()) for page in pages_}
        verdicts = self.stage("verdict", judged, list(zip(pages_, told, strict=True)))
        producers = ("stated", "reader")
        return [
            Heard(candidates=one, producers=producers, verdict=spoken)
            for one, spoken in zip(told, verdicts, strict=True)
        ]

    def writing(self, results: list[Any], pages_: list[Page]) -> list[bytes]:
        """Extractions to lines of JSON."""
        pipeline: Pipeline = self.pipeline
        # What the page says of itself was read with the verdict: it is not read again here.
        pipeline.reader._last = None
        never: Any = lambda page: None  # noqa: E731
        quiet = Pipeline(**{**_fields(pipeline), "closed": never})

        def record(of: tuple[Any, Source, Page]) -> dict[str, Any]:
            result, source, page = of
            ended = conclude(result, page, quiet, Stages())
            return record_of(ended, source, 0, quiet, Stages())

        triples = list(zip(results, self.sources, pages_, strict=True))
        records = self.stage("record", record, triples)
        return self.stage("output line", dump, records)


def _fields(pipeline: Pipeline) -> dict[str, Any]:
    return {name: getattr(pipeline, name) for name in pipeline.__struct_fields__}


def microseconds(name: str, most: int) -> dict[str, Any]:
    """CPU time by stage of one pass in this process."""
    took: dict[str, float] = {}
    since = 0.0

    def mark(stage: str) -> None:
        nonlocal since
        now = time.process_time()
        if stage:
            took[stage] = (now - since) * 1e6 / count
        since = time.process_time()

    measured = Measured(name, most, mark)
    count = len(measured.bodies)
    sizes = measured.stages() if count else {}
    if count:
        measured.floors()
    return {"stages": took, "sizes": sizes}


def marked(name: str, most: int) -> list[str]:
    """One pass under callgrind: the stages in the order of their marks."""
    srand48 = ctypes.CDLL(None).srand48
    order: list[str] = []

    def mark(stage: str) -> None:
        order.append(stage)
        srand48(0)

    measured = Measured(name, most, mark)
    measured.stages()
    measured.floors()
    return order


def instructions(name: str) -> dict[str, float]:
    """Instructions a page and stage, by valgrind."""
    folder = Path(tempfile.mkdtemp())
    try:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--dump-before=srand48_r", "--dump-instr=no",
             f"--callgrind-out-file={folder}/out", sys.executable, __file__, "--marked", name],
            capture_output=True, check=True, env=os.environ | {"PYTHONHASHSEED": "0"},
        )  # fmt: skip
        order, count = json.loads(done.stdout)
        out: dict[str, float] = {}
        for number, stage in enumerate(order, 1):
            text = (folder / f"out.{number}").read_text("utf-8", "replace")
            found = re.search(r"^(?:summary|totals): (\d+)", text, re.MULTILINE)
            if stage and found:
                out[stage] = int(found[1]) / count
        return out
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def least(name: str, runs: int) -> dict[str, Any]:
    """The least of some passes, each in a process of its own."""
    found: dict[str, Any] = {}
    for _ in range(runs):
        words = [sys.executable, __file__, "--once", name]
        told = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)
        for stage, took in told["stages"].items():
            kept = found.setdefault("stages", {})
            kept[stage] = min(took, kept.get(stage, took))
        found["sizes"] = told["sizes"]
    return found


def show(title: str, stages: dict[str, float], sizes: dict[str, float], unit: str) -> None:
    """A table of one set."""
    parts = ("decode", "pre-scan", "parse", "statements", "walk")
    stages = dict(stages)
    whole = stages.pop("clean")
    rest = whole - sum(stages[part] for part in parts)
    rows: list[tuple[str, float]] = []
    for stage, took in stages.items():
        if stage in FLOORS:
            continue
        rows.append((stage, took))
        if stage == "walk":
            rows.append(("roles, blocks, language", rest))
    total = sum(took for _, took in rows)
    told = ", ".join(f"{value:,.0f} {key}" for key, value in sizes.items() if key != "pages")
    print(f"\n{title} ({told})" if told else f"\n{title}")
    for stage, took in [*rows, ("all", total)]:
        print(f"  {stage:26}{took:14,.0f} {unit} {took / total:7.1%}")
    for floor in FLOORS:
        print(f"  floor: {floor:19}{stages[floor]:14,.0f} {unit} {stages[floor] / total:7.1%}")


def calls(name: str) -> None:
    """The functions that take most of the time."""
    pipeline = prepare()
    warm(pipeline)
    sources = [Source(body=one, media_type="text/html") for one in bodies(name, MANY[name])]
    profile = cProfile.Profile()
    profile.enable()
    for source in sources:
        dump(extract_record(source, 0, pipeline))
    profile.disable()
    pstats.Stats(profile).strip_dirs().sort_stats("tottime").print_stats(45)


def records(path: Path) -> None:
    """The records of all sets, without their seconds."""
    pipeline = prepare()
    with path.open("wb") as out:
        for name in SETS:
            for number, body in enumerate(bodies(name, 10_000 if name == "corpus" else 400)):
                source = Source(body=body, locator=f"{name}:{number}", media_type="text/html")
                record = extract_record(source, number, pipeline) | {"seconds": {}}
                out.write(dump(record) + b"\n")


def main() -> None:
    """Measure, and print tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", metavar="SET", help=" ".join(SETS))
    parser.add_argument("--instructions", action="store_true")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", type=Path, help="the figures as JSON")
    parser.add_argument("--calls", metavar="SET")
    parser.add_argument("--records", type=Path)
    parser.add_argument("--once", help=argparse.SUPPRESS)
    parser.add_argument("--marked", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.once:
        print(json.dumps(microseconds(told.once, MANY[told.once])))
    elif told.marked:
        print(json.dumps([marked(told.marked, FEW[told.marked]), FEW[told.marked]]))
    elif told.calls:
        calls(told.calls)
    elif told.records:
        records(told.records)
    else:
        tables(told)


def tables(told: argparse.Namespace) -> None:
    """The tables of all sets that are there."""
    kept: dict[str, Any] = {}
    for name in told.sets or [one for one in SETS if bodies(one, 1)]:
        if told.instructions:
            found = {"stages": instructions(name), "sizes": {}}
            show(name, found["stages"], {}, "instructions")
        else:
            found = least(name, told.runs)
            show(name, found["stages"], found["sizes"], "µs")
        kept[name] = found
    if told.out:
        told.out.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
