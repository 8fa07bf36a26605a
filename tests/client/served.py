"""A real `rolecall serve` as a process of its own, that can be stopped and started again."""

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx2


def free_port():
    """A port that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@dataclass
class Served:
    """A server with its data in ``folder``, always on the same port."""

    folder: Path
    flags: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    process: subprocess.Popen | None = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self):
        kept = {name: value for name, value in os.environ.items() if name[:9] != "ROLECALL_"}
        return kept | {"ROLECALL_DATA_FOLDER": str(self.folder), "ROLECALL_ENGINE": "none"}

    def start(self):
        """Start it, and wait until it answers."""
        command = [sys.executable, "-m", "rolecall", "serve", "--port", str(self.port)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *self.flags], env=self.environment, cwd=self.folder, stderr=log
            )
        deadline = time.monotonic() + 60
        while True:
            assert self.process.poll() is None, (self.folder / "log").read_text()
            try:
                if httpx2.get(f"{self.url}/healthz", trust_env=False).is_success:
                    return self
            except httpx2.TransportError:
                assert time.monotonic() < deadline, "it did not start"
                time.sleep(0.02)

    def stop(self):
        """Let it end in order."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) == 143, (self.folder / "log").read_text()

    def command(self, *words):
        """What another command over the same data prints."""
        done = subprocess.run(
            [sys.executable, "-m", "rolecall", *words],
            env=self.environment, capture_output=True, text=True, check=True, cwd=self.folder,
        )  # fmt: skip
        return done.stdout
