import sqlite3
from pathlib import Path

import pytest
from tests.outputs.made import CONFIG, line, posting, run, told

from rolecall.errors import UsageError
from rolecall.outputs.open import open_output


def ask(path: Path, question: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(question).fetchall()
    finally:
        connection.close()


def test_the_views_show_values_and_evidence(tmp_path: Path) -> None:
    path = tmp_path / "out.db"
    output = open_output(str(path), "new", CONFIG)
    output.append("a", 0, posting("a", 0, title="Baker", skills=["x"], salary_min=1.5))
    output.append("b", 1, line("b", 1))
    output.complete()
    output.close()
    assert ask(path, "SELECT seq, title, skills, salary_min FROM postings") == [
        (0, "Baker", '["x"]', 1.5)
    ]
    assert ask(path, 'SELECT pointer, quote, "end", confidence FROM evidence') == [
        ("/title", "Baker", 5, 0.5), ("/skills", "Baker", 5, 0.5), ("/salary_min", "Baker", 5, 0.5)
    ]  # fmt: skip
    assert ask(path, "SELECT value FROM about WHERE name = 'schema_version'") == [("1",)]
    assert ask(path, "PRAGMA journal_mode") == [("delete",)]


def test_fields_of_any_name_have_columns(tmp_path: Path) -> None:
    path = tmp_path / "out.db"
    fields = ("role", "Role", "seq", 'a"b', "it's", "x y", "")
    output = open_output(str(path), "new", CONFIG, fields=fields)
    data = {name: f"<{name}>" for name in fields}
    output.append("a", 0, line("a", 0, outcome="ok", data=data))
    output.complete()
    output.close()
    (row,) = ask(path, "SELECT * FROM postings")
    assert row[4:] == tuple(data.values())


def test_others_can_read_while_a_run_writes(tmp_path: Path) -> None:
    path = tmp_path / "out.db"
    output = open_output(str(path), "new", CONFIG)
    output.append("a", 0, line("a", 0))
    output.sync()
    output.append("b", 1, line("b", 1))
    assert ask(path, "SELECT count(*) FROM records") == [(1,)]
    output.complete()
    output.close()
    assert told(path, "sqlite") == [(0, "a"), (1, "b")]


def test_a_run_that_was_killed_as_it_began_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "out.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    assert run(open_output(str(path), "resume", CONFIG), {"a": "x"}) == 1


def test_databases_of_others_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "out.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE mine (x)")
    connection.close()
    with pytest.raises(UsageError, match="another program's"):
        open_output(str(path), "resume", CONFIG)
    run(open_output(str(path), "force", CONFIG), {"a": "x"})
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(UsageError, match="another version"):
        open_output(str(path), "resume", CONFIG)


def test_inputs_that_move_past_each_other_keep_their_records(tmp_path: Path) -> None:
    path = tmp_path / "out.db"
    names = [f"p{number}" for number in range(12)]
    run(open_output(str(path), "new", CONFIG), dict.fromkeys(names, "x"))
    moved = dict.fromkeys(["new", *names[::-1], "last"], "x")
    assert (
        run(open_output(str(path), "resume", CONFIG), moved, list(moved)[::2] + list(moved)[1::2])
        == 2
    )
    assert told(path, "sqlite") == list(enumerate(moved))
