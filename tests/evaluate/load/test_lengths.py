"""Loads measured from pages: prompts as they would be sent, answers as they would be written."""

import pytest

from rolecall.ask.tokens import Estimate
from rolecall.core import Source
from rolecall.errors import UsageError
from rolecall.evaluate.load.lengths import load_of, read_sample
from rolecall.evaluate.load.postings import generated
from rolecall.plan.loads import loads
from rolecall.settings import Settings

SETTINGS = Settings()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twelve made postings, and one file that is no text."""
    path = tmp_path_factory.mktemp("postings")
    for number, page in enumerate(generated(12, seed=3)):
        assert isinstance(page, Source)
        (path / f"{number:02}.html").write_bytes(page.body)
    return path


def whole(load):
    return sum(count for _, _, count in load.requests)


def test_a_folder_gives_the_load_of_its_pages(folder):
    done = []
    load = load_of([str(folder)], SETTINGS, every=True, told=lambda *at: done.append(at))
    assert (load.postings, whole(load)) == (12, 12)
    assert done == [(number, 12) for number in range(1, 13)]
    assert load.shared % 16 == 0
    for prompt, answer, _ in load.requests:
        assert load.shared + 100 < prompt < 5_000
        assert 100 < answer < 600  # all eighteen fields, pointed at and not copied
    assert "12 pages: 12 leave something to ask, in 12 prompts" in load.source
    assert load == load_of([str(folder)], SETTINGS, every=True)


def test_what_the_reader_knows_is_not_asked(folder):
    left = load_of([str(folder)], SETTINGS)
    every = load_of([str(folder)], SETTINGS, every=True)
    assert left.postings <= every.postings
    few, many = (sum(row[1] * row[2] for row in one.requests) for one in (left, every))
    assert few < many / 2


def test_a_sample_is_spread_evenly_and_says_so(folder):
    sample = read_sample([str(folder)], most=4, limit=10**7)
    assert [one.locator[-7:-5] for one in sample.sources] == ["00", "03", "06", "09"]
    load = load_of([str(folder)], SETTINGS, most=5, every=True)
    assert load.postings == 5
    assert "5 pages, evenly from about 12: 5 leave" in load.source
    for wanted in range(1, 14):
        found = read_sample([str(folder)], most=wanted, limit=10**7).sources
        assert len(found) == min(wanted, 12)


def test_what_cannot_be_read_is_left_out_and_counted(folder, tmp_path):
    (tmp_path / "a.html").write_bytes((folder / "00.html").read_bytes())
    (tmp_path / "b.html").write_bytes(b"x" * 20_000)
    sample = read_sample([str(tmp_path)], most=9, limit=15_000)
    assert (len(sample.sources), sample.unreadable, sample.whole) == (1, 1, 2)


def test_without_pages_made_ones_are_measured_as_shipped():
    load = load_of([], SETTINGS, most=20)
    assert "20 made pages" in load.source
    prompts = sum(prompt * count for prompt, _, count in load.requests) / whole(load)
    shipped = loads()["postings"]
    expected = sum(prompt * count for prompt, _, count in shipped.requests) / whole(shipped)
    assert prompts == pytest.approx(expected, rel=0.2)
    assert load.shared == shipped.shared


def test_tokens_that_are_guessed_are_called_so(folder):
    load = load_of([str(folder)], SETTINGS, most=2, every=True, tokens=Estimate())
    assert "prompts are estimated by estimate" in load.source


@pytest.mark.parametrize("most", [0, -1])
def test_a_sample_of_nothing_is_refused(folder, most):
    with pytest.raises(UsageError):
        load_of([str(folder)], SETTINGS, most=most)


def test_nothing_to_read_or_to_ask_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no page that can be read"):
        load_of([str(tmp_path)], SETTINGS)
    (tmp_path / "recipe.html").write_text("<h1>Soup</h1><p>Peel three carrots and boil them.</p>")
    with pytest.raises(UsageError, match="none leaves anything to ask"):
        load_of([str(tmp_path)], SETTINGS)
    with pytest.raises(UsageError):
        load_of([str(tmp_path / "none" / "*.html")], SETTINGS)
    with pytest.raises(UsageError, match="no page that can be read"):
        load_of([str(tmp_path / "none.html")], SETTINGS)
