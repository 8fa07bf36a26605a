"""What pages cost: memory of the worst and of the usual, memory over many, time of a large one."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from rolecall.batch.workers import Crew, Loss, resident, work
from rolecall.core import Source
from rolecall.page import clean
from rolecall.pipeline import Pipeline, extract_record
from torture import pages_markup
from torture.nouns import Figure, Group, Terms
from torture.pages_bombs import measured, ordinary
from torture.pages_posting import BODY, HEAD, TOP, posting
from torture.pages_tried import MIB, Hostile, pipeline, tried

WORST: Final = (
    "table_300k_cells", "items_100k", "lines_past_the_limit", "line_9mb", "word_5mb", "digits_2mb",
    "breaks_300k", "images_50k",
)  # fmt: skip
"""Pages that took the most, of all that are tried; the long form takes all."""
WARM: Final = 5_000
PATIENT: Final = 120.0
"""Seconds for a page whose memory counts here and not its time."""


def memory(terms: Terms) -> Group:
    """Workers' memory on the worst pages, on usual ones, over many, and on a huge file."""
    ready = pipeline()
    # From what takes least on: a child begins with what this process holds.
    usual = sorted(seen.peak / MIB for seen in tried(few_or_corpus(terms), ready, timeout=PATIENT))
    many = tuple(over_many(terms, ready))
    worst = [one for one in pages_markup.pages() if terms.full or one.name in WORST[:1]]
    peaks = [seen.peak / MIB for seen in tried(iter(worst), ready, timeout=PATIENT)]
    if not all((*peaks, *usual)):
        raise RuntimeError("a page was lost, or this system does not tell of memory")
    figures = [
        upto("memory of a worker on the worst page", max(peaks), "MiB", 512),
        upto("memory of a worker on usual pages, p99", share(usual, 0.99), "MiB", 200),
        upto("memory of a file of 1 GiB beyond a page", huge_file(terms.scratch), "MiB", 16),
        *many,
    ]
    said = "memory: worst pages, usual pages, a file of 1 GiB, many pages in one process"
    return Group(said=said, figures=tuple(figures))


def upto(name: str, value: float, unit: str, goal: float) -> Figure:
    """A figure that should be no more than its goal."""
    return Figure(
        name=name, value=round(value, 3), unit=unit, goal=f"<= {goal:g}", held=value <= goal
    )


def share(ordered: list[float], part: float) -> float:
    """The value that ``part`` of them do not exceed."""
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def few_or_corpus(terms: Terms) -> Iterator[Hostile]:
    """Real pages where they are at hand; else the small postings of the other measurement."""
    folder = terms.shared / "corpus" / "pages" if terms.shared else None
    if folder is not None and folder.is_dir():
        files = sorted(folder.iterdir())[:: terms.number(8, 1)]
        yield from (Hostile(name=str(n), body=file.read_bytes()) for n, file in enumerate(files))
    else:
        yield from (
            Hostile(name=str(n), body=body) for n, body in enumerate(small(200, terms.seed))
        )


def huge_file(folder: Path) -> float:
    """MiB that a sparse file of 1 GiB takes beyond an ordinary page."""
    path = folder / "sparse.html"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    _, usual, _ = measured(ordinary(folder, "html"))
    _, most, _ = measured(path)
    return max(0.0, (most - usual) / MIB)


class Counting:
    """Extracts a page and says how much memory the process has then."""

    def __init__(self, ready: Pipeline) -> None:
        self.ready = ready

    def __call__(self, body: bytes) -> int:
        """Read it."""
        extract_record(Source(body=body), 0, self.ready)
        return resident()


def over_many(terms: Terms, ready: Pipeline) -> Iterator[Figure]:
    """Resident memory of one process that is never replaced, over different small postings."""
    number, warm = terms.number(400, 100_000), terms.number(200, WARM)
    crew = Crew(timeout=PATIENT, pages=10**9, growth=1 << 50, ordered=True)

    def lost(body: bytes, loss: Loss) -> int:
        raise RuntimeError(f"{loss.code}: {loss.message}")

    sizes: list[int] = []
    for size in work(iter(small(number, terms.seed)), Counting(ready), lost, crew=crew):
        if size is not None:
            sizes.append(size)
            if len(sizes) % 20_000 == 0:
                terms.say(f"{len(sizes):,} pages, {size / MIB:.0f} MiB")
    growth, ratio = slope(sizes[warm:]) / 1024, sizes[-1] / sizes[warm - 1]
    if not terms.full:  # so soon the bounded caches still fill
        yield Figure(
            name=f"growth of a process over {number:,} pages", value=growth, unit="kB a page"
        )
        return
    yield upto(f"growth of a process over {number:,} pages", growth, "kB a page", 1)
    yield upto(f"memory at the end against that after {warm:,} pages", ratio, "x", 1.2)


