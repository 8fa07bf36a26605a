"""Sites are dealt to parts, each to one."""

from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.core import Page
from rolecall.evaluate.annotated import Annotated
from rolecall.evaluate.training.leave_out import deal

SIZES = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(1, 9), max_size=12)


def samples(sizes: dict[str, int]) -> list[Annotated]:
    page = Page(source_id="0", url=None, text="", blocks=())
    return [
        Annotated(id=f"{site}-{i}", site=site, language="en", page=page, gold={})
        for site, count in sizes.items()
        for i in range(count)
    ]


@settings(deadline=None)
@given(SIZES, st.integers(1, 15))
def test_every_site_is_in_exactly_one_part(sizes: dict[str, int], parts: int) -> None:
    groups = deal(samples(sizes), parts)
    dealt = [site for group in groups for site in group]
    assert sorted(dealt) == sorted(sizes)
    assert len(groups) == min(parts, len(sizes))
    assert all(groups)
    assert groups == deal(samples(sizes)[::-1], parts)


@settings(deadline=None)
@given(SIZES, st.integers(1, 15))
def test_parts_are_of_about_equal_size(sizes: dict[str, int], parts: int) -> None:
    loads = [sum(sizes[site] for site in group) for group in deal(samples(sizes), parts)]
    if loads:
        assert max(loads) - min(loads) <= max(sizes.values())


def test_one_big_site_weighs_as_much_as_many_small_ones() -> None:
    small = dict.fromkeys("abcdefgh", 1)
    assert deal(samples({"z": 8} | small), 2) == [("z",), tuple("abcdefgh")]
