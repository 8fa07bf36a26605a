"""The server under load: its overhead, what it takes in, pages end to end, a restart.

serving.py [--only overhead|accept|whole|restart] [--count N]

``make bench-serve``. A real `rolecall serve` with the embedded database in a folder of its own;
the load comes from another process on the same machine, and takes its share of it. Prints a table,
writes ``build/serve.json``.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import platform
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pages
from scale import memory, write_pages
from serving_load import Answers, load, of_80_kb, request

BUILD = pages.ROOT / "build"
TOLD = ("overhead", "accept", "whole", "restart")


@dataclass
class Server:
    """A running server: its process, port and folder, and the seconds until it was ready."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path
    ready_s: float

    def get(self, path: str) -> Any:
        """The JSON at ``path``."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return json.load(answer)

    def resident_mb(self) -> float:
        """Memory of the server's own process, without those that read pages."""
        text = Path(f"/proc/{self.process.pid}/statm").read_text()
        return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def cpu_s(self) -> float:
        """Seconds of processor time that the server's own process has had."""
        told = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def database(self) -> Path:
        """The file of its embedded database."""
        return next(self.folder.rglob("*.db"))


@contextmanager
def server(folder: Path, *flags: str, wait: str = "/readyz") -> Iterator[Server]:
    """A `rolecall serve` on a free port, with its data in ``folder``; it ends by SIGTERM."""
    begun = time.monotonic()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ROLECALL_")}
    environment["ROLECALL_DATA_FOLDER"] = str(folder)
    process = subprocess.Popen(
        [sys.executable, "-m", "rolecall", "serve", "--port", "0", *flags],
        stderr=subprocess.PIPE, env=environment, cwd=folder, start_new_session=True,
    )  # fmt: skip
    try:
        port = _port_of(process)
        one = Server(process, port, folder, 0.0)
        _await(one, wait)
        one.ready_s = time.monotonic() - begun
        yield one
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise SystemExit("the server did not end within 40 s of SIGTERM") from None


