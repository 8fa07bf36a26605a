"""What is a copy of what: sketches and the index."""

import pickle
import random
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import copies_pages
from rolecall.copies.index import Found, Index, Place
from rolecall.copies.packed import pack, unpack
from rolecall.copies.sketch import Sketch, exact_key, signer, sketch
from rolecall.core import Notice, Page, Source
from rolecall.page import clean

SIGN = signer()
BODY = """<p>We bake bread for forty shops in the valley and deliver it before six.</p><ul>
<li>Mix and shape dough through the night with two others</li>
<li>Look after the ovens and note what they did</li>
<li>Load the first van and tell the driver of changes</li>
<li>Leave the bakery as clean as it was found</li></ul>
<p>Letters go to the head baker, who answers all of them within a week.</p>"""


def page(
    title: str = "Night Baker", body: str = BODY, *, name: str = "Board", more: str = ""
) -> Page:
    text = (
        f"<html lang=en><title>{title} - {name}</title><body><nav><a href=/>{name}</a></nav>"
        f"<h1>{title}</h1><p>Harbour Bakery, Leeds</p>{more}{body}<footer>{name}</footer></body>"
    )
    return clean(Source(body=text.encode()))


def sketched(one: Page, exact: bytes = b"") -> Sketch:
    return sketch(one, exact or one.source_id.encode(), SIGN)


def placed(*pages: Page, remembered: int = 100) -> list[Place]:
    index = Index(remembered)
    return [index.place(sketched(one)) for one in pages]


def test_the_same_text_is_found_on_another_board() -> None:
    other = page(name="Elsewhere", more="<table><tr><td>Pay</td><td>by hour</td></tr></table>")
    first, second = placed(page(), other)
    assert first == Place(0, None)
    assert second.number == 1
    assert second.found is not None
    assert (second.found.number, second.found.exact) == (0, False)
    assert second.found.similarity > 0.9


def test_the_same_page_but_for_its_furniture_is_no_page_of_its_own() -> None:
    assert placed(page(), page())[1] == Place(None, Found(0, 1.0, exact=True))
    changed = clean(
        Source(body=b"<!-- again -->" + b"<html lang=en><title>x</title>" + BODY.encode())
    )
    again = clean(Source(body=b"<html lang=en><title>x</title>" + BODY.encode()))
    assert placed(changed, again, again)[1:] == [Place(None, Found(0, 1.0))] * 2


def test_a_list_in_another_order_and_a_typo_make_no_other_vacancy() -> None:
    items = BODY.split("\n")
    shuffled = "\n".join([items[0], items[3], items[1], items[2], *items[4:]])
    for body in (
        shuffled,
        BODY.replace("forty", "fotry"),
        BODY + "<p>We are glad of your call.</p>",
    ):
        found = placed(page(), page(body=body))[1].found
        assert found is not None
        assert found.number == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Night Baker", "Day Baker"),
        ("Nurse Band 5", "Nurse Band 6"),
        ("Baker (Level 1)", "Baker (Level 2)"),
        ("Baker", "Head Baker"),
    ],
)
def test_another_title_is_another_vacancy(one: str, other: str) -> None:
    assert placed(page(one), page(other))[1] == Place(1, None)


def test_a_place_or_a_number_beside_the_title_is_not_part_of_it() -> None:
    found = placed(page("Night Baker - Leeds"), page("Night Baker - Bristol (Ref 20261)"))[1].found
    assert found is not None


def test_other_duties_are_another_vacancy() -> None:
    duties = "<ul>" + "".join(f"<li>Write the {n}th report of the quarter</li>" for n in range(9))
    assert placed(page(), page(body=BODY.split("<ul>")[0] + duties + "</ul>"))[1].found is None


def test_a_page_that_says_little_has_only_exact_copies() -> None:
    bare = page(body="<p>Baker wanted.</p>")
    assert not sketched(bare).signature
    assert placed(bare, page(body="<p>Baker wanted!</p>"))[1].found is None
    assert placed(bare, bare)[1].found == Found(0, 1.0, exact=True)


def test_the_earliest_of_equally_like_pages_is_the_original() -> None:
    pages = [page(more=f"<p>{word}</p>") for word in ("one", "two", "three", "four")]
    places = placed(*pages)
    assert [place.number for place in places] == [0, 1, 2, 3]
    assert places[3].found is not None
    assert places[3].found.number == 0


def test_what_is_known_beside_the_bytes_counts() -> None:
    source = Source(body=b"x", url="https://a.example")
    others = [
        Source(body=b"y", url="https://a.example"),
        Source(body=b"x", url="https://b.example"),
        Source(body=b"x", url="https://a.example", captured=date(2026, 5, 17)),
        Source(body=b"x", url="https://a.example", media_type="text/plain"),
        Source(body=b"x", url="https://a.example", charset="latin-1"),
    ]
    keys = {exact_key(one) for one in (source, *others)}
    assert len(keys | {exact_key(source, [Notice(code="bad_captured", message="")])}) == 7
    assert exact_key(Source(body=b"x", url="https://a.example", locator="other")) in keys


def test_the_index_forgets_and_says_from_where_on_it_knows() -> None:
    index = Index(5)
    made = copies_pages.pages("develop", 5, vacancies=30, copies=0)
    sketches = [sketched(clean(Source(body=one.body))) for one in made]
    for one in sketches:
        index.place(one)
    assert index.floor > 0
    assert len(index._entries) <= 10
    assert len(index._keys[0]) + len(index._keys[1]) <= 20
    assert index.place(sketches[0]).found is None


@given(st.integers(0, 10_000))
@settings(max_examples=5, deadline=None)
def test_places_hang_on_the_order_alone_and_point_back(seed: int) -> None:
    made = copies_pages.pages("develop", seed % 5, vacancies=4)
    random.Random(seed).shuffle(made)
    pages = [clean(Source(body=one.body)) for one in made]
    places = placed(*pages)
    assert places == placed(*[pickle.loads(pickle.dumps(one)) for one in pages])
    numbers = [place.number for place in places if place.number is not None]
    assert numbers == list(range(len(numbers)))
    before = 0
    for place in places:
        if place.found is not None:
            assert 0 <= place.found.number < before
            assert 0.7 <= place.found.similarity <= 1.0
        before += place.number is not None


def test_a_packed_page_is_the_same_page() -> None:
    for one in copies_pages.pages("report", 1, vacancies=3):
        made = clean(Source(body=one.body, url="https://a.example/", captured=date(2026, 5, 17)))
        assert unpack(pack(made)) == made
        assert sketched(unpack(pack(made))) == sketched(made)
