"""Style sheet, scripts and pictures of the UI, in memory, under addresses that name a version."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from rolecall.serve.problems import not_found

FOLDER: Final = Path(__file__).with_name("static")
KINDS: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
YEAR: Final = 31_536_000


class File(Struct, frozen=True):
    """A file that is served: its bytes, their kind, and a hash of them."""

    body: bytes
    kind: str
    tag: str


@cache
def files() -> dict[str, File]:
    """All files, by name."""
    found = {}
    for path in sorted(FOLDER.iterdir()):
        if path.suffix in KINDS:
            body = path.read_bytes()
            tag = hashlib.sha256(body).hexdigest()[:12]
            found[path.name] = File(body, KINDS[path.suffix], tag)
    return found


@cache
def whole() -> str:
    """A hash over all files: modules import each other by name, so they change together."""
    return hashlib.sha256("".join(one.tag for one in files().values()).encode()).hexdigest()[:12]


def address(name: str) -> str:
    """Where a file is served."""
    return f"/static/{whole()}/{name}"


async def serve_static(request: Request) -> Response:
    """One file; it may be kept for a year, since another version has another address."""
    file = files().get(request.path_params["name"])
    if file is None:
        raise not_found("there is no such file")
    right = request.path_params["tag"] == whole()
    return Response(
        file.body,
        media_type=file.kind,
        headers={
            "cache-control": f"public, max-age={YEAR if right else 0}, immutable",
            "x-content-type-options": "nosniff",
            "content-security-policy": "default-src 'none'",
            "cross-origin-resource-policy": "same-origin",
        },
    )
