"""``rolecall up``: run a model with vLLM, keep it running, say how it is, stop it."""

from __future__ import annotations

import gc
import os
import sys
from argparse import ArgumentTypeError, Namespace
from collections.abc import Sequence
from typing import Any, Final

from rolecall.cli import FAILED, OK
from rolecall.cli.options import Parser
from rolecall.cli.planned import add_memory, whole
from rolecall.errors import UsageError

DESCRIPTION = """\
Starts vLLM with a model, on this machine alone: it listens on 127.0.0.1, with a key of
its own. Waits until it has proved what it can be held to, and then writes it down as an
engine, so that rolecall extract finds it. Watches it, and starts it again when it ends or
hangs. Ctrl-C or --stop lets it finish what is in work, and ends it."""

EXAMPLES = """\
examples:
  rolecall up Qwen/Qwen3-4B-Instruct-2507-FP8     stays in the foreground
  rolecall up ./my-model --detach                 returns when it is ready
  rolecall up --status                            phase, memory, load, restarts
  rolecall up --logs | tail                       what vLLM printed
  rolecall up --swap MODEL2                       serve another model, lose no request
  rolecall up --stop                              drain and end it
  rolecall up MODEL -- --dtype half               flags of vLLM after --

exit codes: 0 it ran and was stopped, or is ready; 2 refused; 3 it could not be started or
kept, with the reason; for --status: 3 if nothing is ready."""

NAME: Final = "vllm"


def run(words: list[str]) -> int:
    """Do what the words ask for, and return the exit code."""
    try:
        return _done(words)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(
            f"{error.filename or 'a file'} cannot be used: {error.strerror or error}",
            hint="see what lies there, or set XDG_STATE_HOME to another folder",
        ) from error


def _done(words: list[str]) -> int:
    ours, own = _parted(words)
    told = _parser().parse_intermixed_args(ours)
    if sys.platform != "linux":
        raise UsageError("rolecall up runs on Linux only", hint="vLLM does, too; WSL 2 is Linux")
    asked = [one for one in ("status", "swap", "stop", "logs", "detach") if getattr(told, one)]
    if len(asked) > 1:
        raise UsageError(f"--{' and --'.join(asked)} go one at a time", hint="see --help")
    if told.json and not (told.status or told.swap):
        raise UsageError("--json goes with --status or --swap", hint="see --help")
    if told.after and not told.swap:
        raise UsageError("--after goes with --swap MODEL", hint="see --help")
    if told.status:
        from rolecall.cli.up_shown import status

        return status(told.model or told.name, as_json=told.json)
    if told.swap:
        from rolecall.cli.up_swap import swap

        return swap(told, own)
    if told.stop:
        from rolecall.cli.up_shown import stop

        return stop(told.model or told.name)
    if told.logs:
        from rolecall.cli.up_shown import logs

        return logs(told.model or told.name or NAME)
    if told.detach:
        from rolecall.cli.up_shown import Shown, detached
        from rolecall.launch.folder import folder_of

        again = [one for one in ours if one != "--detach"] + (["--", *own] if own else [])
        return detached(folder_of(told.name or NAME, os.environ), again, Shown())
    return _start(told, own)


def _parser() -> Parser:
    parser = Parser("up", DESCRIPTION, EXAMPLES)
    add = parser.add_argument
    add("model", nargs="?", metavar="MODEL", help="a hub id or a folder")
    add("--name", help=f"the engine's name; without it {NAME}")
    add("--port", type=int, metavar="N", help="listen there; without it a free port is taken")
    add("--detach", action="store_true", help="run in the background; return when it is ready")
    add("--patience", type=_seconds, metavar="SECONDS", help="how long a start may print nothing")
    add("--drain", type=_seconds, metavar="SECONDS", help="how long to wait for requests in work")
    add("--status", action="store_true", help="how the servers are, with the plan beside it")
    add("--swap", metavar="MODEL", help="put another model in the place of the one that runs")
    add("--after", action="store_true", help="--swap: end the old server before the new one starts")
    add("--stop", action="store_true", help="drain and end the server (by its name, if several)")
    add("--logs", action="store_true", help="what vLLM printed")
    add("--json", action="store_true", help="--status and --swap for programs")
    _add_wishes(parser)
    return parser


def _add_wishes(parser: Parser) -> None:
    """The words that say how the model is to be served."""
    add = parser.add_argument_group("the plan (see rolecall plan)").add_argument
    add("--gpu", metavar="CARD", help="plan for this card, where it cannot be read")
    add_memory(add)
    add("--context", metavar="N", type=whole, help="longest prompt and answer together, in tokens")
    add("--postings-at-once", metavar="N", type=whole, help="it fits only if so many are held")
    add("--load", metavar="NAME", help="what postings are like: a named load, or its file")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 1e9:  # also refuses NaN
        raise ArgumentTypeError(f"{text!r} is no number of seconds")
    return seconds


def _parted(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words for us, and those after ``--`` for vLLM."""
    words = list(words)
    if "--" in words:
        at = words.index("--")
        return words[:at], words[at + 1 :]
    return words, []


def _start(told: Namespace, own: list[str]) -> int:
    from rolecall.cli.up_recipe import recipe_of
    from rolecall.cli.up_shown import Shown
    from rolecall.launch.failures import LaunchError
    from rolecall.launch.folder import folder_of
    from rolecall.launch.keep import keep
    from rolecall.launch.supervise import Outside

    shown = Shown()
    try:
        folder = folder_of(told.name or NAME, os.environ)
        recipe = recipe_of(told, own)
        gc.enable()  # this process lives for days
        outside = Outside(environ=os.environ, tell=shown.tell, say=shown.say)
        keep(folder, recipe, outside, port=told.port, limits=_limits(told))
        shown.over()
        shown.say(f"{folder.name} has ended")
    except LaunchError as error:
        shown.say(f"rolecall: {error.reason}: {error}")
        if error.hint:
            shown.say(f"  hint: {error.hint}")
        return FAILED
    return OK


def _limits(told: Namespace) -> Any:
    from msgspec.structs import replace

    from rolecall.launch.limits import LIMITS

    given = {"patience": told.patience, "drain": told.drain}
    return replace(LIMITS, **{name: value for name, value in given.items() if value is not None})
