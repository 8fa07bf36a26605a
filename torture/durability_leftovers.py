"""What a crash, a bad disk or another program leaves: a clear message with the remedy, or none."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from rolecall.ledger.budget import Budget
from rolecall.ledger.database import Database
from rolecall.ledger.money import Caps
from rolecall.queue.nouns import NewTask, Submission
from rolecall.queue.queue import Queue
from torture.durability_common import WrongError, demand, environ, page, pages, plain, ran, tried
from torture.durability_script_outputs import read
from torture.durability_scripts import FILE, result
from torture.nouns import Case, Class, Group, Terms

FORMATS: Final = ("jsonl", "csv", "sqlite", "parquet", "jsonl.gz", "jsonl.zst")
COUNT: Final = 6
LOOKS: Final = (
    ("tasks", "list"), ("tasks", "show", "2", "--record"), ("budget",), ("status",),
    ("tasks", "retry", "1"), ("watch", "check"),
)  # fmt: skip


def leftovers(terms: Terms) -> Group:
    """Damage to outputs and to the database, and what every verb says of it."""
    draw = random.Random(terms.seed)
    told = environ(terms.scratch / "home")
    source = pages(terms.scratch / "pages", COUNT)
    cases: list[Case] = []
    for form in FORMATS if terms.full else ("jsonl", "sqlite", "jsonl.gz"):
        whole = terms.scratch / f"whole.{form}"
        code, _, err = ran(["extract", str(source), "--out", str(whole)], told)
        plain(code, err, 0)
        for name, spoil in SPOILS.items():
            call = partial(output, source, told, whole, terms.scratch / "out", form, spoil, draw)
            cases.append(tried(f"output {form} {name}", times(call, terms.number(1, 3))))
        if not terms.full:
            continue
        for name in ("journal", "ordering", "lock"):
            call = partial(beside, source, told, whole, terms.scratch / "out", form, name)
            cases.append(tried(f"output {form} stale {name}", call))
    data = made(terms.scratch / "made")
    looks = LOOKS if terms.full else LOOKS[:3]
    for name, wanted in DATABASES.items():
        spoil, codes = wanted
        call = partial(database, data, terms.scratch, spoil, codes, draw, looks)
        cases.append(tried(f"database {name}", times(call, terms.number(1, 2))))
    call = partial(flipped, data, terms.scratch, draw, looks)
    cases.append(tried("database bytes flipped", times(call, terms.number(2, 25))))
    return Group(said="torn, cut, flipped, foreign and newer files", cases=tuple(cases))


def times(call: Callable[[], Any], count: int) -> Callable[[], str]:
    """``call`` so many times."""

    def all_of_them() -> str:
        for _ in range(count):
            call()
        return f"{count} times"

    return all_of_them


def torn(path: Path, draw: random.Random) -> None:
    """The last bytes are missing."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(size - draw.randint(1, 200))


def emptied(path: Path, draw: random.Random) -> None:
    """Nothing is in it."""
    path.write_bytes(b"")


def zeros(path: Path, draw: random.Random) -> None:
    """Blocks that were not written before the power went."""
    with path.open("ab") as file:
        file.write(bytes(draw.randint(1, 5_000)))


def flips(path: Path, draw: random.Random) -> None:
    """A bad disk: some bytes are others."""
    data = bytearray(path.read_bytes())
    for _ in range(draw.randint(1, 20)):
        data[draw.randrange(len(data))] = draw.randrange(256)
    path.write_bytes(data)


def foreign(path: Path, draw: random.Random) -> None:
    """Something else is there."""
    path.write_bytes(b"Dear reader,\nthis is a letter.\n" * 50)


SPOILS: Final[Mapping[str, Callable[[Path, random.Random], None]]] = {
    "torn end": torn, "empty": emptied, "zeros behind": zeros, "bytes flipped": flips,
    "foreign": foreign,
}  # fmt: skip


