"""Schemas that are kept, so that they can be named."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from rolecall.serve.access import allowed
from rolecall.serve.answers import SchemaShown, SchemasShown, at, json_answer
from rolecall.serve.problems import ProblemError, not_found
from rolecall.serve.reading import SCHEMA_NAME, SchemaSent, read_json
from rolecall.serve.said import said, taken
from rolecall.serve.schemas import is_hash
from rolecall.serve.state import State, state_of

SCOPES = ("tasks", "extract", "read")
_EXAMPLE = {
    "name": "short",
    "schema": {
        "type": "object",
        "properties": {"title": {"type": "string"}, "company": {"type": ["string", "null"]}},
        "required": ["title"],
    },
}
router = APIRouter(tags=["schemas"], default_response_class=Response)


@router.get("/v1/schemas", **said({200: SchemasShown}, scopes=SCOPES))
async def list_schemas(request: Request) -> Response:
    """List the schemas that are kept, the newest first."""
    allowed(request, *SCOPES)
    found = await asyncio.to_thread(state_of(request).queue.view.schemas)
    shown = [SchemaShown(hash=one[0], name=one[1], made=at(one[2])) for one in found]
    return json_answer(SchemasShown(schemas=shown))


@router.post(
    "/v1/schemas",
    **said(
        {201: SchemaShown},
        scopes=("tasks", "extract"),
        body={"application/json": taken(SchemaSent, _EXAMPLE)},
        problems=(409, 507),
    ),
)
async def keep(request: Request) -> Response:
    """Keep a JSON Schema, and give it a name.

    A name that another schema has moves only with the scope `admin`.
    """
    who = allowed(request, "tasks", "extract")
    state = state_of(request)
    sent = await read_json(request, SchemaSent)
    if sent.name is not None:
        if is_hash(sent.name):
            raise ProblemError(422, "invalid", "a name may not look like a hash")
        taken_by = await asyncio.to_thread(state.queue.view.schema_hash, sent.name)
        if taken_by is not None and not who.may("admin"):
            found = await state.schemas.admit(bytes(sent.schema))
            if found.hash != taken_by:
                raise ProblemError(
                    409,
                    "name_taken",
                    f"another schema has the name {sent.name!a}",
                    hint="take another name; the scope admin moves names",
                )
        if not who.may("admin"):
            known = await state.schemas.admit(bytes(sent.schema), keep=False)
            named = await asyncio.to_thread(_name_of, state, known.hash)
            if named not in (None, sent.name):  # others ask for it by that name
                raise ProblemError(
                    409,
                    "name_taken",
                    f"this schema has the name {named!a} already",
                    hint="use that one; the scope admin moves names",
                )
    found = await state.schemas.admit(bytes(sent.schema), sent.name)
    shown = await asyncio.to_thread(_one, state, found.hash)
    return json_answer(shown, 201, Location=f"/v1/schemas/{found.hash}")


@router.get("/v1/schemas/{key}", **said({200: "any"}, scopes=SCOPES, problems=(404,)))
async def show(
    request: Request,
    key: Annotated[str, Path(pattern=SCHEMA_NAME, description="A name or a hash.")],
) -> Response:
    """The JSON Schema with this name or hash."""
    allowed(request, *SCOPES)
    found: Any = await asyncio.to_thread(state_of(request).queue.view.schema, key)
    if found is None:
        raise not_found("there is no such schema")
    return json_answer(found)


def _name_of(state: State, hash_: str) -> str | None:
    return next((name for kept, name, _ in state.queue.view.schemas() if kept == hash_), None)


def _one(state: State, hash_: str) -> SchemaShown:
    for kept, name, made in state.queue.view.schemas():
        if kept == hash_:
            return SchemaShown(hash=kept, name=name, made=at(made))
    raise not_found("there is no such schema")
