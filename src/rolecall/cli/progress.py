"""How far a run is: a bar on a terminal, a line now and then elsewhere, a summary at its end."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from typing import TextIO

from rolecall.batch.done import Done, Tally, copies_told
from rolecall.inputs.files import shown

BAR = 24
FIRST = 0.5  # seconds before anything is shown
TERMINAL_EVERY = 0.1
ELSEWHERE_EVERY = 10.0
FAULTS_TOLD = 20


class Progress:
    """Follows one run. ``total`` is ``None`` where it is not known."""

    def __init__(
        self,
        total: int | None,
        *,
        quiet: bool,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.tally = Tally()
        self._total, self._quiet = total, quiet
        self._stream: TextIO | None = stream if stream is not None else sys.stderr
        self._terminal = self._stream is not None and self._stream.isatty()
        self._clock = clock
        self._start = clock()
        self._next = self._start + (FIRST if self._terminal else ELSEWHERE_EVERY)
        self._faults = 0
        self._shown = False

    @property
    def seconds(self) -> float:
        """Since the start of the run."""
        return self._clock() - self._start

    def add(self, done: Done) -> None:
        """Count one finished input, tell of it if nothing came out, and show how far the run is."""
        self.tally.add(done)
        if done.outcome == "failed" or (done.line is None and done.outcome != "kept"):
            self._fault(done)
        if self._clock() >= self._next:
            self._show()

    def say(self, message: str) -> None:
        """One line for the user, unless the run is quiet."""
        if not self._quiet:
            self._write(f"{message}\n")

    def summary(self, *, stopped: bool = False) -> None:
        """What came out, in one line; nothing for a single input that went well."""
        tally = self.tally
        if tally.total == 1 and not tally.outcomes["failed"] and not stopped:
            self._clear()
            return
        seconds = self.seconds
        done = "stopped after" if stopped else "done:"
        rate = f", {tally.total / seconds:,.0f}/s" if tally.total > 1 and seconds > 0 else ""
        told = ", ".join(
            f"{count:,} {outcome}{self._codes(outcome)}"
            for outcome in ("ok", "partial", "not_a_posting", "failed", "kept")
            if (count := tally.outcomes[outcome])
        )
        inputs = f"{tally.total:,} input{'s' * (tally.total != 1)}"
        self.say(f"{done} {inputs} in {_span(seconds)}{rate}{': ' if told else ''}{told}")
        if tally.copies or tally.splits:
            self.say(copies_told(tally))

    def _codes(self, outcome: str) -> str:
        codes = self.tally.codes.get(outcome)
        if not codes:
            return ""
        return f" ({', '.join(f'{code} {count:,}' for code, count in sorted(codes.items()))})"

    def _fault(self, done: Done) -> None:
        self._faults += 1
        if self._faults <= FAULTS_TOLD:
            self.say(f"{shown(done.locator)}: {done.outcome}: {done.code}: {shown(done.message)}")
        elif self._faults == FAULTS_TOLD + 1:
            self.say("more inputs have no values; their records say why")

    def _show(self) -> None:
        self._next = self._clock() + (TERMINAL_EVERY if self._terminal else ELSEWHERE_EVERY)
        done, total, seconds = self.tally.total, self._total, self.seconds
        if self._quiet or done < 1 or (total is not None and total <= 1):
            return
        fresh = done - self.tally.outcomes["kept"]
        rate = fresh / seconds if seconds else 0.0
        words = [f"{done:,}"]
        if total:
            share = min(1.0, done / total)
            words = [f"{done:,}/{total:,}", f"{share:4.0%}"]
        words.append(f"{rate:,.0f}/s")
        if total and rate:
            words.append(f"ETA {_span(max(0, total - done) / rate)}")
        if failed := self.tally.outcomes["failed"]:
            words.append(f"{failed:,} failed")
        line = "  ".join(words)
        if not self._terminal:
            self._write(line + "\n")
            return
        if total:
            full = round(BAR * min(1.0, done / total))
            line = f"[{'#' * full}{'.' * (BAR - full)}]  {line}"
        self._write(f"\r\x1b[K{line[: shutil.get_terminal_size().columns - 1]}", bar=True)

    def _clear(self) -> None:
        if self._shown:
            self._write("")

    def _write(self, text: str, *, bar: bool = False) -> None:
        if self._stream is None:
            return
        clear = "\r\x1b[K" if self._shown and not bar else ""
        self._shown = bar
        try:
            self._stream.write(clear + text)
            self._stream.flush()
        except (OSError, ValueError):
            self._stream = None


def _span(seconds: float) -> str:
    """Seconds in words: 0.4 s, 12 s, 3:05, 1:02:03."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
