from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.client.events import Events, Lines, Told
from rolecall.errors import ServerError

STREAM = (
    b': beat\n\nid: 7\nevent: task\ndata: {"a":\ndata: 1}\n\n'
    b"retry: 1500\r\nid: 8\r\ndata:two\r\n\r\nevent: empty\n\nid: 9\ndata: three\n"
)


def cut(data, places):
    """``data`` in pieces."""
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[a:b] for a, b in pairwise(edges)]


@given(st.lists(st.integers(0, 10_000), max_size=12))
def test_events_are_the_same_wherever_the_stream_is_cut(places):
    reader = Events()
    found = [told for part in cut(STREAM, places) for told in reader.feed(part)]
    assert found == [Told("7", "task", b'{"a":\n1}'), Told("8", "", b"two")]
    assert reader.wait == 1.5


def test_an_event_that_was_cut_off_is_asked_for_again():
    reader = Events("6")
    reader.feed(b"id: 7\ndata: half")
    assert reader.last == "6"
    reader.feed(b"\n\n")
    assert reader.last == "7"


@given(
    st.lists(st.binary(max_size=20).filter(lambda b: b"\n" not in b and b"\r" not in b)),
    st.lists(st.integers(0, 10_000), max_size=12),
    st.sampled_from([b"\n", b"\r\n"]),
)
def test_lines_are_the_same_wherever_the_stream_is_cut(lines, places, end):
    data = b"".join(line + end for line in lines) + b"rest"
    reader = Lines()
    assert [line for part in cut(data, places) for line in reader.feed(part)] == lines


def test_a_line_or_an_event_without_end_is_refused_before_it_fills_the_memory():
    with pytest.raises(ServerError, match="line"):
        Lines(most=1_000).feed(b"x" * 2_000)
    reader = Events(most=1_000)
    reader.feed(b"data: " + b"x" * 600 + b"\n")
    with pytest.raises(ServerError, match="event"):
        reader.feed(b"data: " + b"x" * 600 + b"\n")
