"""`rolecall purge`: what is kept is shown, and what was asked for is forgotten."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from tests.cli.shell import inside, page

from rolecall.core import Completion, Prompt
from rolecall.ledger.cache import Cache
from rolecall.ledger.database import open_database
from rolecall.ledger.postgres import PostgresDatabase
from rolecall.queue.nouns import NewTask, Submission
from rolecall.queue.queue import Queue


@pytest.fixture
def folder(tmp_path):
    """A database with two pages that wait, and an answer that was kept 40 days ago."""
    old = datetime.now(UTC) - timedelta(days=40)
    with open_database(tmp_path / "data" / "rolecall.db", {}) as database:
        tasks = tuple(
            NewTask(source=f"p{one}.html", body=page(one).encode(), url=f"https://x.example/{one}")
            for one in (1, 2)
        )
        Queue(database).inbox.submit(Submission(submitter="one", tasks=tasks))
        with Cache(database, lambda: old) as cache:
            prompt = Prompt(messages=(("user", "what?"),), form="text", max_tokens=9)
            cache.put(
                prompt, "m", Completion(text="a quote", finish_reason="stop", engine="e", model="m")
            )
    log = tmp_path / "state" / "rolecall" / "up" / "old.log"
    log.parent.mkdir(parents=True)
    log.write_text("printed")
    return tmp_path


def purge(folder, *words):
    return inside(
        "purge", *words, cwd=folder, ROLECALL_DATA_FOLDER=str(folder / "data"),
        XDG_STATE_HOME=str(folder / "state"), HOME=str(folder),
    )  # fmt: skip


def told(folder, *words):
    done = purge(folder, *words, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    return found["forgotten"], {one["kind"]: one for one in found["kept"]}


def test_it_shows_what_is_kept_where_and_for_how_long(folder):
    done = purge(folder, "--dry-run")
    text = done.stdout.decode()
    assert done.returncode == 0, done.stderr
    for words in ("pages", "30 days", "kept answers", "logs of servers", "rolecall.db", "yes"):
        assert words in text
    _, kept = told(folder, "--dry-run")
    assert (kept["pages"]["count"], kept["tasks"]["count"]) == (2, 2)
    assert kept["kept answers"]["bytes"] > 0


def test_by_itself_it_forgets_only_what_is_older_than_is_kept(folder):
    forgotten, kept = told(folder)
    assert forgotten == {"tasks": 0, "pages": 0, "events": 0}
    assert kept["pages"]["count"] == 2
    assert kept["kept answers"]["count"] == 1


def test_older_than_forgets_answers_and_logs_too(folder):
    would, _ = told(folder, "--older-than", "30d", "--dry-run")
    forgotten, kept = told(folder, "--older-than", "30d")
    assert would == forgotten == {"tasks": 0, "pages": 0, "events": 0, "answers": 1, "files": 0}
    assert kept["kept answers"]["count"] == 0
    assert kept["pages"]["count"] == 2


def test_a_page_by_its_address(folder):
    would, kept = told(folder, "--page", "https://x.example/1", "--dry-run")
    assert would == {"tasks": 1, "pages": 1, "answers": 1}
    assert kept["pages"]["count"] == 2
    forgotten, kept = told(folder, "--page", "https://x.example/1", "--keep-answers")
    assert forgotten == {"tasks": 1, "pages": 1, "answers": 0}
    assert (kept["pages"]["count"], kept["kept answers"]["count"]) == (1, 1)
    again = purge(folder, "--page", "https://x.example/1", "--json")
    assert again.returncode == 3
    assert b"the queue keeps nothing of this page" in again.stderr
    assert json.loads(again.stdout)["forgotten"] == {"tasks": 0, "pages": 0, "answers": 0}


def test_a_name_that_is_not_known_costs_no_answers(folder):
    assert b"--answers" in purge(folder, "--page", "https://x.example/mistyped").stderr
    assert told(folder, "--dry-run")[1]["kept answers"]["count"] == 1


def test_of_a_large_database_it_says_that_giving_room_back_takes_long(folder, monkeypatch):
    assert b"giving back" not in purge(folder).stderr
    monkeypatch.setattr("rolecall.cli.purge.LARGE", 1)
    assert b"giving back what is free in 0.0 GiB" in purge(folder).stderr
    assert b"giving back" not in purge(folder, "--dry-run").stderr


def test_everything_only_if_it_is_meant(folder):
    assert purge(folder, "--all").returncode == 2
    assert told(folder, "--dry-run")[1]["pages"]["count"] == 2
    forgotten, kept = told(folder, "--all", "--yes")
    assert (forgotten["pages"], forgotten["answers"], forgotten["files"]) == (2, 1, 1)
    assert not any(one["count"] for one in kept.values())
    assert purge(folder).returncode == 0


def test_words_that_cannot_be_meant_are_refused(folder):
    for words in (["--source-id", "abc"], ["--older-than", "soon"], ["--all", "--answers"]):
        assert purge(folder, *words).returncode == 2


def test_to_look_makes_nothing(tmp_path):
    done = purge(tmp_path)
    assert done.returncode == 0, done.stderr
    assert b"nothing is kept" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_page_of_a_queue_elsewhere_and_the_answers_that_lie_here(folder, postgres_url):
    with PostgresDatabase(postgres_url) as database:
        tasks = (NewTask(source="p.html", body=page().encode(), url="https://x.example/9"),)
        Queue(database).inbox.submit(Submission(submitter="one", tasks=tasks))
    words = ("--queue", postgres_url, "--page", "https://x.example/9")
    would, kept = told(folder, *words, "--dry-run")
    assert (kept["pages"]["count"], kept["kept answers"]["count"]) == (1, 1)
    forgotten, kept = told(folder, *words)
    assert forgotten == would == {"tasks": 1, "pages": 1, "answers": 1}
    assert (kept["pages"]["count"], kept["kept answers"]["count"]) == (0, 0)
    assert told(folder, "--dry-run")[1]["pages"]["count"] == 2  # those of the embedded queue
