"""``rolecall prompt``: what an engine would be asked about a page, without asking it."""

from __future__ import annotations

import os
import sys
from typing import Any

from rolecall.ask.compose import Voice
from rolecall.ask.questions import POSTING
from rolecall.ask.render import sheet_of
from rolecall.ask.tokens import tokens_named
from rolecall.cli import OK
from rolecall.cli.options import Parser
from rolecall.cli.options import settings_with_servers as load_settings
from rolecall.climb import Help, questions
from rolecall.core import EngineInfo, Page
from rolecall.drive.connect import declared_engines, help_of, voice_of
from rolecall.errors import SourceError, UsageError
from rolecall.inputs.columns import read_columns
from rolecall.inputs.read import load
from rolecall.inputs.stream import stream
from rolecall.ladder import settled
from rolecall.pipeline import Stages, hear_page, prepare
from rolecall.route import route
from rolecall.settings import Settings

DESCRIPTION = """\
Shows what an engine would be asked about one page, and asks nothing: the messages
with their tokens, the form of the answer, and the engines in the order of asking
with the reasons. Only what the page's own data and the embedded reader leave
missing or in doubt is asked for; --all shows the prompt for every field."""

EXAMPLES = """\
examples:
  rolecall prompt page.html
  rolecall prompt page.html --all            as if nothing were known yet
  rolecall prompt page.html --grammar        the grammar of the answer too
  rolecall prompt page.html --form json_schema
  rolecall prompt page.html --json           for programs"""

FORMS = ("grounded", "grammar", "json_schema", "json_object", "text")


def run(words: list[str]) -> int:
    """Compose the prompts for one page, print them, and return the exit code."""
    parser = Parser("prompt", DESCRIPTION, EXAMPLES)
    parser.add_argument("input", metavar="FILE", help="a file, or - for stdin")
    parser.add_argument("--all", action="store_true", help="ask for every field")
    parser.add_argument("--schema", metavar="FILE", help="records in the shape of this JSON Schema")
    parser.add_argument("--engine", metavar="NAME", help="the engine, as it is declared")
    parser.add_argument("--form", choices=FORMS, default="grounded", help="the form of the answer")
    parser.add_argument("--grammar", action="store_true", help="print the grammar or schema too")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    told = parser.parse_intermixed_args(words)
    settings = load_settings({"schema": told.schema, "engine": told.engine})
    shown = plan(told.input, settings, every=told.all, form=told.form)
    if told.json:
        import orjson

        sys.stdout.buffer.write(orjson.dumps(shown, option=orjson.OPT_INDENT_2) + b"\n")
    else:
        sys.stdout.buffer.write(text_of(shown, grammar=told.grammar).encode("utf-8", "replace"))
    sys.stdout.flush()
    return OK


def plan(name: str, settings: Settings, *, every: bool, form: Any) -> dict[str, Any]:
    """What would be asked about the page in the file ``name``, as plain data."""
    pipeline = prepare(settings)
    page, asked, help_ = _asked(name, settings, every=every)
    voices = _voices(settings, help_, form)
    first = next(iter(voices.values()))
    threshold = help_.policy.threshold
    over = bool(asked) and first.over(sheet_of(page), asked, threshold)
    choices, left = route([one.info for one in voices.values()], help_.policy, over=over)
    order = [
        {"engine": one.engine, "why": one.why, "after_failure": one.after_failure}
        for one in choices
    ]
    voice = voices[choices[0].engine] if choices else first
    composed = voice.compose(page, asked) if asked else None
    return {
        "asked": [one.name for one in asked],
        "tokens": {
            "counted_by": voice.tokens.name,
            "exact": voice.tokens.exact,
            "threshold": threshold,
            "over": over,
        },
        "route": order,
        "kept_out": list(left),
        "warnings": [one.message for one in composed.notices] if composed else [],
        "prompts": [
            {
                "form": one.prompt.form,
                "tokens": one.tokens,
                "most_answer_tokens": one.prompt.max_tokens,
                "messages": [{"role": r, "content": c} for r, c in one.prompt.messages],
                "grammar": one.prompt.grammar,
                "json_schema": one.prompt.json_schema,
            }
            for one in (composed.asked if composed else ())
        ],
        "config": pipeline.config,
    }


def text_of(shown: dict[str, Any], *, grammar: bool) -> str:
    """The plan as text to read."""
    out = []
    for number, one in enumerate(shown["prompts"], 1):
        if len(shown["prompts"]) > 1:
            out.append(f"--- prompt {number} of {len(shown['prompts'])}")
        out += [f"[{message['role']}]\n{message['content']}\n" for message in one["messages"]]
        if grammar and one["grammar"]:
            out.append(f"[grammar]\n{one['grammar']}")
        if grammar and one["json_schema"]:
            import orjson

            out.append(f"[schema]\n{orjson.dumps(one['json_schema']).decode()}\n")
    out.append("---")
    if not shown["asked"]:
        out.append("nothing is missing or in doubt: no engine would be asked (see --all)")
        return "\n".join(out) + "\n"
    counted = shown["tokens"]
    exact = "" if counted["exact"] else ", an estimate"
    for one in shown["prompts"]:
        out.append(
            f"{one['tokens']:,} tokens and at most {one['most_answer_tokens']:,} of answer "
            f"(counted by {counted['counted_by']}{exact}), form {one['form']}"
        )
    out.append("asked: " + ", ".join(shown["asked"]))
    for one in shown["route"]:
        when = " (only if an earlier engine failed)" if one["after_failure"] else ""
        out.append(f"{one['engine']}: {one['why']}{when}")
    out += shown["kept_out"] + shown["warnings"]
    return "\n".join(out) + "\n"


def _asked(name: str, settings: Settings, *, every: bool) -> tuple[Page, Any, Help]:
    """The page, the questions about it, and the engines' policy."""
    pipeline = prepare(settings)
    limit = settings.max_bytes
    columns = read_columns(settings.columns, f"columns ({settings.origin('columns')})")
    entries = stream([name], limit=limit, columns=columns)
    entry = next((one for one in entries if one is not None), None)
    if entry is None:
        raise UsageError(f"nothing to read in {name}")
    try:
        source, _ = load(entry, limit=limit, columns=columns)
    except SourceError as error:
        raise UsageError(f"{name}: {error}", hint=error.hint) from error
    page, heard = hear_page(source, pipeline, Stages())
    help_ = help_of(settings, pipeline.schema)
    if every:
        return (
            page,
            (*(POSTING[unit] for unit in POSTING if unit in help_.units), *help_.extras),
            help_,
        )
    return page, questions(settled(page, heard, pipeline.rules), help_), help_


def _voices(settings: Settings, help_: Help, form: Any) -> dict[str, Voice]:
    """The engines as they are declared; none is connected to, so their forms are not proved."""
    declared = declared_engines(settings, os.environ)
    voices = {}
    for one in declared:
        info = EngineInfo(
            name=one.name, kind=one.kind, model=one.model, window=one.window,
            local=bool(one.local), forms=(form,),
        )  # fmt: skip
        counted = tokens_named(one.tokenizer)
        voices[one.name] = voice_of(info, counted, help_.policy, help_.extras)
    if not voices:
        info = EngineInfo(
            name="(no engine declared)", kind="", model="", local=True, forms=(form,)
        )  # fmt: skip
        voices[info.name] = voice_of(info, tokens_named(""), help_.policy, help_.extras)
    return voices
