"""What pages state of themselves becomes labels, and copies without it show the same text."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.evaluate.samples.pages import DATA, page

from rolecall.core import Source
from rolecall.errors import UsageError
from rolecall.evaluate.samples.own_data import Stated, stated_samples, without_data
from rolecall.page import clean

MICRODATA = """<body itemscope itemtype="https://schema.org/JobPosting"><h1 itemprop="title">Baker
</h1><p title="a > b" itemprop='description'>You bake bread at night for four people.</p><b
itemprop=hiringOrganization data-itemprop="kept">Oven Ltd</b>itemprop="text"</body>"""


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "oven.example"
    folder.mkdir()
    (folder / "a.html").write_text(page(head=DATA), "utf-8")
    (folder / "b.html").write_text(page(), "utf-8")
    (folder / "c.html").write_bytes(b"\x1f\x8b\x08broken")
    return folder


def test_what_is_stated_is_the_label_and_nothing_else(pages: Path) -> None:
    told = Stated()
    (found,) = stated_samples(["oven.example"], told)
    assert (found.id, found.site) == ("oven.example/a.html", "oven.example")
    assert found.expected["title"] == "Night Baker"
    assert found.expected["company"] == "Harbour Bakery Ltd"
    assert found.expected["employment_type"] == ["full_time"]
    assert found.expected["date_posted"] == "2026-03-02"
    assert not {"location", "locations", "posting_language", "skills"} & set(found.expected)
    assert None not in found.expected.values()
    assert told.silent + len(told.unreadable) == 2


def test_the_site_is_that_of_the_stated_address(pages: Path) -> None:
    address = '"title": "Night Baker", "url": "https://www.mill.example/jobs/1"'
    data = DATA.replace('"title": "Night Baker"', address)
    (pages / "a.html").write_text(page(head=data), "utf-8")
    (found,) = stated_samples(["oven.example"], Stated())
    assert found.site == "mill.example"


def test_copies_without_their_data(pages: Path) -> None:
    before = (pages / "a.html").read_bytes()
    told = Stated()
    (found,) = stated_samples(["oven.example"], told, Path("bare"))
    copy = pages.parent / "bare" / "oven.example" / "a.html"
    assert Path(found.path).resolve() == copy
    shown = {"title", "company", "description"}
    assert set(found.expected) == shown  # the text shows no day and no employment type
    bare = clean(Source(body=copy.read_bytes()))
    for one in found.evidence.values():
        assert bare.text[one["start"] : one["end"]] == one["quote"]
    assert found.evidence["/title"]["quote"] == "Night Baker"
    assert bare.statements == ()
    assert bare.text == clean(Source(body=before)).text
    assert (told.kept_data, told.changed_text) == ((), ())
    assert (pages / "a.html").read_bytes() == before


def test_no_page_is_overwritten_by_its_copy(pages: Path) -> None:
    before = (pages / "a.html").read_bytes()
    with pytest.raises(UsageError, match="exists"):
        list(stated_samples(["oven.example"], Stated(), Path()))
    assert (pages / "a.html").read_bytes() == before


def test_microdata_goes_and_text_stays() -> None:
    bare = without_data(MICRODATA)
    assert not clean(Source(body=bare.encode(), media_type="text/html")).statements
    assert clean(Source(body=MICRODATA.encode(), media_type="text/html")).statements
    assert 'data-itemprop="kept"' in bare
    assert 'itemprop="text"' in bare
    assert 'title="a > b"' in bare


def test_lines_of_json_are_no_pages(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"html": "<p>a"}\n', "utf-8")
    with pytest.raises(UsageError, match="no page of its own"):
        list(stated_samples([str(tmp_path / "a.jsonl")], Stated()))
