"""What watching costs: time and memory a page, and a series of a million events.

monitoring.py [--events N]

``make bench-monitor``. Events are those of the example pages, with a call of an engine for one page
in five, spread over thirty days. Prints a table.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

import rolecall
from pages import ROOT
from rolecall.drift import Windows
from rolecall.ledger.database import Database
from rolecall.monitor import Series, Watch
from rolecall.monitor.figures import Figures
from rolecall.monitor.summary import summary
from rolecall.record import to_record

DAYS = 30
GOALS = {"page_us": 100.0, "memory_mb": 20.0, "summary_ms": 300.0, "database_mb": 100.0}


def records() -> list[dict[str, Any]]:
    """Records of the examples; every fifth was asked about."""
    found = []
    for number, path in enumerate(sorted((ROOT / "examples").glob("*.html")) * 5):
        source = rolecall.Source(body=path.read_bytes())
        seconds = {"clean": 0.003, "reader": 0.02, "settle": 0.001}
        extraction = rolecall.extract(source)
        record = to_record(extraction, source=source, seq=number, config="c0", seconds=seconds)
        if number % 5 == 0:
            usage = {"input_tokens": 900 + 17 * number, "cached_tokens": 9, "output_tokens": 9}
            call = {"engine": f"engine {number % 3}", "result": "stop", "usage": usage,
                    "cost_usd": 0.0004, "seconds": 1.1, "cached": False}  # fmt: skip
            record |= {"attempts": [call]}
        found.append(record)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    events = parser.parse_args().events
    made, before = records(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    end = int(time.time())
    moment = [float(end - DAYS * 86_400)]
    with tempfile.TemporaryDirectory() as name, Database(Path(name) / "rolecall.db") as store:
        series = Series(store, clock=lambda: moment[0])
        figures_of = Figures(CollectorRegistry())
        watch = Watch([figures_of], series, lambda: moment[0], [Windows(store)])
        step, took, flushed = DAYS * 86_400 / events, [], 0.0
        for number in range(events):
            moment[0] += step
            record = made[number % len(made)]
            began = time.perf_counter()
            watch.tell(record, 20_000 + number % 60_000)
            took.append(time.perf_counter() - began)
            if number % 500 == 499:
                began = time.perf_counter()
                watch.flush()
                flushed += time.perf_counter() - began
        watch.flush()
        memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
        memory -= took.__sizeof__() / 1e6 + 24 * len(took) / 1e6  # what this bench keeps itself
        figures = {
            "page_us": 1e6 * statistics.median(took),
            "page_mean_us": 1e6 * statistics.fmean(took),
            "flush_us_a_page": 1e6 * flushed / events,
            "memory_mb": memory,
            "database_mb": sum(one.stat().st_size for one in Path(name).iterdir()) / 1e6,
        }
        for days in (1, 30):
            began = time.perf_counter()
            found = summary(series, int(moment[0]) - days * 86_400)
            figures[f"summary_{days}d_ms"] = 1e3 * (time.perf_counter() - began)
        assert sum(found.pages.values()) >= 0.99 * events
    for key, value in figures.items():
        goal = GOALS.get(key) or (GOALS["summary_ms"] if key.startswith("summary") else None)
        print(f"{key:20}{value:12,.2f}" + (f"   goal {goal:,.0f}" if goal else ""))


if __name__ == "__main__":
    main()
