"""``rolecall purge``: what is kept of pages, and forgetting it."""

from __future__ import annotations

import os
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from rolecall.cli import FAILED, OK
from rolecall.cli.options import Parser
from rolecall.cli.options import settings as load_settings
from rolecall.cli.queued import add_queue, read_time
from rolecall.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from rolecall.forget.kinds import Kept
    from rolecall.ledger.database import Database
    from rolecall.ledger.store import Store
    from rolecall.queue.queue import Queue
    from rolecall.settings import Settings

DESCRIPTION = """\
Forgets what is older than is kept, and prints what is kept where: pages, records,
kept answers, labels, audits, figures, logs. docs/privacy.md tells all of it.

What is forgotten is also taken off the disk as far as that is ours: SQLite overwrites
it and empties its log; tables of a PostgreSQL are written anew. Never touched: the
sums of the budget, tokens, schemas, models, and what you wrote with --out."""

EXAMPLES = """\
examples:
  rolecall purge --dry-run                       what is kept, and what would go
  rolecall purge                                 forget what is older than is kept
  rolecall purge --older-than 30d
  rolecall purge --page https://example.org/jobs/7
  rolecall purge --page t123                     the page of a task
  rolecall purge --source-id 9f86d081884c7d65…   the page with this SHA-256
  rolecall purge --answers                       the kept answers of engines
  rolecall purge --all                           everything; asks first"""

DAY_SECONDS = 86_400

GIB = 1 << 30
LARGE = GIB
"""Bytes of a database whose room is given back for so long that it is said."""


def run(words: list[str]) -> int:
    """Forget, print what is left, and return the exit code: 3 if nothing is kept of a page."""
    told = _words(words)
    settings = load_settings({"queue": told.queue})
    with ExitStack() as stack:
        work = _Work(told, settings, stack)
        if told.all and not told.dry_run and not told.yes:
            _ask(work.where)
        forgotten = work.forget()
        clean = told.dry_run or work.reclaim()
        _print(told, forgotten, list(work.kept()), clean=clean)
        if not clean:
            sys.stderr.write(
                "rolecall: others use the database: it still has traces of what was forgotten\n"
                "  hint: run rolecall purge again when they are done\n"
            )
    if (told.page or told.source_id) and not forgotten.get("pages") and not forgotten["tasks"]:
        sys.stderr.write(
            "rolecall: the queue keeps nothing of this page; answers of engines were left alone\n"
            "  hint: they are kept without names: rolecall purge --answers forgets all of them\n"
        )
        return FAILED
    return OK


def _words(words: list[str]) -> Namespace:
    parser = Parser("purge", DESCRIPTION, EXAMPLES)
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--older-than", metavar="TIME", help="forget what is older, as 30d or 8w")
    one.add_argument(
        "--page",
        metavar="PAGE",
        action="append",
        help="forget everything of a page: its address, its source, or a task (t123); repeatable",
    )
    one.add_argument(
        "--source-id",
        metavar="SHA256",
        action="append",
        help="the same by the source_id of its record",
    )
    one.add_argument("--answers", action="store_true", help="forget the kept answers of engines")
    one.add_argument("--all", action="store_true", help="forget everything")
    add: Any = parser.add_argument
    add("--keep-answers", action="store_true", help="with --page: leave kept answers alone")
    add("--dry-run", action="store_true", help="forget nothing, tell what would go")
    add("--yes", action="store_true", help="with --all: do not ask")
    add("--json", action="store_true", help="one JSON object, for programs")
    add_queue(add)
    told = parser.parse_intermixed_args(words)
    told.seconds = read_time(told.older_than, "--older-than") if told.older_than else None
    for name in told.source_id or ():
        if len(name) != 64 or set(name) - set("0123456789abcdef"):
            raise UsageError(
                f"{name!a} is no source_id", hint="it is the SHA-256 of the page, 64 hex digits"
            )
    return told


