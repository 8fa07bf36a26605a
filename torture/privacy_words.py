"""Words of a page go through a server and a run; logs, metrics and events must not have them."""

from __future__ import annotations

import time

from torture.nouns import Case, Class, Group, Terms
from torture.privacy_keys import case
from torture.privacy_rooms import PAGE, PROVED, WORDS, Place, client, faulty, found_in, served


def words(terms: Terms) -> Group:
    """A run and a server, with an engine that quotes the page back in its errors."""
    return Group(
        said="words of a page in logs, metrics, events and errors",
        cases=(*_run(terms), *_served(terms)),
    )


def _run(terms: Terms) -> list[Case]:
    cases = []
    for fault in ("422", "ok", "nan")[: terms.number(1, 3)]:
        with faulty(*["ok"] * PROVED, *[fault] * 40) as engine:
            place = Place(terms.scratch / f"run-{fault}", engine.url)
            many = place.folder / "many"
            many.mkdir()
            for number in range(3):
                (many / f"{number}.html").write_text(PAGE.replace("four", str(number)), "utf-8")
            done = place.run("extract", "many", "--engine", "cloud", "--out", "out.jsonl")
        cases.append(case(f"stderr of a run: {fault}", found_in(done.stderr.encode(), WORDS)))
    return cases


def _served(terms: Terms) -> list[Case]:
    with faulty(*["ok"] * PROVED, *["422", "ok", "nan", "500"] * 20) as engine:
        place = Place(terms.scratch / "served", engine.url)
        with served(place, ROLECALL_POLICY="local-only") as (_, url), client(url) as known:
            until = time.monotonic() + 20  # the engine is proved meanwhile
            while time.monotonic() < until and len(engine.chats) <= PROVED:
                known.post("/v1/extract", json={"html": PAGE.replace("four", str(time.time()))})
            page = {"source": "a", "html": PAGE}
            known.post("/v1/tasks", json={"pages": [page, {"source": "b", "html": PAGE * 2}]})
            until, ended = time.monotonic() + 30, False
            while time.monotonic() < until and not ended:
                ended = known.get("/v1/tasks/b1").json()["ended"]
                time.sleep(0.1)
            metrics = known.get("/metrics").text
            health = known.get("/readyz").text
            with known.stream("GET", "/v1/events?after=0") as stream:
                events = next(stream.iter_text(), "")
            problem = known.post("/v1/extract", json={"html": PAGE, "huh": 1}).text
        status = place.run("status", "--json")
        doctor = place.run("doctor", "--json") if terms.full else status
    files = {path.name: path.read_bytes() for path in place.folder.iterdir() if path.is_file()}
    told = {
        "metrics": metrics, "health": health, "events": events, "problems": problem,
        "status": status.stdout + status.stderr, "doctor": doctor.stdout + doctor.stderr,
    }  # fmt: skip
    cases = [case(name, found_in(text.encode(), WORDS)) for name, text in told.items()]
    log = files["log"] + files.get("events.jsonl", b"")
    cases.append(case("logs", found_in(log, WORDS)))
    if not ended or len(engine.chats) <= PROVED or b"page" not in files.get("events.jsonl", b""):
        note = f"ended {ended}, {len(engine.chats)} calls, {len(files.get('events.jsonl', b''))}"
        cases.append(Case(name="itself", found=Class.CRASHED, note=note))
    return cases
