import gzip
import os
import tempfile
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.inputs.lines import Line, blocks, lines
from rolecall.inputs.unpacked import plain


def cut(data: bytes, sizes: list[int]) -> Iterator[bytes | None]:
    for size in sizes:
        if data[:size]:
            yield data[:size]
        yield None
        data = data[size:]
    if data:
        yield data


def read(data: bytes, longest: int = 100) -> list[Line | None]:
    return list(lines(plain(iter([data] if data else [])), longest))


def test_line_ends_blank_lines_and_a_byte_order_mark_do_not_matter() -> None:
    found = read(b"\xef\xbb\xbfone\r\n\r\n  \ntwo\nthree")
    assert found == [Line(1, b"one"), Line(4, b"two"), Line(5, b"three")]


def test_no_bytes_are_no_lines() -> None:
    assert read(b"") == []
    assert read(b"\n\r\n\n") == []


def test_a_line_that_is_too_long_is_told_and_reading_goes_on() -> None:
    assert read(b"a\n" + b"x" * 101 + b"\nb\n" + b"y" * 200) == [
        Line(1, b"a"),
        Line(2, None),
        Line(3, b"b"),
        Line(4, None),
    ]


@given(
    st.lists(st.binary(max_size=12).filter(lambda line: b"\n" not in line), max_size=8),
    st.lists(st.integers(1, 9), max_size=20),
    st.booleans(),
)
def test_where_a_stream_is_cut_does_not_matter(
    rows: list[bytes], sizes: list[int], packed: bool
) -> None:
    data = b"\n".join(rows)
    if packed:
        data = gzip.compress(data)
    elif data[:2] == b"\x1f\x8b":
        return
    cuts = [line for line in lines(plain(cut(data, sizes)), 100) if line is not None]
    assert cuts == read(data)
    kept = [line.content for line in cuts]
    wanted = [row.removeprefix(b"\xef\xbb\xbf") if not n else row for n, row in enumerate(rows)]
    assert kept == [row.strip() for row in wanted if row.strip()]


def test_gzip_members_follow_each_other_and_junk_after_them_is_left_out() -> None:
    packed = gzip.compress(b"one\n") + gzip.compress(b"two\n") + b"\0\0\0"
    assert read(packed) == [Line(1, b"one"), Line(2, b"two")]


def test_a_gzip_stream_that_ends_early_gives_its_lines_and_then_an_error() -> None:
    packed = gzip.compress(b"\n".join(os.urandom(40).hex().encode() for _ in range(2000)))
    stream = lines(plain(iter([packed[: len(packed) // 2]])), 100)
    assert next(stream) is not None
    with pytest.raises(EOFError):
        list(stream)


def test_broken_gzip_is_an_error() -> None:
    with pytest.raises(zlib.error):
        read(gzip.compress(b"x")[:4] + b"\xff" * 40)


def test_an_open_pipe_with_nothing_in_it_is_not_waited_for() -> None:
    far, near = os.pipe()
    stream = blocks(far)
    assert next(stream) is None
    os.write(near, b"abc")
    assert next(stream) == b"abc"
    os.close(near)
    assert list(stream) == []
    os.close(far)


def test_a_file_is_read_to_its_end() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b"a\nb\n")
        file.seek(0)
        assert list(lines(plain(blocks(file.fileno())), 10)) == [Line(1, b"a"), Line(2, b"b")]
