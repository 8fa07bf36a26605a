"""``rolecall doctor``: what works here, what does not, and the remedy."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from rolecall.cli import FAILED, OK
from rolecall.cli.options import Parser, settings_with_servers
from rolecall.cli.options import settings as load_settings
from rolecall.cli.planned import MODEL
from rolecall.errors import SettingsError, UsageError

DESCRIPTION = """\
Checks what Rolecall needs and what it could use: settings, the embedded reader, the
counting of tokens, schema, database and budget; the card and its driver, WSL, the disk;
vLLM, models on disk, the servers of rolecall up beside their plans; and every engine that
is declared. An engine is asked a few tiny questions whose answers differ if it does not
hold to a grammar or a schema; what it proves decides the form of its answers. It also
reckons what is left of the set-up until a model answers."""

EXAMPLES = """\
examples:
  rolecall doctor
  rolecall doctor --engine small        this engine only
  rolecall doctor --model Qwen/Qwen3-4B-Instruct-2507-FP8 --mbit 100
                                        what its set-up still takes on such a line
  rolecall doctor --deep                load vLLM too, which takes a while
  rolecall doctor --json

ok is well, note is worth knowing, FAIL does not work.
exit codes: 0 nothing fails; 3 something does not work."""


def run(words: list[str]) -> int:
    """Check everything, print what was found, and return the exit code."""
    parser = Parser("doctor", DESCRIPTION, EXAMPLES)
    parser.add_argument("--engine", metavar="NAME", help="look at this engine only")
    parser.add_argument("--model", metavar="MODEL", help=f"whose set-up is reckoned ({MODEL})")
    parser.add_argument("--mbit", metavar="N", type=float, default=50.0, help="of your line (50)")
    parser.add_argument("--deep", action="store_true", help="load vLLM, to see that it works")
    parser.add_argument("--json", action="store_true", help="a JSON list, for programs")
    told = parser.parse_intermixed_args(words)
    if not 0.1 <= told.mbit <= 1e6:
        raise UsageError("--mbit cannot be", hint="name the megabits a second of your line")
    flags = {"engine": told.engine}
    try:
        settings = settings_with_servers(flags)
    except SettingsError:
        settings = load_settings(flags)  # the servers' file is told of among the engines

    from rolecall.doctor.look import Wanted, look

    model = told.model or os.environ.get("MODEL_NAME", "").strip() or MODEL
    wanted = Wanted(model=model, mbit=told.mbit, deep=told.deep)
    findings = look(settings, os.environ, Path.cwd(), wanted)
    if told.json:
        import orjson
        from msgspec import to_builtins

        found = orjson.dumps(to_builtins(findings), option=orjson.OPT_INDENT_2)
        sys.stdout.write(found.decode() + "\n")
    else:
        for one in findings:
            sys.stdout.write(f"{one.level:4}  {one.name}: {one.told}\n")
            if one.remedy:
                sys.stdout.write(f"      {one.remedy}\n")
    sys.stdout.flush()
    return OK if all(one.well for one in findings) else FAILED
