"""The pages of ``docs/reference`` that are read off the code: commands, HTTP, metrics, Python."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import inspect
import io
import os
import re
import textwrap
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import rolecall
from rolecall.cli import VERBS
from rolecall.errors import Error

SOURCE = Path(__file__).resolve().parents[1] / "src" / "rolecall"
WRITTEN = "<!-- Written by `make docs` from {}; edit that, not this. -->\n\n"
EXITS = """\
## Exit codes

| code | meaning |
|---|---|
| 0 | done; of `extract`: every input is `ok`, `partial` or `not_a_posting` |
| 1 | the output could not be written; of `eval gate`: a figure fell under its floor |
| 2 | a wrong call, setting or schema; nothing was done |
| 3 | at least one input `failed`; of other verbs: something that was looked at does not hold |
| 4 | the budget stopped calls of a paid engine |
| 5 | a rule holds (`rolecall watch check`) |
| 129, 130, 143 | stopped: the terminal went away, Ctrl-C, SIGTERM; everything that was finished is written |
| 141 | the reader of stdout went away |
"""  # noqa: E501


def cli_page() -> str:
    """Every verb with its help."""
    parts = [
        WRITTEN.format("what each verb prints with --help"),
        "# The command line\n\nAll verbs of `rolecall`, with what `--help` says of each. "
        "Data goes to stdout, messages and progress to stderr.\n\n"
        "| verb | what it does |\n|---|---|\n",
    ]
    parts += [f"| [`{name}`](#rolecall-{name}) | {text} |\n" for name, text in VERBS.items()]
    parts.append("\n" + EXITS)
    for name in VERBS:
        parts.append(f"\n## rolecall {name}\n\n```text\n{help_of([name])}```\n")
        for verb in verbs_of(name):
            told = help_of([name, verb])
            parts.append(f"\n### rolecall {name} {verb}\n\n```text\n{told}```\n")
    return "".join(parts)


def help_of(words: list[str]) -> str:
    """What ``rolecall WORDS --help`` prints."""
    text = io.StringIO()
    run = import_module(f"rolecall.cli.{words[0]}").run
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "96"
    try:
        with contextlib.redirect_stdout(text), contextlib.suppress(SystemExit):
            run([*words[1:], "--help"])
    finally:
        os.environ.pop("COLUMNS")
        if before is not None:
            os.environ["COLUMNS"] = before
    return text.getvalue()


def verbs_of(name: str) -> list[str]:
    """The verbs that a verb has itself, such as ``list`` of ``rolecall tasks``."""
    path = SOURCE / "cli" / name / "__init__.py"
    path = path if path.exists() else SOURCE / "cli" / f"{name}.py"
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Dict):
            continue
        named = [one.id.lower() for one in node.targets if isinstance(one, ast.Name)]
        if "verbs" in named:
            return [ast.literal_eval(key) for key in node.value.keys if key is not None]
    return []


def document() -> dict[str, Any]:
    """The OpenAPI document of the server's routes; made without a server."""
    from fastapi import FastAPI

    from rolecall.serve import app as made
    from rolecall.serve import docs, sign_in
    from rolecall.serve.routes import events, extract, health, queue, schemas, tasks

    app = FastAPI(title="Rolecall", version=rolecall.__version__, description=made.ABOUT)
    app.router.routes.clear()
    for part in (extract, tasks, queue, events, schemas, health, docs, sign_in):
        app.include_router(part.router)
    return made._openapi(app)


def api_page() -> str:
    """Every route with its scopes, parameters, body and answers; then the types and problems."""
    from reference_codes import problem_codes

    told = document()
    parts = [
        WRITTEN.format("the routes of src/rolecall/serve"),
        "# HTTP: routes and types\n\nWhat `/openapi.json` of a server says, for people. How to use "
        "it, who may do what, and the limits: [api.md](../api.md).\n\n"
        "| route | scope |\n|---|---|\n",
    ]
    routes = [
        (method.upper(), path, route)
        for path, methods in told["paths"].items()
        for method, route in methods.items()
    ]
    for method, path, route in routes:
        scopes = ", ".join(f"`{one}`" for one in route.get("x-scopes", ())) or "none"
        parts.append(f"| `{method} {path}` | {scopes} |\n")
    for method, path, route in routes:
        parts += _route(method, path, route, told)
    parts.append("\n## Types\n")
    for name, schema in told["components"]["schemas"].items():
        parts.append(f"\n### {name}\n\n{_line(schema.get('description', ''))}\n\n")
        parts.append("| name | type | what it is |\n|---|---|---|\n")
        required = set(schema.get("required", ()))
        for key, one in schema.get("properties", {}).items():
            need = ", required" if key in required else ""
            parts.append(
                f"| `{key}` | {_type(one)}{need} | {_line(one.get('description', ''))} |\n"
            )
    parts.append("\n## Codes of problems\n\nThe word `code` of an error's document:\n\n")
    parts.append("| status | codes |\n|---|---|\n")
    for status, codes in sorted(problem_codes().items()):
        parts.append(f"| {status} | {', '.join(f'`{one}`' for one in sorted(codes))} |\n")
    return "".join(parts)


