"""The addresses of the web UI, and what each request of them goes through."""

from __future__ import annotations

import asyncio
import hmac
import inspect
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from rolecall.errors import DatabaseError, Error, SourceError, UsageError
from rolecall.serve.access import Who
from rolecall.serve.door import write_down
from rolecall.serve.problems import problem_of
from rolecall.serve.state import State
from rolecall.serve.ui import (
    view_engines,
    view_labels,
    view_monitor,
    view_posting,
    view_postings,
    view_queue,
    view_runs,
    view_try,
)
from rolecall.serve.ui.forms import read_form
from rolecall.serve.ui.nouns import Ask, Form, MissingError, RefusedError, Ui, Visitor
from rolecall.serve.ui.pages import moved, page
from rolecall.serve.ui.static import serve_static

LARGEST_FORM: Final = 4_000_000
"""Bytes of a form other than that of a page to try."""

View = Callable[[Ui, Ask], Response] | Callable[[Ui, Ask], Awaitable[Response]]

NOBODY: Final = Visitor(name="")


def ui_routes(state: State) -> list[BaseRoute]:
    """The web UI of a server."""
    ui = Ui(
        queue=state.queue,
        settings=state.settings,
        environ=state.environ,
        visitor=_visitor,
        extract=state.extractor.extract,
        runs=Path(state.settings.runs_folder or ".").expanduser().absolute(),
    )
    return routes_of(ui)


def sign_in_page(request: Request, target: str, failed: str, status: int) -> Response:
    """The page with the form to sign in; ``failed`` says why a token was not taken."""
    ask = Ask(request=request, visitor=NOBODY, form=Form())
    return page(ask, "sign_in.html", status=status, next=target, fault=failed)


def fault_page(request: Request, error: Error, status: int) -> Response:
    """The page that says what went wrong where no view was asked, or one broke down."""
    visitor = _visitor(request) or NOBODY
    return fault(Ask(request=request, visitor=visitor, form=Form()), error, status)


def _visitor(request: Request) -> Visitor | None:
    who = request.scope.get("rolecall.who")
    if not isinstance(who, Who):
        return None
    return Visitor(
        name=who.name,
        csrf=who.csrf,
        scopes=who.scopes,
        signed_in=who.way == "visit",
        sees=who.sees,
        changes=who.changes,
    )


def routes_of(ui: Ui) -> list[BaseRoute]:
    """All pages of the UI, what they are made of, and their forms."""
    try_most = ui.settings.max_bytes * 3 + LARGEST_FORM  # a pasted page may triple on its way
    gets: list[tuple[str, View]] = [
        ("/", view_postings.postings),
        ("/postings/rows", view_postings.piece),
        ("/postings/rungs.json", view_postings.rungs),
        ("/postings.csv", view_postings.as_csv),
        ("/postings/{task}", view_posting.posting),
        ("/postings/{task}/record.json", view_posting.record),
        ("/postings/{task}/page", view_posting.preview),
        ("/labels", view_labels.labels),
        ("/labels/samples.jsonl", view_labels.samples),
        ("/try", view_try.form),
        ("/queue", view_queue.queue),
        ("/queue/part", view_queue.queue_part),
        ("/engines", view_engines.engines),
        ("/engines/look", view_engines.looked),
        ("/monitor", view_monitor.monitor),
        ("/monitor/part", view_monitor.monitor_part),
        ("/runs", view_runs.runs),
        ("/runs/{run:path}/report", view_runs.report),
        ("/runs/{run:path}", view_runs.run),
    ]
    posts: list[tuple[str, View, int]] = [
        ("/postings/{task}/label", view_posting.label, LARGEST_FORM),
        ("/postings/{task}/finish", view_posting.finish, LARGEST_FORM),
        ("/try", view_try.tried, try_most),
        ("/queue/act", view_queue.act, LARGEST_FORM),
    ]
    return [
        Route("/static/{tag}/{name}", serve_static, methods=["GET"]),
        *(Route(path, _asked(ui, view), methods=["GET"]) for path, view in gets),
        *(Route(path, _sent(ui, view, most), methods=["POST"]) for path, view, most in posts),
    ]


def _asked(ui: Ui, view: View) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        visitor = ui.visitor(request)
        if visitor is None:
            return _to_sign_in(request)
        return await _done(ui, view, Ask(request=request, visitor=visitor, form=Form()))

    return endpoint


def _sent(ui: Ui, view: View, most: int) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        visitor = ui.visitor(request)
        if visitor is None:
            return _to_sign_in(request)
        ask = Ask(request=request, visitor=visitor, form=Form())
        try:
            ask = Ask(request=request, visitor=visitor, form=await read_form(request, most))
        except UsageError as error:
            return fault(ask, error, 413 if "bytes" in str(error) else 400)
        if not _is_ours(visitor, ask):
            told = UsageError(
                "this form was not made by this server for this visit", hint="load the page again"
            )
            return fault(ask, told, 403)
        return await _done(ui, view, ask)

    return endpoint


def _is_ours(visitor: Visitor, ask: Ask) -> bool:
    """Whether a form comes from one of our pages: it brings the token of the visit along. Where no
    cookie lets anybody in, the door has looked at which site sent it."""
    if visitor.csrf is None:
        return True
    said = ask.form.get("csrf") or ask.request.headers.get("x-csrf-token", "")
    return hmac.compare_digest(visitor.csrf.encode(), said.encode())


async def _done(ui: Ui, view: View, ask: Ask) -> Response:
    """What the view gives; what goes wrong becomes a page that says so."""
    try:
        _check_scope(view, ask.visitor)
        if inspect.iscoroutinefunction(view):
            found: Any = await view(ui, ask)
        else:
            found = await asyncio.to_thread(view, ui, ask)
    except MissingError as error:
        return fault(ask, error, 404)
    except RefusedError as error:
        return fault(ask, error, 403)
    except DatabaseError as error:
        # Where the database lies, and what it said, is the operator's business.
        problem = problem_of(error)
        write_down(error, problem.status, ask.request.scope)
        return fault(ask, problem, problem.status)
    except SourceError as error:
        return fault(ask, error, 422)
    except UsageError as error:
        return fault(ask, error, 400)
    except Error as error:
        return fault(ask, error, 502)
    response: Response = found
    return response


def _check_scope(view: View, visitor: Visitor) -> None:
    """Refuse who may only have pages extracted all that is not about that, as the API does."""
    if view in (view_try.form, view_try.tried):
        return  # they look at it themselves
    if not any(visitor.may(scope) for scope in ("read", "tasks", "label")):
        visitor.needs("tasks")


def fault(ask: Ask, error: Error, status: int) -> Response:
    """A page that says what went wrong, and what to do."""
    return page(ask, "fault.html", status=status, message=str(error), hint=error.hint or "")


def _to_sign_in(request: Request) -> Response:
    to = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method != "GET":
        to = "/"
    return moved(f"/sign-in?next={quote(to, safe='')}")
