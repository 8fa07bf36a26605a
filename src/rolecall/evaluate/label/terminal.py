"""The terminal of a labeller: raw keys in, changed lines out, everything put back at the end.

Only what a VT100 knows is sent: the cursor's place, erasing to the end of a line, bold, underline
and reverse; colours where they are allowed.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import sys
import termios
import time
import tty
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rolecall.errors import UsageError
from rolecall.evaluate.label.cells import Line, Style
from rolecall.evaluate.label.keys import decode

ESCAPE_SECONDS: Final = 0.05
"""How long the rest of a key's bytes may take; after that, an escape is the key itself."""

_STYLES: Final[Mapping[Style, tuple[str, str]]] = {
    "plain": ("", ""), "bold": ("\x1b[1m", "\x1b[1m"), "dim": ("", "\x1b[2m"),
    "mark": ("\x1b[4m", "\x1b[4m"), "hit": ("\x1b[7m", "\x1b[7m"),
    "good": ("", "\x1b[32m"), "doubt": ("", "\x1b[33m"),
}  # fmt: skip
"""How a style is sent without and with colours."""

_ENTER: Final = "\x1b[?1049h\x1b[?25l\x1b[2J"
_LEAVE: Final = "\x1b[m\x1b[2J\x1b[H\x1b[?25h\x1b[?1049l"


class Screen:
    """The terminal while it is ours; made by ``taken_over``."""

    def __init__(self, reading: int, writing: int, *, colours: bool, encoding: str) -> None:
        self._reading, self._writing = reading, writing
        self._colours, self._encoding = colours, encoding
        self._shown: list[Line] = []
        self._size = (0, 0)
        self._rest = b""
        self._wakes, self._wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def seconds(self) -> float:
        """Seconds of a clock that only goes forward."""
        return time.monotonic()

    def size(self) -> tuple[int, int]:
        """Columns and rows of the terminal now."""
        try:
            found = os.get_terminal_size(self._writing)
        except OSError:
            found = shutil.get_terminal_size()
        return max(1, found.columns or 80), max(1, found.lines or 24)

    def draw(self, lines: Sequence[Line]) -> None:
        """Show ``lines``; those that are shown already are not sent again."""
        if self.size() != self._size:
            self._size, self._shown = self.size(), []
            self._send("\x1b[2J")
        out = []
        for number, line in enumerate(lines):
            if number >= len(self._shown) or self._shown[number] != line:
                out.append(f"\x1b[{number + 1};1H\x1b[K{self._painted(line)}")
        self._shown = list(lines)
        self._send("".join(out))

    def _painted(self, line: Line) -> str:
        out = []
        for text, style in line:
            code = _STYLES[style][self._colours]
            out.append(f"{code}{text}\x1b[m" if code else text)
        return "".join(out)

    def _send(self, text: str) -> None:
        data = text.encode(self._encoding, "replace")
        while data:
            data = data[os.write(self._writing, data) :]

    def keys(self) -> list[str]:
        """Wait for keys; an empty list where the window changed its size. A terminal that is gone
        gives ``ctrl-c``, so that the work is put away."""
        keys: list[str] = []
        while not keys:
            wait = ESCAPE_SECONDS if self._rest else None
            ready, _, _ = select.select([self._reading, self._wakes], [], [], wait)
            if self._wakes in ready:
                os.read(self._wakes, 512)
                return keys
            if not ready:
                keys, self._rest = decode(self._rest, final=True)
                continue
            try:
                data = os.read(self._reading, 4096)
            except OSError:
                data = b""
            if not data:
                return ["ctrl-c"]
            keys, self._rest = decode(self._rest + data)
        return keys

    def wake(self, *_: Any) -> None:
        """The window has another size."""
        with contextlib.suppress(OSError):
            os.write(self._wake, b"w")

    def close(self) -> None:
        """Let go of what is ours alone."""
        os.close(self._wakes)
        os.close(self._wake)


@contextlib.contextmanager
def taken_over(environ: Mapping[str, str]) -> Iterator[Screen]:
    """The terminal in raw mode, with a screen of its own; as it was afterwards, however it ends.

    Raises:
        UsageError: standard input or output is no terminal, or one that cannot place its cursor.
    """
    check_terminal(environ)
    reading, writing = sys.stdin.fileno(), sys.stdout.fileno()
    before = termios.tcgetattr(reading)
    screen = Screen(
        reading,
        writing,
        colours=not environ.get("NO_COLOR"),
        encoding=sys.stdout.encoding or "utf-8",
    )
    old = signal.signal(signal.SIGWINCH, screen.wake)
    ends = {number: signal.signal(number, _ended) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        tty.setraw(reading, termios.TCSADRAIN)
        screen._send(_ENTER)
        yield screen
    finally:
        for number, one in {signal.SIGWINCH: old, **ends}.items():
            signal.signal(number, one)
        with contextlib.suppress(OSError, termios.error):
            screen._send(_LEAVE)
            termios.tcsetattr(reading, termios.TCSADRAIN, before)
        screen.close()


def check_terminal(environ: Mapping[str, str]) -> None:
    """Raise ``UsageError`` where there is no terminal to label in."""
    try:
        there = os.isatty(0) and os.isatty(1)
    except OSError:
        there = False
    if not there:
        raise UsageError(
            "labelling needs a terminal: standard input and output are not one",
            hint="run it without pipes; pages are named as arguments",
        )
    if environ.get("TERM") == "dumb":
        raise UsageError(
            "this terminal (TERM=dumb) cannot place its cursor", hint="use another terminal"
        )


def _ended(number: int, frame: object) -> None:
    """A signal ends the session; all that was decided is on the disk."""
    raise SystemExit(128 + number)