def _ask(where: str) -> None:
    """Go on only if a person says so."""
    if not sys.stdin.isatty():
        raise UsageError("--all forgets everything", hint="add --yes if that is meant")
    sys.stderr.write(f"Forget all pages, records, answers, labels and figures in {where}? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise UsageError("nothing was forgotten")


class _Work:
    """What is open for one run of the verb."""

    def __init__(self, told: Namespace, settings: Settings, stack: ExitStack) -> None:
        from rolecall.ledger.database import open_database, usual_place
        from rolecall.ledger.opening import shown_url

        self.told, self.settings = told, settings
        path: Path = usual_place(settings.data_folder, os.environ)
        self.where = shown_url(settings.queue) if settings.queue else str(path)
        self.embedded: Database | None = None
        self.path, self.queue = str(path), _queue(settings, path)
        self.touched: tuple[str, ...] = ()
        if self.queue is not None:
            stack.callback(self.queue.store.close)
        if path.exists():  # to look makes nothing
            self.embedded = stack.enter_context(open_database(path, os.environ))

    def forget(self) -> dict[str, int]:
        """Do what was asked for; says how much of what went, or would go."""
        told = self.told
        if told.answers:
            return {"answers": self._answers(None)}
        if told.page or told.source_id:
            return self._page(told.page or told.source_id)
        if told.all:
            return self._everything()
        return self._old()

    def reclaim(self) -> bool:
        """Leave no traces; says whether that could be done."""
        stores: list[Store] = [self.queue.store] if self.queue is not None else []
        if self.embedded is not None:
            stores.append(self.embedded)
            if (size := os.stat(self.path).st_size) > LARGE:
                sys.stderr.write(
                    f"rolecall: giving back what is free in {size / GIB:.1f} GiB;"
                    " to stop loses nothing\n"
                )
        clean = [one.reclaim(self.touched) for one in stores]  # each, whatever the one before says
        return all(clean)

    def kept(self) -> Iterator[Kept]:
        """What is kept now."""
        from rolecall.forget.kinds import ANSWERS, kinds_of, look, look_at_files

        if self.queue is not None:
            for kind in kinds_of(self.queue.rules):
                yield look(self.queue.store, kind, self.where)
        if self.embedded is not None:
            yield look(self.embedded, ANSWERS, self.path)
        yield from look_at_files(os.environ, self.settings.events_log)

    def _old(self) -> dict[str, int]:
        from msgspec import structs

        from rolecall.forget.whole import forget_files, old_files
        from rolecall.queue.purge import Purge

        seconds, dry, found = self.told.seconds, self.told.dry_run, dict[str, int]()
        if self.queue is not None:
            rules, days = self.queue.rules, (seconds or 0) / DAY_SECONDS
            if seconds is not None:
                rules = structs.replace(
                    rules, keep_records_days=days, keep_bodies_days=days,
                    keep_events_hours=days * 24,
                )  # fmt: skip
            purge = Purge(self.queue.store, rules, self.queue.moment)
            gone = purge.would() if dry else purge.old()
            found = {"tasks": gone.tasks, "pages": gone.bodies, "events": gone.events}
        if seconds is not None:
            found["answers"] = self._answers(seconds)
            files = old_files(os.environ, time.time() - seconds)
            found["files"] = len(files) if dry else forget_files(files)
        return found

    def _page(self, named: list[str]) -> dict[str, int]:
        from rolecall.forget.page import find, forget
        from rolecall.forget.whole import OF_PAGES

        tasks = pages = 0
        for one in named if self.queue is not None else ():
            assert self.queue is not None
            found = find(self.queue.store, one)
            if not self.told.dry_run and not found.empty:
                forget(self.queue.store, found)
                self.touched = OF_PAGES
            tasks, pages = tasks + len(found.tasks), pages + len(found.bodies)
        # Answers are kept under hashes: which of them are of this page nobody can tell. They may
        # have been paid for, and a name that is not known may be one that was mistyped.
        leave = self.told.keep_answers or not (tasks or pages)
        answers = 0 if leave else self._answers(None)
        return {"tasks": tasks, "pages": pages, "answers": answers}

    def _everything(self) -> dict[str, int]:
        from rolecall.forget.whole import TABLES, WIDE, forget_all, forget_files, old_files

        found = {one.kind: one.count for one in self.kept() if one.kind in _TABLED}
        files = old_files(os.environ, None)
        found |= {"answers": self._answers(None), "files": len(files)}
        if not self.told.dry_run:
            if self.queue is not None:
                forget_all(self.queue.store)
                self.touched = (*TABLES, *WIDE, "queue_result")
            forget_files(files)
        return found

    def _answers(self, seconds: int | None) -> int:
        """Kept answers that are older than ``seconds``; all of them without."""
        from datetime import timedelta

        from rolecall.ledger.cache import Cache
        from rolecall.ledger.clock import utc_now

        if self.embedded is None:
            return 0
        before = None if seconds is None else utc_now() - timedelta(seconds=seconds)
        if self.told.dry_run:
            moment = None if before is None else int(before.timestamp() * 1000)
            sql = "SELECT count(*) FROM cache_completion WHERE ?1 IS NULL OR made < ?1"
            return int(self.embedded.rows(sql, (moment,))[0][0])
        return Cache(self.embedded).purge(before)


_TABLED = frozenset(("pages", "tasks", "records", "events", "audits", "labels", "figures"))


def _queue(settings: Settings, path: Path) -> Queue | None:
    """The queue, where there is one."""
    from rolecall.cli.queued import open_queue

    return open_queue(settings) if settings.queue or path.exists() else None


def _print(told: Namespace, forgotten: dict[str, int], kept: list[Kept], *, clean: bool) -> None:
    if told.json:
        import orjson
        from msgspec import structs

        rows = [
            {name.rstrip("_"): value for name, value in structs.asdict(one).items()} for one in kept
        ]
        value = {"dry_run": told.dry_run, "forgotten": forgotten, "clean": clean, "kept": rows}
        sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        from rolecall.cli.purge_shown import shown

        sys.stdout.write(shown(forgotten, kept, would=told.dry_run))
    sys.stdout.flush()
