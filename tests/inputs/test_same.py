"""Rows give the same sources whatever kind of file they lie in."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.inputs import made

from rolecall.inputs.nouns import Input
from rolecall.inputs.read import load
from rolecall.inputs.stream import count, stream

pytest.importorskip("pyarrow")
pytest.importorskip("zstandard")

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
PAGES = WORDS.filter(lambda text: text and text[0] not in "\x1f\x28")
ROWS = st.lists(
    st.fixed_dictionaries(
        {"html": PAGES, "url": st.sampled_from(["http://a.example/1", "http://b.example/ü"])}
    ),
    min_size=1,
    max_size=5,
)


def source(entry: Input) -> tuple[Any, ...]:
    told, _ = load(entry, limit=made.LIMIT)
    return told.id, told.url, told.media_type, told.charset


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(ROWS)
def test_rows_are_the_same_in_every_kind_of_file(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    lines = made.json_lines(folder / "a.jsonl", rows)
    wanted = [source(entry) for entry in stream([str(lines)], limit=made.LIMIT) if entry]
    assert len(wanted) == len(rows)
    for path in (
        made.parquet(folder / "a.parquet", rows, row_group_size=2),
        made.sqlite(folder / "a.sqlite", rows),
        made.warc(folder / "a.warc", rows),
        made.warc(folder / "a.warc.gz", rows),
        made.warc(folder / "a.wacz", rows),
    ):
        assert [source(entry) for entry in made.read(path)] == wanted, path.name


def test_a_process_apart_reads_them_in_turn(tmp_path: Any) -> None:
    rows = [{"html": f"<p>{number}</p>", "url": f"http://a/{number}"} for number in range(100)]
    paths = [
        str(made.parquet(tmp_path / "a.parquet", rows)),
        str(made.json_lines(tmp_path / "b.jsonl", rows)),
        str(made.sqlite(tmp_path / "c.sqlite", rows)),
        str(tmp_path / "nothing.parquet"),
        str(made.warc(tmp_path / "d.warc.gz", rows)),
        str(tmp_path / "c.sqlite") + "#pages",  # again
        str(tmp_path / "a.parquet"),
    ]
    found = [entry for entry in stream(paths, limit=made.LIMIT) if entry is not None]
    assert [entry.seq for entry in found] == list(range(401))
    assert [entry.locator for entry in found][::100] == [
        f"{paths[0]}:1",
        f"{paths[1]}:1",
        f"{paths[2]}#pages:1",
        paths[3],
        f"{paths[4]}:201",
    ]
    assert count(paths[:3]) == 300
    assert count(paths) is None
