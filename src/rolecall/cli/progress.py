"""How far a run is: a bar on a terminal, a line now and then elsewhere, a summary at its end."""

from __future__ import annotations

import shutil
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import NamedTuple, TextIO

from rolecall.batch.done import Done, Tally, copies_told
from rolecall.batch.summary import Beside, Summary, always, details, machine_load, money, span
from rolecall.inputs.files import shown

BAR = 24
FIRST = 0.5  # seconds before anything is shown
TERMINAL_EVERY = 0.1
ELSEWHERE_EVERY = 10.0
LATER, LATER_EVERY = 600.0, 60.0  # elsewhere, after so long a line comes less often
WINDOW = 30.0  # seconds whose rate is shown and reckoned with
STEP = 0.5  # seconds between the points that a rate is taken from
FAULTS_TOLD = 20


class _Point(NamedTuple):
    at: float
    fresh: int
    tokens: int


class Pace:
    """How fast it goes now: over the last ``WINDOW`` seconds, or since the last line if longer.

    It begins with the first input that is finished, so that no start weighs on it.
    """

    def __init__(self) -> None:
        self._points: deque[_Point] = deque()

    def note(self, at: float, fresh: int, tokens: int, window: float = WINDOW) -> None:
        """So many inputs and tokens at this moment; what is older than ``window`` is forgotten."""
        points = self._points
        if points and at - points[-1].at < STEP:
            return
        points.append(_Point(at, fresh, tokens))
        while len(points) > 2 and points[1].at <= at - window:
            points.popleft()

    def rates(self, at: float, fresh: int, tokens: int) -> tuple[float, float]:
        """Inputs a second and tokens a second."""
        if not self._points:
            return 0.0, 0.0
        first = self._points[0]
        passed = at - first.at
        if passed <= 0:
            return 0.0, 0.0
        return (fresh - first.fresh) / passed, (tokens - first.tokens) / passed


class Progress:
    """Follows one run. ``total`` is ``None`` where it is not known.

    ``verbose`` says more at the end, however short the run. ``workers`` and ``local`` (of each
    engine, whether it is on the user's machines) are for the summary.
    """

    def __init__(
        self,
        total: int | None,
        *,
        quiet: bool,
        verbose: bool = False,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.tally = Tally()
        self.workers = 1
        self.local: Mapping[str, bool] = {}
        self._total, self._quiet, self._verbose = total, quiet, verbose
        self._stream: TextIO | None = stream if stream is not None else sys.stderr
        self._terminal = self._stream is not None and self._stream.isatty()
        self._clock = clock
        self._start = clock()
        self._next = self._start + (FIRST if self._terminal else ELSEWHERE_EVERY)
        self._first: float | None = None
        self._ended: float | None = None
        self._pace = Pace()
        self._beside: dict[str, Beside] = {}
        self._faults = 0
        self._shown = False

    @property
    def seconds(self) -> float:
        """Since the start of the run, up to its summary."""
        return (self._ended if self._ended is not None else self._clock()) - self._start

    def add(self, done: Done) -> None:
        """Count one finished input, tell of it if nothing came out, and show how far the run is."""
        self.tally.add(done)
        now = self._clock()
        if done.outcome != "kept":
            self._first = now if self._first is None else self._first
            self._pace.note(now, self.tally.fresh, self._tokens, max(WINDOW, self._every(now)))
        if done.outcome == "failed" or (done.line is None and done.outcome != "kept"):
            self._fault(done)
        if now >= self._next:
            self._show(now)

    def say(self, message: str) -> None:
        """One line for the user, unless the run is quiet."""
        if not self._quiet:
            self._write(f"{message}\n")

    def beside(self, key: str, told: str, count: int) -> None:
        """A count of another part of the run, for the summary; a later one takes its place."""
        self._beside[key] = Beside(key, told, count)

    def ended(self, error: str = "") -> Summary:
        """The run as it is now, for its summary."""
        return Summary(
            tally=self.tally,
            seconds=self.seconds,
            first=None if self._first is None else self._first - self._start,
            workers=self.workers,
            local=self.local,
            beside=tuple(self._beside.values()),
            error=error,
            load=machine_load(),
        )

    def summary(self, *, stopped: bool = False) -> None:
        """What came out, in one line, more after many inputs; nothing for one that went well."""
        self._ended = self._clock()
        tally = self.tally
        summary = self.ended()
        others = always(summary)
        quick = tally.total == 1 and not tally.outcomes["failed"] and not stopped
        if quick and not self._verbose and not others:
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
        self.say(f"{done} {inputs} in {span(seconds)}{rate}{': ' if told else ''}{told}")
        if tally.copies or tally.splits:
            self.say(copies_told(tally))
        lines = details(summary) if self._verbose or summary.much else []
        for line in (*lines, *others):
            self.say(f"  {line}")

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

    @property
    def _tokens(self) -> int:
        return sum(use.input_tokens + use.output_tokens for use in self.tally.engines.values())

    def _every(self, now: float) -> float:
        """Seconds between two lines at this moment of the run."""
        if self._terminal:
            return TERMINAL_EVERY
        return LATER_EVERY if now - self._start >= LATER else ELSEWHERE_EVERY

    def _show(self, now: float) -> None:
        self._next = now + self._every(now)
        done, total = self.tally.total, self._total
        if self._quiet or done < 1 or (total is not None and total <= 1):
            return
        line = "  ".join(self._words(now))
        if not self._terminal:
            self._write(line + "\n")
            return
        if total:
            full = round(BAR * min(1.0, done / total))
            line = f"[{'#' * full}{'.' * (BAR - full)}]  {line}"
        self._write(f"\r\x1b[K{line[: shutil.get_terminal_size().columns - 1]}", bar=True)

    def _words(self, now: float) -> list[str]:
        """How far, how fast, how long still, and what it has cost."""
        tally, total = self.tally, self._total
        done, kept = tally.total, tally.outcomes["kept"]
        rate, tokens = self._pace.rates(now, tally.fresh, self._tokens)
        words = [f"{done:,}"]
        if total:
            words = [f"{done:,}/{total:,}", f"{min(1.0, done / total):4.0%}"]
        if tally.fresh > 1:
            words.append(f"{rate:,.0f}/s" if rate >= 10 or not rate else f"{rate:.2g}/s")
        if total and rate:
            words.append(f"ETA {span(max(0, total - done) / rate)}")
        words += [f"{kept:,} kept"] if kept else []
        words += [f"{failed:,} failed"] if (failed := tally.outcomes["failed"]) else []
        words += [f"{tokens:,.0f} tokens/s"] if tokens else []
        words += [money(spent)] if (spent := tally.used.cost_usd) else []
        return words

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
