"""Annotated pages are loaded from a corpus folder."""

import json
from pathlib import Path

import pytest

from rolecall.evaluate.annotated import load_annotated

PAGE = "<html><title>{0}</title><body><h1>{0}</h1><p>We bake bread at night.</p></body></html>"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "pages").mkdir()
    (tmp_path / "gold").mkdir()
    rows = [
        ("b2", "posting", True),
        ("a1", "posting", True),
        ("c3", "not_vacancy", True),
        ("d4", "posting", False),
        ("e5", None, True),
    ]
    index = []
    for name, kind, annotated in rows:
        (tmp_path / "pages" / f"{name}.html").write_text(PAGE.format(f"Baker {name}"), "utf-8")
        if kind is not None:
            gold = {"kind": kind, "title": f"Baker {name}"}
            (tmp_path / "gold" / f"{name}.json").write_text(json.dumps(gold), "utf-8")
        row = {"id": name, "site": name[0], "lang": "en", "url": "", "gold": annotated}
        index.append(json.dumps(row | ({"url": "https://oven.example/1"} if name == "a1" else {})))
    (tmp_path / "index.jsonl").write_text("\n".join(index) + "\n", "utf-8")
    return tmp_path


def test_annotated_postings_alone_by_id(corpus: Path) -> None:
    found = load_annotated(corpus)
    assert [sample.id for sample in found] == ["a1", "b2"]
    first = found[0]
    assert (first.site, first.language, first.gold["title"]) == ("a", "en", "Baker a1")
    assert first.page.text.startswith("Baker a1")
    assert first.page.url == "https://oven.example/1"
    assert found[1].page.url is None


def test_a_folder_without_an_index_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_annotated(tmp_path)
