"""The API's description: the OpenAPI document, and a page made of it that needs nothing else."""

from __future__ import annotations

import html
import json
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from rolecall.serve.access import allowed
from rolecall.serve.answers import json_answer
from rolecall.serve.said import said

SCOPES: Final = ("tasks", "extract", "read", "fetch")
CSP: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
router = APIRouter(tags=["server"], default_response_class=Response)


@router.get("/openapi.json", **said({200: "any"}, scopes=SCOPES))
async def openapi(request: Request) -> Response:
    """This description, for programs."""
    allowed(request, *SCOPES)
    return json_answer(request.app.openapi())


@router.get("/docs", **said({200: "text/html"}, scopes=SCOPES))
async def page(request: Request) -> Response:
    """This description, for people."""
    allowed(request, *SCOPES)
    text = written(request.app.openapi())
    return Response(text, 200, {"Content-Security-Policy": CSP}, "text/html")


def written(told: dict[str, Any]) -> str:
    """An OpenAPI document as a page: no script, no style, nothing from elsewhere."""
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f"<title>{_text(told['info']['title'])} API</title>",
        '<meta name="viewport" content="width=device-width"></head><body><main>',
        f"<h1>{_text(told['info']['title'])} API {_text(told['info']['version'])}</h1>",
        _prose(told["info"]["description"]),
        '<p><a href="/openapi.json">openapi.json</a></p><nav><ul>',
    ]
    routes = [
        (method, path, route)
        for path, methods in told["paths"].items()
        for method, route in methods.items()
    ]
    for method, path, _ in routes:
        parts.append(f'<li><a href="#{_anchor(method, path)}">{method.upper()} {_text(path)}</a>')
    parts.append("</ul></nav>")
    for method, path, route in routes:
        parts.append(_route(method, path, route, told))
    parts.append("<h2>Types</h2>")
    for name, schema in told["components"]["schemas"].items():
        parts.append(f'<h3 id="type-{_text(name)}">{_text(name)}</h3>')
        parts.append(_schema(schema))
    parts.append("</main></body></html>")
    return "\n".join(parts)


def _route(method: str, path: str, route: dict[str, Any], told: dict[str, Any]) -> str:
    parts = [
        f'<section><h2 id="{_anchor(method, path)}">{method.upper()} {_text(path)}</h2>',
        _prose(route.get("description", "")),
    ]
    scopes = route.get("x-scopes")
    if scopes:
        parts.append(f"<p>Scope: {_text(' or '.join(scopes))}</p>")
    if route.get("parameters"):
        parts.append("<h3>Parameters</h3><dl>")
        for one in route["parameters"]:
            need = ", required" if one.get("required") else ""
            parts.append(f"<dt><code>{_text(one['name'])}</code> ({_text(one['in'])}{need})</dt>")
            words = [one.get("description", ""), _kind(one.get("schema", {}))]
            parts.append(f"<dd>{_text(' '.join(filter(None, words)))}</dd>")
        parts.append("</dl>")
    for kind, one in route.get("requestBody", {}).get("content", {}).items():
        parts.append(f"<h3>Body: {_text(kind)}</h3>{_type(one.get('schema', {}))}")
        if "example" in one:
            example = one["example"]
            shown = example if isinstance(example, str) else json.dumps(example, indent=2)
            parts.append(f"<pre>{_text(shown)}</pre>")
    parts.append("<h3>Answers</h3><dl>")
    for status, one in route["responses"].items():
        if "$ref" in one:
            one = told["components"]["responses"][one["$ref"].rpartition("/")[2]]
        parts.append(f"<dt>{_text(status)}</dt><dd>{_text(one['description'])}")
        parts += [_type(kind.get("schema", {})) for kind in one.get("content", {}).values()]
        parts.append("</dd>")
    parts.append("</dl></section>")
    return "\n".join(parts)


def _schema(schema: dict[str, Any]) -> str:
    parts = [_prose(schema.get("description", "")), "<dl>"]
    required = set(schema.get("required", ()))
    for name, one in schema.get("properties", {}).items():
        need = ", required" if name in required else ""
        parts.append(f"<dt><code>{_text(name)}</code>{need}</dt>")
        parts.append(f"<dd>{_text(one.get('description', ''))} {_type(one)}</dd>")
    return "\n".join(parts) + "</dl>"


def _type(schema: dict[str, Any]) -> str:
    """A type in words, with links to those of ours."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#type-{_text(name)}">{_text(name)}</a>'
    if "items" in schema and "$ref" in schema["items"]:
        return f"list of {_type(schema['items'])}"
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " or ".join(_type(one) for one in schema[key])
    return _text(_kind(schema))


def _kind(schema: dict[str, Any]) -> str:
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " or ".join(filter(None, map(_kind, schema[key])))
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    kind = schema.get("type", "")
    words = [" or ".join(kind) if isinstance(kind, list) else str(kind)]
    words += [
        f"{name} {schema[key]}"
        for key, name in (
            ("minimum", "from"),
            ("maximum", "to"),
            ("maxLength", "at most, in letters:"),
            ("maxItems", "at most, in number:"),
            ("default", "usually"),
        )
        if schema.get(key) not in (None, "")
    ]
    return " ".join(words)


def _prose(text: str) -> str:
    return "".join(f"<p>{_text(one)}</p>" for one in text.split("\n\n") if one.strip())


def _anchor(method: str, path: str) -> str:
    return _text(f"{method}{path}".replace("/", "-").replace("{", "").replace("}", ""))


def _text(text: object) -> str:
    return html.escape(str(text), quote=True)