def output(
    source: Path, told: Mapping[str, str], whole: Path, folder: Path, form: Any,
    spoil: Callable[[Path, random.Random], None], draw: random.Random,
) -> None:  # fmt: skip
    """``--resume`` over a damaged output: it is completed, or refused and left as it is."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    path = folder / f"out.{form}"
    shutil.copyfile(whole, path)
    spoil(path, draw)
    before = path.read_bytes()
    code, _, err = ran(["extract", str(source), "--out", str(path), "--resume"], told)
    plain(code, err, 0, 1, 2)
    if code:
        demand("hint:" in err, f"no remedy is named: {err[-200:]}")
        if code == 2:
            demand(path.read_bytes() == before, "it was changed all the same", Class.LOST)
        return
    complete(path, form, source)


def complete(path: Path, form: Any, source: Path) -> None:
    """Demand one record of each page."""
    sources = sorted(row["source"] for row in read(path, form))
    wanted = sorted(str(one) for one in source.iterdir())
    demand(sources == wanted, f"{len(sources)} records of {len(wanted)} pages", Class.LOST)


def beside(
    source: Path, told: Mapping[str, str], whole: Path, folder: Path, form: Any, name: str
) -> None:
    """A hidden file of a run that was killed, torn or of nobody."""
    for content in (b"", b'{"schema_ver', b"junk\n" * 9):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        path = folder / f"out.{form}"
        shutil.copyfile(whole, path)
        (folder / f".out.{form}.{name}").write_bytes(content)
        code, _, err = ran(["extract", str(source), "--out", str(path), "--resume"], told)
        plain(code, err, 0, 2)
        if code:
            demand("hint:" in err, f"no remedy is named: {err[-200:]}")
        complete(path, form, source)


def made(folder: Path) -> Path:
    """A database with some of everything in it, whose log was not folded in."""
    folder.mkdir()
    store = Database(folder / FILE)
    queue, budget = Queue(store), Budget(store, Caps())
    tasks = tuple(NewTask(source=f"p{n}", body=page(n)) for n in range(60))
    queue.inbox.submit(Submission(submitter="torture", tasks=tasks))
    queue.leases.finish([result(one) for one in queue.leases.claim("w", 30)])
    budget.settle(budget.reserve("r", 0.5, "cloud"), 0.25)
    store.reclaim()
    queue.leases.finish([result(one) for one in queue.leases.claim("w", 10)])
    for ending in ("", "-wal"):
        shutil.copyfile(f"{folder / FILE}{ending}", f"{folder / 'copy.db'}{ending}")
    store.close()
    return folder / "copy.db"


def placed(data: Path, scratch: Path) -> Path:
    """A copy of the database with its log, in a data folder."""
    folder = scratch / "data"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for ending in ("", "-wal"):
        shutil.copyfile(f"{data}{ending}", f"{folder / FILE}{ending}")
    return folder / FILE


def newer(path: Path, draw: random.Random) -> None:
    """It was made by a newer Rolecall."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 999")


def of_another(path: Path, draw: random.Random) -> None:
    """It is another program's."""
    for ending in ("", "-wal"):
        Path(f"{path}{ending}").unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE mine (one INTEGER)")


def cut_log(path: Path, draw: random.Random) -> None:
    """The end of the log was not written."""
    log = Path(f"{path}-wal")
    with log.open("r+b") as file:
        file.truncate(draw.randrange(log.stat().st_size))


def junk_log(path: Path, draw: random.Random) -> None:
    """The log is something else."""
    Path(f"{path}-wal").write_bytes(draw.randbytes(5_000))


def junk_index(path: Path, draw: random.Random) -> None:
    """The index of the log is something else, and nobody uses it."""
    Path(f"{path}-shm").write_bytes(draw.randbytes(32_768))


def cut(path: Path, draw: random.Random) -> None:
    """Half of the database is there."""
    Path(f"{path}-wal").unlink()
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def a_folder(path: Path, draw: random.Random) -> None:
    """A folder stands where the file should."""
    Path(f"{path}-wal").unlink()
    path.unlink()
    path.mkdir()


DATABASES: Final[Mapping[str, tuple[Callable[[Path, random.Random], None], tuple[int, ...]]]] = {
    "empty": (emptied, (0, 2)),
    "foreign": (foreign, (2,)),
    "of another program": (of_another, (2,)),
    "newer": (newer, (2,)),
    "log cut": (cut_log, (0, 2)),
    "log is junk": (junk_log, (0, 2)),
    "index of the log is junk": (junk_index, (0, 2)),
    "half of it": (cut, (0, 2)),
    "a folder": (a_folder, (2,)),
}  # fmt: skip


def database(
    data: Path, scratch: Path, spoil: Callable[[Path, random.Random], None],
    codes: tuple[int, ...], draw: random.Random, looks: tuple[tuple[str, ...], ...],
) -> None:  # fmt: skip
    """What the verbs say of a database in which something is wrong."""
    path = placed(data, scratch)
    spoil(path, draw)
    say(path, scratch, codes, looks)


def flipped(
    data: Path, scratch: Path, draw: random.Random, looks: tuple[tuple[str, ...], ...]
) -> None:
    """Some bytes of the database are others: never a traceback, and a remedy where it is told."""
    path = placed(data, scratch)
    flips(path, draw)
    say(path, scratch, (0, 1, 2, 5), looks)


def say(
    path: Path, scratch: Path, codes: tuple[int, ...], looks: tuple[tuple[str, ...], ...]
) -> None:
    """Ask each verb; exit codes and messages are those of errors that were foreseen."""
    told = environ(scratch / "home", ROLECALL_DATA_FOLDER=str(path.parent))
    for words in looks:
        code, _, err = ran(list(words), told)
        try:
            plain(code, err, *codes, 5)
            if code == 2 and "no such task" not in err:
                demand("hint:" in err, f"no remedy is named: {err[-200:]}")
        except WrongError as error:
            raise WrongError(f"{' '.join(words)}: {error}", error.found) from error
