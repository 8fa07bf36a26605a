"""Runs in which copies share an extraction."""

import json
import os
import random
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.batch.test_asking import asking
from tests.drive.test_engines import ANSWER, PAGE, engine

import copies_pages
from rolecall.batch.asking import Asker
from rolecall.batch.copy_work import CopyWork, Fresh, Made, Sign, Signed
from rolecall.batch.done import Done, Tally, copies_told
from rolecall.batch.run import PageWork, check_dedup, run
from rolecall.batch.sharing import LIMBO, _Sharing, run_sharing
from rolecall.batch.spool import Spool
from rolecall.batch.workers import Crew, Loss
from rolecall.copies.index import Index
from rolecall.errors import SettingsError, UsageError
from rolecall.inputs.nouns import Input
from rolecall.settings import Settings

Records = dict[int, dict[str, Any]]


def near(kind: type[PageWork] = PageWork) -> PageWork:
    return loaded(kind(Settings(engine="none", dedup="near")))


def loaded(work: PageWork) -> PageWork:
    """The same, with all that its workers can then share with this process."""
    work.load_all()
    return work


@dataclass
class Pages:
    """Pages with known copies, and what an undisturbed run makes of them."""

    inputs: list[Input]
    whole: Records
    done: list[Done]


def inputs_of(bodies: list[bytes], **more: Any) -> list[Input]:
    return [Input(at, f"{at}.html", line=body, **more) for at, body in enumerate(bodies)]


def told(done: list[Done]) -> Records:
    """The records, less what two runs do not share."""
    records = {one.seq: json.loads(one.line) for one in done if one.line is not None}
    return {seq: record | {"seconds": 0} for seq, record in records.items()}


def go(inputs: list[Input], work: PageWork, **crew: Any) -> list[Done]:
    return list(run(iter(inputs), work, Crew(**crew)))


@pytest.fixture(scope="module")
def pages() -> Pages:
    made = [one.body for one in copies_pages.pages("develop", 3, vacancies=6)]
    inputs = inputs_of([*made, made[3], made[3].replace(b"</nav>", b"<a href=/z>FAQ</a></nav>")])
    done = go(inputs, near(), workers=2)
    return Pages(inputs, told(done), done)


def test_every_input_has_one_record_and_copies_say_what_they_are(pages: Pages) -> None:
    assert sorted(one.seq for one in pages.done) == list(range(len(pages.inputs)))
    shared = {one.seq for one in pages.done if one.copy}
    assert {one.copy for one in pages.done} == {None, "near", "exact"}
    assert {seq for seq, record in pages.whole.items() if "copy_of" in record} == shared
    for seq in shared:
        record = pages.whole[seq]
        assert 0.7 <= record["copy_of"]["similarity"] <= 1.0
        (reason,) = record["route"]["reasons"]
        assert record["copy_of"]["source"] in reason
        assert record["attempts"] == []


def test_what_is_not_shared_is_as_without_sharing(pages: Pages) -> None:
    alone = told(go(pages.inputs, loaded(PageWork(Settings(engine="none"))), workers=2))
    for seq, record in pages.whole.items():
        if "copy_of" not in record:
            assert record | {"config": 0} == alone[seq] | {"config": 0}


def test_all_is_counted(pages: Pages) -> None:
    tally = Tally()
    for one in pages.done:
        tally.add(one)
    assert tally.copies["exact"] == 1
    assert tally.copies["near"] > 5
    assert tally.splits.total() > 5
    assert copies_told(tally).startswith(f"copies: {tally.copies.total():,} pages saved (1 exact, ")
    assert f"; {tally.splits.total():,} split off and extracted by themselves (" in copies_told(
        tally
    )


@pytest.mark.parametrize(("workers", "ordered"), [(1, False), (3, True)])
def test_workers_and_order_change_nothing(pages: Pages, workers: int, ordered: bool) -> None:
    done = go(pages.inputs, near(), workers=workers, ordered=ordered)
    assert told(done) == pages.whole
    if ordered:
        assert [one.seq for one in done] == list(range(len(pages.inputs)))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_was_kept_of_a_run_it_ends_as_an_undisturbed_one(pages: Pages, seed: int) -> None:
    draw = random.Random(seed)
    kept = {seq for seq in pages.whole if draw.random() < (0.3, 0.6, 0.9)[seed - 1]}
    inputs = [
        one.but_known(pages.whole[one.seq]["source_id"]) if one.seq in kept else one
        for one in pages.inputs
    ]
    done = go(inputs, near(), workers=2)
    assert {one.seq for one in done if one.outcome == "kept"} == kept
    assert told(done) == {seq: one for seq, one in pages.whole.items() if seq not in kept}


