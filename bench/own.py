"""One process of Rolecall over many pages; prints what it took as JSON.

own.py rate RECORDS   the measured pages once, after start; writes the records
own.py slope COUNT    generated pages; resident memory along the way
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pages
from rolecall.core import Source
from rolecall.pipeline import extract_record, prepare, warm
from rolecall.record import dump

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
POINTS = 100


def peak_mb() -> float:
    """The most memory that this process has held so far, in megabytes (10^6 bytes)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def resident() -> int:
    """Bytes of this process in memory now; the peak where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES
    except OSError:
        return int(peak_mb() * 1e6)


def rate(records: Path) -> dict[str, float]:
    """Read, extract and write every measured page once; seconds without start-up."""
    pipeline = prepare()
    warm(pipeline)
    paths, _ = pages.measured()
    start = time.perf_counter()
    with records.open("wb") as out:
        for number, path in enumerate(paths):
            source = Source(body=path.read_bytes(), locator=path.name, media_type="text/html")
            out.write(dump(extract_record(source, number, pipeline)) + b"\n")
    return {"pages": len(paths), "seconds": time.perf_counter() - start, "peak_mb": peak_mb()}


def slope(count: int) -> dict[str, float]:
    """Bytes of memory that each page adds: the least-squares line after the first fifth."""
    pipeline = prepare()
    warm(pipeline)
    points: list[tuple[int, int]] = []
    start = time.perf_counter()
    for number, body in enumerate(pages.generated(count)):
        extract_record(Source(body=body, media_type="text/html"), number, pipeline)
        if number % max(1, count // POINTS) == 0:
            points.append((number, resident()))
    return {
        "pages": count,
        "seconds": time.perf_counter() - start,
        "bytes_per_page": least_squares(points[len(points) // 5 :]),
        "peak_mb": peak_mb(),
    }


def least_squares(points: Sequence[tuple[int, int]]) -> float:
    """The slope of the straight line through ``points``."""
    middle = sum(x for x, _ in points) / len(points)
    level = sum(y for _, y in points) / len(points)
    spread = sum((x - middle) ** 2 for x, _ in points)
    return sum((x - middle) * (y - level) for x, y in points) / spread if spread else 0.0


if __name__ == "__main__":
    what, value = sys.argv[1:]
    print(json.dumps(rate(Path(value)) if what == "rate" else slope(int(value))))
