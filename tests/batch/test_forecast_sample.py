"""Samples for forecasts: spread over all inputs, the same each time, and bounded."""

import gzip
import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from rolecall.batch.forecast_sample import PLACES, USUAL, Spread, Survey, survey
from rolecall.errors import UsageError
from rolecall.inputs.nouns import Input

LIMIT = 1_000_000


def spread_of(inputs: int, most: int, held: int = 1 << 20, size: int = 10) -> Spread:
    spread = Spread(most, held)
    for number in range(inputs):
        spread.add(Input(number, str(number), line=b"x" * size), size)
    return spread


@given(st.integers(0, 3_000), st.integers(2, 200))
def test_a_sample_is_spread_over_the_whole(inputs: int, most: int) -> None:
    spread = spread_of(inputs, most)
    numbers = [one.entry.seq for one in spread.drawn()]
    assert (spread.seen, spread.size) == (inputs, 10 * inputs)
    assert numbers == sorted(set(numbers))
    assert len(numbers) == min(inputs, most)
    gaps = [b - a for a, b in zip([-1, *numbers], [*numbers, inputs], strict=True)]
    assert max(gaps) <= 6 * inputs / most + 6


def test_the_same_input_gives_the_same_sample() -> None:
    one, two = (spread_of(5_000, 50).drawn() for _ in range(2))
    assert one == two


def test_a_sample_keeps_no_rhythm() -> None:
    numbers = [one.entry.seq for one in spread_of(64_000, 500).drawn()]
    odd = sum(number % 2 for number in numbers)
    assert 200 < odd < 300
    assert len({number % 64 for number in numbers}) == 64


def test_lines_that_are_held_take_no_more_than_they_may() -> None:
    spread = spread_of(2_000, 100, held=20_000, size=1_000)
    assert len(spread.drawn()) <= 20
    assert spread.thinned


def lines(count: int, long: int = 30) -> bytes:
    return b"".join(
        json.dumps({"html": "x" * long, "n": number}).encode() + b"\n" for number in range(count)
    )


def looked(*paths: Path, most: int = 100, **more: float) -> Survey:
    bounds = structs.replace(USUAL, **more)
    return survey([str(path) for path in paths], most, limit=LIMIT, bounds=bounds)


def test_folders_and_lines_are_counted_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    for number in range(300):
        (tmp_path / "d" / f"{number:03}.html").write_text("x" * number)
    (tmp_path / "l.jsonl").write_bytes(lines(200))
    (tmp_path / "z.jsonl.gz").write_bytes(gzip.compress(lines(100)))
    found = looked(*(tmp_path / name for name in ("d", "l.jsonl", "z.jsonl.gz")))
    assert (found.inputs, found.apart, found.notes) == (600, 0, ())
    assert found.bytes_ == sum(range(300)) + len(lines(200)) + len(lines(100))
    assert len(found.drawn) == 100
    assert 40 <= sum(one.entry.path is not None for one in found.drawn) <= 60


def test_a_large_file_is_looked_into_at_places(tmp_path: Path) -> None:
    path = tmp_path / "l.jsonl"
    path.write_bytes(lines(20_000))
    found = looked(path, most=200, through=10_000, look=10_000)
    each = sum(one.size for one in found.drawn) / len(found.drawn)
    assert found.apart / each == pytest.approx(20_000, rel=0.02)
    assert (found.inputs, found.apart) == (0, path.stat().st_size)
    assert {one.place for one in found.drawn} == set(range(PLACES))
    numbers = [json.loads(one.entry.line or b"")["n"] for one in found.drawn]
    assert numbers == sorted(set(numbers))
    assert numbers[0] < 500
    assert numbers[-1] > 19_000
    assert "at places" in found.notes[0]


def test_a_packed_large_file_is_read_from_its_beginning(tmp_path: Path) -> None:
    draw = random.Random(1)
    for name, long in (("a", 200), ("b", 400)):
        pages = (json.dumps({"html": draw.randbytes(long).hex()}) for _ in range(3_000))
        (tmp_path / f"{name}.jsonl.gz").write_bytes(gzip.compress("\n".join(pages).encode()))
    paths = (tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl.gz")
    found = looked(*paths, most=80, through=10_000, look=9_000)
    assert {one.place for one in found.drawn} == set(range(PLACES))
    locators = [one.entry.locator for one in found.drawn]
    assert len(locators) == len(set(locators)) == 80
    each = sum(one.size for one in found.drawn) / 80
    assert 0.8 < 6_000 / (found.apart / each) < 1.25


def test_standard_input_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be sampled") as told:
        survey(["-"], 10, limit=LIMIT)
    assert "save it to a file" in (told.value.hint or "")


def test_listing_has_an_end(tmp_path: Path) -> None:
    (tmp_path / "l.jsonl").write_bytes(lines(5_000))
    found = looked(tmp_path / "l.jsonl", seconds=0.0)
    assert 0 < found.inputs < 5_000
    assert f"the first {found.inputs:,} inputs" in found.notes[0]
