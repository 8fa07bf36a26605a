import gzip
import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.batch.files import gunzip, read_bounded, shown
from rolecall.errors import SourceError


def code(path: Path | str, limit: int = 1000) -> tuple[str, str]:
    with pytest.raises(SourceError) as caught:
        read_bounded(str(path), limit)
    return caught.value.code, str(caught.value)


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(b"<p>x")
    assert read_bounded(str(tmp_path / "a.html"), 4) == (b"<p>x", ())


def test_what_is_not_a_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "away").symlink_to("nowhere")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        assert code(tmp_path / "s") == ("unreadable", "is a socket, not a regular file")
    assert code(tmp_path / "pipe") == ("unreadable", "is a pipe, not a regular file")
    assert code(tmp_path) == ("unreadable", "is a folder, not a regular file")
    assert code("/dev/null") == ("unreadable", "is a device, not a regular file")
    assert code(tmp_path / "loop") == ("unreadable", "too many levels of symbolic links")
    assert code(tmp_path / "away") == ("unreadable", "no such file or directory")
    assert code(tmp_path / "missing") == ("unreadable", "no such file or directory")
    assert code("with\0nul") == ("unreadable", "the name holds a NUL character")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("x")
    path.chmod(0)
    assert code(path) == ("unreadable", "permission denied")


def test_a_huge_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "big.html"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    assert code(path)[0] == "too_large"


def test_gzip_is_known_by_its_content_and_not_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(gzip.compress(b"<p>x"))
    assert read_bounded(str(tmp_path / "a.html"), 100) == (b"<p>x", ())
    (tmp_path / "b.html.gz").write_bytes(b"<p>x")
    body, notices = read_bounded(str(tmp_path / "b.html.gz"), 100)
    assert (body, [notice.code for notice in notices]) == (b"<p>x", ["not_compressed"])


def test_a_gzip_bomb_is_refused_at_the_limit(tmp_path: Path) -> None:
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(bytes(50_000_000)))
    assert code(tmp_path / "bomb.gz", 1_000_000)[0] == "too_large"


def test_one_layer_is_decompressed() -> None:
    inner = gzip.compress(b"x")
    assert gunzip(gzip.compress(inner), 100) == (inner, ())


def test_members_are_joined_and_junk_is_told() -> None:
    packed = gzip.compress(b"one") + gzip.compress(b"two")
    assert gunzip(packed, 100) == (b"onetwo", ())
    assert gunzip(packed + b"\0" * 9, 100) == (b"onetwo", ())
    body, notices = gunzip(packed + b"junk", 100)
    assert (body, [notice.code for notice in notices]) == (b"onetwo", ["trailing_bytes"])


def test_truncated_and_broken_gzip_cannot_be_decoded() -> None:
    packed = gzip.compress(os.urandom(1000))
    for broken in (packed[:-9], packed[:400], packed[:20] + b"\0" * 20 + packed[40:]):
        with pytest.raises(SourceError) as caught:
            gunzip(broken, 10_000)
        assert caught.value.code == "decode_error"


@given(st.text())
def test_a_shown_name_cannot_steer_a_terminal(name: str) -> None:
    told = shown(name)
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in told)
    told.encode()
