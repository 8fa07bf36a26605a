"""Requests that are meant to do harm: all are refused in time, none with 5xx."""

import json
import socket
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from tests.serve.here import HTML, JSON, serving, wait_for

from rolecall.serve.limits import Limits, Load
from rolecall.serve.problems import ProblemError

SUITE = Path(__file__).parents[3] / "shared" / "cases" / "jsontestsuite" / "test_parsing"
LINES = {"Content-Type": "application/x-ndjson"}
TAKES_JSON = ("/v1/extract", "/v1/tasks", "/v1/schemas")


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    told = {"serve_body_seconds": 0.5, "max_bytes": 100_000, "serve_body_bytes": 400_000}
    with serving(tmp_path_factory.mktemp("attacks"), **told) as one:
        yield one


def raw(here, data, wait=5.0, close=True):
    """What the server answers to bytes on a connection."""
    with socket.create_connection(("127.0.0.1", here.port), timeout=wait) as one:
        one.sendall(data)
        if close:
            one.shutdown(socket.SHUT_WR)
        got = b""
        with suppress(ConnectionResetError):  # it does not read what it has refused
            while chunk := one.recv(65_536):
                got += chunk
        return got


def request(path="/v1/tasks", *headers, body=b"", method="GET"):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def status(answer):
    return int(answer.split(b" ", 2)[1])


@pytest.mark.skipif(not SUITE.exists(), reason="no ../shared/cases/jsontestsuite")
@pytest.mark.parametrize("path", TAKES_JSON)
def test_what_is_no_json_is_refused(here, path):
    bad = sorted(SUITE.glob("n_*.json"))
    assert len(bad) == 188
    client = here.client()
    for one in bad:
        answer = client.post(path, content=one.read_bytes(), headers=JSON)
        assert 400 <= answer.status_code < 500, one.name
        assert answer.headers["content-type"] == "application/problem+json"
        if path == "/v1/tasks":
            answer = client.post(path, content=one.read_bytes(), headers=LINES)
            assert 400 <= answer.status_code < 500, one.name


@pytest.mark.skipif(not SUITE.exists(), reason="no ../shared/cases/jsontestsuite")
def test_json_of_other_shapes_is_never_a_fault_of_ours(here):
    client = here.client()
    for one in sorted([*SUITE.glob("y_*.json"), *SUITE.glob("i_*.json")]):
        for path in TAKES_JSON:
            answer = client.post(path, content=one.read_bytes(), headers=JSON)
            assert 400 <= answer.status_code < 500, one.name
        inside = b'{"html":"x","schema":' + one.read_bytes() + b"}"
        answer = client.post("/v1/extract", content=inside, headers=JSON)
        assert 200 <= answer.status_code < 500, one.name


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"pages":' * 50_000,
        b'{"html":"x","schema":' + b'{"a":' * 60_000 + b"1" + b"}" * 60_000 + b"}",
        b'{"html":"x","schema":' + b"[" * 90_000 + b"]" * 90_000 + b"}",
        b'{"html":"\xff\xfe"}',
        b'{"html":"\xed\xa0\x80"}',
        b'{"html":"\\ud800"}',
        b'{"html":"x","\xff":1}',
        b'\xef\xbb\xbf{"html":"x"}',
        b'{"html":"x"}{"html":"y"}',
        b'{"html":NaN}',
        b'{"html":"x","more":1}',
        b'{"html":1e999}',
        b"",
        b"null",
    ],
)
def test_odd_json_is_refused(here, body):
    for path in TAKES_JSON:
        answer = here.client().post(path, content=body, headers=JSON)
        assert 400 <= answer.status_code < 500, (path, answer.text)


@pytest.mark.parametrize(
    "page",
    [
        {"html": "x", "text": "y"},
        {},
        {"body_base64": "a"},
        {"body_base64": "####"},
        {"html": "x", "charset": "latin-1"},
        {"html": "x", "url": "ftp://a.example/"},
        {"html": "x", "url": "https://[::1/"},
        {"html": "x", "url": "https://:99/"},
        {"html": "x", "url": "https://a.example:99999/"},
        {"html": "x", "url": "javascript:alert(1)"},
        {"html": "x", "source": "a\nb"},
        {"html": "x", "source": "\x00"},
        {"html": "x", "captured": "2026-02-30"},
        {"html": "x", "captured": "٢٠٢٦-01-01"},
        {"html": "x", "media_type": "text/html\r\nX: y"},
        {"html": "x", "schema": "no such"},
        {"html": "x", "schema": "missing"},
        {"html": "x", "schema": 3},
        {"html": "x", "schema": {"type": "nonsense"}},
        {"html": "x", "schema": {"$ref": "http://127.0.0.1:1/"}},
    ],
)
def test_pages_that_make_no_sense_are_refused_with_their_place(here, page):
    answer = here.client().post("/v1/extract", json=page)
    assert answer.status_code == 422, answer.text
    told = answer.json()
    assert told["detail"]
    assert told["status"] == 422
    if page.get("schema") != "missing":
        schema = page.pop("schema", None)
        batch = {"pages": [page]} | ({} if schema is None else {"schema": schema})
        assert here.client().post("/v1/tasks", json=batch).status_code in (422, 403)


