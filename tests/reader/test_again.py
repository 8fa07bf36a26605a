"""What is remembered of texts changes no result, and has bounds."""

import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.core import Source
from rolecall.pipeline import extract_record, prepare
from rolecall.reader.again import EACH, LONGEST, MOST_ONCE, PER_CHARACTER, SHORT, Again
from rolecall.reader.facts import MOST_KEPT
from rolecall.reader.wording import wording
from rolecall.record import dump

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FRESH = """
import sys
from pathlib import Path
from rolecall.core import Source
from rolecall.pipeline import extract_record, prepare
from rolecall.record import dump
pipeline = prepare()
for path in sys.argv[1:]:
    source = Source(body=Path(path).read_bytes(), locator=path)
    sys.stdout.buffer.write(dump(extract_record(source, 0, pipeline)) + b"\\n")
"""


def without_times(line):
    record = json.loads(line)
    record.pop("seconds")
    return record


@given(st.lists(st.text("ab", max_size=4), max_size=60), st.integers(1, 12))
def test_a_text_always_comes_to_the_same_within_bounds(texts, room):
    """Whatever came before; what is held is bounded by the bytes reckoned for it, twice."""
    most = room * EACH
    table = Again(str.upper, most)
    for text in texts:
        assert table[text] == text.upper()
        held = [*table, *table._old]
        assert sum(EACH + PER_CHARACTER * len(one) for one in table) <= most + EACH + 400
        assert len(held) <= 2 * room + 2


def test_only_texts_that_come_again_are_held():
    """A short one at once; one that came once is known by a number, a long one not even so."""
    found = []
    table = Again(lambda text: found.append(text) or len(text), 1 << 20)
    one, two, long = "1" * (SHORT + 1), "2" * (SHORT + 1), "x" * (LONGEST + 1)
    for text in ("short", one, two, "short", one, one, long, long):
        assert table[text] == len(text)
    assert set(table) == {"short", one}
    assert (found.count("short"), found.count(one), found.count(two)) == (1, 2, 1)


def test_texts_that_came_once_are_bounded():
    """The numbers of texts that came once are forgotten when there are too many."""
    table = Again(len, 1 << 16)
    for number in range(MOST_ONCE + 5):
        table[f"{number:050}"]
    assert len(table._once) == 5


@pytest.fixture(scope="module")
def pages():
    paths = sorted(path for path in EXAMPLES.iterdir() if path.is_file())
    told = subprocess.run(
        [sys.executable, "-c", FRESH, *map(str, reversed(paths))],
        stdout=subprocess.PIPE,
        check=True,
    )
    fresh = map(without_times, told.stdout.splitlines())
    return dict(zip(reversed(paths), fresh, strict=True))


@settings(max_examples=3, deadline=None)
@given(st.randoms(use_true_random=False))
def test_a_record_does_not_hang_on_what_a_process_saw(pages, draw):
    """The same in a fresh process, and in one that has read other pages and this one before."""
    pipeline = prepare()
    order = [*pages, *pages]
    draw.shuffle(order)
    for path in order:
        source = Source(body=path.read_bytes(), locator=str(path))
        assert without_times(dump(extract_record(source, 0, pipeline))) == pages[path]


def test_days_and_languages_of_pages_do_not_pile_up():
    """A standing text with a date is read for each page's own day, and only so many are held."""
    pipeline, line = prepare(), "Posted on 3 May for the bakery in Leeds and its shops"
    body = f"<html lang=en><title>Baker</title><body><h1>Baker</h1><p>{line}</p></body>".encode()
    most = 0
    for number in range(3 * MOST_KEPT):
        day = date(2020, 1, 1) + timedelta(days=30 * number)
        extract_record(Source(body=body, captured=day), 0, pipeline)
        most = max(most, len(wording(line).kept))
    assert MOST_KEPT <= most <= MOST_KEPT + 8
