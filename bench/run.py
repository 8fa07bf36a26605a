"""Speed and memory of Rolecall beside trafilatura with extruct, in one run: ``make bench``.

Both read the same pages on the same core, in turns, so that other load on the machine hits both;
ratios can be trusted further than rates. ``BENCH_ROUNDS`` (3) and ``BENCH_PAGES`` (20000, for the
memory slope) change how long it takes. Prints a table and writes ``build/bench.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pages

HERE = Path(__file__).resolve().parent
BUILD = pages.ROOT / "build"
FIELDS = ("title", "company", "description")
SIDES = ("own", "peer")
TRAINED_ON = "(the shipped reader has seen these pages; make gate reads each without its site)"
WORKER_PAGES = 1200
START_RUNS = 7


def run(command: Sequence[str], *, one_core: bool = True) -> str:
    """Run ``command`` and return what it printed; pinned to the last core where that can be."""
    core = (os.cpu_count() or 1) - 1
    pin = ["taskset", "-c", str(core)] if one_core and shutil.which("taskset") else []
    done = subprocess.run([*pin, *command], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


def taking(command: Sequence[str], *, one_core: bool = True) -> float:
    """Seconds of wall clock that ``command`` takes as a whole."""
    start = time.perf_counter()
    run(command, one_core=one_core)
    return time.perf_counter() - start


def side_by_side(peer_python: str, rounds: int) -> dict[str, Any]:
    """Rates of both, each the median of ``rounds`` turns, and their recall."""
    mine, theirs = BUILD / "bench-own.jsonl", BUILD / "bench-peer.jsonl"
    own, peer = [], []
    for _ in range(rounds):
        own.append(json.loads(run([sys.executable, str(HERE / "own.py"), "rate", str(mine)])))
        peer.append(json.loads(run([peer_python, str(HERE / "peer.py"), str(theirs)])))
    figures: dict[str, Any] = {"pages": own[0]["pages"], "rounds": rounds}
    for name, taken in (("own", own), ("peer", peer)):
        figures[f"{name}_pages_per_s"] = statistics.median(t["pages"] / t["seconds"] for t in taken)
        figures[f"{name}_peak_mb"] = max(t["peak_mb"] for t in taken)
    ratios = (p["seconds"] / o["seconds"] for o, p in zip(own, peer, strict=True))
    figures["rate_ratio"] = statistics.median(ratios)
    figures["own_recall"], figures["own_right"] = against_gold(mine)
    figures["peer_recall"], figures["peer_right"] = against_gold(theirs)
    return figures


def against_gold(records: Path) -> tuple[dict[str, float], dict[str, float]]:
    """Field -> the mean share of annotated words found, and the share of pages that are right."""
    found = {}
    for line in records.read_text("utf-8").splitlines():
        record = json.loads(line)
        found[Path(record["source"]).stem] = record["data"] or {}
    recall: dict[str, list[float]] = {field: [] for field in FIELDS}
    right: dict[str, list[bool]] = {field: [] for field in FIELDS}
    for name, answer in pages.gold().items():
        for field in FIELDS:
            if answer.get(field):
                value = found.get(name, {}).get(field)
                recall[field].append(pages.word_recall(value, answer[field]))
                right[field].append(pages.alike(value, answer[field]))
    return (
        {field: statistics.mean(values) for field, values in recall.items() if values},
        {field: statistics.mean(values) for field, values in right.items() if values},
    )


def start_up() -> float:
    """Seconds of `rolecall extract` for one page from the shell, the median of several."""
    page = str(pages.EXAMPLES / "01-gardener-company-site.html")
    command = [str(Path(sys.executable).parent / "rolecall"), "extract", page]
    return statistics.median(taking(command) for _ in range(START_RUNS))


COMPILE = """
import time
import llguidance, jsonschema_rs, rolecall.schema.schema
from rolecall.schema.compile import prepare_trusted
from rolecall.schema.posting import POSTING_SCHEMA
start = time.perf_counter()
prepare_trusted(POSTING_SCHEMA, "2020-12").problems({})
print(time.perf_counter() - start)
"""


def compiling() -> float:
    """Seconds to admit, compile and lint the default schema, in a fresh process each time."""
    return statistics.median(float(run([sys.executable, "-c", COMPILE])) for _ in range(START_RUNS))


def workers() -> dict[str, dict[str, float]]:
    """A batch of each kind of pages with one and two workers, as ``bench/scale.py`` sees it."""
    figures: dict[str, dict[str, float]] = {}
    for kind in ("corpus", "realistic", "tiny"):
        for count in ("1", "2"):
            command = [sys.executable, str(HERE / "scale.py"), str(WORKER_PAGES), "--skip-kill"]
            run([*command, "--pages", kind, "--workers", count], one_core=False)
            told = json.loads((BUILD / f"scale-{kind}-{count}.json").read_text("utf-8"))
            figures[f"{kind} {count}"] = told["run"]
    return figures


def _batch(row: tuple[str, dict[str, float]]) -> str:
    name, one = row
    figures = one["pages_per_s"], one["peak_rss_mb"], one["peak_pss_mb"]
    return f"{name + ' worker(s)':28}" + "".join(f"{figure:>10.1f}" for figure in figures)


def table(figures: dict[str, Any]) -> str:
    """The figures for a person."""
    both, slope = figures["side_by_side"], figures["slope"]
    rows = [
        ("", "rolecall", "trafilatura + extruct"),
        ("pages/s, one core", *(f"{both[f'{side}_pages_per_s']:.1f}" for side in SIDES)),
        ("peak memory, MB", *(f"{both[f'{side}_peak_mb']:.0f}" for side in SIDES)),
    ]
    for name, key in (("recall of words", "recall"), ("right pages", "right")):
        for field in both[f"own_{key}"]:
            values = [f"{both[f'{side}_{key}'][field]:.3f}" for side in SIDES]
            rows += [(f"{name}, {field}", *values)]
    lines = [f"{name:28}{own:>12}{peer:>24}" for name, own, peer in rows]
    return "\n".join(
        [
            f"{both['pages']} pages ({figures['what']}), median of {both['rounds']} rounds",
            *lines,
            *([TRAINED_ON] if both["own_recall"] else []),
            "",
            f"rate, times the peer's       {both['rate_ratio']:.1f}",
            f"extract of one page          {figures['start_up_s']:.2f} s from the shell",
            f"compiling the default schema {1000 * figures['schema_s']:.0f} ms",
            f"memory added per page        {slope['bytes_per_page']:.0f} bytes over "
            f"{slope['pages']} pages; peak {slope['peak_mb']:.0f} MB",
            "",
            f"{f'batches of {WORKER_PAGES} pages':28}{'pages/s':>10}{'RSS, MB':>10}{'PSS, MB':>10}",
            *map(_batch, figures["workers"].items()),
        ]
    )


def main() -> None:
    """Measure everything, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer-python", required=True)
    peer_python = parser.parse_args().peer_python
    BUILD.mkdir(exist_ok=True)
    count = os.environ.get("BENCH_PAGES", "20000")
    figures = {
        "what": pages.measured()[1],
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "side_by_side": side_by_side(peer_python, int(os.environ.get("BENCH_ROUNDS", "3"))),
        "start_up_s": start_up(),
        "schema_s": compiling(),
        "workers": workers(),
        "slope": json.loads(run([sys.executable, str(HERE / "own.py"), "slope", count])),
    }
    (BUILD / "bench.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(table(figures))


if __name__ == "__main__":
    main()