def _route(method: str, path: str, route: Mapping[str, Any], told: Mapping[str, Any]) -> list[str]:
    parts = [f"\n## {method} {path}\n\n{_line(route.get('description', ''))}\n\n"]
    if route.get("parameters"):
        parts.append("| parameter | in | type | what it is |\n|---|---|---|---|\n")
        for one in route["parameters"]:
            need = ", required" if one.get("required") else ""
            parts.append(
                f"| `{one['name']}` | {one['in']} | {_type(one.get('schema', {}))}{need} "
                f"| {_line(one.get('description', ''))} |\n"
            )
        parts.append("\n")
    for kind, one in route.get("requestBody", {}).get("content", {}).items():
        parts.append(f"Body `{kind}`: {_type(one.get('schema', {}))}.\n\n")
    parts.append("| status | what it says |\n|---|---|\n")
    for status, one in route["responses"].items():
        if "$ref" in one:
            one = told["components"]["responses"][one["$ref"].rpartition("/")[2]]
        kinds = [f"`{kind}`" for kind in one.get("content", {}) if "problem" not in kind]
        parts.append(f"| {status} | {_line(one['description'])} {', '.join(kinds)} |\n")
    return parts


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " or ".join(dict.fromkeys(filter(None, map(_type, schema[key]))))
    if "enum" in schema:
        return " or ".join(f"`{one}`" for one in schema["enum"])
    if "items" in schema:
        return f"list of {_type(schema['items'])}"
    kind = schema.get("type", "")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)


def _line(text: str) -> str:
    return " ".join(text.replace("``", "`").split()).replace("|", "\\|")


def metrics_page() -> str:
    """Every metric of ``/metrics``, and the names that OpenTelemetry gets."""
    parts = [
        WRITTEN.format("src/rolecall/serve/metrics*.py and src/rolecall/monitor"),
        "# Metrics\n\nWhat `GET /metrics` of a server (scope `read`) may hold, as Prometheus reads "
        "it. What they mean together, alerts and a dashboard: [monitoring.md](../monitoring.md).\n"
        "\n| metric | type | labels | meaning |\n|---|---|---|---|\n",
    ]
    for name, kind, labels, text in sorted(metrics()):
        shown = ", ".join(f"`{one}`" for one in labels)
        parts.append(f"| `{name}` | {kind} | {shown} | {text} |\n")
    parts.append(
        "\nA histogram has `_bucket`, `_sum` and `_count`.\n\n## OpenTelemetry\n\n"
        "A page is a span `extract page`, each call of an engine below it a span `chat MODEL`. "
        "Names of metrics and attributes:\n\n"
    )
    parts += [f"- `{name}`\n" for name in sorted(otel_names())]
    return "".join(parts)


def metrics() -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    """Name, type, labels and text of every metric that a server can show."""
    from rolecall.monitor.figures import Figures
    from rolecall.serve.metrics import Metrics

    made = Metrics()
    Figures(made.registry)
    for collector in list(made.registry._collector_to_names):
        if isinstance(collector, Figures):
            for one in (*vars(collector).values(), *_values(collector)):
                if hasattr(one, "_labels") or hasattr(one, "_label"):
                    labels = getattr(one, "_labels", None) or (getattr(one, "_label", ""),)
                    kind = type(one).__name__.strip("_").lower().removesuffix("s")
                    yield _named(one._name, kind), kind, tuple(filter(None, labels)), one._text
        else:
            known: Any = collector
            labels = tuple(known._labelnames)
            yield _named(known._name, known._type), known._type, labels, known._documentation


def _values(collector: object) -> Iterator[object]:
    for one in vars(collector).values():
        if isinstance(one, dict):
            yield from one.values()


def _named(name: str, kind: str) -> str:
    return f"{name}_total" if kind == "counter" else name