def test_bodies_are_bounded_before_they_are_read(here):
    over = 2 * 100_000 + 65_536 + 1
    for path, size in (("/v1/extract", over), ("/v1/tasks", 400_001), ("/v1/schemas", 600_001)):
        answer = raw(here, request(path, f"Content-Length: {size}", method="POST"), close=False)
        assert status(answer) == 413, path
    for length in ("-1", "1" * 19, "99999999999999999999999", "1e3", "0x10", "\xb2"):
        answer = raw(here, request("/v1/extract", f"Content-Length: {length}", method="POST"))
        assert status(answer) in (400, 413), length
    answer = raw(here, request("/v1/queue/pause", "Content-Length: 70000", method="POST"))
    assert status(answer) == 413


def test_a_body_without_a_length_is_bounded_too(here):
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    head = request("/v1/extract", "Transfer-Encoding: chunked", "Content-Type: text/html",
                   method="POST")  # fmt: skip
    assert status(raw(here, head + chunk * 5 + b"0\r\n\r\n")) == 413
    assert status(raw(here, head + b"zz\r\n")) in (400, 413)


def test_what_comes_too_slowly_is_given_up(here):
    began = time.monotonic()
    head = request("/v1/extract", "Content-Length: 1000", "Content-Type: text/html", method="POST")
    answer = raw(here, head + b"<p>", close=False)
    assert status(answer) == 408
    assert time.monotonic() - began < 4


def test_a_head_that_never_ends_is_given_up(here, monkeypatch):
    import rolecall.serve.protocol as protocol

    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)
    for start in (b"", b"GET /heal", b"GET /healthz HTTP/1.1\r\nHost: loc"):
        began = time.monotonic()
        assert raw(here, start, close=False) == b""
        assert time.monotonic() - began < 4


def test_heads_are_bounded(here):
    assert status(raw(here, request("/healthz", *[f"X-{n}: 1" for n in range(150)]))) == 431
    assert status(raw(here, request("/healthz", "X-Long: " + "a" * 40_000))) == 431
    assert raw(here, request("/healthz", "X-Long: " + "a" * 200_000))[:12] in (b"", b"HTTP/1.1 400")
    assert status(raw(here, request("/v1/tasks?q=" + "a" * 9_000))) == 414


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"POST /v1/extract HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /v1/extract HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n"
        b"Content-Length: 4\r\n\r\nabc",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b: c\x00\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused(here, data):
    with socket.create_connection(("127.0.0.1", here.port), timeout=5) as one:
        one.sendall(data)
        answer = one.recv(65_536)
    assert 400 <= status(answer) < 500, answer


def test_other_oddities_of_requests(here):
    client = here.client()
    assert client.request("TRACE", "/healthz").status_code == 405
    assert client.request("BREW", "/healthz").status_code == 405
    assert client.request("PATCH", "/v1/tasks").status_code == 405
    assert client.get("/v1/tasks", headers={"Range": "bytes=0-1,2-3"}).status_code == 200
    gzip = {**JSON, "Content-Encoding": "gzip"}
    assert client.post("/v1/extract", content=b"x", headers=gzip).status_code == 415
    assert client.post("/v1/extract", content=b"%PDF").status_code == 415
    for path in ("/v1/tasks/%00", "/v1/tasks/t1%0a", "/v1/tasks/t" + "9" * 19, "/v1/tasks/t-1",
                 "/v1/tasks/t%D9%A1", "/v1/schemas/..%2f..", "/v1/tasks/t01"):  # fmt: skip
        assert client.get(path).status_code in (404, 422), path
    assert client.get("/v1/tasks/abc").json()["hint"] == "a task is t123, a batch b45"
    for query in ("limit=0", "limit=501", "limit=x", "before=b1", "state=odd", "more=1",
                  "q=%00", "batch=t1", "site=" + "a" * 201):  # fmt: skip
        assert client.get(f"/v1/tasks?{query}").status_code == 422, query
    assert client.get("/v1/tasks/t" + "9" * 18).status_code == 404


