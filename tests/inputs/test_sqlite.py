import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.inputs.made import LIMIT, codes, read, sqlite

from rolecall.inputs.kinds import table_of
from rolecall.inputs.stream import count, expand, stream


def run(path: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(path)) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()
    return path


def test_rows_come_by_rowid_and_gaps_do_not_matter(tmp_path: Path) -> None:
    path = sqlite(tmp_path / "a.sqlite", [{"html": f"<p>{n}"} for n in range(700)], "jobs")
    run(path, "DELETE FROM jobs WHERE rowid % 2", "UPDATE jobs SET rowid = -5 WHERE rowid = 4")
    found = read(path)
    numbers = [-5, 2, *range(6, 701, 2)]
    assert [entry.locator for entry in found] == [f"{path}#jobs:{n}" for n in numbers]
    assert found[0].line == b"<p>3"
    assert count([str(path)]) == 350


def test_the_only_table_with_pages_is_taken_else_one_is_named(tmp_path: Path) -> None:
    path = run(
        tmp_path / "a.sqlite",
        "CREATE TABLE other (x)",
        'CREATE TABLE "jobs #1" (html)',
        """INSERT INTO "jobs #1" VALUES ('<p>')""",
    )
    assert [entry.locator for entry in read(path)] == [f"{path}#jobs #1:1"]
    run(path, "CREATE TABLE more (text)", "INSERT INTO more VALUES ('a')")
    (entry,) = read(path)
    assert entry.fault is not None
    assert "jobs #1, more" in entry.fault[1]
    assert table_of(f"{path}#more") == (str(path), "more")
    (entry,) = (one for one in stream([f"{path}#more"], limit=LIMIT) if one is not None)
    assert (entry.locator, entry.line, entry.media_type) == (f"{path}#more:1", b"a", "text/plain")
    (entry,) = read(path, table="nothing")
    assert entry.fault is not None
    assert "there are: jobs #1, more, other" in entry.fault[1]
    assert expand([f"{path}#more"]) == [f"{path}#more"]


def test_a_name_with_a_hash_that_exists_is_no_table(tmp_path: Path) -> None:
    path = sqlite(tmp_path / "a.sqlite#b", [{"html": "<p>"}])
    assert table_of(str(path)) == (str(path), None)
    assert [entry.line for entry in stream([str(path)], limit=LIMIT) if entry] == [b"<p>"]


def test_cells_of_all_types_are_read_or_fail_alone(tmp_path: Path) -> None:
    path = run(
        tmp_path / "a.sqlite",
        "CREATE TABLE a (html, text, charset, url)",
        "INSERT INTO a VALUES (X'3C703EFC', NULL, 'latin-1', 'http://a.example')",
        "INSERT INTO a VALUES (CAST(X'3C703EFC' AS TEXT), NULL, 'latin-1', 7)",
        "INSERT INTO a VALUES (17, NULL, NULL, NULL)",
        "INSERT INTO a VALUES (NULL, 'a', NULL, NULL)",
        f"INSERT INTO a VALUES (zeroblob({LIMIT + 1}), NULL, NULL, NULL)",
        "INSERT INTO a VALUES ('<p>' || char(0) || 'a', NULL, NULL, NULL)",
    )
    found = read(path)
    assert codes(found) == [None, None, "unreadable", None, "too_large", None]
    assert [entry.line for entry in found[:2]] == [b"<p>\xfc", b"<p>\xfc"]
    assert [entry.charset for entry in found[:2]] == ["latin-1", "utf-8"]
    assert [entry.url for entry in found[:2]] == ["http://a.example", None]
    assert found[5].line == b"<p>\0a"


def test_text_is_the_same_whatever_the_file_encodes_it_as(tmp_path: Path) -> None:
    path = run(
        tmp_path / "a.sqlite",
        "PRAGMA encoding = 'UTF-16'",
        "CREATE TABLE a (html)",
        "INSERT INTO a VALUES ('<p>ü')",
    )
    assert [entry.line for entry in read(path)] == ["<p>ü".encode()]


