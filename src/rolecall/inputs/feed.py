"""The process apart as its parent sees it: orders in, inputs out, whatever becomes of it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from multiprocessing.connection import Connection

from rolecall.inputs.lines import PATIENCE
from rolecall.inputs.nouns import Entries, Left, failed
from rolecall.inputs.order import Order
from rolecall.private import FETCHING, without_secrets

COUNT_SECONDS = 10.0


class Feed:
    """Carries out orders in a process apart, which is started for the first of them."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Connection | None = None

    def inputs(self, order: Order, left: Left) -> Entries:
        """The inputs of an order as they come; ``None`` where none has come for a moment.

        If the process dies, one input that failed stands for what it did not read.
        """
        line = self._started(stdin=order.stdin)
        last = ""
        try:
            line.send(order)
            while True:
                while not line.poll(PATIENCE):
                    yield None
                told = line.recv()
                if isinstance(told, Left):
                    left.add(told)
                    break
                last = told[-1].locator
                yield from told
        except (EOFError, OSError):
            where = f" after {last}" if last else ""
            message = f"reading stopped{where}: {self._ended()}"
            yield failed(_next(last) or order.path, "decode_error", message)
        except GeneratorExit:
            self.end()  # what it would still send is of the past
            raise
        if order.stdin:
            self.end()

    def count(self, order: Order) -> int | None:
        """How many inputs an order has, if that is known soon."""
        line = self._started(stdin=False)
        try:
            line.send(order)
            if line.poll(COUNT_SECONDS):
                told = line.recv()
                return told if isinstance(told, int) else None
        except (EOFError, OSError):
            pass
        self.end()
        return None

    def end(self) -> None:
        """End the process, if there is one."""
        if self._line is not None:
            self._line.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._line = self._process = None

    def _started(self, *, stdin: bool) -> Connection:
        if stdin or (self._process is not None and self._process.poll() is not None):
            self.end()
        if self._line is None:
            near, far = socket.socketpair()
            path = os.pathsep.join(part for part in sys.path if part)
            with far:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", "rolecall.inputs.apart", str(far.fileno())],
                    stdin=None if stdin else subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    pass_fds=(far.fileno(),),
                    env=without_secrets(os.environ, needed=FETCHING) | {"PYTHONPATH": path},
                )
            self._line = Connection(near.detach())
        return self._line

    def _ended(self) -> str:
        """How the process came to its end, in words."""
        process = self._process
        code = 0
        if process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = process.wait(1)
        self.end()
        name = f"exit code {code}"
        if code < 0:
            with contextlib.suppress(ValueError):
                name = signal.Signals(-code).name
        return f"the process that reads it ended ({name}): it is broken, or takes too much memory"


def _next(locator: str) -> str:
    """The locator after ``file:7``: ``file:8``."""
    head, mark, number = locator.rpartition(":")
    return f"{head}:{int(number) + 1}" if mark and number.isdigit() else ""
