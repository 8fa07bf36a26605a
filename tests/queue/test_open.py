"""Opening the queue that the settings name."""

import subprocess
import sys

import pytest

from rolecall.errors import DatabaseError, SettingsError
from rolecall.ledger.database import Database
from rolecall.ledger.opening import shown_url
from rolecall.queue.nouns import NewTask, Submission
from rolecall.queue.open import open_queue
from rolecall.settings import Settings


def submit(queue) -> int:
    task = NewTask(source="s", body=b"b")
    return queue.inbox.submit(Submission(submitter="one", tasks=(task,))).tasks[0]


def test_without_a_setting_it_is_the_embedded_database(tmp_path):
    queue = open_queue(Settings(), {"XDG_DATA_HOME": str(tmp_path)})
    with queue.store:
        submit(queue)
    assert (tmp_path / "rolecall" / "rolecall.db").exists()
    again = open_queue(Settings(data_folder=str(tmp_path / "rolecall")), {})
    with again.store as store:
        assert isinstance(store, Database)
        assert again.view.counts()["queued"] == 1


def test_an_address_opens_the_server(postgres_url, tmp_path):
    settings = Settings(queue=postgres_url, data_folder=str(tmp_path))
    for _ in range(2):
        queue = open_queue(settings, {})
        with queue.store as store:
            assert store.dialect.name == "postgres"
            submit(queue)
    assert queue.view is not None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "address",
    ["mysql://u:hush@h/d", "rolecall.db", "postgresql://u:hu@sh@h/d", "postgresql://u:hush@h:x/d",
     "postgresql://u:hush#x@h/d", "postgresql://u:hush@[::1/d"],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_its_password(address):
    with pytest.raises(SettingsError) as caught:
        open_queue(Settings(queue=address), {})
    assert "hu" not in f"{caught.value} {caught.value.hint} {caught.value.__cause__}"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql://u:hush@127.0.0.1:1/d", "cannot be reached"),
        ("postgresql://u:hush@nowhere.invalid/d", "cannot be reached"),
        ("postgresql://u:hush@127.0.0.1:1/d?nonsense=1", "address"),
    ],
)
def test_a_server_that_is_not_there_has_a_remedy(address, words):
    pytest.importorskip("psycopg")
    with pytest.raises(DatabaseError, match=words) as caught:
        open_queue(Settings(queue=address), {})
    assert caught.value.hint
    assert "hush" not in f"{caught.value} {caught.value.hint} {caught.value.__cause__!r}"


def test_a_wrong_database_user_and_password_are_told_apart(postgres_server):
    address = postgres_server[1]
    for change, words in (
        (address.replace("/postgres?", "/absent?"), "is not there"),
        (address.replace("postgres:", "stranger:hush"), "does not let this user in"),
    ):
        with pytest.raises(DatabaseError, match=words) as caught:
            open_queue(Settings(queue=change), {})
        assert not caught.value.retryable
        assert "hush" not in f"{caught.value} {caught.value.hint} {caught.value.__cause__!r}"


def test_without_psycopg_the_error_says_what_to_install():
    code = """
import sys
sys.modules["psycopg"] = None
from rolecall.errors import DatabaseError
from rolecall.queue.open import open_queue
from rolecall.settings import Settings
try:
    open_queue(Settings(queue="postgresql://h/d"), {})
except DatabaseError as error:
    print(error.hint)
"""
    said = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert said == "pip install 'rolecall[postgres]'\n"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://u:hush@h:5/d?sslmode=require", "postgresql://u:***@h:5/d"),
        ("postgresql://h/d?user=u&password=hush", "postgresql://h/d"),
        ("postgresql://u@h/d?sslmode=require", "postgresql://u@h/d?sslmode=require"),
        ("postgresql://u:hush@[::1/d", "***"),
        ("", ""),
    ],
)
def test_an_address_is_shown_without_its_password(address, shown):
    assert shown_url(address) == shown