def test_a_copy_of_a_kept_copy_is_the_same_as_in_one_run(pages: Pages) -> None:
    shared = {one["source"]: seq for seq, one in pages.whole.items() if "copy_of" in one}
    later = {seq for seq in shared.values() if pages.whole[seq]["copy_of"]["source"] in shared}
    assert later
    inputs = [
        one if one.seq in later else one.but_known(pages.whole[one.seq]["source_id"])
        for one in pages.inputs
    ]
    assert told(go(inputs, near(), workers=2)) == {seq: pages.whole[seq] for seq in later}


def test_a_run_that_is_broken_off_can_be_continued(pages: Pages) -> None:
    first: list[Done] = []
    results = run(iter(pages.inputs), near(), Crew(workers=2))
    for one in results:
        first.append(one)
        if len(first) == 20:
            break
    results.close()
    records = told(first)
    assert all(records[seq] == pages.whole[seq] for seq in records)
    inputs = [
        one.but_known(records[one.seq]["source_id"]) if one.seq in records else one
        for one in pages.inputs
    ]
    assert told(go(inputs, near(), workers=1)) | records == pages.whole


def test_after_a_stop_nothing_more_is_read(pages: Pages) -> None:
    read = []

    def reading() -> Iterator[Input]:
        for one in pages.inputs:
            read.append(one.seq)
            yield one

    found = list(run(reading(), near(), Crew(workers=1, ordered=True), stop=lambda: len(read) > 4))
    assert len(found) <= len(read) < len(pages.inputs)


class Hostile(PageWork):
    """Does what a bug that one page sets off would do, once it is extracted."""

    def extract(self, entry: Input, *args: Any, **more: Any) -> Done:
        if entry.seq == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        if entry.seq == 1:
            threading.Event().wait()
        return super().extract(entry, *args, **more)


def test_copies_of_a_page_that_failed_are_extracted_by_themselves() -> None:
    one, other = (copies_pages.pages("develop", 4, vacancies=2)[at].body for at in (0, -1))
    inputs = inputs_of([one, other, one, other, one])
    done = {each.seq: each for each in go(inputs, near(Hostile), timeout=2.0)}
    assert (done[0].code, done[1].code) == ("poison", "timeout")
    assert {done[seq].outcome for seq in (2, 3, 4)} == {"ok"}
    assert {done[seq].copy for seq in (2, 3, 4)} == {None}
    first = json.loads(done[0].line or b"")
    assert first["source_id"] == json.loads(done[2].line or b"")["source_id"]


def test_a_kept_page_whose_worker_is_lost_keeps_its_record(pages: Pages) -> None:
    one = pages.inputs[0]
    same, other = one.but_known(pages.whole[0]["source_id"]), one.but_known("0" * 64)
    work, loss = CopyWork(near(), near=True), Loss(code="timeout", message="took too long")
    assert work.lost(Sign(-1, same), loss) == Signed(same, kept=True)
    for entry in (one, other):
        lost = work.lost(Sign(-1, entry), loss)
        assert isinstance(lost, Signed)
        assert lost.lost is not None
        assert lost.lost.code == "timeout"


def test_equal_bytes_are_extracted_once_and_everything_else_by_itself(pages: Pages) -> None:
    body = pages.inputs[0].line or b""
    inputs = [
        Input(0, "a", line=body, url="https://a.example/1"),
        Input(1, "b", line=body, url="https://a.example/1"),
        Input(2, "c", line=body, url="https://b.example/1"),
        Input(3, "d", line=body + b"<!-- -->", url="https://a.example/1"),
        Input(4, "e", line=b""),
        Input(5, "f", path="gone.html"),
    ]
    work = loaded(PageWork(Settings(engine="none", dedup="exact")))
    done = {one.seq: one for one in go(inputs, work)}
    assert [done[seq].copy for seq in range(6)] == [None, "exact", None, None, None, None]
    assert (done[4].outcome, done[5].code) == ("not_a_posting", "unreadable")
    first, second = (json.loads(done[seq].line or b"") for seq in (0, 1))
    own = {"seq": 1, "source": "b", "route": second["route"], "seconds": {}}
    assert first | own | {"copy_of": {"source": "a", "similarity": 1.0}} == second


def test_near_mode_shares_what_stands_under_another_address(pages: Pages) -> None:
    body = pages.inputs[0].line or b""
    inputs = [Input(at, str(at), line=body, url=f"https://{at}.example/") for at in range(2)]
    done = go(inputs, near(), ordered=True)
    assert [one.copy for one in done] == [None, "near"]
    assert json.loads(done[1].line or b"")["url"] == "https://1.example/"


