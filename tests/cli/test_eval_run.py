"""``rolecall eval run`` and ``report``: from labelled pages to figures, and on after a stop."""

import hashlib
import json
import os
import shutil
import signal
import sys
import time

import pytest
from tests.cli.shell import inside, page, start

from rolecall.cli import main
from rolecall.reader.model import FOLDER, write_seen

pytest.importorskip("numpy")
COUNT = 12


def labelled(folder):
    """Pages of three sites with labels in ``folder``; one label is wrong on purpose."""
    (folder / "pages").mkdir()
    rows = []
    for number in range(COUNT):
        name = f"pages/p{number:02}.html"
        (folder / name).write_text(page(number))
        company = "Another Ltd" if number == 3 else "Harbour Bakery Ltd"
        expected = {"title": "Night Baker", "company": company, "benefits": None}
        url = f"https://site{number % 3}.example/{number}"
        rows.append({"source": name, "url": url, "expected": expected})
    (folder / "labels.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    return folder


def run(work, *words, **more):
    return inside("eval", *words, cwd=work, HOME=str(work), **more)


@pytest.fixture
def work(tmp_path):
    return labelled(tmp_path)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """Labelled pages with the reader's run on them, made once, and what the run printed."""
    folder = labelled(tmp_path_factory.mktemp("first"))
    return folder, run(folder, "run", "labels.jsonl").stdout


@pytest.fixture
def ran(first, tmp_path):
    """A copy of ``first``, to change."""
    return shutil.copytree(first[0], tmp_path / "ran")


def test_figures_records_and_a_report_come_out(work):
    done = run(work, "run", "labels.jsonl", "--engine", "reader", "--engine", "stated")
    assert done.returncode == 0, done.stderr
    assert b"12 pages of 3 sites" in done.stdout
    found = json.loads((work / "eval/results.json").read_text())
    reader = next(one for one in found["engines"] if one["name"] == "reader")
    assert reader["fields"]["title"]["all"]["mid"] == 1.0
    assert reader["fields"]["company"]["all"]["mid"] == pytest.approx(11 / 12)
    assert reader["fields"]["benefits"]["n_null"] == 12
    assert reader["marks"]["grounded"]["mid"] == 1.0
    report = (work / "eval/report.html").read_text()
    assert "Harbour" not in report
    assert "http" not in report.replace("http://www.w3.org/2000/svg", "")
    records = (work / "eval/reader.jsonl").read_text().splitlines()
    assert [json.loads(one)["source"] for one in records] == [
        f"pages/p{number:02}.html" for number in range(COUNT)
    ]


def test_a_second_run_reads_nothing_and_says_the_same(first, ran):
    before = (ran / "eval/reader.jsonl").read_bytes()
    again = run(ran, "run", "labels.jsonl")
    assert again.stdout == first[1]
    assert b"12 kept" in again.stderr
    assert (ran / "eval/reader.jsonl").read_bytes() == before


def test_a_page_that_changed_is_read_again_and_a_new_label_judged_anew(ran):
    (ran / "pages/p00.html").write_text(page(0, title="Pastry Chef"))
    done = run(ran, "run", "labels.jsonl")
    assert b"11 kept" in done.stderr
    found = json.loads((ran / "eval/results.json").read_text())
    assert found["engines"][0]["fields"]["title"]["all"]["mid"] == pytest.approx(11 / 12)
    stale = (ran / "labels.jsonl").read_text().replace("Another Ltd", "Harbour Bakery Ltd")
    (ran / "labels.jsonl").write_text(stale)
    refused = run(ran, "report", "eval")
    assert refused.returncode == 2
    assert b"have changed since" in refused.stderr


def test_other_settings_do_not_mix_into_the_same_records(work):
    run(work, "run", "labels.jsonl", "--variant", "v:engine=none,least_sure=0.9")
    mixed = run(work, "run", "labels.jsonl", "--variant", "v:engine=none,least_sure=0.5")
    assert mixed.returncode == 2
    assert b"--force" in mixed.stderr
    anew = run(work, "run", "labels.jsonl", "--variant", "v:engine=none", "--force")
    assert anew.returncode == 0, anew.stderr


def test_misses_are_listed_with_both_values(ran):
    done = run(ran, "report", "eval", "--misses", "company")
    (line,) = done.stdout.decode().splitlines()
    assert "p03.html" in line
    assert "Another Ltd" in line
    assert "Harbour Bakery" in line
    refused = run(ran, "report", "eval", "--misses", "salery")
    assert refused.returncode == 2


def test_killed_in_the_middle_nothing_is_lost(work):
    labels = (work / "labels.jsonl").read_text()
    many = []
    for number in range(400):
        one = json.loads(labels.splitlines()[number % COUNT])
        many.append(json.dumps(one | {"id": f"n{number}"}))
    (work / "many.jsonl").write_text("\n".join(many) + "\n")
    process = start("eval", "run", "many.jsonl", "--out", "run", cwd=work)
    records = work / "run/reader.jsonl"
    end = time.monotonic() + 60
    while time.monotonic() < end and not (records.exists() and records.stat().st_size):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    there = records.read_bytes().count(b"\n")
    assert 0 < there < 400
    done = run(work, "run", "many.jsonl", "--out", "run")
    assert done.returncode == 0, done.stderr
    ids = [json.loads(one)["source"] for one in records.read_text().splitlines()]
    assert ids == [f"n{number}" for number in range(400)]
    assert b"kept" in done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["run"], "SAMPLES"),
        (["run", "none.jsonl"], "none.jsonl"),
        (["run", "labels.jsonl", "--engine", "absent"], "absent"),
        (["run", "labels.jsonl", "--target", "95"], "--target"),
        (["run", "labels.jsonl", "--level", "95"], "--level"),
        (["report", "nowhere"], "no run"),
        (["rum"], "run"),
    ],
)
def test_wrong_calls_say_what_to_do(work, words, told):
    done = run(work, *words)
    assert done.returncode == 2
    assert told in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_names_that_are_no_text_get_through(work):
    folder = os.fsencode(work) + b"/of\xff"
    os.makedirs(folder)
    for number in range(6):
        with open(folder + b"/p\xe9%d.html" % number, "w") as file:
            file.write(page(number, f"{chr(65 + number) * 9} Baker"))
        with open(folder + b"/p\xe9%d.label.json" % number, "w") as file:
            json.dump(
                {"expected": {"title": f"Night Baker {number}"}, "site": f"s{number % 3}"}, file
            )
    told = os.fsdecode(b"of\xff")
    assert b"6 pages of 3 sites" in run(work, "run", told, "--out", f"{told}/out").stdout
    again = run(work, "report", f"{told}/out", "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["engines"][0]["figures"]["samples"] == 6
    words = (f"{told}/out/reader.jsonl", f"{told}/other.jsonl", "--samples", told, "--json")
    with open(folder + b"/other.jsonl", "wb") as file:
        file.write((work / told / "out/reader.jsonl").read_bytes())
    assert json.loads(run(work, "compare", *words).stdout)["n"] == 6


def test_what_would_stop_the_report_stops_the_run_before_it_reads(work):
    for words in (("--level", "2"), ("--target", "0"), ("--out", "labels.jsonl/eval")):
        done = run(work, "run", "labels.jsonl", *words)
        assert done.returncode == 2
        assert b"Traceback" not in done.stderr
    assert not (work / "eval").exists()


def test_results_of_another_run_are_no_evidence(work):
    run(work, "run", "labels.jsonl")
    words = ("verify", "--run", "eval", "--only", "FR-1")
    assert inside(*words, cwd=work).returncode == 0
    path = work / "eval/results.json"
    for name in ("samples", "config"):
        told = json.loads(path.read_text())
        (told if name == "samples" else told["engines"][0])[name] = "another"
        (work / "eval/results.json").write_text(json.dumps(told))
        done = inside(*words, cwd=work)
        assert done.returncode == 2
        assert b"is of another run" in done.stderr
        assert run(work, "report", "eval").returncode == 0
        assert inside(*words, cwd=work).returncode == 0


def test_without_numpy_no_page_is_read(work, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "numpy", None)
    monkeypatch.chdir(work)
    assert main(["eval", "run", "labels.jsonl"]) == 2
    assert "pip install 'rolecall[eval]'" in capsys.readouterr().err
    assert not (work / "eval").exists()


def test_a_report_that_cannot_be_written_leaves_the_old_one(work):
    run(work, "run", "labels.jsonl")
    before = (work / "eval/results.json").read_bytes()
    (work / "eval/report.html").unlink()
    (work / "eval/report.html").mkdir()
    done = run(work, "report", "eval")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"cannot write eval/report.html" in done.stderr
    assert (work / "eval/results.json").read_bytes() == before


def test_pages_that_the_reader_was_trained_on_are_no_evidence(work):
    model = work / "model"
    shutil.copytree(FOLDER, model)
    bodies = [(work / f"pages/p{number:02}.html").read_bytes() for number in range(5)]
    write_seen(model, (hashlib.sha256(body).hexdigest() for body in bodies))
    done = run(work, "run", "labels.jsonl", ROLECALL_READER_MODEL=str(model))
    told = b"the embedded reader was trained on 5 of these 12 pages"
    assert told in done.stderr
    assert told in (work / "eval/report.html").read_bytes()
    found = inside("verify", "--run", "eval", "--only", "FR-1", "--json", cwd=work)
    assert b'"not_run"' in found.stdout.replace(b" ", b"")
    stated = run(work, "run", "labels.jsonl", "--engine", "stated", "--out", "other")
    assert b"trained on" not in stated.stderr
