"""The way into the web UI: a token once, then a cookie that other sites cannot use."""

from __future__ import annotations

import asyncio
import html
from typing import Final
from urllib.parse import urlsplit

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from rolecall.serve.access import COOKIE, cookie_in, form_of, headers_of
from rolecall.serve.limits import SMALL
from rolecall.serve.problems import ProblemError
from rolecall.serve.state import state_of
from rolecall.serve.tokens import end_visit, start_visit

STYLE_FREE_CSP: Final = (
    "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in - Rolecall</title>
<meta name="viewport" content="width=device-width"></head>
<body><main><h1>Rolecall</h1>{failed}
<form method="post" action="/sign-in">
<p><label>Token<br><input type="password" name="token" required autocomplete="current-password"
 size="60"></label></p>
<input type="hidden" name="next" value="{next}">
<p><button>Sign in</button></p></form>
<p>Whoever runs this server makes tokens with <code>rolecall tokens add NAME</code>.</p>
</main></body></html>
"""

router = APIRouter(include_in_schema=False)


def here(target: str) -> str:
    """A path on this server to go to; the start for anything that leads elsewhere."""
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    plain = target.startswith("/") and not target.startswith(("//", "/\\"))
    safe = plain and not parts.scheme and not parts.netloc and target.isprintable()
    return target if safe and "\\" not in target and not target.startswith("/sign-") else "/"


def page(request: Request, target: str, failed: str = "", status: int = 200) -> Response:
    """The page with the form; the web UI's own where it is there."""
    own = getattr(request.app.state, "sign_in_page", None)
    if own is not None:
        shown: Response = own(request, target, failed, status)
        return shown
    told = f"<p role=alert>{html.escape(failed)}</p>" if failed else ""
    text = PAGE.format(failed=told, next=html.escape(target, quote=True))
    headers = {"Content-Security-Policy": STYLE_FREE_CSP}
    return Response(text, status, headers, "text/html")


@router.get("/sign-in")
async def show(request: Request) -> Response:
    """The form."""
    return page(request, here(request.query_params.get("next", "/")))


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Take a token and give a cookie for it."""
    state = state_of(request)
    fields = await form_of(request, SMALL)
    target = here(fields.get("next", "/"))
    try:
        who = await state.entry.by_token(fields.get("token", "").strip())
    except ProblemError as problem:
        return page(request, target, f"{problem}.".capitalize(), problem.status)
    assert who.token is not None
    hours = state.settings.serve_visit_hours
    cookie = await asyncio.to_thread(start_visit, state.queue.store, who.token, hours)
    state.entry.forget()
    answer = RedirectResponse(target, 303)
    answer.set_cookie(
        COOKIE,
        cookie,
        max_age=int(hours * 3_600),
        path="/",
        secure=_is_secure(request),
        httponly=True,
        samesite="strict",
    )
    return answer


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """End the visit."""
    await form_of(request, SMALL)
    state = state_of(request)
    cookie = cookie_in(headers_of(request.scope))
    if cookie:
        await asyncio.to_thread(end_visit, state.queue.store, cookie)
        state.entry.forget()
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return answer


def _is_secure(request: Request) -> bool:
    """Whether the browser came over https, maybe to a proxy in front of us: it says so itself."""
    origin = request.headers.get("origin", "")
    return request.url.scheme == "https" or origin.startswith("https://")
