"""The server under attack: routes without a token, wrong names, bad JSON; a browser."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from tests.serve.here import HTML, JSON, Here, serving
from tests.serve.test_access import every_route

from rolecall.serve.door import is_public
from torture.nouns import Case, Class, Figure, Group, Terms

ROOT: Final = Path(__file__).resolve().parents[1]
CHROMIUM: Final = Path("/usr/bin/chromium")
LINES: Final = {"Content-Type": "application/x-ndjson"}
TAKES_JSON: Final = ("/v1/extract", "/v1/tasks", "/v1/schemas")

PATHS: Final = (
    "/../../etc/passwd", "/static/../metrics", "/static/%2e%2e/metrics", "/static/..%2fmetrics",
    "/static/....//metrics", "//metrics", "/%2e%2e/metrics", "/metrics/", "/metrics%00", "/METRICS",
    "/v1/tasks/../../metrics", "/static/%252e%252e/metrics", "/;/metrics", "/static;/../metrics",
    "/healthz/../metrics", "/healthz%2f..%2fmetrics", "/sign-in/../v1/queue", "/%6detrics",
    "http://localhost/metrics", "/static/\\..\\metrics", "/v1/queue?x=/healthz",
    "/v1/queue#/healthz",
)  # fmt: skip
HOSTS: Final = (
    "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:80",
    "", " ", "localhost, evil.example", "[::1", "localhost@evil.example", "evil.example#localhost",
    "\xb5", "localhost\t.evil.example", "2130706433", "169.254.169.254",
)  # fmt: skip
ORIGINS: Final = (
    "https://evil.example", "null", "http://localhost.evil.example", "http://[::1", "file://",
    "http://localhost:1", "https://127.0.0.1.evil.example", "chrome-extension://x",
)  # fmt: skip
RANGES: Final = (
    "bytes=0-", "bytes=" + ",".join(f"{n}-{n}" for n in range(900)), "bytes=-1", "bytes=9-1",
    "bytes=" + "0-," * 2_000, "bytes=" + "9" * 5_000 + "-", "lines=1-", "bytes=0-0,-1,5-",
)  # fmt: skip
HEADS: Final = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 5_000 + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 900_000 + b"\r\n\r\n",
    b"GET /" + b"x" * 200_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
    b"Content-Length: 6\r\n\r\nx",
    b"POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    b"CONNECT evil.example:80 HTTP/1.1\r\nHost: evil.example:80\r\n\r\n",
    b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    b"TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n",
)  # fmt: skip


def routes(terms: Terms) -> Group:
    """Every route without a token; tricks of path, name, origin, range and head."""
    cases: list[Case] = []
    told = {"serve_body_seconds": 0.5, "max_bytes": 100_000, "serve_body_bytes": 400_000}
    with serving(terms.scratch / "beyond", host="0.0.0.0", **told) as here:
        client = here.client()
        for method, path in every_route(here):
            if is_public(path):
                continue
            status = client.request(method, path).status_code
            cases.append(_refused(f"bare/{method} {path}", status, (401,)))
            status = here.client("wrong" * 9).request(method, path).status_code
            cases.append(_refused(f"wrong-token/{method} {path}", status, (401, 403)))
        cases += [_raw(here, f"path/{n}", _asking(path)) for n, path in enumerate(PATHS)]
        cases += [
            _raw(here, f"host/{n}", _asking("/v1/queue", host)) for n, host in enumerate(HOSTS)
        ]
        cases += [_raw(here, f"head/{n}", head) for n, head in enumerate(HEADS)]
        cases += _slow(here)
        cases += _ranges(here)
        alive = here.client().get("/healthz").status_code
        cases.append(_refused("alive-after-all", alive, (200,)))
    said = (
        "every route without a token, tricks of path, name, origin, range and head: 4xx, never 5xx"
    )
    return Group(said=said, cases=tuple(cases))


def _refused(name: str, status: int, allowed: tuple[int, ...]) -> Case:
    found = Class.RIGHT if status in allowed else Class.WRONG
    found = Class.CRASHED if status >= 500 and found is Class.WRONG else found
    return Case(name=name, found=found, note="" if found is Class.RIGHT else str(status))


def _asking(path: str, host: str = "localhost") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode("latin-1")


def _raw(here: Here, name: str, data: bytes) -> Case:
    """Bytes on a connection without a token: an answer of 4xx, or none, and nothing of ours."""
    got = b""
    with suppress(OSError), socket.create_connection(("127.0.0.1", here.port), 10) as one:
        one.sendall(data)
        one.shutdown(socket.SHUT_WR)
        while chunk := one.recv(65_536):
            got += chunk
    if not got:
        return Case(name=name, found=Class.RIGHT)
    match = re.match(rb"HTTP/1\.[01] (\d{3})", got)
    status = int(match[1]) if match else 0
    # Some heads are odd and yet ask for what anybody is told: the way to sign in.
    inside = b"rolecall_" in got or b'"queued"' in got
    if status >= 500 or not match:
        return Case(name=name, found=Class.CRASHED, note=str(got[:60]))
    right = not inside and (400 <= status < 500 or status in (303, 307))
    return Case(name=name, found=Class.RIGHT if right else Class.WRONG, note=str(status))


def _other_sites(here: Here) -> list[Case]:
    """Requests that other sites make a browser send to a server that asks its user for no token."""
    client = here.client()
    cases = []
    for number, origin in enumerate(ORIGINS):
        for path in ("/v1/tasks", "/v1/queue/pause", "/queue/act", "/sign-in"):
            answer = client.post(path, json={}, headers={"Origin": origin})
            cases.append(_refused(f"origin{path}/{number}", answer.status_code, (403,)))
        answer = client.get("/v1/queue", headers={"Origin": origin})
        told = "access-control-allow-origin" in answer.headers
        cases.append(_refused(f"cors/{number}", 200 if told else 403, (403,)))
    named = (
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
        ("Host", "a.example"),
    )
    for number, (name, value) in enumerate(named):
        headers = {name: value}
        status = client.post("/queue/act", data={"op": "pause"}, headers=headers).status_code
        cases.append(_refused(f"csrf/{number}", status, (400, 403, 421)))
    return cases


def _ranges(here: Here) -> list[Case]:
    """Parts of what is served, far too many of them."""
    client = here.client(here.token("anna", "tasks,read"))
    cases = []
    for number, one in enumerate(RANGES):
        for path in ("/static/app.js", "/openapi.json", "/v1/tasks"):
            status = client.get(path, headers={"Range": one}).status_code
            allowed = (200, 206, 400, 404, 405, 416, 431)
            cases.append(_refused(f"range{path}/{number}", status, allowed))
    return cases


def _slow(here: Here) -> list[Case]:
    """Bodies and heads that never end are given up, and cost the others nothing."""
    cases = []
    head = b"POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
    head += b"Content-Type: application/json\r\n"
    token = here.token("slow", "tasks").encode()
    for name, data in (
        ("body", head + b"Authorization: Bearer " + token + b"\r\n\r\n{"),
        ("body-without-token", head + b"\r\n{"),
    ):
        begun = time.monotonic()
        with socket.create_connection(("127.0.0.1", here.port), 30) as one:
            one.sendall(data)
            got = b""
            with suppress(OSError):
                got = one.recv(65_536)
        status = int(got.split(b" ")[1]) if got else 408
        late = time.monotonic() - begun > 20
        case = _refused(f"slow/{name}", status, (400, 401, 408, 413))
        cases.append(Case(name=case.name, found=Class.HUNG) if late else case)
    return cases


def refusals(terms: Terms) -> Group:
    """What is no JSON, posted wherever JSON is taken."""
    said = "188 texts that are no JSON, and others that are, posted wherever JSON is taken"
    if terms.shared is None:
        return Group(said=said, skipped="no collected JSON at hand")
    suite = terms.shared / "cases/jsontestsuite/test_parsing"
    cases = []
    with serving(terms.scratch / "json") as here:
        client = here.client()
        for number, one in enumerate(sorted(suite.glob("n_*.json"))):
            if not terms.full and number % 4:
                continue
            body = one.read_bytes()
            for path in TAKES_JSON:
                answer = client.post(path, content=body, headers=JSON)
                cases.append(_problem(f"{path}/{one.stem}", answer))
            answer = client.post("/v1/tasks", content=body, headers=LINES)
            cases.append(_problem(f"lines/{one.stem}", answer))
        for one in sorted([*suite.glob("y_*.json"), *suite.glob("i_*.json")]) if terms.full else ():
            inside = (
                b'{"html":' + json.dumps(HTML).encode() + b',"schema":' + one.read_bytes() + b"}"
            )
            status = client.post("/v1/extract", content=inside, headers=JSON).status_code
            cases.append(_refused(f"schema/{one.stem}", status, (200, 400, 413, 422)))
    return Group(said=said, cases=tuple(cases))


def _problem(name: str, answer: Any) -> Case:
    if answer.headers.get("content-type") != "application/problem+json":
        return Case(name=name, found=Class.WRONG, note="no problem document")
    return _refused(name, answer.status_code, tuple(range(400, 500)))


def xss(terms: Terms) -> Group:
    """Hostile words in every shown field, in a real browser."""
    said = "collected script injections in every shown field of the web UI, in Chromium"
    if not terms.full:
        return Group(said=said, skipped="the long form alone opens a browser")
    if terms.shared is None or not CHROMIUM.exists():
        return Group(said=said, skipped="no collected injections or no Chromium at hand")
    out = _child(["bench/xss.py"], terms, 3_000)
    match = re.search(r"([\d,]+) payloads in (\d+) fields, ([\d,]+) pages .*: (\d+) took", out)
    if match is None:
        case = Case(name="run", found=Class.CRASHED, note=out[-400:])
        return Group(said=said, cases=(case,))
    payloads, fields, pages, acted = (int(one.replace(",", "")) for one in match.groups())
    bad = set(re.findall(r"^/postings/t(\d+)", out, re.M))
    cases = [
        Case(name=f"payload-{n}", found=Class.WRONG if str(n) in bad else Class.RIGHT)
        for n in range(1, payloads + 1)
    ]
    figures = (
        Figure(name="what took effect", value=acted, goal="0", held=acted == 0),
        Figure(name="payloads times fields", value=payloads * fields),
        Figure(name="pages loaded", value=pages),
    )
    return Group(said=said, cases=tuple(cases), figures=figures)


def fuzzed(terms: Terms) -> Group:
    """Made-up requests to every route, by the API's own document."""
    said = "made-up requests to every route of the API: no 5xx, nothing that is not documented"
    if not terms.full:
        return Group(said=said, skipped="the long form alone makes so many requests")
    out = _child(["bench/fuzz_api.py", "--count", "50000", "--seed", str(terms.seed)], terms, 3_000)
    match = re.search(r"([\d,]+) requests in (\d+) s: (\d+) faults", out)
    if match is None:
        return Group(said=said, cases=(Case(name="run", found=Class.CRASHED, note=out[-400:]),))
    requests, _, faults = (int(one.replace(",", "")) for one in match.groups())
    routes = re.findall(r"^([A-Z]+ /\S+) ", out, re.M)
    cases = [
        Case(name=f"{one}", found=Class.WRONG if f"  {one}:" in out else Class.RIGHT)
        for one in sorted(set(routes))
    ]
    figures = (
        Figure(name="requests", value=requests, goal="at least 50,000", held=requests >= 50_000),
        Figure(name="faults", value=faults, goal="0", held=faults == 0),
    )
    return Group(said=said, cases=tuple(cases), figures=figures)


def _child(words: list[str], terms: Terms, seconds: float) -> str:
    """What a script of ours prints; it is ended when it takes too long."""
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT / "bench"), str(ROOT)])
    told = subprocess.Popen(
        [sys.executable, *words], cwd=ROOT, env=os.environ | {"PYTHONPATH": path}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        return told.communicate(timeout=seconds)[0]
    except subprocess.TimeoutExpired:
        told.terminate()
        return f"took longer than {seconds:.0f} s: {told.communicate()[0][-300:]}"
