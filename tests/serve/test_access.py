"""Who is let in, and to what."""

import re
import time

import pytest
from tests.serve.here import HTML, JSON, serving, wait_for

from rolecall.serve.access import AGAIN_SECONDS, COOKIE
from rolecall.serve.door import is_public
from rolecall.serve.tokens import add_token, all_tokens, now_ms, revoke_tokens, start_visit

SIGNED = {"/healthz": 200, "/sign-in": 200}


@pytest.fixture(scope="module")
def beyond(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("beyond"), host="0.0.0.0") as here:
        yield here


@pytest.fixture(scope="module")
def near(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("near")) as here:
        yield here


def every_route(here):
    """Method and address of all that the application answers to, API and web UI."""
    found = []

    def walk(routes, prefix=""):
        for route in routes:
            inner = getattr(route, "routes", None)
            inner = (
                inner
                if inner is not None
                else getattr(getattr(route, "original_router", None), "routes", None)
            )
            if inner:
                walk(inner, prefix)
            elif getattr(route, "methods", None):
                path = re.sub(r"\{key[^}]*\}", "short", route.path)
                path = re.sub(r"\{(id|task)[^}]*\}", "t1", path)
                path = re.sub(r"\{[^}]*\}", "x", path)
                found.extend((method, path) for method in route.methods)

    walk(here.app._inside.routes)
    assert len(found) >= 18
    return sorted(set(found))


def test_every_route_but_health_and_the_way_in_needs_a_token(beyond):
    client = beyond.client()
    for method, path in every_route(beyond):
        answer = client.request(method, path)
        if is_public(path):
            assert answer.status_code != 401, path
            continue
        assert answer.status_code == 401, (method, path)
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.headers["content-type"] == "application/problem+json"
    assert {path for _, path in every_route(beyond) if is_public(path)} >= SIGNED.keys()


def test_what_is_not_there_needs_a_token_too(beyond):
    for path in ("/", "/v2", "/v1/tasks/", "/%2e%2e/metrics", "/static/../metrics", "//healthz"):
        assert beyond.client().request("GET", path).status_code in (401, 404), path
    token = beyond.token("looks", "tasks")
    assert beyond.client(token).get("/nothing/here").status_code == 404


def test_a_token_without_scopes_is_good_for_nothing(beyond):
    client = beyond.client(beyond.token("bare", ""))
    for method, path in every_route(beyond):
        if not is_public(path) and path.startswith(("/v1", "/metrics", "/readyz", "/docs")):
            answer = client.request(method, path)
            assert answer.status_code == 403, (method, path, answer.text)


@pytest.mark.parametrize(
    ("scopes", "allowed"),
    [
        ("extract", {"extract"}),
        ("tasks", {"hand in", "list"}),
        ("read", {"list", "metrics"}),
        ("admin", {"extract", "hand in", "list", "metrics", "pause"}),
    ],
)
def test_scopes_allow_what_they_say(beyond, scopes, allowed):
    client = beyond.client(beyond.token("scoped", scopes))
    asked = {
        "extract": ("POST", "/v1/extract", {"html": HTML}),
        "hand in": ("POST", "/v1/tasks", {"pages": [{"html": HTML}]}),
        "list": ("GET", "/v1/tasks", None),
        "metrics": ("GET", "/metrics", None),
        "pause": ("POST", "/v1/queue/resume", None),
    }
    for name, (method, path, body) in asked.items():
        status = client.request(method, path, json=body).status_code
        assert (status != 403) == (name in allowed), (name, status)


def test_bad_tokens_are_refused_alike(beyond):
    good = beyond.token("good", "tasks")
    bad = [
        good[:-1],
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        good.upper(),
        "rc_" + "a" * 10 + "_" + "b" * 43,
        "x",
        "é",
        "rc__",
        good + "\x00",
    ]
    assert beyond.client(good).get("/v1/tasks").status_code == 200
    for one in bad:
        headers = {"Authorization": f"Bearer {one}".encode()}
        if b"\x00" in headers["Authorization"]:
            continue
        answer = beyond.client().get("/v1/tasks", headers=headers)
        assert answer.status_code == 401, one
        assert answer.json()["code"] == "unknown_token"
    for header in ("", "Bearer", f"Basic {good}", f"Token {good}"):
        headers = {"Authorization": header}
        assert beyond.client().get("/v1/tasks", headers=headers).status_code == 401
    assert beyond.client().get(f"/v1/tasks?token={good}").status_code == 401


def test_a_revoked_and_an_expired_token_end(beyond):
    token = beyond.token("brief", "tasks")
    client = beyond.client(token)
    assert client.get("/v1/tasks").status_code == 200
    revoke_tokens(beyond.state.queue.store, "brief")  # as another process would
    wait_for(lambda: client.get("/v1/tasks").status_code == 401, 5)
    late = beyond.token("late", "tasks", now_ms() - 1)
    assert beyond.client(late).get("/v1/tasks").status_code == 401