def overhead(count: int) -> dict[str, Any]:
    """Milliseconds of POST /v1/extract beyond what reading the page took, by its record."""
    bodies = list(pages.kinds()["realistic"](200))
    answer = json.dumps({"responsibilities": [[3, 6]], "benefits": [[9, 12]]})
    with _folder() as folder:
        line = {"contains": "", "text": answer, "finish_reason": "stop"}
        (folder / "answers.jsonl").write_text(json.dumps(line) + "\n")
        table = f'[engines.replay]\nkind = "replay"\npath = "{folder / "answers.jsonl"}"\n'
        (folder / "rolecall.toml").write_text(table)
        with server(folder) as one:
            asked = [
                request(
                    "POST", "/v1/extract", json.dumps({"html": body.decode()}).encode(), one.port
                )
                for body in bodies
            ]
            load(one.port, asked[:20], 1)
            before = one.cpu_s()
            alone = load(one.port, asked * max(1, count // len(asked)), 1, keep=True)
            cpu_ms = 1_000 * (one.cpu_s() - before) / len(alone.millis)
            eight = load(one.port, asked * max(1, count // len(asked)), 8, keep=True)
            bare = load(one.port, [request("GET", "/healthz", port=one.port)] * 2_000, 1)
            for answers in (alone, eight, bare):
                answers.demand(200)
            return {
                "alone": beyond(alone) | {"server_cpu_ms": cpu_ms},
                "eight": beyond(eight),
                "healthz_p50_ms": bare.quantile(0.5),
                "asked": sum(bool(json.loads(one)["attempts"]) for one in alone.bodies),
                "pages_per_s_eight": len(eight.millis) / eight.seconds,
                "resident_mb": one.resident_mb(),
            }


def beyond(answers: Answers) -> dict[str, float]:
    """What each answer took beyond the seconds in its record, in milliseconds."""
    told = [1_000 * sum(json.loads(body)["seconds"].values()) for body in answers.bodies]
    left = sorted(whole - own for whole, own in zip(answers.millis, told, strict=True))
    return {
        "p50_ms": statistics.median(left),
        "p99_ms": left[int(len(left) * 0.99) - 1],
        "whole_p50_ms": answers.quantile(0.5),
        "record_p50_ms": statistics.median(told),
    }


def accept(count: int) -> dict[str, Any]:
    """Pages a second that are on the disk when they are acknowledged; nobody works on them."""
    found: dict[str, Any] = {}
    large = list(of_80_kb(count))
    tiny = list(pages.kinds()["tiny"](count * 10))
    middle = list(pages.kinds()["realistic"](count * 3))
    for name, bodies, size, connections in (
        ("single_80kb", large, 1, 32),
        ("hundred_80kb", large, 100, 2),
        ("hundred_realistic", middle, 100, 2),
        ("hundred_tiny", tiny, 100, 2),
    ):
        with _folder() as folder, server(folder, "--no-worker", wait="/healthz") as one:
            asked = list(submissions(bodies, size, one.port))
            before = one.cpu_s()
            answers = load(one.port, asked, connections)
            answers.demand(202)
            found[name] = {
                "pages": len(bodies),
                "pages_per_s": len(bodies) / answers.seconds,
                "p50_ms": answers.quantile(0.5),
                "p99_ms": answers.quantile(0.99),
                "cpu_ms_a_page": 1_000 * (one.cpu_s() - before) / len(bodies),
                "resident_mb": one.resident_mb(),
            }
    return found


def submissions(bodies: list[bytes], size: int, port: int) -> Iterator[bytes]:
    """Requests that hand in ``bodies``, so many at a time."""
    for start in range(0, len(bodies), size):
        told = [{"body_base64": base64.b64encode(one).decode()} for one in bodies[start:][:size]]
        yield request("POST", "/v1/tasks", json.dumps({"pages": told}).encode(), port)


def whole(count: int) -> dict[str, Any]:
    """Pages a second from the first request to the last record, beside `rolecall extract`."""
    found: dict[str, Any] = {}
    for kind in ("tiny", "realistic"):
        many = count if kind == "tiny" else count // 4
        bodies = list(pages.kinds()[kind](many))
        with _folder() as folder, server(folder, "--workers", "2") as one:
            asked = list(submissions(bodies, 100, one.port))
            begun = time.monotonic()
            load(one.port, asked, 2).demand(202)
            accepted = time.monotonic() - begun
            peak = _until_done(one, many)
            seconds = time.monotonic() - begun
            served = {"resident_mb": one.resident_mb(), "peak_pss_mb": peak}
        with _folder() as folder:
            write_pages(kind, many, folder / "pages.jsonl")
            begun = time.monotonic()
            subprocess.run(
                [sys.executable, "-m", "rolecall", "extract", "pages.jsonl", "--out", "out.jsonl",
                 "--workers", "2", "--quiet"], cwd=folder, check=True,
            )  # fmt: skip
            plain = time.monotonic() - begun
        found[kind] = {
            "pages": many,
            "pages_per_s": many / seconds,
            "accepted_s": accepted,
            "extract_pages_per_s": many / plain,
            "ratio": plain / seconds,
            **served,
        }
    return found


def restart(count: int) -> dict[str, Any]:
    """Seconds from the start of a server with ``count`` queued pages until one is worked on."""
    bodies = list(pages.kinds()["tiny"](1_000)) * (count // 1_000)
    with _folder() as folder:
        with server(folder, "--no-worker", wait="/healthz") as one:
            begun = time.monotonic()
            load(one.port, list(submissions(bodies, 500, one.port)), 2).demand(202)
            filled = time.monotonic() - begun
            database = one.database
        rows = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        begun = time.monotonic()
        with server(folder, "--workers", "2", wait="/healthz") as one:
            while not rows.execute(
                "SELECT 1 FROM queue_task WHERE state <> 'queued' LIMIT 1"
            ).fetchone():
                if time.monotonic() - begun > 60:
                    raise SystemExit("nothing was claimed within 60 s")
                time.sleep(0.005)
            claimed = time.monotonic() - begun
            while not rows.execute("SELECT 1 FROM queue_result LIMIT 1").fetchone():
                time.sleep(0.005)
            first = time.monotonic() - begun
            return {
                "queued": count,
                "filled_pages_per_s": count / filled,
                "to_first_claim_s": claimed,
                "to_first_record_s": first,
                "resident_mb": one.resident_mb(),
                "database_mb": database.stat().st_size / 1e6,
            }


def _until_done(one: Server, count: int) -> float:
    """Wait until so many records are there; the most memory of all its processes, in MB."""
    rows = sqlite3.connect(f"file:{one.database}?mode=ro", uri=True)
    peak, deadline = 0.0, time.monotonic() + 600
    while rows.execute("SELECT count(*) FROM queue_result").fetchone()[0] < count:
        peak = max(peak, memory(one.process.pid)[1] / 1e6)
        if time.monotonic() > deadline:
            raise SystemExit("the pages were not done within 600 s")
        time.sleep(0.1)
    return peak


def _port_of(process: subprocess.Popen[bytes]) -> int:
    """The port, out of the line in which the server says where it listens."""
    assert process.stderr is not None
    said = b""
    for line in process.stderr:
        said += line
        if b"http://" in line:
            told = line.split(b"http://", 1)[1].split()[0].decode()
            os.set_blocking(process.stderr.fileno(), False)
            return int(told.split("/")[0].rsplit(":", 1)[1])
    raise SystemExit(f"the server did not start:\n{said.decode()}")


def _await(one: Server, path: str, seconds: float = 30.0) -> None:
    """Wait until the server answers 200 there."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{one.port}{path}", timeout=5):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise SystemExit(f"{path} was not 200 within {seconds:.0f} s") from None
            time.sleep(0.01)


@contextmanager
def _folder() -> Iterator[Path]:
    BUILD.mkdir(exist_ok=True)
    name = tempfile.mkdtemp(prefix="serve-", dir=BUILD)
    try:
        yield Path(name)
    finally:
        shutil.rmtree(name)


def table(figures: dict[str, Any]) -> Iterable[str]:
    """The figures for a person, one a line."""

    def lines(told: dict[str, Any], names: tuple[str, ...]) -> Iterator[str]:
        for name, value in told.items():
            if isinstance(value, dict):
                yield from lines(value, (*names, name))
            else:
                shown = f"{value:,.2f}" if isinstance(value, float) else f"{value}"
                yield f"{' '.join((*names, name)):48}{shown:>14}"

    return lines(figures, ())


def main() -> None:
    """Measure, print, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=TOLD, action="append")
    parser.add_argument("--count", type=int, default=2_000, help="pages of 80 kB; others follow")
    told = parser.parse_args()
    wanted = told.only or TOLD
    figures: dict[str, Any] = {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
    }
    if "overhead" in wanted:
        figures["overhead"] = overhead(told.count)
    if "accept" in wanted:
        figures["accept"] = accept(told.count)
    if "whole" in wanted:
        figures["whole"] = whole(4 * told.count)
    if "restart" in wanted:
        figures["restart"] = restart(50 * told.count)
    print("\n".join(table(figures)))
    (BUILD / "serve.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
