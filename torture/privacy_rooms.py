"""A place full of secrets: verbs are run in it, and what they leave behind is searched."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import httpx2
from tests.engines.faults import KEY, FaultServer

from rolecall.queue.packing import unpack

ROOT: Final = Path(__file__).resolve().parents[1]

SECRETS: Final[Mapping[str, str]] = {
    "key of a cloud": KEY,
    "password of the database": "pgpw-canary-5531",
    "secret of the store": "aws-canary-7710",
    "token of the hub": "hf_canary_2295",
    "headers of telemetry": "otel-canary-6034",
    "secret of callbacks": "whsec-canary-9174-long-enough-for-signing",
    "secret of alerts": "alert-canary-3308-long-enough-for-signing",
    "password in an engine's address": "urlpw-canary-4471",
    "password of a proxy": "proxy-canary-1182",
}
WORDS: Final = ("Zwetschgenknödelhof", "Plinkerton-Ottakring", "kanarienvogel.person@mail.example")
"""Words of a page that are nowhere else. Its employer is hard to make out without a model."""

PAGE: Final = f"""<!doctype html><html lang="en"><head><title>Night Baker</title></head><body>
<main><h1>Night Baker {WORDS[0]}</h1><p>Leeds. Full time.</p><h2>About the role</h2>
<p>You bake bread at night and lead a team of four people.</p><h2>What we ask</h2>
<ul><li>Three years of baking</li></ul><p>Letters go to {WORDS[2]} of {WORDS[1]},
the bakery in Leeds, before summer.</p></main></body></html>"""


class Place:
    """A folder with settings, a page, and an environment that holds every secret."""

    def __init__(self, folder: Path, url: str = "http://127.0.0.1:9/v1", **more: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "page.html").write_text(PAGE, "utf-8")
        (folder / "alert.key").write_text(SECRETS["secret of alerts"])
        self.set(f'[engines.cloud]\nkind = "openai"\nmodel = "tiny"\nurl = "{url}"\ntries = 2\n')
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith("ROLECALL_")
        }
        self.environ = kept | {
            "PYTHONPATH": str(ROOT / "src"),
            "HOME": str(folder),
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "ROLECALL_DATA_FOLDER": str(folder / "data"),
            "CLOUD_KEY": SECRETS["key of a cloud"],
            "PGPASSWORD": SECRETS["password of the database"],
            "AWS_ACCESS_KEY_ID": "AKIACANARY",
            "AWS_SECRET_ACCESS_KEY": SECRETS["secret of the store"],
            "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
            "HF_TOKEN": SECRETS["token of the hub"],
            "HF_HUB_OFFLINE": "1",
            "OTEL_EXPORTER_OTLP_HEADERS": f"authorization={SECRETS['headers of telemetry']}",
            "SMTP_PROXY_URL": f"http://me:{SECRETS['password of a proxy']}@proxy.example:3128",
            **more,
        }  # fmt: skip

    def set(self, engines: str, top: str = "") -> None:
        """Write the settings."""
        (self.folder / "rolecall.toml").write_text(
            f'{top}alert_key_file = "alert.key"\nalert_url = "http://127.0.0.1:9/hook"\n'
            f'events_log = "events.jsonl"\n{engines}key_env = "CLOUD_KEY"\n'
        )

    def run(
        self, *words: str, seconds: float = 60, **more: str
    ) -> subprocess.CompletedProcess[str]:
        """One verb, with what it printed."""
        return subprocess.run(
            [sys.executable, "-m", "rolecall", *words],
            cwd=self.folder, env=self.environ | more, capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL, timeout=seconds,
        )  # fmt: skip

    def files(self) -> Iterator[tuple[str, bytes]]:
        """What was left in files, but the settings and key files that a user wrote; records and
        answers unpacked."""
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and path.name not in ("rolecall.toml", "alert.key", "page.html"):
                with contextlib.suppress(OSError):
                    yield path.name, path.read_bytes()
                if path.name == "rolecall.db":
                    yield from _unpacked(path)


def _unpacked(path: Path) -> Iterator[tuple[str, bytes]]:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        for (record,) in database.execute("SELECT record FROM queue_result"):
            yield "a record", unpack(record)
        for (value,) in database.execute("SELECT value FROM cache_completion"):
            yield "a kept answer", zlib.decompress(value)


PROVED: Final = 8
"""Requests by which an engine is proved before it is asked anything, at most."""


def found_in(data: bytes, wanted: Sequence[str]) -> list[str]:
    """Those of ``wanted`` that stand in ``data``, as they are or as JSON or HTML writes them."""
    return [one for one in wanted if one.encode() in data or json.dumps(one)[1:-1].encode() in data]


def leaks(*texts: str | bytes, place: Place | None = None) -> list[str]:
    """The secrets that are found, with where in files."""
    found = []
    for text in texts:
        data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
        found += [name for name, one in SECRETS.items() if found_in(data, [one])]
    for where, data in place.files() if place is not None else ():
        found += [f"{name} in {where}" for name, one in SECRETS.items() if found_in(data, [one])]
    return sorted(set(found))


@contextlib.contextmanager
def faulty(*script: str) -> Iterator[FaultServer]:
    """A server of OpenAI's protocol in a thread, which meets requests with ``script``."""
    loop = asyncio.new_event_loop()
    server = FaultServer(list(script))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(20)
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(server.__aexit__(), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)


@contextlib.contextmanager
def served(
    place: Place, *words: str, verb: str = "serve", wrap: Sequence[str] = (), **more: str
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A server over the place, and its address; what it prints goes to ``log``."""
    with (place.folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [*wrap, sys.executable, "-m", "rolecall", verb, "--port", "0", *words],
            cwd=place.folder, env=place.environ | more, stdout=log, stderr=log,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    try:
        yield process, address(place, process)
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(40)
        process.kill()
        process.wait()


def address(place: Place, process: subprocess.Popen[bytes]) -> str:
    """Where the server listens, once it says so; raises `RuntimeError`."""
    until = time.monotonic() + 40
    while time.monotonic() < until and process.poll() is None:
        text = (place.folder / "log").read_text("utf-8", "replace")
        for word in text.split():
            if (
                word.startswith("http://127.0.0.1:")
                and word.rpartition(":")[2].strip("/,.").isdigit()
            ):
                return word.rstrip("/,.")
        time.sleep(0.05)
    raise RuntimeError(f"it did not start: {(place.folder / 'log').read_text()[-400:]}")


def descendants(pid: int) -> list[int]:
    """All living processes that stem from one."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found, wave = [], [pid]
    while wave:
        wave = [one for one, parent in parents.items() if parent in wave]
        found += wave
    return found


def client(url: str, **more: Any) -> httpx2.Client:
    """A client of the server."""
    return httpx2.Client(base_url=url, trust_env=False, timeout=40, **more)