def test_head_and_options_are_told_what_get_would_be(here):
    client = here.client()
    for path in ("/healthz", "/v1/tasks", "/openapi.json"):
        head = client.head(path)
        assert head.status_code == 200
        assert head.content == b""
        assert int(head.headers["content-length"]) > 0
    options = client.options("/v1/tasks")
    assert options.status_code == 204
    assert options.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert client.options("/v1/nothing").status_code == 404
    assert client.head("/v1/nothing").status_code == 404


def test_too_many_requests_at_once_are_put_off(tmp_path):
    with serving(tmp_path, serve_requests=1) as one:
        head = request("/v1/extract", "Content-Length: 1000", "Content-Type: text/html",
                       method="POST")  # fmt: skip
        with socket.create_connection(("127.0.0.1", one.port)) as slow:
            slow.sendall(head + b"<p>")
            time.sleep(0.2)
            answer = one.client().get("/v1/tasks")
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "1"


def test_nobody_takes_the_places_of_others(tmp_path):
    with serving(tmp_path, serve_requests=4) as one:
        greedy, other = (one.token(name, "tasks,extract") for name in ("greedy", "other"))
        head = request("/v1/extract", "Content-Length: 1000", "Content-Type: text/html",
                       f"Authorization: Bearer {greedy}", method="POST")  # fmt: skip
        with ExitStack() as stack:
            for _ in range(2):
                slow = socket.create_connection(("127.0.0.1", one.port))
                stack.enter_context(slow).sendall(head + b"<p>")
            wait_for(lambda: one.state.load.requests == 2)
            refused = one.client(greedy).get("/v1/tasks")
            assert (refused.status_code, refused.json()["code"]) == (429, "share")
            assert refused.headers["retry-after"] == "1"
            assert one.client(other).get("/v1/tasks").status_code == 200
        wait_for(lambda: one.state.load.requests == 0)
        assert one.client(greedy).get("/v1/tasks").status_code == 200


def test_nobody_sends_all_that_may_be_sent_at_once():
    load = Load(Limits(page=60, batch=60, form=60, held=100))
    with load.one("greedy") as greedy, load.one("other") as other:
        load.keep(greedy, 50)
        with pytest.raises(ProblemError, match="half of all that may be sent") as caught:
            load.keep(greedy, 1)
        assert caught.value.status == 429
        load.keep(other, 50)
        with pytest.raises(ProblemError, match="too much is being sent"):
            load.keep(other, 1)
    with load.one("local", shares=False) as alone:
        load.held = 0
        load.keep(alone, 100)


def test_whoever_asks_too_often_is_put_off(tmp_path):
    with serving(tmp_path, serve_rate=2.0) as one:
        client = one.client()
        answers = [client.get("/v1/tasks") for _ in range(8)]
        late = [answer for answer in answers if answer.status_code == 429]
        assert late
        assert int(late[0].headers["retry-after"]) >= 1
        assert client.get("/healthz").status_code == 200


@pytest.fixture
def few(tmp_path):
    with serving(tmp_path, serve_connections=50) as one:
        yield one


def test_too_many_connections_are_refused_and_the_server_goes_on(few):
    held = [socket.create_connection(("127.0.0.1", few.port)) for _ in range(80)]
    try:
        time.sleep(0.3)
        refused = 0
        for one in held[50:]:
            one.settimeout(2)
            refused += b" 503 " in one.recv(4_096)
        assert refused >= 20
    finally:
        for one in held:
            one.close()
    time.sleep(0.2)
    assert few.client().get("/healthz").status_code == 200


def test_nothing_inside_is_told(here, monkeypatch):
    def broken(*_):
        raise RuntimeError("secret place /etc/passwd")

    monkeypatch.setattr(here.state.queue.view, "tasks", broken)
    answer = here.client().get("/v1/tasks")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "RuntimeError" not in answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_problems_do_not_repeat_what_was_sent(here):
    marker = "zq9xmarker"
    for path, body in (
        ("/v1/extract", {"html": "x", "captured": marker}),
        ("/v1/tasks", {"pages": [{"html": "x", "key": f"{marker} b"}]}),
    ):
        assert marker not in here.client().post(path, json=body).text
    assert marker not in here.client().get(f"/v1/tasks?limit={marker}").text
    assert json.dumps(HTML)