def test_tables_without_rowids_are_refused_and_columns_called_so_are_not(tmp_path: Path) -> None:
    path = run(tmp_path / "a.sqlite", "CREATE TABLE a (html TEXT PRIMARY KEY) WITHOUT ROWID")
    (entry,) = read(path)
    assert entry.fault is not None
    assert "no rowids" in entry.fault[1]
    path = run(
        tmp_path / "b.sqlite", "CREATE TABLE a (rowid, html)", "INSERT INTO a VALUES ('x', '<p>')"
    )
    assert [entry.locator for entry in read(path)] == [f"{path}#a:1"]


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_file_that_is_being_written_is_read_or_said_to_be_locked(
    tmp_path: Path, journal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rolecall.inputs import sqlite as room

    monkeypatch.setattr(room, "WAIT_SECONDS", 0.1)
    path = sqlite(tmp_path / "a.sqlite", [{"html": "<p>"}])
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute(f"PRAGMA journal_mode = {journal}")
        writer.execute("BEGIN EXCLUSIVE")
        writer.execute("INSERT INTO pages VALUES ('<p>2')")
        found = read(path)
        writer.execute("COMMIT")
        assert len(read(path)) == 2
    if journal == "delete":
        assert codes(found) == ["unreadable"]
        assert "another program writes" in (found[0].fault or ("", ""))[1]
    else:
        assert codes(found) == [None]
    assert sorted(os.listdir(tmp_path))[0] == "a.sqlite"


def test_nothing_is_left_beside_a_file(tmp_path: Path) -> None:
    path = run(tmp_path / "a.sqlite", "PRAGMA journal_mode = wal", "CREATE TABLE a (html)")
    run(path, "INSERT INTO a VALUES ('<p>')")
    link = tmp_path / "link.sqlite"
    link.symlink_to(path)
    assert [entry.line for one in (path, link) for entry in read(one)] == [b"<p>", b"<p>"]
    assert sorted(os.listdir(tmp_path)) == ["a.sqlite", "link.sqlite"]


def test_changes_that_were_never_committed_are_not_read(tmp_path: Path) -> None:
    """A writer that died leaves a journal, which only another writer can undo."""
    path = sqlite(tmp_path / "a.sqlite", [{"html": "<p>" + "x" * 3000}] * 50)
    dead = tmp_path / "dead.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("PRAGMA cache_size = 1")
        writer.execute("BEGIN")
        writer.execute("UPDATE pages SET html = 'changed'")
        for end in ("", "-journal"):
            shutil.copy(f"{path}{end}", f"{dead}{end}")
        writer.execute("ROLLBACK")
    (entry,) = read(dead)
    assert entry.fault is not None
    assert "mended" in entry.fault[1]
    run(dead, "CREATE TABLE other (x)")
    assert {entry.line for entry in read(dead)} == {b"<p>" + b"x" * 3000}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1 << 16), st.binary(min_size=1, max_size=9)), max_size=20))
def test_a_broken_file_ends_in_one_failed_input_at_most(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[int, bytes]]
) -> None:
    path = tmp_path_factory.mktemp("broken") / "a.sqlite"
    data = sqlite(path, [{"html": f"<p>{n}" * 99} for n in range(99)]).read_bytes()
    for place, new in edits:
        place %= len(data)
        data = data[:place] + new + data[place + len(new) :]
    path.write_bytes(data)
    found = read(path)
    locators = [entry.locator for entry in found]
    assert len(set(locators)) == len(locators)
    stopped = [entry for entry in found if entry.fault and "cannot be read as" in entry.fault[1]]
    assert stopped in ([], [found[-1]])


@pytest.mark.parametrize(
    "data", [b"", b"hello" * 999, b"SQLite format 3\0", b"SQLite format 3\0" * 99]
)
def test_what_is_no_sqlite_is_one_failed_input(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.sqlite"
    path.write_bytes(data)
    (entry,) = read(path)
    assert entry.fault is not None
    assert path.read_bytes() == data
    assert os.listdir(tmp_path) == ["a.sqlite"]
