"""The application: all routes behind one door."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from rolecall import __version__
from rolecall.errors import DatabaseError, Error
from rolecall.serve import docs, sign_in
from rolecall.serve.door import Door, write_down
from rolecall.serve.problems import ProblemError, answer_of, fault, problem_of
from rolecall.serve.routes import events, extract, health, queue, schemas, tasks
from rolecall.serve.said import components
from rolecall.serve.state import State

USED_SECONDS: Final = 60.0
"""How often it is written down which tokens were used."""
ABOUT: Final = """\
Job postings to validated JSON in which every value points to its evidence on the page.

`POST /v1/extract` answers at once with the record of one page. `POST /v1/tasks` takes many in:
what it acknowledges is on the disk, and is worked on when its turn comes; `GET
/v1/tasks/b45/results` streams the records as JSON Lines.

Every error is a problem document (RFC 9457) with a `code` for programs and a `hint` for people.
Send the token as `Authorization: Bearer rc_...`; `rolecall tokens add NAME` makes one."""


def make_app(state: State) -> Door:
    """The application of one server, ready to be served."""
    app = FastAPI(
        title="Rolecall",
        version=__version__,
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=_living(state),
        redirect_slashes=False,
        separate_input_output_schemas=False,
    )
    app.state.rolecall = state
    for part in (extract, tasks, queue, events, schemas, health, docs, sign_in):
        app.include_router(part.router)
    if find_spec("rolecall.serve.ui") is not None:
        pages = import_module("rolecall.serve.ui.routes")
        app.router.routes.extend(pages.ui_routes(state))
        app.state.sign_in_page = getattr(pages, "sign_in_page", None)
        app.state.fault_page = pages.fault_page
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Error, _raised)
    app.add_exception_handler(Exception, _failed)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return Door(app, state)


def _living(state: State) -> Any:
    @contextlib.asynccontextmanager
    async def living(_: FastAPI) -> AsyncIterator[None]:
        works = [
            asyncio.create_task(one) for one in (state.gather.run(), state.feed.run(), _used(state))
        ]
        try:
            yield
        finally:
            state.end()
            for one in works:
                one.cancel()
            await asyncio.gather(*works, return_exceptions=True)
            with contextlib.suppress(DatabaseError):
                await state.entry.write_used()

    return living


async def _used(state: State) -> None:
    while True:
        await asyncio.sleep(USED_SECONDS)
        with contextlib.suppress(DatabaseError):
            await state.entry.write_used()


async def _invalid(_: Request, error: Exception) -> Response:
    """What FastAPI found wrong, with its place and without what was sent."""
    assert isinstance(error, RequestValidationError)
    told = [
        {"pointer": "/" + "/".join(map(str, one["loc"])), "message": str(one["msg"])}
        for one in error.errors()
    ]
    first = told[0] if told else {"pointer": "", "message": "is not acceptable"}
    message = f"{first['pointer'].strip('/').replace('/', ' ')}: {first['message']}"
    hint = "a task is t123, a batch b45" if first["pointer"] == "/path/id" else None
    return answer_of(ProblemError(422, "invalid", message, hint=hint, errors=told))


def _told(request: Request, problem: ProblemError) -> Response:
    """A problem as whoever asks can read it: a page where a browser asks for one of the web UI."""
    page = getattr(request.app.state, "fault_page", None)
    for_people = "text/html" in request.headers.get("accept", "")
    if page is None or not for_people or request.url.path.startswith("/v1/"):
        return answer_of(problem)
    response: Response = page(request, problem, problem.status)
    response.headers.update(problem.headers)
    return response


async def _refused(request: Request, error: Exception) -> Response:
    """What Starlette refuses: addresses and methods that are not there."""
    assert isinstance(error, HTTPException)
    words = {404: ("not_found", "there is nothing here"), 405: ("method", "not with this method")}
    code, message = words.get(error.status_code, ("refused", "the request cannot be taken"))
    headers = dict(error.headers or {})
    return _told(request, ProblemError(error.status_code, code, message, headers=headers))


async def _raised(request: Request, error: Exception) -> Response:
    assert isinstance(error, Error)
    problem = problem_of(error)
    write_down(error, problem.status, request.scope)
    return answer_of(problem)


async def _failed(request: Request, _: Exception) -> Response:
    """A fault of ours; the door hears of it too, and writes it down."""
    return _told(request, fault())


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        told = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
        )
        told["components"] = components()
        told["info"]["license"] = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
        app.openapi_schema = told
    return app.openapi_schema
