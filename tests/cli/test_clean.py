import json
from pathlib import Path

from tests.cli.shell import inside, page


def test_the_text_of_the_posting_is_printed_without_its_surroundings(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(page())
    done = inside("clean", "a.html", cwd=tmp_path)
    assert done.returncode == 0
    assert "You bake bread at night" in done.stdout.decode()
    assert "All vacancies" not in done.stdout.decode()


def test_blocks_are_a_table_with_spans_and_paths(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(page())
    head, *rows = inside("clean", "--blocks", "a.html", cwd=tmp_path).stdout.decode().split("\n")
    assert head.split() == ["kind", "role", "span", "path", "text"]
    (row,) = [row for row in rows if "All vacancies" in row]
    assert row.split()[1] == "chrome"
    assert any("/html/body/main/h1" in row and "Night Baker" in row for row in rows)


def test_json_gives_every_block_with_its_text(tmp_path: Path) -> None:
    told = json.loads(inside("clean", "-", "--json", stdin=page().encode()).stdout)
    for block in told["blocks"]:
        assert told["text"][block["start"] : block["end"]] == block["text"]


def test_what_is_no_page_is_refused(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a.html").write_text(page())
    for words in (["gone.html"], ["d"], [], ["a.html", "b.html"]):
        done = inside("clean", *words, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, b"")
        assert b"Traceback" not in done.stderr
