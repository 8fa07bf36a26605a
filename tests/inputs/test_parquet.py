from datetime import date, datetime
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.inputs.made import LIMIT, codes, parquet, read

from rolecall.inputs.parquet import BATCH_BYTES, _parts, rows
from rolecall.inputs.read import load

pa = pytest.importorskip("pyarrow")


def write(path: Path, **columns: object) -> Path:
    from pyarrow.parquet import write_table

    write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.binary(),
        pa.large_binary(),
        pa.dictionary(pa.int32(), pa.string()),
    ],
    ids=str,
)
def test_pages_may_be_text_or_bytes_of_any_type(tmp_path: Path, kind: object) -> None:
    cells = pa.array(["<p>ü", None, "<p>ü"], pa.string())
    cells = cells.dictionary_encode() if pa.types.is_dictionary(kind) else cells.cast(kind)
    path = write(tmp_path / "a.parquet", html=cells, text=["a", "b", None])
    found = read(path)
    assert [entry.line for entry in found] == ["<p>ü".encode(), b"b", "<p>ü".encode()]
    assert [entry.locator for entry in found] == [f"{path}:{n}" for n in (1, 2, 3)]
    html, text, _ = (entry.charset for entry in found)
    assert text == "utf-8"
    assert html == (None if "binary" in str(kind) else "utf-8")


def test_a_text_that_is_there_once_for_many_rows_is_not_written_out_for_all_at_once() -> None:
    cells = pa.array(["x" * (BATCH_BYTES // 4)] * 9 + [None]).dictionary_encode()
    batch = pa.record_batch({"html": cells, "url": pa.array(["a"] * 10)})
    assert [part.num_rows for part in _parts(batch)] == [4, 4, 2]
    assert [part.num_rows for part in _parts(batch.select(["url"]))] == [10]
    none = pa.array([None, None], pa.string()).dictionary_encode()
    assert [part.num_rows for part in _parts(pa.record_batch({"html": none}))] == [2]


def test_what_is_known_of_a_page_comes_along(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.parquet",
        html=[b"<p>a"] * 3,
        url=["http://a.example", None, ""],
        charset=["latin-1", None, None],
        captured=[datetime(2026, 5, 17, 23, 0), None, None],
    )
    found = read(path)
    assert found[0].url == "http://a.example"
    assert found[0].charset == "latin-1"
    assert found[0].captured == date(2026, 5, 17)
    assert [entry.url for entry in found[1:]] == [None, None]
    path = write(tmp_path / "b.parquet", html=["<p>a"], captured=["soon"])
    _, notices = load(read(path)[0], limit=LIMIT)
    assert [notice.code for notice in notices] == ["bad_captured"]


def test_rows_that_cannot_be_pages_fail_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", html=["<p>", None, "x" * (LIMIT + 1), "<p>"])
    assert codes(read(path)) == [None, "unreadable", "too_large", None]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1 << 16), st.binary(min_size=1, max_size=9)), max_size=9))
def test_a_broken_file_ends_in_one_failed_input_at_most(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[int, bytes]]
) -> None:
    path = tmp_path_factory.mktemp("broken") / "a.parquet"
    data = parquet(path, [{"html": f"<p>{n}"} for n in range(50)], row_group_size=9).read_bytes()
    for place, new in edits:
        place %= len(data)
        data = data[:place] + new + data[place + len(new) :]
    path.write_bytes(data)
    found = read(path)
    stopped = [entry for entry in found if entry.fault and entry.fault[0] == "decode_error"]
    assert stopped in ([], [found[-1]])
    if not edits:
        assert codes(found) == [None] * 50


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1PAR1", b"hello" * 99, b"PAR1" + b"\xff" * 99])
def test_what_is_no_parquet_is_one_failed_input(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(data)
    (entry,) = read(path)
    assert entry.fault is not None
    assert entry.fault[0] == "decode_error"
    assert entry.locator == str(path)


def test_columns_of_other_types_are_named(tmp_path: Path) -> None:
    (entry,) = read(write(tmp_path / "a.parquet", html=[[1]]))
    assert entry.fault is not None
    assert "list" in entry.fault[1]


def test_a_damaged_count_of_rows_is_none(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.parquet", html=["<p>a", "<p>b"]).read_bytes()
    counts = set()
    for at in range(whole.rindex(b"html"), len(whole) - 1):
        if whole[at : at + 2] == b"\x16\x04":  # two, as Thrift writes a whole number
            counts.add(rows(BytesIO(whole[:at] + b"\x16\x03" + whole[at + 2 :])))  # minus two
    at = whole.index(b"\x16\x04", whole.index(b"schema"))
    counts.add(rows(BytesIO(whole[:at] + b"\x16\x03" + whole[at + 2 :])))
    assert min(counts) >= 0
    assert 1 in counts