def test_what_is_too_far_back_is_forgotten(pages: Pages) -> None:
    bodies = [one.line or b"" for one in pages.inputs]
    inputs = inputs_of([*bodies[:20], bodies[0]])
    work = near()
    done = list(run_sharing(iter(inputs), work, Crew(workers=2), remembered=1_000))
    assert {one.seq: one.copy for one in done}[20] == "exact"
    few = list(run_sharing(iter(inputs), work, Crew(workers=1), remembered=4))
    assert sorted(one.seq for one in few) == list(range(21))
    assert {one.seq: one.copy for one in few}[20] is None


def test_engines_are_asked_about_originals_only() -> None:
    class Counting:
        def __init__(self) -> None:
            self.inner, self.calls = engine(lambda prompt: ANSWER), 0
            self.info = self.inner.info

        async def count_tokens(self, prompt: object) -> int | None:
            return None

        async def complete(self, prompt: object) -> object:
            self.calls += 1
            return await self.inner.complete(prompt)

    one = Counting()
    again = PAGE.replace("<body>", "<body><nav><a href=/>Home</a></nav>")
    inputs = inputs_of([body.encode() for body in (PAGE, PAGE, again, again, PAGE)])
    work = loaded(PageWork(Settings(dedup="near"), asks=True))
    with Asker(work.pipeline) as asker:
        asker._engines = asking(work.pipeline, one)  # type: ignore[arg-type]
        done = list(run(iter(inputs), work, Crew(workers=1, ordered=True), asker=asker))
    records = [json.loads(each.line or b"") for each in done]
    assert one.calls == 1
    assert [record["data"]["company"] for record in records] == ["crumb"] * 5
    assert [len(record["attempts"]) for record in records] == [1, 0, 0, 0, 0]
    assert [each.copy for each in done] == [None, "exact", "near", "near", "exact"]
    assert records[2]["evidence"]["/company"]["origin"] == "small"
    assert records[2]["route"]["engine"] is None


def test_a_copy_that_engines_are_asked_about_is_told_as_split_off() -> None:
    inputs = inputs_of([PAGE.encode(), PAGE.replace("Bath", "Leeds").encode()])
    work = loaded(PageWork(Settings(dedup="near"), asks=True))
    with Asker(work.pipeline) as asker:
        asker._engines = asking(work.pipeline, engine(lambda prompt: ANSWER))  # type: ignore[arg-type]
        done = list(run(iter(inputs), work, Crew(ordered=True), asker=asker))
    assert [(each.copy, each.split) for each in done] == [(None, None), (None, "places")]
    assert all(each.figures.cpu > 0 for each in done)


def test_records_that_wait_for_an_earlier_one_are_bounded() -> None:
    inputs = iter(Input(at, str(at), line=b"") for at in range(10 * LIMBO))
    state = _Sharing(inputs, near(), Crew(ordered=True), Index(100), None)
    items = state.items()
    first = next(items)
    assert first is not None
    state.take(Signed(first.entry))
    slow = next(items)
    assert isinstance(slow, Fresh)
    while (item := next(items)) is not None:
        state.take(Signed(item.entry, kept=True))
    assert list(state.out()) == []
    assert len(state.ready) == LIMBO
    state.take(Made(slow.ticket, Done(0, "0", "ok", line=b"")))
    assert [one.seq for one in state.out()] == list(range(LIMBO + 1))
    assert next(items) is not None
    state.spool.close()


def test_the_mode_is_checked_before_anything_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="there is no mode 'nearly'"):
        check_dedup(Settings(dedup="nearly"))
    monkeypatch.setitem(sys.modules, "rensa", None)
    check_dedup(Settings(dedup="exact"))
    with pytest.raises(UsageError, match="needs the package rensa") as found:
        check_dedup(Settings(dedup="near"))
    assert "pip install 'rolecall[batch]'" in (found.value.hint or "")


def test_the_spool_gives_back_what_it_has_and_gives_up_what_is_far_back() -> None:
    spool = Spool(10)
    for number in range(35):
        spool.put(number, b"%d" % number)
    spool.put(7, b"seven")
    assert (spool.get(7), spool.get(29)) == (b"seven", b"29")
    spool.give_up(20)
    with pytest.raises(KeyError):
        spool.get(7)
    assert spool.get(12) == b"12"
    spool.close()


def test_sharing_is_for_records_only(tmp_path: Path) -> None:
    assert near().shares
    assert not PageWork(Settings(dedup="near"), form="explain").shares
    assert not PageWork(Settings()).shares
