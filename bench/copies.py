"""Are copies found, and is what they share right? Measured on made-up sets with known copies.

    python bench/copies.py --world report --seeds 1 2 3 4 5
    python bench/copies.py --corpus              # pages of the annotated corpus, changed in memory
    python bench/copies.py --speed 600           # time with and without, half of them copies

``copies_pages.py`` says what counts as a copy.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import copies_corpus
import copies_pages
from copies_pages import Made, truth_pairs
from copies_support import unsupported
from rolecall.batch.run import PageWork, run
from rolecall.batch.workers import Crew
from rolecall.copies.index import Index
from rolecall.copies.original import Original, recall, remember
from rolecall.copies.record import Name, near_record
from rolecall.copies.share import Apart, Means, share
from rolecall.copies.sketch import exact_key, signer, sketch
from rolecall.core import Page, Source
from rolecall.inputs.stream import stream
from rolecall.pipeline import Stages, clean_page, extract_record, prepare
from rolecall.settings import Settings


@dataclass
class Counts:
    """What came of the pages of one set or of several."""

    pages: int = 0
    with_original: int = 0
    found: int = 0
    right: int = 0
    pairs: int = 0
    found_pairs: int = 0
    right_pairs: int = 0
    shared: int = 0
    unsupported: int = 0
    values: int = 0
    equal: int = 0
    missed: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    split: Counter[str] = field(default_factory=Counter)
    shared_by_edit: Counter[str] = field(default_factory=Counter)
    differ: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)


PIPELINE = prepare(Settings(engine="none"))
MEANS = Means(stated=PIPELINE.producers["stated"], skills=PIPELINE.reader.model.skills.find_skills)
SIGN = signer()


def measure(made: list[Made], counts: Counts) -> None:
    """Go through the pages in order as a run does, and count."""
    index = Index()
    kept: dict[int, tuple[int, Original, dict[str, Any]]] = {}
    links: list[tuple[int, int]] = []
    seen: set[int] = set()
    for at, one in enumerate(made):
        source = Source(body=one.body, locator=str(at))
        page = clean_page(source, PIPELINE, Stages())
        own = extract_record(source, at, PIPELINE, page=page)
        place = index.place(sketch(page, exact_key(source), SIGN))
        record, told = own, "alone"
        if place.found is not None:
            before, original, theirs = kept[place.found.number]
            found = share(page, original, theirs, MEANS)
            told = "found"
            if isinstance(found, Apart):
                told = "found" if found.copy else "alone"
                if found.copy:
                    counts.split[found.why] += 1
            else:
                name = Name(at, str(at), str(before), place.found.similarity)
                record = near_record(
                    theirs, name, found, read=(page, source, ()), seconds={}
                )  # fmt: skip
                _compare(record, own, page, one, counts)
            if told == "found":
                links.append((before, at))
        _count(made, at, told == "found", links, seen, counts)
        if place.number is not None:
            kept[place.number] = (at, recall(remember(page, MEANS.stated(page))), record)
    _pairs(made, links, counts)


def _count(
    made: list[Made],
    at: int,
    found: bool,
    links: list[tuple[int, int]],
    seen: set[int],
    counts: Counts,
) -> None:
    one = made[at]
    counts.pages += 1
    counts.with_original += one.vacancy in seen
    counts.found += found
    if found:
        original = made[links[-1][0]]
        counts.right += original.vacancy == one.vacancy
        if original.vacancy != one.vacancy:
            counts.wrong[f"{one.kind} ({one.edit})"] += 1
    elif one.vacancy in seen:
        counts.missed[f"{one.kind} ({one.edit})"] += 1
    seen.add(one.vacancy)


def _pairs(made: list[Made], links: list[tuple[int, int]], counts: Counts) -> None:
    """Pairs of pages in one cluster, against pairs that show one vacancy."""
    root = list(range(len(made)))

    def top(at: int) -> int:
        while root[at] != at:
            root[at] = root[root[at]]
            at = root[at]
        return at

    for before, at in links:
        root[top(at)] = top(before)
    sizes: dict[int, Counter[int]] = {}
    for at, one in enumerate(made):
        sizes.setdefault(top(at), Counter())[one.vacancy] += 1
    for cluster in sizes.values():
        total = cluster.total()
        counts.found_pairs += total * (total - 1) // 2
        counts.right_pairs += sum(n * (n - 1) // 2 for n in cluster.values())
    counts.pairs += sum(1 for _ in truth_pairs(made))


def _compare(
    record: dict[str, Any], own: dict[str, Any], page: Page, made: Made, counts: Counts
) -> None:
    """A shared record against the page, and against the page's own extraction."""
    counts.shared += 1
    counts.shared_by_edit[made.edit] += 1
    faults = unsupported(record, page)
    counts.unsupported += len(faults)
    counts.examples += faults[:2]
    ours, theirs = record["data"] or {}, own["data"] or {}
    for name in ours.keys() | theirs.keys():
        counts.values += 1
        if ours.get(name) == theirs.get(name):
            counts.equal += 1
        else:
            counts.differ[name] += 1


