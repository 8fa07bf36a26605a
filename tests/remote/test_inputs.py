"""Inputs in a store, read by the process apart."""

import gzip
from pathlib import Path

import pytest
from tests.inputs import made

from rolecall.inputs.nouns import Input, Left
from rolecall.inputs.read import load
from rolecall.inputs.stream import count, stream
from rolecall.remote.objects import open_writing


def listed(*urls: str, left: Left | None = None) -> list[Input]:
    found = stream(list(urls), limit=made.LIMIT, left=left)
    return [entry for entry in found if entry is not None]


@pytest.fixture
def day(bucket: str, tmp_path: Path) -> str:
    """A folder with files of every kind that hold the same two pages."""
    rows = [{"html": "<p>a", "url": "http://a.example"}, {"html": "<p>b"}]
    files = {
        "a.jsonl": made.json_lines(tmp_path / "a", rows).read_bytes(),
        "a.parquet": made.parquet(tmp_path / "a.parquet", rows).read_bytes(),
        "a.warc.gz": made.warc(tmp_path / "a.warc.gz", rows).read_bytes(),
        "a.wacz": made.warc(tmp_path / "a.wacz", rows).read_bytes(),
        "a.sqlite": made.sqlite(tmp_path / "a.sqlite", rows).read_bytes(),
        "b.jsonl.gz": gzip.compress((tmp_path / "a").read_bytes()),
        "ending": (tmp_path / "a.parquet").read_bytes(),
        "pages/.hidden.html": b"<p>no",
        "pages/1.html": b"<p>a",
        "pages/2.html.gz": gzip.compress(b"<p>b"),
        "pages/large.html": b"x" * (made.LIMIT + 1),
        "pages/x.pdf": b"%PDF",
    }
    for name, data in files.items():
        with open_writing(f"{bucket}/day/{name}") as file:
            file.write(data)
    return f"{bucket}/day"


def test_files_of_every_kind_are_read(day: str) -> None:
    names = ["a.jsonl", "a.parquet", "a.warc.gz", "a.wacz", "b.jsonl.gz", "ending"]
    found = [entry for name in names for entry in made.read(f"{day}/{name}")]
    sources = [load(entry, limit=made.LIMIT)[0] for entry in found]
    assert [source.body for source in sources] == [b"<p>a", b"<p>b"] * 6
    assert [source.url for source in sources[::2]] == ["http://a.example"] * 6
    assert [entry.locator for entry in found[:4]] == [
        f"{day}/a.jsonl:1",
        f"{day}/a.jsonl:2",
        f"{day}/a.parquet:1",
        f"{day}/a.parquet:2",
    ]
    assert count([f"{day}/a.parquet"]) is None


def test_folders_patterns_and_what_is_wrong_with_them(day: str, bucket: str) -> None:
    left = Left()
    found = listed(f"{day}/pages/", f"{day}/[ab].jsonl*", f"{day}/pages", left=left)
    assert [entry.locator.removeprefix(day) for entry in found] == [
        "/pages/1.html",
        "/pages/2.html.gz",
        "/pages/large.html",
        "/a.jsonl:1",
        "/a.jsonl:2",
        "/b.jsonl.gz:1",
        "/b.jsonl.gz:2",
    ]
    assert made.codes(found) == [None, None, "too_large", None, None, None, None]
    assert load(found[1], limit=made.LIMIT)[0].media_type == "text/html"
    assert left.repeated == 3
    wrong = [f"{day}/*.nothing", f"{day}/a.sqlite", f"{day}/no.html", f"{bucket}/no/", "s3://no/a"]
    found = [entry for url in wrong for entry in made.read(url)]
    assert [entry.locator for entry in found] == wrong
    assert made.codes(found) == ["unreadable"] * 5
    told = [(entry.fault or ("", ""))[1] for entry in found]
    assert "no object matches" in told[0]
    assert "copy the file" in told[1]
    assert "no object" in told[2]
    assert "no bucket" in told[4]
