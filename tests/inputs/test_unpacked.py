import gzip
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.errors import SourceError
from rolecall.inputs.unpacked import DAMAGE, plain, starts, unpack_zstd

zstandard = pytest.importorskip("zstandard")


def pack(data: bytes) -> bytes:
    return bytes(zstandard.ZstdCompressor().compress(data))


def skipped(data: bytes, mark: int = 0x50) -> bytes:
    return bytes([mark]) + b"\x2a\x4d\x18" + len(data).to_bytes(4, "little") + data


def cut(data: bytes, size: int) -> Iterator[bytes | None]:
    for start in range(0, len(data), size):
        yield data[start : start + size]
        yield None


def unpacked(data: bytes, size: int = 1 << 18) -> bytes:
    return b"".join(block or b"" for block in plain(cut(data, size)))


@given(
    st.lists(st.tuples(st.binary(max_size=200), st.booleans()), min_size=1, max_size=5),
    st.integers(1, 300),
    st.sampled_from(["gzip", "zstd"]),
)
def test_members_are_joined_wherever_the_stream_is_cut(
    members: list[tuple[bytes, bool]], size: int, kind: str
) -> None:
    packed, wanted = b"", b""
    for data, odd in members:
        packed += gzip.compress(data) if kind == "gzip" else pack(data)
        wanted += data
        if odd:
            packed += b"\0\0\0" if kind == "gzip" else skipped(data)
    assert unpacked(packed, size) == wanted


@settings(max_examples=30)
@given(st.integers(1, 60), st.booleans())
def test_a_stream_that_ends_early_or_goes_on_with_junk_is_damaged(short: int, junk: bool) -> None:
    data = bytes(range(256)) * 40
    for packed in (gzip.compress(data), pack(data)):
        broken = packed + b"junk" if junk else packed[: -min(short, len(packed) - 5)]
        with pytest.raises(DAMAGE):
            unpacked(broken)


def test_a_dictionary_at_the_start_is_used() -> None:
    pages = [b"<html><body>posting number %d, and more of the same" % n * 20 for n in range(300)]
    words = zstandard.train_dictionary(4096, pages)
    packer = zstandard.ZstdCompressor(dict_data=words)
    members = b"".join(packer.compress(page) for page in pages)
    for kept in (words.as_bytes(), pack(words.as_bytes())):
        assert unpacked(skipped(kept, 0x5D) + members, 777) == b"".join(pages)


def test_little_that_unpacks_to_much_takes_little_memory() -> None:
    much = 1 << 26
    for packed in (pack(b"\0" * much), gzip.compress(b"\0" * much, 1)):
        tracemalloc.start()
        assert sum(len(block or b"") for block in plain(cut(packed, 1 << 18))) == much
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 40 << 20


def test_the_start_of_a_packed_stream_can_be_looked_at() -> None:
    for packed in (gzip.compress(b"WARC/1.0 and more" * 999), pack(b"WARC/1.0 and more" * 99)):
        assert starts(packed[:4096], 8) == b"WARC/1.0"
    assert starts(b"plain", 3) == b"pla"
    assert starts(b"\x1f\x8bno", 3) == b""


def test_a_whole_body_is_unpacked_as_far_as_it_goes() -> None:
    data = zlib.compress(bytes(range(256))) * 2000
    packed = pack(data)
    assert unpack_zstd(packed, 1 << 20) == (data, "")
    assert unpack_zstd(packed, 10) == (data[:11], "")
    with pytest.raises(SourceError, match="cannot be read"):
        unpack_zstd(packed[:20], 1 << 20)
    found, trouble = unpack_zstd(pack(data) + pack(data)[:10], 1 << 24)
    assert found == data
    assert "early" in trouble
