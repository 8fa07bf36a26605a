import json
from pathlib import Path

import pytest

from rolecall.errors import SettingsError
from rolecall.inputs.columns import Columns, read_columns
from rolecall.inputs.nouns import Input
from rolecall.inputs.read import load


def test_names_are_read() -> None:
    assert read_columns("") == Columns()
    assert read_columns(" html = body ,url=link,") == Columns(html="body", url="link")
    assert read_columns("text=a=b").text == "a=b"


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ("body", "not PART=NAME"),
        ("html=", "not PART=NAME"),
        ("=x", "no part"),
        ("page=x", "'page' is no part"),
        ("html=a,html=b", "named twice"),
    ],
)
def test_what_cannot_be_is_refused_with_what_is_allowed(told: str, wrong: str) -> None:
    with pytest.raises(SettingsError, match=wrong) as found:
        read_columns(told)
    assert "html, text, url, charset, captured" in (found.value.hint or "")


def test_lines_are_read_by_other_names() -> None:
    line = json.dumps({"body": "<p>a", "html": 1, "link": "http://a", "day": "2026-01-02"})
    columns = read_columns("html=body,url=link,captured=day")
    source, _ = load(Input(0, "a:1", line=line.encode(), json=True), limit=99, columns=columns)
    assert (source.body, source.url, str(source.captured)) == (b"<p>a", "http://a", "2026-01-02")


def test_the_setting_reaches_every_kind(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    from tests.inputs import made

    rows = [{"body": "<p>a", "link": "http://a.example"}]
    columns = read_columns("html=body,url=link")
    for path in (made.parquet(tmp_path / "a.pq", rows), made.sqlite(tmp_path / "a.sqlite3", rows)):
        (entry,) = made.read(path, columns=columns)
        assert (entry.line, entry.url) == (b"<p>a", "http://a.example")
        (entry,) = made.read(path)
        assert entry.fault is not None
        assert "it has: body, link" in entry.fault[1]
