"""The command in a pseudo-terminal: pages become samples, and nothing is lost when it is killed."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
from tests.evaluate.label.postings import html
from tests.evaluate.label.vt import Labeller

from rolecall.cli import main
from rolecall.core import Source
from rolecall.evaluate.samples import read_samples, write_samples
from rolecall.page import clean

LEFT = re.compile(r"-- (\d+) of 20 to decide")


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    folder(tmp_path, 4)
    return tmp_path


def folder(path: Path, count: int) -> None:
    (path / "pages").mkdir()
    for number in range(count):
        (path / "pages" / f"p{number:02}.html").write_text(html(number), "utf-8")


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def check(line: dict[str, Any], where: Path) -> None:
    """A line is a sample: its page is there, and every quote stands on it."""
    body = (where / line["source"]).read_bytes()
    text = clean(Source(body=body)).text
    for pointer, one in line.get("evidence", {}).items():
        assert text[one["start"] : one["end"]] == one["quote"]
        assert line["expected"][pointer.split("/")[1]] is not None


def test_thirty_pages_become_samples(tmp_path: Path) -> None:
    folder(tmp_path, 30)
    desk = Labeller("pages", "--out", "labels.jsonl", cwd=tmp_path)
    desk.until("30 left")
    for number in range(30):
        name = desk.vt.text.split()[0]
        if number % 10 == 3:
            desk.send("x")
        elif number % 10 == 5:  # the company is wrong
            desk.send("je")
            desk.until("company - find")
            desk.send("works ltd\r")
            desk.until("company: ")
            desk.send("a")
        elif number % 10 == 7:
            desk.send("nsa")
        else:
            desk.send("a")
        if number < 29:
            desk.until(f"saved {name}")
    assert desk.ended() == 0
    assert not desk.vt.odd or set(desk.vt.odd) <= {"'\\r'", "'\\n'"}
    assert desk.vt.overflows == 0
    read = read_samples(tmp_path / "labels.jsonl")
    assert len(read.samples) == 30
    found = lines(tmp_path / "labels.jsonl")
    assert [one.expected for one in read.samples] == [line["expected"] for line in found]
    assert all(
        one.evidence == line.get("evidence", {})
        for one, line in zip(read.samples, found, strict=True)
    )
    write_samples(tmp_path / "again.jsonl", read.samples)
    assert read_samples(tmp_path / "again.jsonl").samples == read.samples
    assert len({line["source"] for line in found}) == 30
    for line in found:
        check(line, tmp_path)
    assert sum(line.get("posting") is False for line in found) == 3
    assert sum(line["expected"].get("company") == "Works Ltd" for line in found) == 3
    assert (
        sum("title" in line["expected"] and line["expected"]["title"] is None for line in found)
        == 3
    )
    assert found[0]["expected"]["salary_min"] == 28000
    assert not (tmp_path / "labels.jsonl.journal").exists()


def test_nothing_is_lost_on_kill(tmp_path: Path) -> None:
    """Killed at any moment, it goes on where it was, but for the key in flight at most."""
    folder(tmp_path, 3)
    draw = random.Random(20261125)
    kills = set(draw.sample(range(8, 58), 3))
    desk = Labeller("pages", "--out", "labels.jsonl", "--order", "given", cwd=tmp_path)
    sent = done = 0  # keys, and those of them that are known to have counted
    while done < 60:
        page, decided = divmod(done, 20)
        desk.until(f"{20 - decided} of 20 to decide")
        assert f"p{page:02}.html" in desk.vt.text
        desk.send("n" if decided == 1 else "\r")
        sent += 1
        if sent in kills:
            desk.kill()
            desk = Labeller("pages", "--out", "labels.jsonl", "--order", "given", cwd=tmp_path)
            shown = desk.until(lambda text: LEFT.search(text) is not None)
            page = int(re.findall(r"p(\d\d)\.html", shown)[0])
            now = 20 * page + 20 - int(LEFT.findall(shown)[0])
            assert now in (done, done + 1)
            done = now
        else:
            done += 1
    assert desk.ended() == 0
    found = lines(tmp_path / "labels.jsonl")
    assert [line["source"] for line in found] == [f"pages/p{n:02}.html" for n in range(3)]
    for line in found:
        assert line["expected"]["company"] is None
        assert line["expected"]["salary_max"] == 32000
        check(line, tmp_path)


def test_a_closed_window_loses_nothing_not_even_what_is_being_typed(pages: Path) -> None:
    desk = Labeller("pages", "--out", "l.jsonl", "--order", "given", cwd=pages)
    desk.until("4 left")
    desk.send("ns+har")
    desk.until("18 of 20 to decide")
    desk.until("add: har")
    assert desk.hang_up() in (0, 129)
    desk = Labeller("pages", "--out", "l.jsonl", "--order", "given", cwd=pages)
    desk.until("add: har")
    desk.send("\x1b")
    desk.until("enter right")
    desk.send("a")
    desk.until("3 left")
    desk.send("q")
    assert desk.ended() == 0
    expected = lines(pages / "l.jsonl")[0]["expected"]
    assert expected["title"] is None
    assert "company" not in expected


def test_back_corrects_a_label_also_of_an_earlier_session(pages: Path) -> None:
    desk = Labeller("pages", "--out", "l.jsonl", "--order", "given", cwd=pages)
    desk.until("4 left")
    desk.send("aa")
    desk.until("2 left")
    desk.send("q")
    assert desk.ended() == 0
    desk = Labeller("pages", "--out", "l.jsonl", "--order", "given", cwd=pages)
    desk.until("2 left")
    desk.send("b")
    desk.until("back again")
    desk.kill()
    assert len(lines(pages / "l.jsonl")) == 1
    desk = Labeller("pages", "--out", "l.jsonl", "--order", "given", cwd=pages)
    desk.until("p01.html")
    desk.send("n\r")
    desk.until("saved pages/p01.html")
    desk.send("q")
    assert desk.ended() == 0
    found = lines(pages / "l.jsonl")
    assert [line["expected"]["title"] for line in found] == ["Night Baker", None]


def test_two_cannot_write_the_same_file(pages: Path) -> None:
    desk = Labeller("pages", "--out", "l.jsonl", cwd=pages)
    desk.until("4 left")
    other = Labeller("pages", "--out", "l.jsonl", cwd=pages)
    other.until("somebody else is labelling")
    assert other.ended() == 2
    desk.resize(120, 40)  # and another size is drawn anew
    desk.until("Prepare the orders of the day")
    assert desk.vt.overflows == 0
    desk.send("q")
    assert desk.ended() == 0


def test_a_hostile_page_sends_no_control_characters(tmp_path: Path) -> None:
    hostile = "\x1b]0;owned\x07\x9b31m \u202eevil\u202c \x1b[2J"
    text = f"Night Baker\n{hostile} 日本語のパン屋 e\u0301\u0301 end"
    (tmp_path / "page.txt").write_text(text, "utf-8")
    desk = Labeller("page.txt", "--out", "l.jsonl", cwd=tmp_path, NO_COLOR="1")
    desk.until("1 left")
    assert desk.vt.odd == []
    assert {style for row in desk.vt.styles for style in row} <= {"", "1", "4", "7"}
    assert desk.vt.overflows == 0
    desk.send("x")
    assert desk.ended() == 0
    assert lines(tmp_path / "l.jsonl")[0] == {
        "source": "page.txt", "expected": {}, "posting": False,
    } | {k: v for k, v in lines(tmp_path / "l.jsonl")[0].items() if k == "language"}  # fmt: skip


def test_lines_of_json_keep_their_page(tmp_path: Path) -> None:
    rows = [{"html": html(n), "url": f"https://www.jobs.example/{n}"} for n in range(2)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    desk = Labeller("in.jsonl", "--out", "l.jsonl", "--fields", "title,salary", cwd=tmp_path)
    desk.until("2 left")
    desk.send("aa")
    assert desk.ended() == 0
    for line in lines(tmp_path / "l.jsonl"):
        assert line["site"] == "jobs.example"
        assert line["html"].startswith("<!doctype html>")
        assert set(line["expected"]) == {
            "title", "salary_min", "salary_max", "salary_currency", "salary_period",
        }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("pages", "--out", "l.jsonl"), "needs a terminal"),
        (("-", "--out", "l.jsonl"), "the keyboard"),
        (("pages",), "--out"),
    ],
)
def test_refused_with_a_reason(
    pages: Path,
    words: tuple[str, ...],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(pages)
    assert main(["eval", "label", *words]) == 2
    assert told in capsys.readouterr().err
    assert not (pages / "l.jsonl").exists()
