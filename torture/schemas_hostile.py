"""Hostile schemas: each has its outcome, in time, and nobody is called."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from tests.schema.cases import CASES, load
from tests.schema.test_hostile import (
    accepted,
    has_grammar_or_says_why,
    keeps_every_keyword,
    outcome,
)

from rolecall.schema.compile import prepare_schema
from torture.nouns import Case, Class, Figure, Group, Terms
from torture.schemas_wicked import WICKED

FOLDER: Final = CASES / "hostile-schemas"
SECONDS: Final = 2.0
SLACK: Final = 1.0
"""A machine under load may be this much later before a case is said to hang."""


def hostile(terms: Terms) -> Group:
    """Those of the folder with the class that its manifest gives, and those that are made here."""
    prepare_schema(True)  # the child is up
    rows = [(name, text, expect) for name, (text, expect) in WICKED.items()]
    if FOLDER.exists():
        for row in load(FOLDER / "MANIFEST.json"):
            text = (FOLDER / row["file"]).read_bytes()
            rows.append((row["file"].removesuffix(".json"), text, row["expect"]))
    cases, longest = [], 0.0
    with canary() as (port, callers):
        for name, text, expect in rows:
            text = text.replace(b"127.0.0.1:1/", b"127.0.0.1:%d/" % port)
            start = time.monotonic()
            try:
                found, notices = outcome(text)
                seconds = time.monotonic() - start
                longest = max(longest, seconds)
                cases.append(_judged(name, expect, found, notices, seconds))
            except Exception as error:
                told = f"{type(error).__name__}: {error}"[:200]
                cases.append(Case(name=name, found=Class.CRASHED, note=told))
            if callers:
                cases[-1] = Case(name=name, found=Class.WRONG, note="an address in it was called")
                callers.clear()
    held = longest <= SECONDS
    return Group(
        said=f"{len(rows)} hostile schemas: the right class, in time, nothing fetched",
        cases=tuple(cases),
        figures=(Figure(name="longest", value=longest, unit="s", goal="<= 2", held=held),),
    )


@contextmanager
def canary() -> Iterator[tuple[int, list[Any]]]:
    """A port of this machine, and the list of those who call there."""
    callers: list[Any] = []
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)

        def listen() -> None:
            while not done.is_set():
                try:
                    line, caller = server.accept()
                except TimeoutError:
                    continue
                callers.append(caller)
                line.close()

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield server.getsockname()[1], callers
        finally:
            done.set()
            thread.join()


def _judged(name: str, expect: str, found: Any, notices: Sequence[Any], seconds: float) -> Case:
    """The class of one; ``expect`` is as the manifest has it."""
    taken, told = accepted(found), "" if accepted(found) else str(found)[:200]
    either = "or typed error" in expect or expect == "either"
    refuses = expect.startswith(("typed error", "rejected", "refused", "unsatisfiable"))
    if seconds > SECONDS + SLACK:
        return Case(name=name, found=Class.HUNG, note=f"{seconds:.1f} s")
    if not either and refuses == taken:
        note = told or f"accepted: {sorted({row.mark for row in found.rows})}"
        return Case(name=name, found=Class.WRONG if taken else Class.SHORT, note=note)
    if "unsatisfiable" in expect and "nothing can satisfy" not in told:
        return Case(name=name, found=Class.SHORT, note=told)
    if expect == "documented" and not notices:
        return Case(name=name, found=Class.WRONG, note="accepted without a word")
    if taken and not (has_grammar_or_says_why(found) and keeps_every_keyword(found)):
        return Case(name=name, found=Class.WRONG, note="keywords are dropped without a word")
    if not taken and not found.hint:
        return Case(name=name, found=Class.SHORT, note=f"no remedy: {told}")
    return Case(name=name, found=Class.RIGHT)
