"""Changed pages through the whole embedded extraction, in a process that may die of one.

    python -m fuzz.mutated --pages DIR --count 2000

Says a line for each page before it is read and another one after it, so that whoever started this
knows which page ended it.
"""

from __future__ import annotations

import argparse
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Final

from fuzz.checks import record_holds
from fuzz.mutate import mutated
from fuzz.targets_page import pipeline
from fuzz.words import PAGES
from rolecall.core import Source
from rolecall.pipeline import extract_record, warm

ROOT: Final = Path(__file__).resolve().parents[1]
LONGEST: Final = 10.0
"""Seconds for a page, as in the default settings."""


def main() -> int:
    """0, unless a page ends this process."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.mutated", description=__doc__)
    parser.add_argument("--pages", type=Path, action="append", default=[])
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=20261126)
    parser.add_argument("--save", type=int, help="write this one to standard output instead")
    told = parser.parse_args()
    pages = read(told.pages)
    if told.save is not None:
        sys.stdout.buffer.write(mutated(told.save, pages, told.seed)[1])
        return 0
    warm(pipeline())
    for number in range(told.start, told.start + told.count):
        name, page = mutated(number, pages, told.seed)
        print(f"begin {number} {name} {len(page)}", flush=True)
        signal.alarm(int(3 * LONGEST))  # what Python cannot be interrupted in ends the process
        started = time.process_time()
        said = tried(page, number)
        seconds = time.process_time() - started
        signal.alarm(0)
        print(f"end {number} {seconds:.4f} {said}", flush=True)
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}", flush=True)
    return 0


def read(folders: list[Path]) -> list[bytes]:
    """The pages to start from: those of ``folders``, and our own."""
    own = [page.encode() for page in PAGES]
    own += [path.read_bytes() for path in sorted((ROOT / "examples").glob("*.html"))]
    return own + [path.read_bytes() for one in folders for path in sorted(one.glob("*.html"))]


def tried(page: bytes, number: int) -> str:
    """What came of a page in a word: its outcome, or ``wrong`` or ``crashed`` with the reason."""
    source = Source(body=page, media_type="text/html", url="https://a.example/jobs/1")
    try:
        record = extract_record(source, 0, pipeline())
        record_holds(record)
        if number % 20 == 0:
            again = extract_record(source, 0, pipeline())
            if record | {"seconds": {}} != again | {"seconds": {}}:
                return "wrong two records of one page"
    except AssertionError as error:
        return f"wrong {_line(error)}"
    except Exception as error:
        at = traceback.extract_tb(error.__traceback__)[-1]
        return f"crashed {Path(at.filename).name}:{at.lineno} {type(error).__name__} {_line(error)}"
    return str(record["outcome"])


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200].encode("utf-8", "replace").decode()


if __name__ == "__main__":
    sys.exit(main())