def slope(values: list[int]) -> float:
    """The slope of the line through ``values`` that fits best."""
    size = len(values)
    middle, mean = (size - 1) / 2, sum(values) / size
    above = sum((n - middle) * (value - mean) for n, value in enumerate(values))
    return above / (size * (size * size - 1) / 12)


def small(number: int, seed: int) -> Iterator[bytes]:
    """Postings that all differ: in their names, words and figures."""
    rng = random.Random(seed)
    for n in range(number):
        word = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=9))
        text = (
            f"<h1>{word.title()} Engineer {n}</h1><p>Company: {word.title()} &amp; Sons Ltd</p>"
            f"<p>Location: Leeds</p><p>Salary: £{rng.randrange(20, 90)},000 per year</p>"
            f"<p>We look for somebody who knows {word} number {n} well and writes {word[::-1]}.</p>"
        )
        yield f"{TOP}</head><body>{text}{BODY}</body></html>".encode()


def speed(terms: Terms) -> Group:
    """Processor time to clean a page of 2 MB, of several makes."""
    figures = []
    for name, make in LARGE.items():
        if name == "short lines" and not terms.full:
            continue
        body = make()
        clean(Source(body=body))
        step = partial(clean, Source(body=body))
        times = sorted(timed(step) for _ in range(terms.number(5, 200)))
        goal = 250 if name != "short lines" else 0
        value = 1000 * share(times, 0.99)
        name = f"2 MB of {name}, cleaned: p99"
        figures.append(
            upto(name, value, "ms", goal) if goal else Figure(name=name, value=value, unit="ms")
        )
    said = "time of one core to parse and clean a page of 2 MB"
    return Group(said=said, figures=tuple(figures))


def timed(step: Callable[[], object]) -> float:
    """Seconds of the processor, which what else the machine does hardly changes."""
    started = time.process_time()
    step()
    return time.process_time() - started


def filled(pieces: Iterable[str], *, head: str = "") -> bytes:
    """A page of 2 MB of ``pieces``."""
    parts, size = [], 0
    for piece in pieces:
        parts.append(piece)
        size += len(piece)
        if size > 2_000_000:
            break
    return f"{TOP}{head}</head><body><h1>Engineer</h1>{HEAD}{''.join(parts)}</body></html>".encode()


def paragraphs() -> Iterator[str]:
    """Prose as pages wrap it."""
    text = (
        "The company builds bridges for roads and railways in four countries, and has done so since"
        " the first railways came; whoever joins works with people who know why one stands, and"
        " with some who have seen one fall. "
    )
    for n in range(100_000):
        yield f'<div class="c{n % 9} text"><p>{n}. {text}<b>{text}</b></p></div>\n'


def site() -> Iterator[str]:
    """What most large pages are made of: scripts, styles, menus, and a posting among them."""
    for n in range(100_000):
        yield f"<script>window.state{n}={{a:[{'1,' * 900}2]}}</script>"
        yield f'<nav><ul><li><a href="/jobs/{n}" class="link">Jobs in town {n}</a></li></ul></nav>'
        yield f"<style>.a{n}{{color:red}}</style><svg><path d='{'M0 0 ' * 200}'/></svg>"
        yield f"<p>We look for an engineer who knows bridges of kind {n} well.</p>" * 4


def elements() -> Iterator[str]:
    """The shortest of lists and tables: the most elements that a page can hold in earnest."""
    for n in range(100_000):
        yield f"<ul><li>Engineer {n}</li><li>Leeds</li></ul>"
        yield f"<table><tr><td>Engineer {n}</td><td>Leeds</td><td>£{n}</td></tr></table>"


LARGE: Final[dict[str, Callable[[], bytes]]] = {
    "prose": lambda: filled(paragraphs()),
    "a site": lambda: filled(site()),
    "short lines": lambda: filled(elements()),
    "one posting with a script": lambda: posting(
        head=f"<script>var a='{'x' * 2_000_000}'</script>"
    ),
}
