"""The commands with engines: replayed answers, engines that are down, the budget, the dry run."""

import json

import pytest
from tests.cli.shell import inside
from tests.drive.test_engines import PAGE

from rolecall.cli.prompt import plan
from rolecall.settings import Settings

ANSWER = json.dumps({"company": "crumb"})
REPLAY = """
[engines.small]
kind = "replay"
path = "answers.jsonl"
model = "small-model"
local = true
"""


@pytest.fixture
def work(tmp_path):
    """A folder with pages, an engine that answers them, and a data folder of its own."""
    (tmp_path / "pages").mkdir()
    for number in range(12):
        text = PAGE.replace("25 days", f"{number + 20} days")
        (tmp_path / "pages" / f"p{number:02}.html").write_text(text)
    (tmp_path / "rolecall.toml").write_text('data_folder = "data"\n' + REPLAY)
    (tmp_path / "answers.jsonl").write_text(json.dumps({"contains": "Answer:", "text": ANSWER}))
    return tmp_path


def run(work, *words, **more):
    return inside(*words, cwd=work, HOME=str(work), **more)


def rows(data):
    return [json.loads(line) for line in data.splitlines()]


def test_pages_are_asked_about_and_come_out_in_order(work):
    done = run(work, "extract", "pages", "--engine", "small")
    assert done.returncode == 0, done.stderr
    found = rows(done.stdout)
    assert [record["seq"] for record in found] == list(range(12))
    assert {record["outcome"] for record in found} == {"ok"}
    assert {record["data"]["company"] for record in found} == {"crumb"}
    assert {record["evidence"]["/company"]["origin"] for record in found} == {"small"}
    assert found[0]["route"]["engine"] == "small"
    assert found[0]["route"]["answer_form"] == "grounded"
    assert found[0]["attempts"][0]["result"] == "stop"
    assert "ask" in found[0]["seconds"]


def test_an_output_is_complete_and_a_second_run_costs_nothing(work):
    first = run(work, "extract", "pages", "--out", "out.jsonl")
    assert first.returncode == 0, first.stderr
    before = (work / "out.jsonl").read_bytes()
    again = run(work, "extract", "pages", "--out", "out.jsonl", "--resume")
    assert again.returncode == 0
    assert (work / "out.jsonl").read_bytes() == before
    assert len(rows(before)) == 12


def test_kept_answers_give_the_same_records(work):
    def plain(done):
        found = rows(done.stdout)
        for record in found:
            record.pop("seconds")
            for attempt in record["attempts"]:
                attempt.pop("cached")
        return found

    first = run(work, "extract", "pages")
    (work / "answers.jsonl").write_text("")
    second = run(work, "extract", "pages")
    assert plain(first) == plain(second)
    third = run(work, "extract", "pages", "--no-cache")
    assert {record["reason"]["code"] for record in rows(third.stdout)} == {"engine_unavailable"}
    assert third.returncode == 3


def test_no_engine_is_asked_where_the_user_wants_none(work):
    done = run(work, "extract", "pages", "--engine", "none")
    assert {len(record["attempts"]) for record in rows(done.stdout)} == {0}


def test_an_engine_that_is_not_declared_is_a_wrong_call(work):
    done = run(work, "extract", "pages", "--engine", "large")
    assert done.returncode == 2
    assert b"large" in done.stderr
    assert b"small" in done.stderr


def test_an_engine_that_is_down_is_said_before_the_first_page(work):
    (work / "rolecall.toml").write_text(
        '[engines.small]\nkind = "vllm"\nurl = "http://127.0.0.1:9/v1"\ncall_seconds = 5\n'
    )
    done = run(work, "extract", "pages", "--engine", "small")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"127.0.0.1:9" in done.stderr
    auto = run(work, "extract", "pages")
    assert auto.returncode == 0
    assert b"small is not used" in auto.stderr
    assert len(rows(auto.stdout)) == 12


def test_at_the_cap_no_call_is_made_and_the_exit_code_says_so(work):
    far = REPLAY.replace("small", "far").replace("local = true", "local = false")
    price = "price = {input = 1000.0, cached = 1000.0, output = 1000.0}\n"
    caps = 'data_folder = "data"\nbudget_month = 0.01\n'
    (work / "rolecall.toml").write_text(caps + far + price)
    done = run(work, "extract", "pages", "--policy", "cloud-on-doubt", "--cloud", "far")
    assert done.returncode == 4, done.stderr
    assert {record["reason"]["code"] for record in rows(done.stdout)} == {"budget_exceeded"}
    spent = json.loads(run(work, "budget", "--json").stdout)
    assert spent["month_usd"] == 0


def test_without_leave_no_page_goes_to_the_cloud(work):
    far = REPLAY.replace("small", "far").replace("local = true", "local = false")
    (work / "rolecall.toml").write_text('data_folder = "data"\n' + far)
    done = run(work, "extract", "pages")
    assert done.returncode == 0
    assert {len(record["attempts"]) for record in rows(done.stdout)} == {0}
    assert b"far is kept out by the policy local-only" in done.stderr


def test_the_prompt_is_shown_and_nothing_is_asked(work):
    done = run(work, "prompt", "pages/p00.html")
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode()
    assert "Answer: company" in text
    assert "asked: company" in text
    assert "small: within the threshold" in text
    shown = json.loads(run(work, "prompt", "pages/p00.html", "--all", "--json").stdout)
    assert len(shown["asked"]) == 18
    assert shown["tokens"]["exact"]
    assert shown["prompts"][0]["tokens"] > 300
    assert "start:" in shown["prompts"][0]["grammar"]


def test_the_doctor_names_what_an_engine_holds_to_and_what_is_down(work):
    done = run(work, "doctor")
    assert done.returncode == 0, done.stdout
    assert b"engine small: replay" in done.stdout
    assert b"grounded" in done.stdout
    (work / "answers.jsonl").unlink()
    broken = run(work, "doctor", "--json")
    assert broken.returncode == 3
    assert not json.loads(broken.stdout)[-1]["well"]


def test_the_dry_run_shows_a_long_page_for_the_cloud_in_one_piece(tmp_path):
    text = "".join(f"<p>Paragraph {n} of many words about bread and rolls.</p>" for n in range(300))
    page = tmp_path / "long.html"
    page.write_text(PAGE.replace("<h2>", f"{text}<h2>", 1))
    far = {"kind": "openai", "model": "m", "url": "https://far.example/v1", "window": 128_000}
    settings = Settings(
        engines={"far": far}, policy="cloud-over-threshold", cloud_engine="far",
        threshold_tokens=2_048, data_folder=str(tmp_path),
    )  # fmt: skip
    shown = plan(str(page), settings, every=True, form="json_schema")
    assert shown["tokens"]["over"]
    assert [one["engine"] for one in shown["route"]] == ["far"]
    assert len(shown["prompts"]) == 1


def test_the_doctor_tells_a_policy_and_a_tokenizer_that_cannot_be(work):
    done = run(work, "doctor", ROLECALL_POLICY="cloud-on-doubt", ROLECALL_CLOUD_ENGINE="far")
    assert done.returncode == 3
    assert b"cloud_engine" in done.stdout
    with (work / "rolecall.toml").open("a") as file:
        file.write('tokenizer = "none.json"\n')
    broken = run(work, "doctor")
    assert broken.returncode == 3
    assert b"none.json" in broken.stdout
