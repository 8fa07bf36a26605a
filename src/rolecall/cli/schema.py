"""``rolecall schema``: check a JSON Schema of one's own, show the default one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from rolecall.cli import OK, USAGE
from rolecall.cli.options import Parser
from rolecall.errors import SchemaError, UsageError
from rolecall.schema.posting import FIELDS, POSTING_SCHEMA, REQUIRED, UNITS
from rolecall.schema.schema import Schema
from rolecall.schema.schema_org import PROPERTIES

DESCRIPTION = """\
rolecall schema check FILE   says what each keyword of a JSON Schema will mean: enforced
                             while a model writes, checked after, or refused; which
                             fields the page's own data and the embedded reader fill;
                             and how long an answer will be
rolecall schema show         the default posting: fields, types, schema.org properties

Drafts 4, 6, 7, 2019-09 and 2020-12 are read. "x-rolecall" annotates a field:
  {"from": "title"}      filled by this field of the default posting; null for by none
  {"verbatim": true}     must be a stretch of the page's text
  {"long": true}         a long text: a model answers with the lines it stands in
  {"description": "..."} a hint for a model, instead of the field's description"""

EXAMPLES = """\
examples:
  rolecall schema show
  rolecall schema show --json > posting.json      a start for a schema of your own
  rolecall schema check my.json
  rolecall schema check my.json --json
  rolecall extract page.html --schema my.json

exit codes: 0 accepted, 2 refused (with the place and the remedy)"""

ACTIONS = ("check", "show")


def run(words: list[str]) -> int:
    """Check or show, and return the exit code."""
    parser = Parser("schema", DESCRIPTION, EXAMPLES)
    parser.add_argument("action", metavar="check|show", nargs="?")
    parser.add_argument("file", metavar="FILE", nargs="?", help="a JSON Schema")
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")
    told = parser.parse_intermixed_args(words)
    if told.action not in ACTIONS:
        raise UsageError(
            "say what to do: check FILE, or show",
            hint="rolecall schema --help tells more",
        )
    if told.action == "show":
        if told.file is not None:
            raise UsageError("show takes no file", hint=f"rolecall schema check {told.file}")
        return _show(as_json=told.json)
    if told.file is None:
        raise UsageError("name the schema to check", hint="rolecall schema check my.json")
    return _check(told.file, as_json=told.json)


def _show(*, as_json: bool) -> int:
    """Print the default posting."""
    if as_json:
        _print_json(POSTING_SCHEMA)
        return OK
    units = {name: unit for unit, names in UNITS.items() for name in names}
    rows = [("field", "unit", "schema.org", "type")]
    for name in FIELDS:
        required = " (required)" if name in REQUIRED else ""
        rules = POSTING_SCHEMA["properties"][name]
        rows.append((name + required, units[name], PROPERTIES.get(name, "-"), _type(rules)))
    _table(rows)
    return OK


def _check(file: str, *, as_json: bool) -> int:
    """Print what a schema will mean; 2 if it is refused."""
    from rolecall.schema.report import report_of

    try:
        schema = Schema.from_json(sys.stdin.buffer.read() if file == "-" else _path(file))
        report = report_of(schema)
    except SchemaError as error:
        if not as_json:
            raise
        _print_json({"accepted": False, "reason": str(error), "hint": error.hint})
        return USAGE
    if as_json:
        _print_json(report.to_json())
    else:
        sys.stdout.write("\n".join(report.lines()) + "\n")
        sys.stdout.flush()
    return OK


def _path(file: str) -> Any:
    from pathlib import Path

    return Path(file)


def _type(rules: dict[str, Any]) -> str:
    """A field's type in words."""
    if "enum" in rules:
        return " | ".join(str(value) for value in rules["enum"] if value is not None)
    kinds = rules.get("type", "any")
    name = next(kind for kind in ([kinds] if isinstance(kinds, str) else kinds) if kind != "null")
    if name != "array":
        return str(name)
    items = rules["items"]
    if "enum" in items:
        return f"list of {' | '.join(items['enum'])}"
    return f"list of {'places' if 'properties' in items else 'texts'}"


def _table(rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write("  ".join(cells).rstrip() + "\n")
    sys.stdout.flush()


def _print_json(value: Any) -> None:
    import orjson

    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")
    sys.stdout.flush()
