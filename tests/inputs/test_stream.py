import gzip
import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.errors import UsageError
from rolecall.inputs.nouns import Input, Left
from rolecall.inputs.stream import count, expand, stream


def listed(*paths: Path | str, left: Left | None = None, **more: str) -> list[Input]:
    found = stream([str(path) for path in paths], limit=1000, left=left, **more)
    return [entry for entry in found if entry is not None]


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def test_a_folder_yields_its_pages_in_the_order_of_their_names(tmp_path: Path) -> None:
    make(tmp_path, "b.HTML", "a.txt", "c/d.md", "c/a.htm.gz", "z.html", "-x.html", "x.pdf")
    make(tmp_path, ".hidden.html", ".git/a.html", "z_files/frame.html", "y_files/own.html")
    left = Left()
    found = listed(tmp_path, left=left)
    names = ["-x.html", "a.txt", "b.HTML", "c/a.htm.gz", "c/d.md", "y_files/own.html", "z.html"]
    assert [os.path.relpath(entry.locator, tmp_path) for entry in found] == names
    assert [entry.seq for entry in found] == list(range(7))
    assert left.ignored == 4
    assert count([str(tmp_path)]) == 7


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    make(tmp_path, "a.html")
    (tmp_path / "up").symlink_to("..")
    assert len(listed(tmp_path)) == 1


def test_odd_names_are_inputs_like_others(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path)
    for name in (b"new\nline.html", b"bad\xff.html", b"*.html"):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(b"x")
    assert len(listed(tmp_path)) == 3
    assert expand([str(tmp_path / "*.html")]) == [str(tmp_path / "*.html")]


def test_a_name_that_is_not_there_is_an_input(tmp_path: Path) -> None:
    assert [entry.path for entry in listed(tmp_path / "no.html")] == [str(tmp_path / "no.html")]
    (entry,) = listed(tmp_path / "no.jsonl")
    assert entry.fault is not None
    assert entry.fault[0] == "unreadable"


def test_a_pattern_is_expanded_and_one_that_matches_nothing_refused(tmp_path: Path) -> None:
    make(tmp_path, "a/1.html", "a/b/2.html", "a/b/3.xml")
    assert [Path(path).name for path in expand([f"{tmp_path}/**/*.html"])] == ["1.html", "2.html"]
    with pytest.raises(UsageError, match="no file matches"):
        expand([f"{tmp_path}/*.nothing"])
    with pytest.raises(UsageError, match="nothing to read"):
        expand([])


def test_a_path_named_twice_is_one_input(tmp_path: Path) -> None:
    make(tmp_path, "a.html", "b.html")
    left = Left()
    found = listed(tmp_path, tmp_path / "a.html", tmp_path / "b.html", left=left)
    assert [entry.seq for entry in found] == [0, 1]
    assert left.repeated == 2


def test_the_output_is_no_input(tmp_path: Path) -> None:
    make(tmp_path, "a.html", "out.txt")
    found = listed(tmp_path, leave_out=str(tmp_path / "out.txt"))
    assert [entry.locator for entry in found] == [str(tmp_path / "a.html")]


def test_lines_are_inputs_with_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"html":"x"}\r\n\r\nbad\n' + b"y" * 3000 + b'\n{"text":"z"}')
    found = listed(path)
    assert [entry.locator for entry in found] == [f"{path}:{n}" for n in (1, 3, 4, 5)]
    assert [entry.line for entry in found] == [b'{"html":"x"}', b"bad", b"", b'{"text":"z"}']
    assert [entry.fault and entry.fault[0] for entry in found] == [None, None, "too_large", None]
    assert count([str(path)]) == 5
    assert count([str(path), "-"]) is None


def test_compressed_lines_that_break_off_end_in_one_failed_input(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    rows = b"".join(b'{"text":"%s"}\n' % os.urandom(30).hex().encode() for _ in range(3000))
    path.write_bytes(gzip.compress(rows)[:60_000])
    *whole, last = listed(path)
    assert len(whole) > 100
    assert all(entry.fault is None for entry in whole)
    assert last.fault is not None
    assert last.fault[0] == "decode_error"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.dictionaries(st.sampled_from(["html", "text"]), st.text()), max_size=6),
    st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=3)), max_size=5),
)
def test_every_line_that_is_not_blank_is_one_input_whatever_is_in_it(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[dict[str, str]],
    edits: list[tuple[int, bytes]],
) -> None:
    data = b"\n".join(json.dumps(row).encode() for row in rows)
    for place, new in edits:
        data = data[:place] + new + data[place + 1 :]
    path = tmp_path_factory.mktemp("lines") / "a.jsonl"
    path.write_bytes(data)
    if data[:2] == b"\x1f\x8b":
        return
    wanted = sum(bool(line.strip()) for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n"))
    assert len(listed(path)) == wanted