def otel_names() -> set[str]:
    """The dotted names that `monitor.otel` and `monitor.otel_spans` send."""
    found = set()
    for name in ("otel", "otel_spans"):
        for node in ast.walk(ast.parse((SOURCE / "monitor" / f"{name}.py").read_text("utf-8"))):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and re.fullmatch(r"(rolecall|gen_ai|error)(\.[a-z_]+)+", text):
                found.add(text)
            elif isinstance(text, str) and text == "rolecall.stage_seconds.":
                found.add("rolecall.stage_seconds.STAGE")
    return {one for one in found if not one.startswith(("rolecall.monitor", "rolecall.serve"))}


def python_page() -> str:
    """Every public name with its signature and what its docstring says."""
    parts = [
        WRITTEN.format("the docstrings of rolecall's public names"),
        "# Python\n\nWhat `import rolecall` offers. Importing it loads nothing else; a name is "
        "fetched when it is first used.\n\n",
    ]
    names = [name for name in rolecall.__all__ if not name.startswith("_")]
    parts.append("| name | what it is |\n|---|---|\n")
    for name in names:
        first = (inspect.getdoc(getattr(rolecall, name)) or "").partition("\n\n")[0]
        parts.append(f"| [`{name}`](#{name.lower()}) | {_line(first)} |\n")
    for name in names:
        parts += _described(name, getattr(rolecall, name))
    return "".join(parts)


def _described(name: str, found: Any) -> Iterator[str]:
    yield f"\n## {name}\n\n"
    if not (inspect.isclass(found) and issubclass(found, Error) and found is not Error):
        yield f"```python\n{_signature(name, found)}\n```\n\n"
    yield f"{_prose(found)}\n"
    if not inspect.isclass(found) or issubclass(found, Error):
        return
    yield "\n"
    if dataclasses.is_dataclass(found) and name == "Settings":
        yield "Each setting, with its default: [settings.md](../settings.md).\n"
    for key, one in vars(found).items():
        if key.startswith("_") or isinstance(one, type):
            continue
        bare = one.__func__ if isinstance(one, classmethod | staticmethod) else one
        if isinstance(bare, property):
            yield f"- `.{key}`: {_line(inspect.getdoc(bare) or '')}\n"
        elif inspect.isfunction(bare):
            first = (inspect.getdoc(bare) or "").partition("\n\n")[0]
            yield f"- `.{key}{_parameters(bare)}`: {_line(first)}\n"


def _signature(name: str, found: Any) -> str:
    if name == "Settings":
        return "def Settings(**settings): ..."
    signature = inspect.signature(found)
    word = "async def" if inspect.iscoroutinefunction(found) else "def"
    shown = list(_parameter_list(signature))
    returned = "" if inspect.isclass(found) else f" -> {_plain(signature.return_annotation)}"
    line = f"{word} {name}({', '.join(shown)}){returned}: ..."
    if len(line) <= 96:
        return line
    rows = "".join(f"    {one},\n" for one in shown)
    return f"{word} {name}(\n{rows}){returned}: ..."


def _parameter_list(signature: inspect.Signature) -> Iterator[str]:
    starred = False
    for one in signature.parameters.values():
        if one.kind is inspect.Parameter.KEYWORD_ONLY and not starred:
            starred = True
            yield "*"
        stars = "*" if one.kind is one.VAR_POSITIONAL else ""
        stars = "**" if one.kind is one.VAR_KEYWORD else stars
        default = ""
        if one.default is not one.empty:
            simple = isinstance(one.default, str | int | float | tuple | None)
            default = f" = {one.default!r}" if simple else " = ..."
        yield f"{stars}{one.name}: {_plain(one.annotation)}{default}"


def _parameters(found: Any) -> str:
    names = list(inspect.signature(found).parameters)
    return f"({', '.join(one for one in names if one not in ('self', 'cls'))})"


def _plain(annotation: Any) -> str:
    """An annotation as it was written."""
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)


def _prose(found: Any) -> str:
    """A docstring as Markdown."""
    text = inspect.getdoc(found) or ""
    text = re.sub(r"``([^`]*)``", r"`\1`", text)
    lines = []
    for part in text.split("\n\n"):
        if part.startswith(("Raises:", "Args:", "Returns:", "Yields:")):
            head, _, rest = part.partition("\n")
            lines.append(f"*{head}*\n\n" + _listed(textwrap.dedent(rest)))
        elif part.startswith("    ") or ">>>" in part:
            lines.append(f"```text\n{textwrap.dedent(part)}\n```")
        else:
            lines.append(part.removesuffix("::"))
    return "\n\n".join(lines)


def _listed(text: str) -> str:
    rows: list[str] = []
    for line in text.split("\n"):
        if line.startswith(" ") and rows:
            rows[-1] += " " + line.strip()
        elif line.strip():
            rows.append(f"- {line.strip()}")
    return "\n".join(rows)
