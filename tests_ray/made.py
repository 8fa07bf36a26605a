"""Pages for these tests, what a local run makes of them, and servers that stand in for models."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from rolecall.batch.done import Done
from rolecall.batch.run import PageWork, run
from rolecall.batch.workers import Crew
from rolecall.inputs.nouns import Input
from rolecall.inputs.stream import expand, stream
from rolecall.outputs.open import open_output
from rolecall.settings import Settings

PAGE = """<!doctype html><html lang="en"><head><title>{title}</title></head><body>
<nav><a href="/">Home</a> <a href="/jobs">All vacancies</a></nav>
<main><h1>{title}</h1><p>Company: Harbour Bakery Ltd</p><p>Location: Leeds, United Kingdom</p>
<h2>About the role</h2><p>You bake bread at night and lead a small team of four people. Vacancy
number {number}.</p><h2>Requirements</h2><ul><li>Two years of experience in a bakery</li></ul>
<p>Salary: £28,000 - £32,000 per year</p></main><footer>Imprint</footer></body></html>"""
DEADLY, ENDLESS = "<!-- deadly -->", "<!-- endless -->"


def page(number: int, more: str = "") -> str:
    return PAGE.format(number=number, title="Night Baker") + more


def folder(path: Path, pages: int, first: int = 0) -> Path:
    path.mkdir(parents=True)
    for number in range(first, first + pages):
        (path / f"p{number:05}.html").write_text(page(number))
    return path


def rows(pages: int, first: int) -> bytes:
    made = (json.dumps({"html": page(number)}) for number in range(first, first + pages))
    return "".join(f"{line}\n" for line in made).encode()


class Trapped(PageWork):
    """Work on which some pages end the process, and others never end."""

    def __call__(self, entry: Input) -> Done:
        body = Path(entry.path).read_text() if entry.path else ""
        if DEADLY in body:
            os.kill(os.getpid(), signal.SIGKILL)
        while ENDLESS in body:
            time.sleep(1)
        return super().__call__(entry)


def locally(
    inputs: list[str], out: Path, settings: Settings, page_work: PageWork | None = None
) -> bytes:
    """The output of a run without Ray."""
    page_work = page_work or PageWork(settings)
    output = open_output(str(out), "force", page_work.pipeline.config)
    entries = stream(expand(inputs), limit=settings.max_bytes, leave_out=str(out))
    crew = Crew(workers=2, timeout=settings.page_timeout_seconds)
    for done in run(entries, page_work, crew):
        assert done.line is not None
        output.append(done.locator, done.seq, done.line)
    output.complete()
    output.close()
    return out.read_bytes()


def plain(data: bytes) -> list[dict[str, Any]]:
    """Records without the one field that two runs do not share."""
    found = [json.loads(line) for line in data.splitlines()]
    for record in found:
        record.pop("seconds")
        for attempt in record["attempts"]:
            attempt.pop("seconds")
            attempt.pop("cached")
    return found


def actors() -> list[int]:
    """Process ids of the actors that extract."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                title = (process / "cmdline").read_bytes()
            except OSError:
                continue
            if title.startswith(b"ray::") and b"Extractor" in title:
                found.append(int(process.name))
    return found


class _Answers(BaseHTTPRequestHandler):
    """Says the same to every question, as a server of OpenAI's protocol."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.server.asked += 1  # type: ignore[attr-defined]
        time.sleep(0.02)
        choice = {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": json.dumps({"company": "Crumb & Sons"})},
        }
        usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
        told = {"id": "1", "object": "chat.completion", "model": "small", "choices": [choice]}
        body = json.dumps(told | {"usage": usage}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def model_server() -> Iterator[ThreadingHTTPServer]:
    """One replica; ``asked`` counts its calls."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    server.daemon_threads = True
    server.asked = 0  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
