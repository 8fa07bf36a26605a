"""What schemas cost: time of processors, which other programs do not change, and memory."""

from __future__ import annotations

import gc
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Final

from tests.schema.cases import sample_files
from tests.schema.test_hostile import outcome

from rolecall.schema.compile import prepare_schema
from rolecall.schema.memory import resident
from torture.nouns import Figure, Group, Terms
from torture.schemas_bench import FOLDER
from torture.schemas_made import posting_schema
from torture.schemas_wicked import WICKED

SPLITS: Final[Mapping[str, int]] = {
    "Github_trivial": 444, "Github_easy": 1_943, "Github_medium": 1_976, "Github_hard": 1_240,
    "Github_ultra": 164, "Glaiveai2K": 1_707, "JsonSchemaStore": 492, "Kubernetes": 1_064,
    "Snowplow": 403, "WashingtonPost": 125,
}  # fmt: skip
"""Schemas in each split of the whole benchmark (its paper, table 1): the sample has as many of the
hard ones as of the easy ones."""


def clocked(terms: Terms) -> Group:
    """How long it takes to accept or refuse: real, made and hostile schemas, each for itself."""
    prepare_schema(True)
    chance, times = Random(terms.seed), terms.number(1, 3)
    made = [json.dumps(posting_schema(chance, 25)).encode() for _ in range(terms.number(40, 1_000))]
    rows = [(cost(text, times), 1.0) for text in made]
    figures = [_p99("p99 of made ones, of processor time", rows)]
    clock = [wall for (_, wall), _ in rows]
    if FOLDER.exists():
        files = [file for file, _ in sample_files()]
        count = Counter(file.parent.name for file in files)
        rows = [
            (cost(file.read_bytes(), times), SPLITS[file.parent.name] / count[file.parent.name])
            for file in files
        ]
        figures.append(_p99("p99 of JSONSchemaBench, weighted, of processor time", rows))
        clock += [wall for (_, wall), _ in rows]
    usual = sorted(clock)
    hostile = [cost(text, 1)[1] for text, _ in WICKED.values()]
    longest = max(*usual, *hostile)
    return Group(
        said=f"the time to accept or refuse {len(usual) + len(hostile):,} schemas",
        figures=(
            *figures,
            Figure(name="p99 of both by the clock, on a machine with other work",
                   value=1000 * usual[int(len(usual) * 0.99)], unit="ms"),
            Figure(name="longest by the clock, hostile ones too", value=longest, unit="s",
                   goal="<= 2", held=longest <= 2),
        ),
    )  # fmt: skip


def _p99(name: str, rows: Sequence[tuple[tuple[float, float], float]]) -> Figure:
    """The weighted percentile of processor times."""
    left = 0.01 * sum(weight for _, weight in rows)
    found = 0.0
    for (cpu, _), weight in sorted(rows, reverse=True):
        found, left = 1000 * cpu, left - weight
        if left < 0:
            break
    return Figure(name=name, value=found, unit="ms", goal="<= 50", held=found <= 50)


def cost(text: bytes, times: int) -> tuple[float, float]:
    """Seconds of processors and of the clock, the least of some tries.

    Each try is told apart by a word that says nothing, so that no answer is remembered.
    """
    best = (float("inf"), float("inf"))
    for number in range(times):
        own = text.replace(b"{", b'{"x-try": %d, ' % number, 1) if number else text
        if number and not _is_object(own):
            break
        start, used = time.monotonic(), processor()
        outcome(own)
        wall = time.monotonic() - start
        best = min(best[0], processor() - used), min(best[1], wall)
    return best


def _is_object(text: bytes) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def processor() -> float:
    """Seconds that this process and its children have had a processor."""
    nanoseconds = 0
    for process in ("self", *children()):
        for task in Path("/proc", process, "task").glob("*/schedstat"):
            try:
                nanoseconds += int(task.read_text().split()[0])
            except (OSError, IndexError):
                continue
    return nanoseconds / 1e9


def children() -> list[str]:
    """The processes that this one has started, and that are alive."""
    found: list[str] = []
    for task in Path("/proc/self/task").glob("*/children"):
        found += task.read_text().split()
    return found


def many(terms: Terms) -> Group:
    """Distinct schemas in a row: what this process and the one that compiles grow by."""
    count, first = terms.number(400, 10_000), terms.number(100, 500)
    chance = Random(terms.seed)
    accepted = 0
    before = highest = 0
    for number in range(count):
        if number == first:
            before = highest = memory()
        schema = posting_schema(chance, 16) | {"title": f"number {number}"}
        accepted += bool(prepare_schema(schema).problems({}) is not None)
        if number % 100 == 99:
            highest = max(highest, memory())
        if number % 1_000 == 999:
            terms.say(f"{number + 1:,} schemas, {memory() >> 20} MB")
    rise = (highest - before) / 1e6
    return Group(
        said=f"{count:,} distinct schemas in a row, each compiled and used",
        figures=(
            Figure(name="schemas accepted", value=accepted, goal=f"{count:,}",
                   held=accepted == count),
            Figure(name="memory that was added, of both processes at their highest", value=rise,
                   unit="MB", goal="<= 100", held=rise <= 100),
        ),
    )  # fmt: skip


def memory() -> int:
    """Bytes that this process and its children hold."""
    gc.collect()
    total = resident()
    for child in children():
        try:
            pages = int(Path("/proc", child, "statm").read_text().split()[1])
        except (OSError, IndexError):
            continue
        total += pages * 4_096
    return total
