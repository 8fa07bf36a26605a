import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.moments import Watch

from rolecall.core import Attempt, Completion, Prompt, Usage
from rolecall.errors import DatabaseError
from rolecall.ledger.cache import BATCH, Cache
from rolecall.ledger.database import Database

PROMPT = Prompt(
    messages=(("system", "Fill in the fields."), ("user", "Night Baker, Leeds")),
    form="json_schema",
    json_schema={"type": "object", "properties": {"a": {}, "b": {}}},
)
ANSWER = Completion(
    text='{"title":"Night Baker"}',
    finish_reason="stop",
    usage=Usage(input_tokens=900, cached_tokens=400, output_tokens=30),
    engine="local",
    model="small",
    seconds=1.5,
    failed=(Attempt(engine="local", model="small", result="timeout"),),
)


@pytest.fixture
def cache(database: Database, watch: Watch) -> Cache:
    return Cache(database, watch)


def numbered(number: int) -> Prompt:
    return replace(PROMPT, messages=(("user", f"page {number}"),))


def test_a_kept_completion_comes_back_as_cached_and_in_no_time(
    cache: Cache, database: Database, watch: Watch
) -> None:
    assert cache.get(PROMPT, "small") is None
    cache.put(PROMPT, "small", ANSWER)
    expected = replace(ANSWER, seconds=0.0, cached=True, failed=())
    assert cache.get(PROMPT, "small") == expected
    cache.flush()
    assert cache.get(PROMPT, "small") == expected
    assert Cache(database, watch).get(PROMPT, "small") == expected


@pytest.mark.parametrize(
    "other",
    [
        replace(PROMPT, form="json_object"),
        replace(PROMPT, grammar=""),
        replace(PROMPT, json_schema=None),
        replace(PROMPT, json_schema={"type": "object", "properties": {"b": {}, "a": {}}}),
        replace(PROMPT, max_tokens=1),
        replace(PROMPT, messages=PROMPT.messages[:1]),
        replace(
            PROMPT, messages=(("system", "Fill in the fields.user"), ("", PROMPT.messages[1][1]))
        ),
        replace(PROMPT, messages=(*PROMPT.messages, ("user", ""))),
    ],
)
def test_whatever_decides_an_answer_is_part_of_its_key(cache: Cache, other: Prompt) -> None:
    cache.put(PROMPT, "small", ANSWER)
    assert cache.get(other, "small") is None


def test_model_parameters_and_version_are_part_of_the_key(
    cache: Cache, database: Database, watch: Watch
) -> None:
    cache.put(PROMPT, "small", ANSWER)
    cache.flush()
    assert cache.get(PROMPT, "large") is None
    assert Cache(database, watch, version="2").get(PROMPT, "small") is None
    assert Cache(database, watch, parameters={"seed": 1}).get(PROMPT, "small") is None
    first = Cache(database, watch, parameters={"seed": 1, "temperature": 0})
    first.put(PROMPT, "small", ANSWER)
    first.flush()
    turned = Cache(database, watch, parameters={"temperature": 0, "seed": 1})
    assert turned.get(PROMPT, "small")


@pytest.mark.parametrize(
    "answer",
    [
        replace(ANSWER, finish_reason="length"),
        replace(ANSWER, finish_reason="refusal"),
        replace(ANSWER, cached=True),
        replace(ANSWER, text="\ud800"),
    ],
)
def test_only_what_came_to_its_own_end_is_kept(cache: Cache, answer: Completion) -> None:
    cache.put(PROMPT, "small", answer)
    assert cache.get(PROMPT, "small") is None


def test_any_text_comes_back_as_it_was(cache: Cache) -> None:
    @settings(deadline=None, max_examples=20)
    @given(st.text(), st.text())
    def check(page: str, text: str) -> None:
        prompt = replace(PROMPT, messages=(("user", page),))
        cache.put(prompt, "small", replace(ANSWER, text=text))
        cache.flush()
        found = cache.get(prompt, "small")
        assert found
        assert found.text == text

    check()


def test_neither_page_nor_prompt_is_in_the_database(cache: Cache, database: Database) -> None:
    cache.put(PROMPT, "small", ANSWER)
    cache.flush()
    for path in database.path.parent.iterdir():
        for text in (b"Night Baker", b"Leeds", b"Fill in"):
            assert text not in path.read_bytes()


@pytest.mark.parametrize("value", [b"", b"x", b"x\x9c", "text", 5])
def test_a_damaged_row_is_a_miss_and_can_be_kept_anew(
    cache: Cache, database: Database, value: object
) -> None:
    cache.put(PROMPT, "small", ANSWER)
    cache.flush()
    with database.write() as connection:
        connection.execute("UPDATE cache_completion SET value = ?", (value,))
    assert cache.get(PROMPT, "small") is None
    cache.put(PROMPT, "small", ANSWER)
    cache.flush()
    assert cache.get(PROMPT, "small")


@pytest.mark.parametrize("place", range(0, 60, 7))
def test_a_flipped_bit_is_never_an_answer(cache: Cache, database: Database, place: int) -> None:
    cache.put(PROMPT, "small", ANSWER)
    cache.flush()
    with database.write() as connection:
        ((value,),) = connection.execute("SELECT value FROM cache_completion").fetchall()
        spoilt = bytearray(value)
        spoilt[place % len(spoilt)] ^= 4
        connection.execute("UPDATE cache_completion SET value = ?", (bytes(spoilt),))
    found = cache.get(PROMPT, "small")
    assert found is None or found.text == ANSWER.text