def test_a_token_and_a_visit_that_another_process_made_are_good_at_once(beyond):
    store = beyond.state.queue.store
    assert beyond.client(beyond.token("early", "tasks")).get("/v1/tasks").status_code == 200
    for number in range(3):
        made, text = add_token(store, f"other {number}", frozenset({"tasks"}))
        assert beyond.client(text).get("/v1/tasks").status_code == 200
        cookie = {COOKIE: start_visit(store, made.id, 1.0)}
        assert beyond.client(cookies=cookie).get("/v1/tasks").status_code == 200


def test_many_unknown_tokens_do_not_have_the_database_read_each_time(beyond, monkeypatch):
    reads = []
    read = beyond.state.entry._read

    def counted():
        reads.append(1)
        return read()

    monkeypatch.setattr(beyond.state.entry, "_read", counted)
    begun = time.monotonic()
    for number in range(20):
        unknown = f"rc_{number:010d}_{'x' * 43}"
        assert beyond.client(unknown).get("/v1/tasks").status_code == 401
    assert len(reads) <= (time.monotonic() - begun) / AGAIN_SECONDS + 1


def test_only_a_hash_is_kept(beyond):
    token = beyond.token("secret", "tasks")
    beyond.client(token).get("/v1/tasks")
    path = beyond.state.queue.store.path
    kept = b"".join(one.read_bytes() for one in path.parent.iterdir())
    assert token.encode() not in kept
    assert token.rpartition("_")[2].encode() not in kept


def test_the_last_use_is_kept_once_a_minute(beyond):
    token = beyond.token("used", "tasks")
    client = beyond.client(token)
    for _ in range(3):
        client.get("/v1/tasks")
    import asyncio

    work = beyond.state.entry.write_used()
    asyncio.run_coroutine_threadsafe(work, beyond.loop).result(10)
    (found,) = [one for one in all_tokens(beyond.state.queue.store) if one.name == "used"]
    assert found.used is not None
    assert abs(found.used - now_ms()) < 60_000
    client.get("/v1/tasks")
    assert beyond.state.entry._used == {}


def test_on_this_machine_nobody_signs_in_until_there_is_a_token(tmp_path):
    with serving(tmp_path) as here:
        assert here.client().get("/v1/tasks").status_code == 200
        for name in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"):
            through = here.client(headers={name: "203.0.113.9"})
            assert through.get("/v1/tasks").status_code == 401
        token = here.token("first", "tasks")
        assert here.client().get("/v1/tasks").status_code == 401
        assert here.client(token).get("/v1/tasks").status_code == 200
        revoke_tokens(here.state.queue.store, "first")
        here.state.entry.forget()
        assert here.client().get("/v1/tasks").status_code == 401


def test_always_and_beyond_loopback(tmp_path):
    with serving(tmp_path / "a", serve_auth="always") as here:
        assert here.client().get("/v1/tasks").status_code == 401
    with serving(tmp_path / "b", serve_auth="beyond-loopback") as here:
        here.token("some", "tasks")
        assert here.client().get("/v1/tasks").status_code == 200
    names = {"serve_host_names": "jobs.example"}
    with serving(tmp_path / "c", serve_auth="beyond-loopback", **names) as here:
        assert here.client().get("/v1/tasks").status_code == 401


def test_a_submitter_sees_and_changes_only_its_own(beyond):
    anna = beyond.client(beyond.token("anna", "tasks"))
    bert = beyond.client(beyond.token("bert", "tasks"))
    reads = beyond.client(beyond.token("reader", "read,tasks"))
    receipt = anna.post("/v1/tasks", json={"pages": [{"html": HTML}]}).json()
    for one in (receipt["batch"], receipt["tasks"][0]):
        assert anna.get(f"/v1/tasks/{one}").status_code == 200
        assert reads.get(f"/v1/tasks/{one}").status_code == 200
        for method, path in (
            ("GET", ""), ("GET", "/results"), ("GET", "/record"), ("POST", "/retry"),
            ("DELETE", ""), ("DELETE", "?forget=true"),
        ):  # fmt: skip
            answer = bert.request(method, f"/v1/tasks/{one}{path}")
            assert answer.status_code == 404, (method, path)
            missing = f"/v1/tasks/{one[0]}99999999{path}"
            assert answer.json() == bert.request(method, missing).json()
        assert reads.delete(f"/v1/tasks/{one}").status_code == 404
    assert bert.get("/v1/tasks").json()["tasks"] == []
    names = {one["submitter"] for one in reads.get("/v1/tasks").json()["tasks"]}
    assert "anna" in names
    assert anna.delete(f"/v1/tasks/{receipt['batch']}").json() == {"changed": 1}


def sign_in(here, token, client=None, **headers):
    client = client or here.client()
    told = {"Origin": here.url, "Sec-Fetch-Site": "same-origin"} | headers
    return client, client.post("/sign-in", data={"token": token, "next": "/docs"}, headers=told)


