"""``rolecall settings``: every setting, its value and where it came from."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Mapping
from typing import Any

from rolecall.cli import OK
from rolecall.cli.options import Parser
from rolecall.cli.options import settings_with_servers as load_settings
from rolecall.private import hidden
from rolecall.settings import NONE, declared

DESCRIPTION = """\
Prints every setting with its value and where the value came from. A flag wins over
the environment, then ./rolecall.toml, then the user's file, then the default."""

EXAMPLES = """\
examples:
  rolecall settings
  ROLECALL_WORKERS=4 rolecall settings
  rolecall settings --json"""


def run(words: list[str]) -> int:
    """Print the settings, and return the exit code."""
    parser = Parser("settings", DESCRIPTION, EXAMPLES)
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")
    told = parser.parse_intermixed_args(words)
    settings = load_settings({})
    if told.json:
        import orjson

        values: dict[str, Any] = {
            one.name: {
                "value": _shown(getattr(settings, one.name)),
                "origin": settings.origin(one.name),
            }
            for one in declared()
        }
        values["engines"] = {
            name: {"value": _table(table), "origin": settings.origin(f"engines.{name}")}
            for name, table in settings.engines.items()
        }
        sys.stdout.write(orjson.dumps(values, option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        for one in declared():
            value = _shown(getattr(settings, one.name))
            said = NONE if value is None else repr(value)
            sys.stdout.write(f"{one.name} = {said}   ({settings.origin(one.name)})\n")
            sys.stdout.write(textwrap.indent(textwrap.fill(one.help, 76), "    ") + "\n")
            flag = f"{one.variable}, or {one.name} in rolecall.toml"
            sys.stdout.write(f"    set it with {flag}\n")
        for name, table in settings.engines.items():
            keys = ", ".join(f"{key} = {value!r}" for key, value in _table(table).items())
            origin = settings.origin(f"engines.{name}")
            sys.stdout.write(f"[engines.{name}] {keys}   ({origin})\n")
    for notice in settings.warnings:
        sys.stderr.write(f"rolecall: {notice.message}\n")
    sys.stdout.flush()
    return OK


def _shown(value: Any) -> Any:
    """A value without passwords."""
    if isinstance(value, list | tuple):
        return [_shown(one) for one in value]
    return hidden(value) if isinstance(value, str) else value


def _table(table: Mapping[str, Any]) -> dict[str, Any]:
    """The table of an engine; a word under a name that we do not know may be a key, by mistake."""
    from rolecall.engines.settings import known_keys

    known = known_keys()
    return {
        name: _shown(value) if name in known or not isinstance(value, str) else "***"
        for name, value in table.items()
    }
