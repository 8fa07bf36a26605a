"""One posting: its text and its values side by side, what is wrong with it, and its labels."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import orjson
from starlette.responses import Response

from rolecall.errors import UsageError
from rolecall.evaluate.label.rows import Answer
from rolecall.serve.ui.answers import answer_of, changes
from rolecall.serve.ui.nouns import Ask, Form, MissingError, Ui
from rolecall.serve.ui.opened import Line, Opened, open_posting
from rolecall.serve.ui.pages import HEADERS, WITH_FRAME, framed, moved, page
from rolecall.serve.ui.preview import harmless
from rolecall.serve.ui.samples import sample_line
from rolecall.serve.ui.view_audits import second


def number_of(ask: Ask) -> int:
    """The number in an address like ``/postings/t123``; raises `MissingError`."""
    told = str(ask.request.path_params["task"])
    bare = told.removeprefix("t")
    if not (bare.isascii() and bare.isdigit() and len(bare) < 18):
        raise MissingError(f"there is no posting {told[:40]!a}")
    return int(bare)


def posting(ui: Ui, ask: Ask) -> Response:
    """The page of a posting."""
    opened = open_posting(ui, ask.visitor, number_of(ask))
    return _shown(ui, ask, opened)


def _shown(
    ui: Ui, ask: Ask, opened: Opened, *, fault: str = "", row: str = "", form: Form | None = None
) -> Response:
    lines = opened.lines()
    newer, older = ui.postings.beside(opened.task.id)
    editable = ask.visitor.may("label")
    audit, differs = second(ui, opened)
    return page(
        ask,
        "posting.html",
        audit=audit,
        differs=differs,
        status=422 if fault else 200,
        policy=WITH_FRAME,
        opened=opened,
        record=opened.record,
        lines=lines,
        pieces=opened.pieces(lines),
        general=_general(opened, lines),
        newer=newer if ask.visitor.sees is None else None,
        older=older if ask.visitor.sees is None else None,
        editable=editable,
        labelling=editable and "label" in ask.query,
        fault=fault,
        faulty=row,
        typed=form,
        raw=orjson.dumps(opened.record, option=orjson.OPT_INDENT_2).decode(),
    )


def _general(opened: Opened, lines: list[Line]) -> list[Any]:
    """Problems that belong to no row that is shown."""
    shown = [one for line in lines for one in line.problems]
    return [one for one in opened.record.get("problems") or () if one not in shown]


def record(ui: Ui, ask: Ask) -> Response:
    """The record as JSON."""
    opened = open_posting(ui, ask.visitor, number_of(ask))
    told = orjson.dumps(opened.record, option=orjson.OPT_INDENT_2)
    headers = {**HEADERS, "content-security-policy": "default-src 'none'; sandbox"}
    return Response(told, media_type="application/json", headers=headers)


def preview(ui: Ui, ask: Ask) -> Response:
    """The page itself, without anything in it that acts, for a frame."""
    opened = open_posting(ui, ask.visitor, number_of(ask))
    if opened.source is None:
        raise MissingError("the page itself is not kept any more")
    return framed(harmless(opened.source))


def label(ui: Ui, ask: Ask) -> Response:
    """Keep what a form says about a row, and go back to it."""
    ask.visitor.needs("label")
    opened = open_posting(ui, ask.visitor, number_of(ask))
    row = opened.row(ask.form.get("row"))
    try:
        answer = answer_of(opened, row, ask.form)
    except UsageError as error:
        told = f"{error}" + (f": {error.hint}" if error.hint else "")
        return _shown(ui, ask, opened, fault=told, row=row.name, form=ask.form)
    ui.labels.say(opened.task.id, {row.name: (answer, changes(row, answer))}, ask.visitor.name)
    if opened.finished is not None:  # its sample follows
        _finish(ui, ask, open_posting(ui, ask.visitor, opened.task.id), opened.finished.posting)
    return moved(f"/postings/t{opened.task.id}?label#row-{quote(row.name)}")


def finish(ui: Ui, ask: Ask) -> Response:
    """Declare the labels of a page finished (the rest is right, or stays unlabelled), or open it
    again, or say that it is no posting."""
    ask.visitor.needs("label")
    opened = open_posting(ui, ask.visitor, number_of(ask))
    how = ask.form.get("how")
    if how == "reopen":
        ui.labels.reopen(opened.task.id)
        return moved(f"/postings/t{opened.task.id}?label")
    if how not in ("all", "said", "no-posting"):
        raise UsageError("this form asks for nothing that is known here")
    _finish(ui, ask, opened, posting=how != "no-posting", rest=how == "all")
    following = next(iter(ui.postings.doubtful(1, ask.visitor.sees)), None)
    if ask.form.get("then") == "next" and following is not None:
        return moved(f"/postings/t{following.task}?label")
    return moved(f"/postings/t{opened.task.id}?label")


def _finish(ui: Ui, ask: Ask, opened: Opened, posting: bool, *, rest: bool = False) -> None:
    if opened.source is None or opened.page is None:
        raise UsageError(
            "the page itself is not kept any more, so that it cannot become a sample",
            hint="hand the page in again",
        )
    said = {name: one.answer for name, one in opened.said.items()}
    more: dict[str, tuple[Answer, bool]] = {}
    if rest and posting:
        for row in opened.rows:
            if row.name not in said:
                answer = Answer("taken", row.items) if row.items else Answer("none")
                more[row.name] = (answer, False)
    answers = [said.get(row.name) or more.get(row.name, (None, False))[0] for row in opened.rows]
    sample = sample_line(opened, answers, posting=posting)
    ui.labels.finish(opened.task.id, more, sample, ask.visitor.name)