def test_signing_in_with_a_token_gives_a_cookie_that_is_no_token(beyond):
    token = beyond.token("person", "admin")
    client, answer = sign_in(beyond, token)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/docs"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie
    assert token not in cookie
    assert client.get("/v1/tasks").status_code == 200
    kept = b"".join(one.read_bytes() for one in beyond.state.queue.store.path.parent.iterdir())
    assert client.cookies["rolecall_visit"].encode() not in kept
    _, secure = sign_in(beyond, token, Origin=beyond.url.replace("http:", "https:"))
    assert "Secure" in secure.headers["set-cookie"]
    revoke_tokens(beyond.state.queue.store, "person")
    beyond.state.entry.forget()
    assert client.get("/v1/tasks").status_code == 401


def test_signing_out_ends_the_visit(beyond):
    token = beyond.token("leaver", "admin")
    client, _ = sign_in(beyond, token)
    cookie = client.cookies["rolecall_visit"]
    own = {"Origin": beyond.url}
    assert client.post("/sign-out", data={"x": "y"}, headers=own).status_code == 403  # no csrf
    csrf = csrf_for(cookie)
    assert client.post("/sign-out", data={"csrf": csrf}, headers=own).status_code == 303
    stolen = beyond.client(headers={"Cookie": f"rolecall_visit={cookie}"})
    assert stolen.get("/v1/tasks").status_code == 401


def csrf_for(cookie):
    from rolecall.serve.access import csrf_of

    return csrf_of(cookie)


def test_a_wrong_token_does_not_sign_in_and_next_stays_here(beyond):
    _, answer = sign_in(beyond, "rc_nothing")
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    token = beyond.token("goer", "tasks")
    for target in ("//evil.example", "https://evil.example", "/\\evil.example", "javascript:x"):
        client = beyond.client()
        told = {"token": token, "next": target}
        answer = client.post("/sign-in", data=told, headers={"Origin": beyond.url})
        assert answer.headers["location"] == "/", target
    shown = beyond.client().get("/sign-in", params={"next": '/"><script>'}).text
    assert "<script>" not in shown


def test_a_browser_is_shown_the_way_in(beyond):
    answer = beyond.client().get("/docs?a=b", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/sign-in?next=%2Fdocs%3Fa%3Db",
    )


def test_what_another_site_sends_with_a_cookie_is_refused(beyond):
    token = beyond.token("victim", "admin")
    client, _ = sign_in(beyond, token)
    csrf = csrf_for(client.cookies["rolecall_visit"])
    body = {"pages": [{"html": HTML}]}
    own = {"Origin": beyond.url, "X-CSRF-Token": csrf}
    assert client.post("/v1/tasks", json=body, headers=own).status_code == 202
    for headers in (
        {},
        {"X-CSRF-Token": csrf},
        {"Origin": beyond.url},
        {**own, "X-CSRF-Token": "0" * 40},
        {**own, "Origin": "https://evil.example"},
        {**own, "Origin": "null"},
        {**own, "Sec-Fetch-Site": "cross-site"},
        {**own, "Sec-Fetch-Site": "same-site"},
    ):
        answer = client.post("/v1/tasks", json=body, headers=headers)
        assert answer.status_code == 403, headers


def test_on_this_machine_other_sites_are_refused(near):
    body = {"pages": [{"html": HTML}]}
    client = near.client()
    assert client.post("/v1/tasks", json=body).status_code == 202  # no browser
    assert client.post("/v1/tasks", json=body, headers={"Origin": near.url}).status_code == 202
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
    ):
        for method, path in (("POST", "/v1/tasks"), ("GET", "/v1/tasks"), ("POST", "/v1/extract")):
            answer = client.request(method, path, json=body, headers=headers)
            assert answer.status_code == 403, (method, path, headers)
            assert "access-control-allow-origin" not in answer.headers
    followed = {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }
    assert client.get("/docs", headers=followed).status_code == 200
    framed = {**followed, "Sec-Fetch-Dest": "iframe"}
    assert client.get("/docs", headers=framed).status_code == 403
    assert client.post("/v1/tasks", json=body, headers=followed).status_code == 403
    plain = {"Content-Type": "text/plain"}  # what a form of another site could send
    assert client.post("/v1/tasks", content=b"{}", headers=plain).status_code == 415


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8600", "127.0.0.1.evil.example", "", "localhost/x", "[::1", "0",
     "localhost@evil.example", "127.0.0.2", "a" * 300],
)  # fmt: skip
def test_another_name_is_refused(near, host):
    answer = near.client().get("/v1/tasks", headers={"Host": host})
    assert answer.status_code in (400, 421), answer.text
    assert near.client().get("/healthz", headers={"Host": host}).status_code in (400, 421)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:9", "localhost."])
def test_our_own_names_are_answered_to(near, host):
    assert near.client().get("/v1/tasks", headers={"Host": host}).status_code == 200


def test_a_name_that_was_given_is_answered_to(tmp_path):
    with serving(tmp_path, host="0.0.0.0", serve_host_names="jobs.example, b.example") as here:
        token = here.token("one", "tasks")
        for host in ("jobs.example", "B.example:443"):
            answer = here.client(token).get("/v1/tasks", headers={"Host": host})
            assert answer.status_code == 200


def test_answers_carry_the_headers_of_safety(near):
    for path in ("/healthz", "/v1/tasks", "/nothing", "/docs"):
        headers = near.client().get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "server" not in headers
    assert JSON
