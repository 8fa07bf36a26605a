"""Progress of a run on stderr: a line that is redrawn on a terminal, a line a point elsewhere."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from typing import TextIO

from rolecall.evaluate.load.loops import Tally
from rolecall.evaluate.load.nouns import Point


class Progress:
    """Tells which point is measured, for how long, how many requests have ended, and their rate."""

    def __init__(
        self, stream: TextIO, *, quiet: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream: TextIO | None = None if quiet else stream
        self._terminal = stream.isatty()
        self._clock = clock
        self._label, self._began = "", clock()
        self._total: int | None = None
        self._seconds: float | None = None
        self._shown = False

    def begin(self, label: str, total: int | None, seconds: float | None) -> None:
        """A point begins."""
        self._label, self._total, self._seconds, self._began = label, total, seconds, self._clock()

    def tick(self, tally: Tally) -> None:
        """Redraw the line."""
        if not self._terminal:
            return
        elapsed = self._clock() - self._began
        done = len(tally.rows)
        total = f"/{self._total:,}" if self._total else ""
        end = f" of {self._seconds:g} s" if self._seconds else " s"
        rate = f", {done / elapsed:,.1f}/s" if done and elapsed > 0 else ""
        failed = f", {done - tally.answered:,} failed" if done > tally.answered else ""
        line = (
            f"{self._label}: {elapsed:.0f}{end}, {done:,}{total} requests, "
            f"{tally.under_way:,} under way{rate}{failed}"
        )
        self._write(f"\r\x1b[K{line[: shutil.get_terminal_size().columns - 1]}")
        self._shown = True

    def end(self, found: Point) -> None:
        """Say in one line what the point gave."""
        rate = f"{found.requests_per_s:,.2f} requests/s" if found.requests_per_s else "no answer"
        delay = f", E2EL p50 {found.e2el_ms.p50:,.0f} ms" if found.e2el_ms else ""
        failed = f", {found.failed:,} failed" if found.failed else ""
        early = f", ended early: {found.stopped}" if found.stopped else ""
        self._clear()
        self._write(
            f"{self._label}: {found.requests:,} requests in {found.seconds:.1f} s, "
            f"{rate}{delay}{failed}{early}\n"
        )

    def close(self) -> None:
        """Leave no half line."""
        self._clear()

    def _clear(self) -> None:
        if self._shown:
            self._write("\r\x1b[K")
            self._shown = False

    def _write(self, text: str) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            self._stream = None
