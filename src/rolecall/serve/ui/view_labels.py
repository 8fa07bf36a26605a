"""Labels: which pages to look at, what was corrected, and the samples that came of it."""

from __future__ import annotations

from starlette.responses import Response, StreamingResponse

from rolecall.serve.ui.nouns import Ask, Ui
from rolecall.serve.ui.pages import HEADERS, page


def labels(ui: Ui, ask: Ask) -> Response:
    """The page: pages to label, those begun, the latest words, those that are finished."""
    sees = ask.visitor.sees
    begun = [ui.queue.view.task(one) for one in ui.labels.begun(20)]
    finished = ui.labels.all_finished(30)
    tasks = {one.task: ui.queue.view.task(one.task) for one in finished}
    latest = ui.labels.latest(30)
    pages, done, rows = ui.labels.counts()
    if sees is not None:
        begun = [one for one in begun if one is not None and one.submitter == sees]
        seen = {number for number, one in tasks.items() if one and one.submitter == sees}
        finished = [one for one in finished if one.task in seen]
        latest = [one for one in latest if _own(ui, one.task, sees)]
    return page(
        ask,
        "labels.html",
        doubtful=ui.postings.doubtful(ask.number("n", 25, 200), sees),
        begun=[one for one in begun if one is not None],
        finished=finished,
        tasks=tasks,
        latest=[one for one in latest if one.said.answer.how != "skipped"],
        pages=pages,
        done=done,
        rows=rows,
        editable=ask.visitor.may("label"),
        whole=sees is None,
    )


def _own(ui: Ui, number: int, sees: str) -> bool:
    task = ui.queue.view.task(number)
    return task is not None and task.submitter == sees


def samples(ui: Ui, ask: Ask) -> Response:
    """All finished pages as a file of samples."""
    if ask.visitor.sees is not None:
        ask.visitor.needs("read")
    return StreamingResponse(
        ui.labels.samples(),
        media_type="application/x-ndjson",
        headers={**HEADERS, "content-disposition": 'attachment; filename="samples.jsonl"'},
    )
