"""Pages that are made up for measuring, and how a run over them is watched."""

import os
import statistics
from collections import Counter

import pages
import scale
from rolecall.core import Source
from rolecall.page import clean
from rolecall.pipeline import extract_record, prepare


def test_made_pages_come_from_the_seed_alone():
    """The same pages for the same seed, others for another; corpus pages aside."""
    for name in ("tiny", "realistic"):
        make = pages.kinds()[name]
        assert list(make(4)) == list(make(4))
    assert list(pages.generated(4, seed=1)) != list(pages.generated(4, seed=2))
    assert list(pages.realistic(4, seed=1)) != list(pages.realistic(4, seed=2))


def test_realistic_pages_are_as_their_text_says():
    """Their size, the share that states data, and how many lines a site repeats."""
    made = list(pages.realistic(300))
    assert 8_000 <= statistics.median(map(len, made)) <= 15_000
    assert 0.25 <= sum(b"ld+json" in one for one in made) / len(made) <= 0.42
    sites = {}
    for body in made:
        page = clean(Source(body=body, media_type="text/html"))
        lines = [page.text[b.span.start : b.span.end] for b in page.blocks]
        sites.setdefault(page.meta["canonical"].split("/")[2], []).append(lines)
    shares = []
    for one in sites.values():
        times = Counter(text for lines in one for text in set(lines))
        if len(one) > 2:
            shares += [sum(times[text] > 1 for text in lines) / len(lines) for lines in one]
    assert 0.5 <= statistics.mean(shares) <= 0.7


def test_realistic_pages_are_postings():
    """All are read as postings, with the title that their heading has."""
    pipeline = prepare()
    for body in pages.realistic(6, seed=3):
        record = extract_record(Source(body=body, media_type="text/html"), 0, pipeline)
        assert record["outcome"] == "ok"
        assert f"<h1>{record['data']['title']}</h1>".encode() in body


def test_whole_lines_of_a_growing_file_are_counted(tmp_path):
    """A torn line does not count, and a file that takes its place is counted anew."""
    path = tmp_path / "out.jsonl"
    lines = scale.Lines(path)
    assert lines.look() == 0
    path.write_bytes(b"{}\n{}\n{")
    assert lines.look() == 2
    with path.open("ab") as file:
        file.write(b"}\n")
    assert lines.look() == 3
    other = tmp_path / "other"
    other.write_bytes(b"{}\n")
    os.replace(other, path)
    assert lines.look() == 1


def test_what_a_run_kept_is_read_from_what_it_says_last():
    """The count before "kept", however large; progress on the way does not count."""
    last = "done: 2,000 inputs in 1.2 s, 900/s: 1,400 ok, 5 failed (timeout 5), 1,005 kept"
    assert scale.kept_of(["1,500/2,000  75%  90/s  7 kept", last]) == 1005
    assert scale.kept_of([]) == 0


def test_records_are_compared_without_their_times(tmp_path):
    """Files that differ in seconds alone have the same digest."""
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text('{"a": 1, "seconds": {"read": 1}}\n')
    two.write_text('{"seconds": {"read": 2}, "a": 1}\n')
    assert scale.digest(one) == scale.digest(two)
