"""A real `rolecall serve` on a free port, for what looks at the web UI from outside."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_SECONDS = 60.0


@dataclass
class Served:
    """A server that runs: its address, its process, and the token that opens it."""

    base: str
    process: subprocess.Popen[str]
    token: str = ""

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """What the API answers, as JSON."""
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        asked = urllib.request.Request(self.base + path, data, headers, method=method)
        with urllib.request.urlopen(asked, timeout=60) as answer:
            told = answer.read()
        return json.loads(told) if told else None

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)


@contextmanager
def served(folder: Path, *words: str, token: str = "", **more: str) -> Iterator[Served]:
    """Run a server over the database in ``folder``, and end it."""
    environ = os.environ | {"ROLECALL_DATA_FOLDER": str(folder), "NO_COLOR": "1"} | more
    process = subprocess.Popen(
        [sys.executable, "-m", "rolecall", "serve", "--port", "0", "--workers", "1", *words],
        stderr=subprocess.PIPE,
        text=True,
        env=environ,
        cwd=folder,
    )
    try:
        yield Served(_address(process), process, token)
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    said, until = "", time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        line = process.stderr.readline()
        said += line
        found = re.search(r"serving on (http://\S+)", line)
        if found:
            return found[1]
        if not line and process.poll() is not None:
            break
    raise RuntimeError(f"the server did not start: {said}")
