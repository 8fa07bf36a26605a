"""What all verbs share in reading their words."""

from pathlib import Path

import pytest
from tests.cli.shell import inside, page, records


@pytest.mark.parametrize(
    "words",
    [
        ("--", "-dash.html"),
        ("--quiet", "--", "-dash.html", "a.html"),
        ("a.html", "--", "-dash.html", "--quiet", "--"),
    ],
)
def test_behind_two_dashes_everything_is_a_name(tmp_path: Path, words: tuple[str, ...]) -> None:
    for name in ("-dash.html", "a.html", "--quiet", "--"):
        (tmp_path / name).write_text(page())
    named = [word for at, word in enumerate(words) if at > words.index("--") or word[0] != "-"]
    done = inside("extract", *words, cwd=tmp_path)
    assert [record["source"] for record in records(done.stdout)] == named
    assert {record["outcome"] for record in records(done.stdout)} == {"ok"}


def test_a_dash_alone_is_standard_input_there_too(tmp_path: Path) -> None:
    done = inside("clean", "--", "-", stdin=page().encode(), cwd=tmp_path)
    assert b"Night Baker" in done.stdout


def test_one_that_begins_with_a_dash_is_a_flag_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "-dash.html").write_text(page())
    done = inside("extract", "-dash.html", cwd=tmp_path)
    assert done.returncode == 2
    assert b"unrecognized arguments: -dash.html" in done.stderr


def test_a_policy_that_is_none_is_refused_without_any_engine(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<h1>Baker</h1>")
    done = inside("extract", "page.html", "--policy", "cloud", cwd=tmp_path, HOME=str(tmp_path))
    assert done.returncode == 2
    assert "there is no policy 'cloud', there are: local-only" in done.stderr.decode()
