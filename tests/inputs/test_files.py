import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.errors import SourceError
from rolecall.inputs.files import read_bounded, shown, told_apart


def code(path: Path | str, limit: int = 1000) -> tuple[str, str]:
    with pytest.raises(SourceError) as caught:
        read_bounded(str(path), limit)
    return caught.value.code, str(caught.value)


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(b"<p>x")
    assert read_bounded(str(tmp_path / "a.html"), 4) == b"<p>x"


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


@given(st.text())
def test_a_shown_name_cannot_steer_a_terminal(name: str) -> None:
    told = shown(name)
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in told)
    told.encode()


def test_a_name_that_is_not_utf8_is_told_from_one_that_only_looks_so(tmp_path: Path) -> None:
    raw = os.fsdecode(os.path.join(os.fsencode(tmp_path), b"a\xff.html"))
    assert told_apart(raw) == raw
    (tmp_path / "a\\xff.html").touch()
    assert told_apart(raw) == str(tmp_path / "a\\\\xff.html")
    (tmp_path / "a\\\\xff.html").touch()
    assert told_apart(raw) == str(tmp_path / "a\\\\\\xff.html")
    assert told_apart("caf\u00e9.html") == "caf\u00e9.html"
