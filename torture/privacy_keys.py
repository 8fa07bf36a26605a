"""Canary keys go through verbs, servers and children while things go wrong."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from torture.nouns import Case, Class, Group, Terms
from torture.privacy_rooms import (
    PAGE,
    PROVED,
    ROOT,
    SECRETS,
    Place,
    client,
    descendants,
    faulty,
    found_in,
    leaks,
    served,
)

FAULTS: Final = ("401", "403", "422", "500", "redirect", "429_quota", "html_200", "reset", "nan")
QUICK_FAULTS: Final = ("401",)
PASSWORD: Final = SECRETS["password of the database"]
URLS: Final = {
    "that nobody answers": f"postgresql://me:{PASSWORD}@127.0.0.1:9/db",
    "with the password as a parameter": f"postgresql://127.0.0.1:9/db?user=me&password={PASSWORD}",
    "of another kind": f"mysql://me:{PASSWORD}@127.0.0.1/db",
    "with two at signs": f"postgresql://me:{PASSWORD}@x@127.0.0.1/db",
    "with a port that is none": f"postgresql://me:{PASSWORD}@127.0.0.1:port/db",
    "with a bracket": f"postgresql://me:{PASSWORD}@[127.0.0.1/db",
}
VERBS: Final = (
    "settings", "settings --json", "doctor --json", "budget", "tasks list", "status --json",
    "tokens list", "watch list", "audits", "trials", "purge --dry-run", "work", "serve --port 0",
)  # fmt: skip
QUICK_VERBS: Final = ("settings --json", "doctor --json", "budget", "tasks list")


def case(name: str, found: list[str], note: str = "") -> Case:
    """A case that is right where nothing was found."""
    return Case(
        name=name,
        found=Class.WRONG if found else Class.RIGHT,
        note=", ".join(found) or note,
    )


def keys(terms: Terms) -> Group:
    """Verbs that end, with engines, databases and stores that do wrong."""
    cases = [*_engine_faults(terms), *_addresses(terms), *_wrong_tables(terms), *_stores(terms)]
    return Group(
        said="canary keys in output, files, database and prompts of verbs while things go wrong",
        cases=tuple(cases),
    )


def _engine_faults(terms: Terms) -> Iterator[Case]:
    pairs = [(fault, later) for fault in (FAULTS if terms.full else QUICK_FAULTS)
             for later in (False, True)]  # fmt: skip
    for fault, later in pairs:
        with faulty(*["ok"] * PROVED * later, *[fault] * 40) as server:
            place = Place(terms.scratch / f"fault-{fault}-{later}", server.url)
            done = place.run("extract", "page.html", "--engine", "cloud", "--out", "out.jsonl")
            more = place.run("doctor", "--json") if terms.full else done
            prompts = str([body for _, body, _ in server.chats])
        found = leaks(done.stdout, done.stderr, more.stdout, more.stderr, prompts, place=place)
        yield case(f"an engine answers {fault}{' when it is asked' if later else ''}", found)


def _addresses(terms: Terms) -> Iterator[Case]:
    place = Place(terms.scratch / "addresses")
    pairs = [(what, verb) for what in URLS for verb in (VERBS if terms.full else QUICK_VERBS)]
    if not terms.full:  # each address and each verb once
        pairs = [(what, QUICK_VERBS[n % len(QUICK_VERBS)]) for n, what in enumerate(URLS)]
    for what, verb in pairs:
        done = place.run(*shlex.split(verb), ROLECALL_QUEUE=URLS[what])
        yield case(f"{verb}: a database {what}", leaks(done.stdout, done.stderr, place=place))


def _wrong_tables(terms: Terms) -> Iterator[Case]:
    key, password = SECRETS["key of a cloud"], SECRETS["password in an engine's address"]
    head = '[engines.cloud]\nkind = "openai"\nmodel = "tiny"\n'
    wrong = {
        "a password in the address": f'{head}url = "http://me:{password}@127.0.0.1:9/v1"\n',
        "the key in the table": f'{head}url = "http://127.0.0.1:9/v1"\napi_key = "{key}"\n',
        "the key as an unknown word": f'{head}url = "http://127.0.0.1:9/v1"\nkye = "{key}"\n',
    }
    place = Place(terms.scratch / "tables")
    verbs = ("settings --json", "settings", "doctor --json", "extract page.html --verbose",
             "extract page.html", "prompt page.html")  # fmt: skip
    for what, table in wrong.items():
        place.set(table)
        for verb in verbs if terms.full else verbs[:1]:
            done = place.run(*verb.split())
            yield case(f"{verb}: {what}", leaks(done.stdout, done.stderr, place=place))


def _stores(terms: Terms) -> Iterator[Case]:
    place = Place(terms.scratch / "stores")
    for words in (
        ("extract", "s3://bucket/page.html"),
        ("extract", "page.html", "--engine", "none", "--out", "s3://bucket/out.jsonl"),
    )[: terms.number(1, 2)]:
        done = place.run(*words)
        yield case(f"{words[0]} {words[-1]}", leaks(done.stdout, done.stderr, place=place))


def served_keys(terms: Terms) -> Group:
    """A server with a token, callbacks, alerts and telemetry; engines fail, a child is killed."""
    script = ["ok"] * PROVED + ["422", "500", "reset", "403", "ok"] * 40
    with faulty(*script) as engine:
        place = Place(terms.scratch / "served", engine.url)
        place.set(f'[engines.cloud]\nkind = "openai"\nmodel = "tiny"\nurl = "{engine.url}"\n'
                  "tries = 1\n", 'otel = true\n')  # fmt: skip
        made = place.run("tokens", "add", "me", "--scopes", "admin").stdout
        token = next(word for word in made.split() if len(word) > 30)
        with served(place, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9") as (process, url):
            told = dict(_asked(url, token, descendants(process.pid)))
        prompts = str([body for _, body, _ in engine.chats])
    asked = len(engine.chats)
    told["prompts"] = prompts
    cases = [case(name, leaks(text) + _token(token, text)) for name, text in told.items()]
    files = [f"{where}: the token" for where, data in place.files() if token.encode() in data]
    # While the message of a batch is under way, its secret is where it can be signed with.
    kept = [
        one for one in leaks(place=place) if not one.startswith("secret of callbacks in rolecall.")
    ]
    cases.append(case("files and the database afterwards", kept + files))
    if '"outcome":"ok"' not in told["the results"].replace(" ", "") or asked <= PROVED:
        note = f"{asked} calls, {told['a batch with a callback'][:200]}"
        cases.append(Case(name="itself", found=Class.CRASHED, note=note))
    return Group(
        said="the same of a server: pages, problems, events, metrics, logs", cases=tuple(cases)
    )


def _token(token: str, text: str) -> list[str]:
    return ["the token"] if token in text else []


UI: Final = ("/", "/postings", "/queue", "/engines", "/monitor", "/try", "/runs", "/metrics",
             "/openapi.json", "/docs", "/v1/tasks", "/v1/engines", "/v1/settings", "/nowhere",
             "/readyz", "/healthz")  # fmt: skip


def _asked(url: str, token: str, children: list[int]) -> Iterator[tuple[str, str]]:
    """What a server says to all sorts of requests."""
    wrong = SECRETS["key of a cloud"]
    with client(url) as nobody:
        for path in ("/v1/tasks", "/postings"):
            reply = nobody.get(path, headers={"Authorization": f"Bearer {wrong}"})
            yield f"{path} with a wrong token", reply.text + str(reply.headers)
    with client(url, headers={"Authorization": f"Bearer {token}"}) as known:
        batch = {
            "pages": [{"source": f"p{n}", "html": PAGE.replace("four", str(n))} for n in range(6)],
            "callback": {
                "url": "https://nowhere.invalid/done", "secret": SECRETS["secret of callbacks"],
            },
        }  # fmt: skip
        reply = known.post("/v1/tasks", json=batch)
        yield "a batch with a callback", reply.text
        with contextlib.suppress(OSError):
            if children:
                os.kill(children[-1], signal.SIGKILL)
        yield "a page at once", known.post("/v1/extract", json={"html": PAGE}).text
        yield "a body that is none", known.post("/v1/tasks", content=wrong.encode()).text
        yield "a field that is none", known.post("/v1/extract", json={"htlm": 1}).text
        until = time.monotonic() + 20
        while time.monotonic() < until:
            if known.get("/v1/tasks/b1").json().get("ended"):
                break
            time.sleep(0.2)
        yield "the results", known.get("/v1/tasks/b1/results").text
        for path in UI:
            reply = known.get(path)
            yield f"{path}", reply.text + str(reply.headers)
        with known.stream("GET", "/v1/events?after=0") as stream:
            yield "events", next(stream.iter_text(), "")


def children(terms: Terms) -> Group:
    """What children are given: of a server, of a run of many pages, and vLLM."""
    if sys.platform != "linux":
        return Group(said="words and environments of children", skipped="/proc tells them")
    cases = [*_children_of_serve(terms), *_children_of_up(terms)]
    return Group(said="secrets in words and environments of children", cases=tuple(cases))


def _given(processes: list[int]) -> dict[str, list[str]]:
    """The secrets in words and environments of processes, by what the process is."""
    found: dict[str, list[str]] = {}
    for one in processes:
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{one}/cmdline").read_bytes()
            data = words + Path(f"/proc/{one}/environ").read_bytes()
            kind = _kind(words)
            more = [name for name, value in SECRETS.items() if found_in(data, [value])]
            found[kind] = sorted({*found.get(kind, []), *more})
    return found


def _kind(words: bytes) -> str:
    for mark, kind in (
        (b"fake_vllm", "vLLM"), (b"guard.py", "the guard of vLLM"),
        (b"resource_tracker", "the tracker of multiprocessing"),
        (b"forkserver", "readers of pages"), (b"spawn_main", "readers of pages"),
        (b"compile_child", "the compiler of schemas"), (b"inputs.apart", "the reader of inputs"),
    ):  # fmt: skip
        if mark in words:
            return kind
    return "another"


def _children_of_serve(terms: Terms) -> Iterator[Case]:
    place = Place(terms.scratch / "family")
    with served(place) as (process, url), client(url) as known:
        known.post("/v1/extract", json={"html": PAGE, "schema": {"type": "object"}})
        given = _given(descendants(process.pid))
    for kind, found in given.items():
        yield case(f"serve: {kind}", found)


def _children_of_up(terms: Terms) -> Iterator[Case]:
    import subprocess

    place = Place(terms.scratch / "up")
    model = place.folder / "small"
    model.mkdir()
    (model / "config.json").write_text("{}")
    (place.folder / "orders.json").write_text("{}")
    fake = ROOT / "tests" / "launch" / "fake_vllm.py"
    more = {
        "FAKE_VLLM": str(place.folder / "orders.json"),
        "ROLECALL_VLLM_COMMAND": shlex.join([sys.executable, "-IS", str(fake)]),
        "VLLM_TARGET_DEVICE": "cpu",
    }
    with (place.folder / "log").open("ab") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "rolecall", "up", "small"], cwd=place.folder,
            env=place.environ | more, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    try:
        until, given = time.monotonic() + 30, dict[str, list[str]]()
        while time.monotonic() < until and "vLLM" not in given and keeper.poll() is None:
            given |= _given(descendants(keeper.pid))
            time.sleep(0.05)
        until = time.monotonic() + 30
        while (
            time.monotonic() < until and not (place.folder / "state/rolecall/engines.json").exists()
        ):
            time.sleep(0.05)
        given |= _given(descendants(keeper.pid))
        place.environ |= more
        shown = place.run("up", "--status", "--json")
        logs = place.run("up", "--logs")
    finally:
        keeper.send_signal(signal.SIGTERM)
        keeper.wait(60)
    for kind, found in given.items():
        yield case(f"up: {kind}", found)
    if "vLLM" not in given:
        yield Case(name="up: vLLM", found=Class.CRASHED, note="it did not start")
    yield case("up: status and logs", leaks(shown.stdout, shown.stderr, logs.stdout, place=place))
