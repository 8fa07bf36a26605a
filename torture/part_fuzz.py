"""Inputs that nobody would write: kept ones, changed pages, and what coverage leads to.

What must hold of every input stands beside each target in ``fuzz/``; a fault is whatever does not.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from fuzz.nouns import BrokenError, Target
from fuzz.plain import kept, made
from fuzz.targets import ALL

from torture.nouns import Case, Class, Figure, Group, Terms, Try

ROOT: Final = Path(__file__).resolve().parents[1]
GUIDED: Final = ROOT / ".venv-fuzz" / "bin" / "python"
SLOW: Final = 1.0
"""Seconds of CPU for a changed page, of up to 1.5 MB, that nothing on it excuses."""

LONGEST: Final = 10.0
"""Seconds after which a page is given up, as in the default settings."""

ENDED: Final = re.compile(r"end (\d+) ([0-9.]+) (.*)")
BEGUN: Final = re.compile(r"begin (\d+) (\w+) (\d+)")


def replay(terms: Terms) -> Group:
    """Every kept input through its target."""
    cases = []
    for target in ALL.values():
        inputs = [(f"seed-{at}", data) for at, data in enumerate(target.seeds)] + kept(target)
        cases += [tried(target, f"{target.name}/{name}", data) for name, data in inputs]
    return Group(
        said="inputs that fuzzing has found or that once broke something", cases=tuple(cases)
    )


def tried(target: Target, name: str, data: bytes) -> Case:
    """What came of one input."""
    started = time.process_time()
    try:
        target.run(data)
    except BrokenError as error:
        return Case(name=name, found=Class.WRONG, note=str(error)[:200])
    except Exception:
        return Case(name=name, found=Class.CRASHED, note=traceback.format_exc(limit=-2)[-300:])
    took = time.process_time() - started
    if took > 2 * target.seconds:
        return Case(name=name, found=Class.HUNG, note=f"took {took:.1f} s of CPU")
    return Case(name=name, found=Class.RIGHT)


def plain(terms: Terms) -> Group:
    """Made-up inputs for each target, changed at random from what is kept."""
    cases, ran = [], 0
    for target in ALL.values():
        count = terms.number(12, 6_000 if target.name == "page/record" else 20_000)
        until = time.monotonic() + terms.number(2, 25)
        for number, data in enumerate(made(target, count, terms.seed)):
            case = tried(target, f"{target.name}/{number}", data)
            ran += 1
            if case.found is not Class.RIGHT:
                cases.append(case)
            if time.monotonic() > until:
                break
        cases.append(Case(name=target.name, found=Class.RIGHT, note=target.holds))
    figure = Figure(name="inputs", value=ran)
    return Group(said="kept inputs, changed at random", cases=tuple(cases), figures=(figure,))


def mutated(terms: Terms) -> Group:
    """Real pages, changed as crawls and attackers change them, through the whole extraction."""
    total, cases, took = terms.number(100, 20_000), list[Case](), list[float]()
    until = time.monotonic() + terms.number(60, 840)
    at, peak = 0, 0
    while at < total and time.monotonic() < until:
        done, at, most = stretch(terms, at, min(500, total - at), until)
        cases += [case for case, _ in done]
        took += [seconds for _, seconds in done]
        peak = max(peak, most)
        terms.say(f"{at:,} of {total:,} pages")
    took.sort()
    figures = (
        Figure(name="pages", value=len(took), goal="20,000"),
        Figure(name="CPU of the median page", value=took[len(took) // 2] * 1e3, unit="ms"),
        Figure(name="CPU of the slowest page", value=took[-1], unit="s", goal="< 10",
               held=took[-1] < LONGEST),
        Figure(name="most memory", value=peak, unit="MB", goal="< 1,000", held=peak < 1_000),
    )  # fmt: skip
    real = "real pages and our own" if terms.shared is not None else "our own pages"
    return Group(said=f"{real}, changed in up to three ways", cases=tuple(cases), figures=figures)


def stretch(
    terms: Terms, start: int, count: int, until: float
) -> tuple[list[tuple[Case, float]], int, int]:
    """Pages from ``start`` on in a process of their own: cases with seconds, the next, the memory.

    A page that ends the process is a case, and the next process goes on behind it.
    """
    words = [sys.executable, "-m", "fuzz.mutated", "--seed", str(terms.seed)]
    if terms.shared is not None:
        words += ["--pages", str(terms.shared / "corpus" / "pages")]
    words += ["--start", str(start), "--count", str(count)]
    out: list[tuple[Case, float]] = []
    begun, peak, name = start, 0, ""
    environ = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    with subprocess.Popen(
        words, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as child:
        for line in child.stdout or ():
            if found := BEGUN.match(line):
                begun, name = int(found[1]), f"{found[2]}-{found[1]}"
            elif found := ENDED.match(line):
                out.append((judged(name, float(found[2]), found[3]), float(found[2])))
                name = ""
            elif line.startswith("peak"):
                peak = int(line.split()[1])
            if time.monotonic() > until and not name:
                child.terminate()
                break
    if not name:
        return out, (begun + 1 if out else start + count), peak
    hung = child.returncode == -signal.SIGALRM
    end = Case(
        name=name,
        found=Class.HUNG if hung else Class.CRASHED,
        note=f"the process ended with {child.returncode}",
    )
    return [*out, (end, LONGEST)], begun + 1, peak


def judged(name: str, seconds: float, said: str) -> Case:
    """The case of a page by what its process says of it."""
    kind, _, note = said.partition(" ")
    found = {"wrong": Class.WRONG, "crashed": Class.CRASHED}.get(kind, Class.RIGHT)
    if found is Class.RIGHT and seconds > LONGEST:
        found, note = Class.HUNG, f"took {seconds:.1f} s of CPU"
    elif found is Class.RIGHT and seconds > SLOW:
        found, note = Class.SHORT, f"took {seconds:.1f} s of CPU"
    elif found is Class.RIGHT and note:
        note = ""
    return Case(name=name, found=found, note=note)


def guided(terms: Terms) -> Group:
    """A while of fuzzing by coverage, where its tool is there and there is time."""
    said = "inputs that coverage leads to"
    if not terms.full:
        return Group(said=said, skipped="in the long form alone")
    if not GUIDED.exists():
        return Group(said=said, skipped="make .venv-fuzz/.ready sets up what it needs")
    cases, ran = [], 0
    for name, faults, inputs in rounds(terms, 840):
        found = Class.WRONG if faults else Class.RIGHT
        note = f"{faults} kinds of faults below build/fuzz" if faults else ""
        cases.append(Case(name=name, found=found, note=note))
        ran += inputs
    figure = Figure(name="inputs", value=ran)
    return Group(said=said, cases=tuple(cases), figures=(figure,))


def rounds(terms: Terms, seconds: int) -> Iterator[tuple[str, int, int]]:
    """Each target for its share of the time: faults and inputs."""
    for name in ALL:
        subprocess.run(
            [str(GUIDED), "-m", "fuzz.guided", name, "--seconds", str(seconds // len(ALL)),
             "--seed", str(terms.seed)],
            cwd=ROOT, env=os.environ | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
            capture_output=True, check=False,
        )  # fmt: skip
        counted = ROOT / "build" / "fuzz" / name.replace("/", "-") / "counted.json"
        last = json.loads(counted.read_text("utf-8"))["last"] if counted.exists() else {}
        yield name, last.get("faults", 1), last.get("inputs", 0)
        terms.say(f"{name}: {last}")


GROUPS: dict[str, Try] = {
    "replay": replay,
    "plain": plain,
    "mutated": mutated,
    "guided": guided,
}
