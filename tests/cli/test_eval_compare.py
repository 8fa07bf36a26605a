"""``rolecall eval compare``: what it says of two files of records, and of a run."""

import json
import subprocess
import sys

import pytest
from tests.cli.shell import inside, page

from rolecall.cli import main

PAGES = 80


@pytest.fixture
def work(tmp_path, monkeypatch):
    """Eighty labelled pages of forty sites, and two engines: ``old`` misses every third title."""
    labels, old, new = [], [], []
    for number in range(PAGES):
        name = f"pages/p{number:02}.html"
        expected = {"title": f"Baker {number}", "company": "Harbour Bakery"}
        text = f"Baker {number} at Harbour Bakery"
        site = f"site{number // 2}.example"
        labels.append({"id": name, "text": text, "site": site, "expected": expected})
        wrong = {"title": "Miller" if number % 3 == 0 else expected["title"], "company": None}
        old.append({"source": name, "outcome": "ok", "data": expected | wrong})
        right = {"company": None if number < 70 else "Harbour Bakery"}
        new.append({"source": name, "outcome": "ok", "data": expected | right})
    for name, rows in (("labels", labels), ("old", old), ("new", new)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def compare(capsys, *words):
    code = main(["eval", "compare", *words])
    told = capsys.readouterr()
    return code, told.out, told.err


FILES = ("new.jsonl", "old.jsonl", "--samples", "labels.jsonl")


def test_the_answer_comes_first_and_the_figures_after_it(work, capsys):
    code, out, err = compare(capsys, *FILES)
    assert (code, err) == (0, "")
    assert out.startswith("new.jsonl is better than old.jsonl overall (macro 0.5")
    assert "80 pages of 40 sites" in out
    title = next(line for line in out.splitlines() if line.startswith("title"))
    assert title.split()[1:5] == ["80", "100.0", "66.2", "+33.8"]
    assert title.endswith("new.jsonl better")
    assert "Pages of a site are drawn and flipped together" in out
    assert "US dollars" in out


def test_what_few_pages_cannot_tell_is_said(work, capsys):
    for name in ("labels", "old", "new"):
        lines = (work / f"{name}.jsonl").read_text().splitlines(keepends=True)
        (work / f"{name}.jsonl").write_text("".join(lines[:6]))
    _, out, _ = compare(capsys, *FILES)
    assert "Which of new.jsonl and old.jsonl is better overall is not resolved" in out
    assert " more pages, from about " in " ".join(out.split())
    assert "title" in out
    assert "not resolved: label about" in out


def test_programs_get_all_of_it(work, capsys):
    _, out, _ = compare(capsys, *FILES, "--json")
    found = json.loads(out)
    assert found["macro"]["verdict"] == "a"
    title = next(one for one in found["fields"] if one["field"] == "title")
    assert (title["only_a"], title["only_b"], title["test"]) == (27, 0, "mcnemar_and_sign_flip")
    assert title["difference"]["low"] < title["difference"]["mid"] == pytest.approx(27 / 80)
    assert "a_ahead" not in found
    assert compare(capsys, *FILES, "--json")[1] == out
    _, out, _ = compare(capsys, *FILES, "--json", "--misses", "company")
    assert len(json.loads(out)["misses"]["a_ahead"]) == 10


def test_pages_that_tell_them_apart_are_listed_with_both_values(work, capsys):
    _, out, _ = compare(capsys, *FILES, "--misses", "title")
    lines = out.splitlines()
    assert lines[0] == "new.jsonl is closer to right on 27 of 80 pages"
    assert lines[1] == '  pages/p00.html  right "Baker 0", A "Baker 0", B "Miller"'
    assert lines[-1] == "old.jsonl is closer to right on 0 of 80 pages"


def test_fewer_fields_are_fewer_questions(work, capsys):
    _, out, _ = compare(capsys, *FILES, "--fields", "company", "--json")
    found = json.loads(out)
    assert [one["field"] for one in found["fields"]] == ["company"]
    assert found["fields"][0]["p_adjusted"] == found["fields"][0]["p"]


def test_pages_without_a_record_count_unless_left_out(work, capsys):
    lines = (work / "new.jsonl").read_text().splitlines(keepends=True)
    (work / "new.jsonl").write_text("".join(lines[:30]))
    _, out, err = compare(capsys, *FILES)
    assert "new.jsonl: no record of 50 of 80 pages, which count as if nothing was found" in err
    assert "missing" in out
    _, out, err = compare(capsys, *FILES, "--common")
    assert err == ""
    assert "30 pages of 15 sites" in out
    assert "Left out, as the other has no record: 0 pages of new.jsonl, 50 of old.jsonl." in out


def test_engines_of_a_run_are_named(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pages").mkdir()
    rows = []
    for number in range(6):
        (tmp_path / f"pages/p{number}.html").write_text(page(number))
        url = f"https://site{number}.example/"
        expected = {"title": "Night Baker", "company": "Harbour Bakery Ltd"}
        rows.append({"source": f"pages/p{number}.html", "url": url, "expected": expected})
    (tmp_path / "labels.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    inside("eval", "run", "labels.jsonl", *"--engine reader --engine stated".split(), cwd=tmp_path)
    code, out, _ = compare(capsys, "reader", "stated")
    assert code == 0
    assert "6 pages of 6 sites" in out
    assert "Each page is of a site of its own." in out
    code, _, err = compare(capsys, "reader", "stat")
    assert code == 2
    assert "the run in eval has: reader, stated" in err
    (tmp_path / "labels.jsonl").write_text(json.dumps(rows[0]) + "\n")
    code, _, err = compare(capsys, "reader", "stated")
    assert code == 2
    assert "the samples have changed" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("new.jsonl", "old.jsonl"), "the labelled pages are missing"),
        (("new.jsonl", "gone.jsonl", "--samples", "labels.jsonl"), "is no engine of a run and no"),
        (("new.jsonl", "new.jsonl", "--samples", "labels.jsonl"), "A and B are the same records"),
        (("a", "b", "--run", "nowhere"), "there is no run in nowhere"),
        ((*FILES, "--level", "95"), "--level is a share"),
        ((*FILES, "--margin", "2"), "--margin is a share"),
        ((*FILES, "--fields", "tite"), "no sample has a score of 'tite'"),
        ((*FILES, "--misses", "tite"), "no page is labelled for 'tite'"),
        (("new.jsonl",), "the following arguments are required: B"),
        ((*FILES, "--json", "--samples", "old.jsonl"), ""),
    ],
)
def test_a_wrong_call_is_one_line_and_a_remedy(work, capsys, words, said):
    code, out, err = compare(capsys, *words)
    assert (code, out) == (2, "")
    assert err.startswith("rolecall: ")
    assert said in err
    assert "  hint: " in err


def test_help_teaches_without_loading_numpy():
    code = "import sys; from rolecall.cli import main\ntry: main(['eval', 'compare', '--help'])\n"
    code += "except SystemExit: print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert b"not resolved: label about n" in done.stdout
    assert done.stdout.rstrip().endswith(b"False")


def test_without_numpy_the_extra_is_named(work):
    code = "import sys; sys.modules['numpy'] = None; from rolecall.cli import main\n"
    code += f"sys.exit(main(['eval', 'compare', *{FILES!r}]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, cwd=work)
    assert done.returncode == 2
    assert b"needs numpy" in done.stderr
    assert b"pip install 'rolecall[eval]'" in done.stderr
