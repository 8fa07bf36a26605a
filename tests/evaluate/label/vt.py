"""A terminal for tests: a pseudo-terminal with the command in it, and what its screen shows."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path

from tests.cli.shell import environment, heed_signals

PATIENCE = 30.0  # seconds until a screen that does not come is a failure
SEQUENCE = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])")


class Vt:
    """A screen that knows no more than a VT100: other sequences are kept in ``odd``."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.rows: list[list[str]] = [[" "] * width for _ in range(height)]
        self.styles: list[list[str]] = [[""] * width for _ in range(height)]
        self.x = self.y = 0
        self.style = ""
        self.odd: list[str] = []
        self.overflows = 0

    def feed(self, text: str) -> None:
        at = 0
        while at < len(text):
            match = SEQUENCE.match(text, at)
            if match:
                self._sequence(match[1], match[2])
                at = match.end()
                continue
            self._put(text[at])
            at += 1

    def _sequence(self, told: str, final: str) -> None:
        if final == "H":
            row, column = ([*told.split(";"), "1", "1"])[:2] if told else ("1", "1")
            self.y, self.x = int(row) - 1, int(column) - 1
        elif final == "K":
            self.rows[self.y][self.x :] = [" "] * (self.width - self.x)
            self.styles[self.y][self.x :] = [""] * (self.width - self.x)
        elif final == "J":
            self.rows = [[" "] * self.width for _ in range(self.height)]
            self.styles = [[""] * self.width for _ in range(self.height)]
        elif final == "m":
            self.style = told
        elif told not in ("?1049", "?25"):
            self.odd.append(told + final)

    def _put(self, char: str) -> None:
        if unicodedata.category(char) in ("Mn", "Me"):
            return
        if unicodedata.category(char)[0] == "C":
            self.odd.append(repr(char))
            return
        wide = 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
        if self.x + wide > self.width:
            self.overflows += 1
            return
        self.rows[self.y][self.x] = char
        self.styles[self.y][self.x] = self.style
        if wide == 2:
            self.rows[self.y][self.x + 1] = ""
        self.x += wide

    @property
    def text(self) -> str:
        return "\n".join("".join(row).rstrip() for row in self.rows)

    def styled(self, style: str) -> str:
        """The characters shown in a style (``7`` is reverse), by line."""
        lines = []
        for row, styles in zip(self.rows, self.styles, strict=True):
            lines.append("".join(c for c, s in zip(row, styles, strict=True) if s == style))
        return "\n".join(line for line in lines if line)


class Labeller:
    """``rolecall eval label`` in a pseudo-terminal of its own."""

    def __init__(
        self, *words: str | Path, cwd: Path, size: tuple[int, int] = (80, 24), **more: str
    ) -> None:
        self.vt = Vt(*size)
        self.pid, self.master = pty.fork()
        if self.pid == 0:  # the child
            try:
                heed_signals()
                os.chdir(cwd)
                env = environment(TERM="vt100", **more)
                words_ = [sys.executable, "-m", "rolecall", "eval", "label", *map(str, words)]
                os.execve(sys.executable, words_, env)
            finally:
                os._exit(127)
        self.resize(*size, told=False)
        self._pending = b""

    def resize(self, width: int, height: int, *, told: bool = True) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        if told:
            self.vt = Vt(width, height)

    def send(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def read(self, seconds: float) -> bool:
        """Take in what comes within ``seconds``; false at the end."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.master, 65_536)
        except OSError:
            return False
        if not data:
            return False
        data = self._pending + data
        cut = len(data)
        if b"\x1b" in data[-12:] and not SEQUENCE.search(
            data[data.rindex(b"\x1b") :].decode("latin-1")
        ):
            cut = data.rindex(b"\x1b")
        while cut and cut > len(data) - 4:
            try:
                text = data[:cut].decode()
                break
            except UnicodeDecodeError:
                cut -= 1
        else:
            text = data[:cut].decode("utf-8", "replace")
        self._pending = data[cut:]
        self.vt.feed(text)
        return True

    def until(self, shown: str | Callable[[str], bool], but: str = "") -> str:
        """Wait until the screen shows ``shown`` (and no longer ``but``); returns its text."""
        end = time.monotonic() + PATIENCE
        while True:
            text = self.vt.text
            found = shown in text if isinstance(shown, str) else shown(text)
            if found and not (but and but in text):
                return text
            if time.monotonic() > end or not self.read(0.5):
                raise AssertionError(f"waited for {shown!r}, the screen shows:\n{self.vt.text}")

    def ended(self) -> int:
        """Wait for the end; returns the exit code, negative for a signal."""
        while self.read(0.5):
            pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self.master)
        return os.waitstatus_to_exitcode(status)

    def hang_up(self) -> int:
        """Close the terminal's window; returns the exit code."""
        os.close(self.master)
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.master)
