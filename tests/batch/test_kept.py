import itertools
import json
from hashlib import sha256
from pathlib import Path

from rolecall.batch.done import Done
from rolecall.batch.kept import BURST, Kept
from rolecall.batch.run import PageWork, run
from rolecall.batch.workers import Crew
from rolecall.inputs.nouns import Input
from rolecall.inputs.read import identity, load
from rolecall.settings import Settings

LIMIT = 10_000


def entry(folder: Path, seq: int, body: str = "x", known: str | None = None) -> Input:
    path = folder / f"p{seq}.html"
    path.write_text(body)
    return Input(seq, path.name, path=str(path), known=known)


def digest(body: str) -> str:
    return sha256(body.encode()).hexdigest()


def test_only_what_did_not_change_is_passed_over(tmp_path: Path) -> None:
    same = entry(tmp_path, 0, "a", digest("a"))
    others = [
        entry(tmp_path, 1, "b", digest("a")),
        entry(tmp_path, 2, "c"),
        entry(tmp_path, 3, "d", ""),
        Input(4, "gone", path=str(tmp_path / "gone"), known=digest("a")),
        Input(5, "large", line=bytes(LIMIT + 1), known=sha256(bytes(LIMIT + 1)).hexdigest()),
        None,
    ]
    kept = Kept(iter([same, *others]), limit=LIMIT)
    assert list(kept.rest()) == others
    assert list(kept.beside(done for done in ())) == [Done(0, "p0.html", "kept")]


def test_workers_and_signals_are_looked_after_between_bursts(tmp_path: Path) -> None:
    known = digest("x")
    entries = [entry(tmp_path, seq, known=known) for seq in range(7)]
    clock = itertools.count(0.0, BURST / 2).__next__
    kept = Kept(iter(entries), limit=LIMIT, clock=clock)
    assert list(kept.rest()) == [None, None]  # of bursts of three: one, two, and the last input


def test_what_is_kept_comes_out_beside_the_results(tmp_path: Path) -> None:
    page_work = PageWork(Settings(max_bytes=LIMIT))
    line = json.dumps({"html": "<p>x</p>"}).encode()
    entries = [
        entry(tmp_path, 0, "<p>a</p>", digest("<p>a</p>")),
        entry(tmp_path, 1, "<p>b</p>", digest("<p>a</p>")),
        Input(2, "l:1", line=line, json=True, known=digest("<p>x</p>")),
    ]
    done = {one.seq: one for one in run(iter(entries), page_work, Crew(workers=1))}
    assert [done[seq].outcome == "kept" for seq in range(3)] == [True, False, True]
    assert [done[seq].line is None for seq in range(3)] == [True, False, True]


def test_the_identity_is_that_of_the_source(tmp_path: Path) -> None:
    line = json.dumps({"text": "ü", "url": "https://example.org"}).encode()
    for one in (
        entry(tmp_path, 0, "a"),
        Input(1, "-", line=b"b"),
        Input(2, "l", line=line, json=True),
    ):
        assert identity(one, limit=LIMIT) == load(one, limit=LIMIT)[0].id
