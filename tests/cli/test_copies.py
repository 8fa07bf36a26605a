"""``rolecall extract --dedup``."""

from pathlib import Path

from tests.cli.shell import inside, page, records


def test_copies_share_an_extraction_and_the_summary_says_so(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    other = page().replace("<nav>", "<nav><a href=/b>Board</a> ")
    for number, text in enumerate([page(), page(), other, page(2, "Day Baker")]):
        (tmp_path / "d" / f"{number}.html").write_text(text)
    done = inside("extract", "d", "--dedup", "near", "--out", "o.jsonl", cwd=tmp_path)
    found = records((tmp_path / "o.jsonl").read_bytes())
    assert [one.get("copy_of") for one in found] == [
        None,
        {"source": "d/0.html", "similarity": 1.0},
        {"source": "d/0.html", "similarity": 1.0},
        None,
    ]
    assert b"copies: 2 pages saved (1 exact, 1 near)" in done.stderr
    assert done.returncode == 0


def test_what_dedup_cannot_do_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(page())
    wrong = inside("extract", "a.html", "--dedup", "nearly", cwd=tmp_path)
    assert b"dedup (flag --dedup): there is no mode 'nearly'" in wrong.stderr
    words = ("--dedup", "near", "--ray", "local", "--out", "o.jsonl")
    over = inside("extract", "a.html", *words, cwd=tmp_path)
    assert b"copies are found by one process, not over --ray" in over.stderr
    assert (wrong.returncode, over.returncode) == (2, 2)