def test_what_was_not_used_for_longest_goes_first(database: Database, watch: Watch) -> None:
    cache = Cache(database, watch, max_bytes=5_000)
    for number in range(20):
        cache.put(numbered(number), "small", ANSWER)
        watch.pass_by(minutes=1)
        assert cache.get(numbered(0), "small"), "the first is used all the time"
    cache.flush()
    assert 3_000 < cache.size() <= 5_000
    found = [number for number in range(20) if cache.get(numbered(number), "small")]
    assert found == [0, *range(20 - len(found) + 1, 20)]


def test_the_bound_holds_whatever_is_put(database: Database, watch: Watch) -> None:
    cache = Cache(database, watch, max_bytes=20_000)
    for number in range(400):
        cache.put(numbered(number), "small", replace(ANSWER, text=f"{number}" * (number % 50)))
        watch.pass_by(milliseconds=1)
    cache.flush()
    ((sum_of_rows,),) = database.rows("SELECT sum(bytes) FROM cache_completion")
    assert cache.size() == sum_of_rows <= 20_000


def test_a_cache_without_room_keeps_nothing(database: Database, watch: Watch) -> None:
    cache = Cache(database, watch, max_bytes=0)
    cache.put(PROMPT, "small", ANSWER)
    assert cache.get(PROMPT, "small") is None


def test_entries_are_written_in_batches_and_before_long(
    cache: Cache, database: Database, watch: Watch
) -> None:
    count = "SELECT count(*) FROM cache_completion"
    for number in range(BATCH - 1):
        cache.put(numbered(number), "small", ANSWER)
    assert database.rows(count) == [(0,)]
    cache.put(numbered(BATCH), "small", ANSWER)
    assert database.rows(count) == [(BATCH,)]
    cache.put(PROMPT, "small", ANSWER)
    watch.pass_by(seconds=3)
    cache.put(numbered(BATCH + 1), "small", ANSWER)
    assert database.rows(count) == [(BATCH + 2,)]


def test_old_entries_are_purged_also_off_the_disk(
    cache: Cache, database: Database, watch: Watch
) -> None:
    for number in range(200):
        cache.put(numbered(number), "small", replace(ANSWER, text=f"{number:x}" * 999))
    watch.pass_by(days=1)
    border = watch.now
    cache.put(PROMPT, "small", ANSWER)
    cache.flush()
    ((value,),) = database.rows("SELECT value FROM cache_completion LIMIT 1")
    size = database.path.stat().st_size
    assert cache.purge(border) == 200
    assert cache.get(numbered(1), "small") is None
    assert cache.get(PROMPT, "small")
    assert database.path.stat().st_size < size or size == 4096
    for path in database.path.parent.iterdir():
        assert value not in path.read_bytes()
    assert cache.purge() == 1
    assert cache.size() == 0


def test_a_cache_never_fails_a_run(database: Database, watch: Watch) -> None:
    with Database(database.path, busy_seconds=0.01) as second:
        cache = Cache(second, watch)
        with database.write():
            cache.put(PROMPT, "small", ANSWER)
            cache.flush()
        assert isinstance(cache.fault, DatabaseError)
        assert cache.get(PROMPT, "small") is None
        cache.put(PROMPT, "small", ANSWER)
        cache.flush()
        assert cache.get(PROMPT, "small")


def test_threads_may_share_a_cache(cache: Cache, database: Database) -> None:
    wrong = []

    def use(first: int) -> None:
        for number in range(first, first + 100):
            answer = replace(ANSWER, text=str(number))
            cache.put(numbered(number), "small", answer)
            found = cache.get(numbered(number), "small")
            if found is None or found.text != str(number):
                wrong.append(number)

    threads = [threading.Thread(target=use, args=(50 * one,)) for one in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cache.flush()
    assert not wrong
    assert database.rows("SELECT count(*) FROM cache_completion") == [(250,)]


PROCESS = """
import sys
from pathlib import Path
from rolecall.core import Completion, Prompt
from rolecall.ledger.cache import Cache
from rolecall.ledger.database import Database
with Database(Path(sys.argv[1])) as database, Cache(database, max_bytes=40_000) as cache:
    for number in range(300):
        prompt = Prompt(messages=(("user", str(number)),))
        found = cache.get(prompt, "m")
        assert found is None or found.text == str(number)
        cache.put(prompt, "m", Completion(text=str(number), finish_reason="stop"))
    assert cache.fault is None, cache.fault
"""


def test_processes_may_share_a_cache(tmp_path: Path) -> None:
    path = tmp_path / "rolecall.db"
    words = [sys.executable, "-c", PROCESS, str(path)]
    running = [subprocess.Popen(words, stderr=subprocess.PIPE) for _ in range(3)]
    assert [one.communicate(timeout=60)[1] for one in running] == [b""] * 3
    with Database(path) as database:
        ((sum_of_rows,),) = database.rows("SELECT sum(bytes) FROM cache_completion")
        assert 30_000 < Cache(database).size() == sum_of_rows <= 40_000
