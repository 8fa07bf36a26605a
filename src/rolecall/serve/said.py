"""What the OpenAPI document says of each route, written beside the route.

Schemas come from the same types that read and write the JSON, so that they cannot differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from rolecall.serve.answers import (
    BatchShown,
    ChangedShown,
    EventShown,
    HealthShown,
    PausedShown,
    QueueShown,
    ReceiptShown,
    SchemaShown,
    SchemasShown,
    TaskShown,
    TasksShown,
    WorkerShown,
)
from rolecall.serve.reading import BatchSent, CallbackSent, OnePage, QueuedPage, SchemaSent

REF: Final = "#/components/schemas/"
TYPES: Final = (
    OnePage, QueuedPage, BatchSent, CallbackSent, SchemaSent, TaskShown, BatchShown, TasksShown,
    ReceiptShown, ChangedShown, SchemaShown, SchemasShown, QueueShown, WorkerShown, PausedShown,
    EventShown, HealthShown,
)  # fmt: skip
PROBLEMS: Final[Mapping[int, str]] = {
    400: "The request is malformed.",
    401: "A token is needed, or this one lets nobody in.",
    403: "The token lacks the scope, or another site sent this.",
    404: "There is nothing here, or it is not the asker's.",
    408: "The request took too long to arrive.",
    409: "The state of things does not allow it.",
    413: "The body is too large.",
    414: "The address is too long.",
    415: "The body is of a kind that is not taken.",
    421: "The server does not answer to this name.",
    422: "What was sent is understood and not acceptable.",
    429: "Too much is waiting, or too often asked; see Retry-After.",
    431: "The headers are too large.",
    500: "Something went wrong here.",
    503: "The server cannot do this now; see Retry-After.",
    507: "There is no room to keep this; see Retry-After.",
}
ALWAYS: Final = (400, 414, 421, 431, 500, 503)
SIGNED_IN: Final = (401, 403, 422, 429)
WITH_BODY: Final = (408, 413, 415, 422)
EXAMPLE_PAGE: Final = "<h1>Nurse</h1><p>St Mary's, Leeds. &pound;32,000 a year.</p>"
SCHEMA_SAID: Final = {
    "description": "The name or hash of a schema that is kept, or a JSON Schema itself; without"
    " it, records follow the default posting.",
    "anyOf": [
        {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"},
        {"type": "object"},
        {"type": "null"},
    ],
}


def said(
    answers: Mapping[int, type | str],
    *,
    scopes: tuple[str, ...] = (),
    body: Mapping[str, Any] | None = None,
    problems: tuple[int, ...] = (),
    example: Any = None,
) -> dict[str, Any]:
    """The words of a route for its decorator.

    ``answers`` give for each status the type of its JSON, or its media type. ``scopes`` are those
    of which a token needs one; a route without any is public. ``body`` is what it takes,
    ``problems`` are statuses besides those that any route can give.
    """
    told: dict[int | str, dict[str, Any]] = {}
    for status, kind in answers.items():
        told[status] = {"description": _summary(kind), "content": _content(kind, example)}
        if not told[status]["content"]:
            del told[status]["content"]
    wanted = {*ALWAYS, *problems, *(SIGNED_IN if scopes else ()), *(WITH_BODY if body else ())}
    for status in sorted(wanted):
        told[status] = {"$ref": f"#/components/responses/Problem{status}"}
    extra: dict[str, Any] = {"security": [{"token": []}] if scopes else []}
    if scopes:
        extra["x-scopes"] = list(scopes)
    if body is not None:
        extra["requestBody"] = {"required": True, "content": dict(body)}
    return {"responses": told, "openapi_extra": extra, "status_code": min(answers)}


def taken(kind: type, example: Any) -> dict[str, Any]:
    """A body in JSON."""
    return {"schema": {"$ref": REF + kind.__name__}, "example": example}


def components() -> dict[str, Any]:
    """The parts that routes refer to."""
    _, schemas = msgspec.json.schema_components(TYPES, ref_template=REF + "{name}")
    for name in ("OnePage", "BatchSent"):
        schemas[name]["properties"]["schema"] = SCHEMA_SAID
    sent = schemas["SchemaSent"]["properties"]
    sent["schema"] = {"description": "A JSON Schema of records.", "type": "object"}
    for name in ("OnePage", "QueuedPage"):
        one_of: list[Any] = [{"required": [key]} for key in ("html", "text", "body_base64")]
        more = [{"required": ["url"], "not": {"anyOf": one_of}}] if name == "QueuedPage" else []
        schemas[name]["oneOf"] = one_of + more
    schemas["Problem"] = PROBLEM
    schemas["Record"] = RECORD
    responses = {
        f"Problem{status}": {
            "description": text,
            "content": {"application/problem+json": {"schema": {"$ref": REF + "Problem"}}},
        }
        for status, text in PROBLEMS.items()
    }
    for status in (429, 503, 507):
        responses[f"Problem{status}"]["headers"] = {
            "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}
        }
    token = {"type": "http", "scheme": "bearer", "bearerFormat": "rc_ID_SECRET"}
    return {"schemas": schemas, "responses": responses, "securitySchemes": {"token": token}}


PROBLEM: Final = {
    "title": "Problem",
    "description": "What went wrong (RFC 9457); `code` is for programs, `hint` names the remedy.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "hint": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["message"],
                "properties": {"pointer": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
    "example": {
        "type": "urn:rolecall:problem:queue_full",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "1,000,000 pages are waiting, and no more than 1,000,000 may",
        "code": "queue_full",
        "hint": "try again in 30 s",
    },
}
RECORD: Final = {
    "title": "Record",
    "description": "The record of one page, see docs/records.md.",
    "type": "object",
    "required": ["schema_version", "outcome", "data", "evidence"],
    "properties": {
        "schema_version": {"type": "string"},
        "outcome": {"enum": ["ok", "partial", "not_a_posting", "failed"]},
        "reason": {"type": ["object", "null"]},
        "data": {"type": ["object", "null"]},
        "evidence": {"type": ["object", "null"]},
    },
}


def _summary(kind: type | str) -> str:
    if isinstance(kind, str):
        return {"record": "The record.", "": "Done."}.get(kind, f"As {kind}.")
    return str(kind.__doc__ or kind.__name__).split("\n\n", 1)[0].replace("\n    ", " ")


def _content(kind: type | str, example: Any) -> dict[str, Any]:
    if kind == "record":
        return {"application/json": {"schema": {"$ref": REF + "Record"}}}
    if kind == "task or batch":
        schemas = [{"$ref": REF + "TaskShown"}, {"$ref": REF + "BatchShown"}]
        return {"application/json": {"schema": {"oneOf": schemas}}}
    if kind == "any":
        return {"application/json": {"schema": {"type": "object"}}}
    if isinstance(kind, str):
        return {kind: {"schema": {"type": "string"}}} if kind else {}
    told: dict[str, Any] = {"schema": {"$ref": REF + kind.__name__}}
    if example is not None:
        told["example"] = example
    return {"application/json": told}
