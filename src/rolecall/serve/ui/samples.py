"""A labelled posting as a line of a file of samples, which `rolecall eval` reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rolecall.errors import UsageError
from rolecall.evaluate.label.pages import Opened as Labelled
from rolecall.evaluate.label.pages import label_line
from rolecall.evaluate.label.rows import Answer
from rolecall.evaluate.label.state import Task
from rolecall.page.decode import decode, unpack
from rolecall.serve.ui.opened import Opened


def sample_line(
    opened: Opened, answers: Sequence[Answer | None], *, posting: bool
) -> dict[str, Any]:
    """The line of a posting whose rows have these answers; the page is in it, as UTF-8.

    Two equal pages are two samples where both were labelled: the task's number is in the id.

    Raises:
        UsageError: its page is not kept any more.
    """
    source, page = opened.source, opened.page
    if source is None or page is None:
        raise UsageError("the page itself is not kept any more", hint="hand the page in again")
    text = decode(unpack(source.body)[0], source.charset).text
    kind = "text/plain" if page.media_type in ("text/plain", "text/markdown") else "text/html"
    whole = replace(source, body=text.encode("utf-8", "replace"), media_type=kind)
    task = Task(key="", name=source.locator, page=opened.read, rows=opened.rows)
    line = label_line(Labelled(task, whole, page, True), answers, posting=posting, folder=Path())
    return {**line, "id": f"{source.id[:16]}-t{opened.task.id}"}
