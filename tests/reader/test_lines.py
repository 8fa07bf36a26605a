"""A page's blocks as lines: words, labels, headings, containers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reader import pages
from rolecall.core import Block, Page, Span
from rolecall.reader.lines import Line, labelled, parent_and_home, prepare


def lines(*texts: str, kind: str = "paragraph", path: str = "/html/body/p") -> tuple[Line, ...]:
    blocks, at = [], 0
    for text in texts:
        span = Span(at, at + len(text))
        blocks.append(Block(kind=kind, role="posting", span=span, path=path))  # type: ignore[arg-type]
        at += len(text) + 1
    page = Page(source_id="0", url=None, text="\n".join(texts), blocks=tuple(blocks))
    return prepare(page)


def test_every_block_becomes_one_line_in_order() -> None:
    page = pages.page_of(pages.ENGLISH)
    found = prepare(page)
    assert [line.block for line in found] == list(page.blocks)
    assert [line.text for line in found] == [page.line(block) for block in page.blocks]
    assert [line.index for line in found] == list(range(len(found)))
    assert prepare(pages.page_of("")) == ()


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("Location: Leeds", "location", "Leeds"),
        ("Arbeitsort:  Kassel", "location", "Kassel"),
        ("Lieu : Lyon", "location", "Lyon"),
        ("Salary", "salary", ""),
        ("Salary:", "salary", ""),
        ("Employer: A: B", "company", "A: B"),
    ],
)
def test_a_label_and_its_value(text: str, field: str, value: str) -> None:
    (line,) = lines(text)
    assert field in line.label
    assert line.text[line.value_at :] == value


@pytest.mark.parametrize(
    "text", ["We bake bread", "Note: bring a coat", "12:30", ":", "Location " * 9 + ": x"]
)
def test_a_line_without_a_label(text: str) -> None:
    (line,) = lines(text)
    assert line.label == ()
    assert line.value_at == 0


def test_a_label_alone_labels_the_next_line_only() -> None:
    found = labelled(lines("Location", "Leeds", "Night Nurse", "Salary: £9 an hour", "Bath"))
    assert found[0] == ()
    assert "location" in found[1]
    assert found[2] == ()
    assert "salary" in found[3]
    assert found[4] == ()


def test_a_label_that_waits_gives_way_to_the_next_label() -> None:
    found = labelled(lines("Location:", "Salary:", "£9 an hour"))
    assert "salary" in found[2]
    assert "location" not in found[2]
    assert labelled(()) == ()


def test_a_known_heading_a_marked_one_and_a_sentence() -> None:
    known, other, sentence, listed = (
        *lines("Requirements"),
        *lines("Life by the sea", kind="heading"),
        *lines("We bake bread and rolls from four in the morning and keep the ovens clean."),
        *lines("Requirements", kind="item", path="/html/body/ul/li"),
    )
    assert known.head == "requirements"
    assert other.head == "other"
    assert sentence.head is None
    assert listed.head is None


def test_a_long_heading_is_a_paragraph() -> None:
    (line,) = lines("a word " * 12, kind="heading")
    assert line.kind == "paragraph"
    (inside,) = lines("Bake", kind="heading", path="/html/body/ul/li/h3")
    assert inside.kind == "item"


@pytest.mark.parametrize(
    ("path", "home"),
    [
        ("/html/body/main/p[2]", "/html/body/main"),
        ("/html/body/main/ul/li[3]", "/html/body/main"),
        ("/html/body/div[4]", "/html/body/div[4]"),
        ("/html/body/section/table/tbody/tr[2]/td", "/html/body/section"),
        ("", ""),
    ],
)
def test_the_container_of_a_line(path: str, home: str) -> None:
    known: dict[str, str] = {}
    parent = path.rpartition("/")[0]
    assert parent_and_home(path, known) == (parent, home)
    assert parent_and_home(path, known) == (parent, home)


@settings(deadline=None)
@given(st.text(max_size=120).filter(lambda text: "\n" not in text))
def test_any_line_is_prepared(text: str) -> None:
    (line,) = lines(text)
    assert 0 <= line.value_at <= len(text)
    assert bool(line.label) or line.value_at == 0
    assert sum(line.cues.values()) <= len(line.words)
    assert len(labelled((line, line))) == 2