def told(name: str, counts: Counts) -> str:
    """The figures in words."""

    def share_of(part: int, whole: int) -> str:
        return f"{part / whole:.4f} ({part:,} of {whole:,})" if whole else "none"

    rows = [
        f"## {name}: {counts.pages:,} pages",
        f"links: precision {share_of(counts.right, counts.found)}, "
        f"recall {share_of(counts.right, counts.with_original)}",
        f"pairs: precision {share_of(counts.right_pairs, counts.found_pairs)}, "
        f"recall {share_of(counts.right_pairs, counts.pairs)}",
        f"shared {share_of(counts.shared, counts.found)} of those found; "
        f"{counts.found - counts.shared:,} split off: {_list(counts.split)}",
        f"shared by edit: {_list(counts.shared_by_edit)}",
        f"values without support: {counts.unsupported} {counts.examples[:6]}",
        f"fields as in the copy's own extraction: {share_of(counts.equal, counts.values)}; "
        f"others: {_list(counts.differ)}",
        f"missed: {_list(counts.missed)}",
        f"wrong: {_list(counts.wrong)}",
    ]
    return "\n".join(rows)


def _list(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common(14)) or "none"


def speed(count: int) -> str:
    """Pages a second with two workers, half of the pages being copies."""
    made = copies_pages.pages("report", 99, vacancies=count, copies=4)
    firsts: dict[int, Made] = {}
    for one in made:
        firsts.setdefault(one.vacancy, one)
    bodies = [one.body for one in firsts.values()][: count // 2]
    again = [one.replace(b"</nav>", b"<a href=/z>Tips</a></nav>") for one in bodies]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for at, body in enumerate([*bodies, *again]):
            Path(folder, f"{at:05}.html").write_bytes(body)
        for mode in ("off", "exact", "near") * 2:
            work = PageWork(Settings(engine="none", dedup=mode))
            work.load_all()
            start, before = time.perf_counter(), _cpu()
            done = list(run(stream([folder], limit=10**7), work, Crew(workers=2)))
            seconds, cpu = time.perf_counter() - start, _cpu() - before
            shared = sum(one.copy is not None for one in done)
            rows.append(
                f"{mode}: {len(done)} pages, {shared} shared, {len(done) / seconds:.0f} pages/s, "
                f"{1000 * cpu / len(done):.2f} ms of a core a page"
            )
    return "\n".join(rows)


def _cpu() -> float:
    """Seconds of all cores that this process and its ended children have taken."""
    taken = os.times()
    return taken.user + taken.system + taken.children_user + taken.children_system


def main(words: list[str]) -> int:
    """Measure what the words ask for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--world", choices=("develop", "report"), default="develop")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--vacancies", type=int, default=60)
    parser.add_argument("--corpus", action="store_true")
    parser.add_argument("--speed", type=int, default=0)
    asked = parser.parse_args(words)
    if asked.speed:
        print(speed(asked.speed))
        return 0
    counts = Counts()
    for seed in asked.seeds:
        made = (
            copies_corpus.pages(seed)
            if asked.corpus
            else copies_pages.pages(asked.world, seed, asked.vacancies)
        )
        measure(made, counts)
    name = "corpus" if asked.corpus else f"{asked.world}, seeds {asked.seeds}"
    print(told(name, counts))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
