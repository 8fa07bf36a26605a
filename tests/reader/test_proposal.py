"""What proposals have in common: bins, labels, spans of values."""

import pytest

from reader import pages
from rolecall.reader.proposal import bins, is_label, label_of, place_features, value_span


@pytest.mark.parametrize(
    ("count", "name"),
    [(0, "0"), (3, "3"), (4, "4+"), (7, "4+"), (8, "8+"), (16, "16+"), (32, "32+"), (9999, "32+")],
)
def test_bins_grow_coarser(count: int, name: str) -> None:
    assert bins(count) == name


def test_the_span_of_a_value_leaves_its_label_out() -> None:
    tagged = pages.tagged("<h1>Cook</h1><p>Location: Leeds</p><p>Salary</p><p>£9 an hour</p>")
    texts = [value_span(tagged, i).of(tagged.page.text) for i in range(len(tagged.lines))]
    assert texts == ["Cook", "Leeds", "Salary", "£9 an hour"]
    assert [is_label(line) for line in tagged.lines] == [False, False, True, False]
    assert "location" in label_of(tagged, 1)
    assert "salary" in label_of(tagged, 3)


def test_every_line_says_where_it_stands() -> None:
    tagged = pages.tagged(pages.ENGLISH)
    for i, zone in enumerate(tagged.zones):
        assert f"z={zone}" in place_features(tagged, i)
