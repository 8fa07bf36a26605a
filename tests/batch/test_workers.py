import os
import signal
import threading
from collections.abc import Iterator

import pytest

from rolecall.batch.workers import CHUNK_ITEMS, Crew, Loss, work

HANG, KILLED, EXIT, CRASH_ONCE, EAT = 3, 5, 7, 9, 11
marker = ""


def double(item: int) -> int:
    return item * 2


def pid(item: int) -> int:
    return os.getpid()


def hostile(item: int) -> int | str:
    if item == HANG:
        threading.Event().wait()
    if item == KILLED:
        os.kill(os.getpid(), signal.SIGKILL)
    if item == EXIT:
        os._exit(3)
    if item == EAT:
        try:
            bytearray(8 << 30)
        except MemoryError:
            return "no memory"
    return item * 2


def lost(item: int, loss: Loss) -> str:
    return f"{item} {loss.code}: {loss.message}"


def test_every_item_has_its_result_in_order() -> None:
    crew = Crew(workers=2, ordered=True)
    assert list(work(iter(range(500)), double, lost, crew=crew)) == list(range(0, 1000, 2))


def test_every_item_has_its_result_in_any_order() -> None:
    found = work(iter(range(500)), double, lost, crew=Crew(workers=3))
    assert sorted(found) == list(range(0, 1000, 2))


def test_no_items_are_no_results() -> None:
    assert list(work(iter(()), double, lost, crew=Crew(workers=2))) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_a_bad_item_costs_itself_only(workers: int) -> None:
    crew = Crew(workers=workers, timeout=0.5, ordered=True)
    found = list(work(iter(range(40)), hostile, lost, crew=crew))
    wanted: list[int | str] = list(range(0, 80, 2))
    wanted[HANG] = "3 timeout: took longer than 0.5 seconds"
    wanted[KILLED] = "5 poison: ended two worker processes (SIGKILL)"
    wanted[EXIT] = "7 poison: ended two worker processes (exit code 3)"
    wanted[EAT] = "no memory"
    assert found == wanted


def test_an_item_whose_worker_was_killed_once_is_tried_again(tmp_path: object) -> None:
    flag = os.path.join(str(tmp_path), "killed")

    def once(item: int) -> int:
        if item == CRASH_ONCE and not os.path.exists(flag):
            with open(flag, "w"):
                os.kill(os.getpid(), signal.SIGKILL)
        return item

    assert list(work(iter(range(20)), once, lost, crew=Crew(ordered=True))) == list(range(20))


def test_an_item_that_was_stopped_past_its_alarm_is_tried_again(tmp_path: object) -> None:
    flag = os.path.join(str(tmp_path), "alarmed")

    def once(item: int) -> int:
        if item == CRASH_ONCE and not os.path.exists(flag):
            with open(flag, "w"):
                os.kill(os.getpid(), signal.SIGALRM)
        return item

    assert list(work(iter(range(20)), once, lost, crew=Crew(ordered=True))) == list(range(20))


def test_workers_are_replaced_after_their_share() -> None:
    pids = set(work(iter(range(200)), pid, lost, crew=Crew(pages=20)))
    assert 3 <= len(pids) <= 10


def test_workers_that_have_grown_are_replaced() -> None:
    hoard = []

    def grow(item: int) -> int:
        hoard.append(bytearray(os.urandom(1 << 20)))
        return os.getpid()

    # More than a chunk of them, since a worker is looked at when it has done one.
    pids = set(work(iter(range(2 * CHUNK_ITEMS)), grow, lost, crew=Crew(growth=4 << 20)))
    assert len(pids) > 1


def test_spawned_workers_do_the_same() -> None:
    crew = Crew(workers=1, ordered=True, method="spawn", timeout=60)
    assert list(work(iter(range(5)), double, lost, crew=crew)) == [0, 2, 4, 6, 8]


def test_nothing_is_handed_out_after_a_stop() -> None:
    seen: list[int] = []
    found = work(iter(range(10**9)), double, lost, crew=Crew(), stop=lambda: len(seen) >= 100)
    seen.extend(found)
    assert 100 <= len(seen) < 1000
    assert sorted(seen) == list(range(0, 2 * len(seen), 2))


def test_a_hanging_item_does_not_keep_a_stopped_run() -> None:
    stopped: list[int] = []
    found = work(iter([1, HANG]), hostile, lost, crew=Crew(), stop=lambda: bool(stopped))
    stopped.extend(int(result) for result in found)
    assert stopped == [2]


def test_an_input_that_pauses_does_not_hold_results_back() -> None:
    seen: list[int] = []

    def slowly() -> Iterator[int | None]:
        for item in range(3):
            while len(seen) < item:
                yield None
            yield item

    seen.extend(work(slowly(), double, lost, crew=Crew(workers=2)))
    assert seen == [0, 2, 4]


def test_results_held_back_for_order_are_bounded() -> None:
    ahead: list[int] = []

    def count() -> Iterator[int]:
        for item in range(5000):
            ahead.append(item)
            yield item

    found = work(count(), hostile, lost, crew=Crew(workers=2, timeout=1.0, ordered=True))
    for _ in range(HANG):
        next(found)
    assert len(ahead) < 1500
    found.close()


def test_an_abandoned_run_leaves_no_process() -> None:
    found = work(iter(range(1000)), pid, lost, crew=Crew())
    child = next(found)
    found.close()
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


class Heavy:
    """Work that takes longer to load than an item may take."""

    loaded = False

    def load_all(self) -> None:
        threading.Event().wait(1.5)
        self.loaded = True

    def __call__(self, item: int) -> bool:
        return self.loaded


def test_loading_is_no_part_of_the_first_items_time() -> None:
    crew = Crew(workers=1, ordered=True, method="spawn", timeout=1.0)
    assert list(work(iter(range(2)), Heavy(), lost, crew=crew)) == [True, True]
