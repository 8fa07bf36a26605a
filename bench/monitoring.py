"""What watching costs: time and memory a page, and a series of a million events.

monitoring.py [--events N]

``make bench-monitor``. Events are those of the example pages, with a call of an engine for one page
in five, spread over thirty days. All sinks are on: Prometheus, the series, log lines, and (where
the extra is installed) OpenTelemetry, whose receiver is another process. Prints a table; ``tell``
is the time that a page waits, ``cpu`` what all threads together take for it, flushes apart.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

import rolecall
from pages import ROOT
from rolecall.drift import Windows
from rolecall.ledger.database import Database
from rolecall.monitor import Series, Sink, Watch
from rolecall.monitor.figures import Figures
from rolecall.monitor.history import STRETCHES
from rolecall.monitor.log_lines import LogLines
from rolecall.monitor.summary import summary
from rolecall.record import to_record
from ui_server import served

DAYS = 30
GOALS = {"cpu_us": 100.0, "memory_mb": 20.0, "page_load_ms": 300.0, "database_mb": 100.0}
RECEIVER = """
import http.server
class Taken(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taken)
print(server.server_port, flush=True)
server.serve_forever()
"""


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


@contextmanager
def otel() -> Iterator[list[Sink]]:
    """The sink for OpenTelemetry, with a receiver; none where it is not installed."""
    told = [sys.executable, "-c", RECEIVER]
    with subprocess.Popen(told, stdout=subprocess.PIPE, text=True) as receiver:
        assert receiver.stdout is not None
        port = receiver.stdout.readline().strip()
        os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{port}"
        try:
            from rolecall.monitor.otel import Otel

            sink = Otel({})
            yield [sink]
            sink.close()
            print(f"OpenTelemetry dropped {sink.dropped:,} events")
        except ModuleNotFoundError:
            print("OpenTelemetry is not installed: measured without it")
            yield []
        finally:
            receiver.terminate()


def settled(sinks: list[Sink]) -> None:
    """Wait until the thread of OpenTelemetry has caught up: pages come slower than here."""
    while any(len(getattr(one, "_waiting", ())) > 1_000 for one in sinks):
        time.sleep(0.005)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    events = parser.parse_args().events
    made = records()
    with (
        tempfile.TemporaryDirectory() as name,
        Database(Path(name) / "rolecall.db") as store,
        otel() as sent,
    ):
        took = array("f", [1.0]) * events  # before, so that it counts for nothing
        sinks: list[Sink] = [*sent, LogLines(str(Path(name) / "events"))]
        figures = measured(took, made, store, sinks)
        files = sum(one.stat().st_size for one in Path(name).glob("rolecall.db*"))
        figures["database_mb"] = files / 1e6
        figures |= loads(Path(name))
    for key, value in figures.items():
        goal = GOALS.get(key) or (GOALS["page_load_ms"] if key.startswith("page_load") else None)
        print(f"{key:20}{value:12,.2f}" + (f"   goal {goal:,.0f}" if goal else ""))


def measured(
    took: array[float], made: list[dict[str, Any]], store: Database, sinks: list[Sink]
) -> dict[str, float]:
    """Tell of as many events as ``took`` has places for their times."""
    events = len(took)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    end = int(time.time())
    moment = [float(end - DAYS * 86_400)]
    series = Series(store, clock=lambda: moment[0])
    watch = Watch(
        [Figures(CollectorRegistry()), *sinks], series, lambda: moment[0], [Windows(store)]
    )
    step, flushed, flushed_cpu = DAYS * 86_400 / events, 0.0, 0.0
    begun = time.process_time()
    for number in range(events):
        moment[0] += step
        record = made[number % len(made)]
        began = time.perf_counter()
        watch.tell(record, 20_000 + number % 60_000)
        took[number] = time.perf_counter() - began
        if number % 500 == 499:
            settled(sinks)
            began, cpu = time.perf_counter(), time.process_time()
            watch.flush()
            flushed += time.perf_counter() - began
            flushed_cpu += time.process_time() - cpu
    spent = time.process_time() - begun - flushed_cpu
    watch.flush()
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    figures = {
        "cpu_us": 1e6 * spent / events,
        "tell_us": 1e6 * statistics.median(took),
        "tell_mean_us": 1e6 * statistics.fmean(took),
        "flush_us_a_page": 1e6 * flushed / events,
        "memory_mb": memory,
    }
    found = summary(series, int(moment[0]) - DAYS * 86_400)
    assert sum(found.pages.values()) >= 0.99 * events
    return figures


def loads(folder: Path) -> dict[str, float]:
    """Milliseconds in which a server over the database answers with the page Monitor, the median
    of five times each."""
    figures = {}
    with served(folder) as server:
        for name in STRETCHES:
            took = []
            for _ in range(5):
                began = time.perf_counter()
                with urllib.request.urlopen(f"{server.base}/monitor?since={name}") as answer:
                    assert b"Milliseconds a page" in answer.read() or name == "1h"
                took.append(time.perf_counter() - began)
            figures[f"page_load_{name}_ms"] = 1e3 * statistics.median(took)
    return figures


if __name__ == "__main__":
    main()
