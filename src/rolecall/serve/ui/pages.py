"""Pages out of templates, with the headers that keep what they show harmless."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from starlette.responses import Response

from rolecall import __version__
from rolecall.serve.ui import shown
from rolecall.serve.ui.nouns import Ask
from rolecall.serve.ui.static import address

TEMPLATES: Final = Path(__file__).with_name("templates")

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
WITH_FRAME: Final = f"{POLICY}; frame-src 'self'"
"""The policy of pages that show another one of ours in a frame."""

FRAMED: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none';"
    " frame-ancestors 'self'; sandbox"
)
"""The policy of what is shown in a frame: no script, no request, an origin of its own."""

HEADERS: Final[Mapping[str, str]] = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # with none, browsers send forms without their origin
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-dns-prefetch-control": "off",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "no-store",
}

MENU: Final = (
    ("/", "Postings"), ("/labels", "Labels"), ("/try", "Try"), ("/queue", "Queue"),
    ("/engines", "Engines"), ("/monitor", "Monitor"), ("/runs", "Runs"),
)  # fmt: skip


@cache
def _environment() -> Any:
    from jinja2 import ChainableUndefined, Environment, FileSystemLoader, Undefined

    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=ChainableUndefined,  # records of other versions may lack a part
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def visible(value: Any, most: int = shown.LONGEST) -> Any:
        return shown.visible("" if isinstance(value, Undefined) else value, most)

    made.filters |= {
        "visible": visible,
        "marked": shown.marked,
        "plain": shown.plain,
        "brief": shown.brief,
        "legible": shown.legible,
        "percent": shown.percent,
        "moment": shown.moment,
        "lasting": shown.lasting,
        "words": shown.words,
        "count": lambda number: f"{number:,}",
    }
    made.globals |= {"web": shown.web, "address": address, "menu": MENU, "version": __version__}
    return made


def render(template: str, **told: Any) -> str:
    """The HTML of a template."""
    text: str = _environment().get_template(template).render(**told)
    return text


def page(
    ask: Ask, template: str, *, status: int = 200, policy: str = POLICY, **told: Any
) -> Response:
    """A whole page, or a part of one, for whoever asks."""
    text = render(template, visitor=ask.visitor, path=ask.request.url.path, **told)
    return html(text, status=status, policy=policy)


def html(text: str, *, status: int = 200, policy: str = POLICY) -> Response:
    """HTML under a policy."""
    return Response(
        text.encode("utf-8", "replace"),
        status_code=status,
        media_type="text/html; charset=utf-8",
        headers={**HEADERS, "content-security-policy": policy},
    )


def framed(body: bytes) -> Response:
    """A page that is not ours, for a frame: nothing in it runs and nothing is asked for."""
    headers = {**HEADERS, "content-security-policy": FRAMED, "x-frame-options": "SAMEORIGIN"}
    return Response(body, media_type="text/html; charset=utf-8", headers=headers)


def download(body: bytes, media_type: str, name: str) -> Response:
    """A file to keep; ``name`` is one of ours."""
    return Response(
        body,
        media_type=media_type,
        headers={
            **HEADERS,
            "content-security-policy": "default-src 'none'; sandbox",
            "content-disposition": f'attachment; filename="{name}"',
        },
    )


def moved(to: str) -> Response:
    """Go to another page of ours, by GET."""
    return Response(status_code=303, headers={**HEADERS, "location": to})
