from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.errors import UsageError
from rolecall.outputs.index import Index, fill
from rolecall.outputs.nouns import Head, Wanted

WANTED = Wanted(config="c")


def head(source: str, seq: int, body: str = "x", config: str = "c") -> Head:
    return Head(seq, source, sha256(body.encode()).hexdigest(), False, False, config, False)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), max_size=60), st.data())
def test_it_says_what_a_dictionary_would(wrote: list[tuple[int, int]], data: st.DataObject) -> None:
    index, plain = Index(), dict[str, str]()
    heads = [head(f"p{name}", seq, str(body)) for seq, (name, body) in enumerate(wrote)]
    fill(index, heads, "out", WANTED)
    for one in heads:
        plain[one.source] = str(one.source_id)
    asked = [f"p{number}" for number in range(32)]
    assert {name: index.known(name) for name in asked if index.known(name)} == plain
    run = data.draw(st.lists(st.sampled_from(asked), unique=True))
    for seq, name in enumerate(run):
        if name in plain and data.draw(st.booleans()):
            index.keep(name, seq)
        else:
            index.new(name, seq)
        assert index.known(name) is None
    others = [name for name in plain if name not in run]
    assert len(index.number_others()) == len(others)
    assert [seq for _, seq in index.order()] == list(range(len(run) + len(others)))


def test_ten_thousand_are_found_again() -> None:
    index = Index()
    fill(index, (head(f"p{number}", number, str(number)) for number in range(10_000)), "o", WANTED)
    for number in range(0, 10_000, 7):
        assert index.known(f"p{number}") == head("", 0, str(number)).source_id
    assert index.known("p10000") is None
    index.number_others()
    assert index.in_order()


def test_others_that_have_their_numbers_need_no_new_ones() -> None:
    index = Index()
    fill(index, [head("a", 0), head("b", 1), head("gone", 2)], "out", WANTED)
    index.keep("a", 0)
    index.keep("b", 1)
    assert index.number_others() == [2]
    assert index.in_order()


def test_records_of_other_settings_are_refused_unless_some_are_ours() -> None:
    with pytest.raises(UsageError, match="other settings"):
        fill(Index(), [head("a", 0, config="d")], "out", WANTED)
    index = Index()
    fill(index, [head("a", 0, config="d"), head("b", 1)], "out", WANTED)
    assert (index.known("a"), index.known("b")) == ("", head("b", 1).source_id)
    with pytest.raises(KeyError):
        index.keep("c", 2)
