"""``rolecall plan``: will a model fit a card, how fast will it be, and the command to start it."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from msgspec import to_builtins
from msgspec.structs import replace

from rolecall.cli import FAILED, OK
from rolecall.cli.options import Parser
from rolecall.cli.plan_against import held_against
from rolecall.cli.planned import (
    MODEL,
    Found,
    add_load,
    add_memory,
    device_of,
    find_installed,
    load_of_words,
    place_of,
    planned,
    wanted_of,
    whole,
)
from rolecall.plan.bar import Look, look_of
from rolecall.plan.devices import devices
from rolecall.plan.document import document
from rolecall.plan.explain import explained
from rolecall.plan.flags import Checked, check_flags
from rolecall.plan.nouns import Plan
from rolecall.plan.report import cards, compared, text_of
from rolecall.plan.sizes import read_size
from rolecall.table import one_line

DESCRIPTION = """\
Says whether a model fits a card, how many postings it takes at once and a minute,
and the exact vllm serve command. Nothing is started and nothing is loaded.

The bytes of tensors and of a token are exact. What vLLM takes besides is known only
within about 3 GiB until it was started once on the card, so every figure that
follows from it has a low, an expected and a high end. The plan keeps to the low
end where vLLM would else refuse to start. rolecall up starts it and learns.

Modes: balanced (0.85 of the card, 128 at once), maximum_throughput (0.90, 256),
capped (as much as --vram-cap says, the decision record's 8GiB if it says nothing).
A cap alone means capped; --gpu-memory-utilization states a share of your own.
Sizes: 8GiB is 8 x 1024^3 bytes, 8GB 8 x 1000^3, 8g is 8GiB."""

EXAMPLES = """\
examples:
  rolecall plan                                   the record's model on the card here
  rolecall plan --gpu rtx4090-laptop --vram-cap 8GiB
  rolecall plan --gpu l4 --explain                each term in words
  rolecall plan Qwen/Qwen3-8B --gpu l4 --postings-at-once 40
  rolecall plan ./models/mine --gpu 16GiB@576GB/s    a folder, a card of your own
  rolecall plan --gpu l4 --compare Qwen/Qwen3-8B-FP8 Qwen/Qwen3-14B-AWQ
  rolecall plan --sample postings/                with the lengths of your own pages
  rolecall plan Qwen/Qwen3-8B --gpu 4090 --memory 23.52GiB --gpu-memory-utilization 0.9 \\
      --context 8192 --sequences 256 --kv-dtype auto --vllm 0.24     a start as it was
  rolecall plan --against starts.jsonl            many of them, with what vLLM printed
  rolecall plan --check                           ask the installed vLLM about the flags

exit codes: 0 it fits (with --compare: the first does); 2 a wrong call; 3 it does not
fit, and what would help is said, or vLLM's parser refuses its command."""


def run(words: list[str]) -> int:
    """Print the plan or plans, and return the exit code."""
    told = parser().parse_intermixed_args(words)
    if told.gpus:
        sys.stdout.write(cards(devices()))
        return OK
    look = look_of(
        shutil.get_terminal_size().columns,
        sys.stdout.encoding,
        terminal=sys.stdout.isatty(),
        environ=os.environ,
    )
    if told.against is not None:
        path = Path(told.against)
        text = held_against(path, os.environ, as_json=told.json, unicode=look.unicode)
        sys.stdout.write(text)
        sys.stdout.flush()
        return OK
    installed = find_installed(told.vllm, needed=told.check)
    wanted, notices = wanted_of(told, os.environ, installed.version)
    wanted = replace(wanted, place=place_of(told, wanted))
    device, about = device_of(told.gpu)
    if told.memory is not None:  # what is free of it is not known then
        device = replace(device, memory=read_size(told.memory), free=None, used=None)
    load = load_of_words(told)
    usual = os.environ.get("MODEL_NAME", "").strip() or MODEL
    names = [usual if told.model is None else told.model, *told.compare]
    plans = [planned(name, device, load, wanted, os.environ) for name in names]
    for notice in (*about, *notices):
        sys.stderr.write(f"rolecall: {notice}\n")
    checked = None
    if installed.python is not None and told.check and plans[0].fits:
        checked = check_flags(plans[0].command, installed.python)
    _print(plans, told, installed, checked, look)
    return OK if plans[0].fits and (checked is None or checked.well) else FAILED


def parser() -> Parser:
    """The words that ``rolecall plan`` knows."""
    told = Parser("plan", DESCRIPTION, EXAMPLES)
    add = told.add_argument
    add("model", metavar="MODEL", nargs="?", help=f"a hub id, a folder or a file ({MODEL})")
    add("--gpu", metavar="CARD", help="a card by name, or MEMORY@BANDWIDTH (the one that is here)")
    add("--memory", metavar="SIZE", help="the card's total, as its driver reports it: 23.52GiB")
    add("--gpus", action="store_true", help="list the cards that are known by name, and end")
    add("--compare", metavar="MODEL", nargs="+", default=[], help="other models on the same card")
    add_memory(told.add_argument_group("the memory").add_argument)
    add_load(told.add_argument_group("the load").add_argument)
    add = told.add_argument_group("the server").add_argument
    add("--vllm", metavar="VERSION", help="vLLM's version (the one here, else the newest known)")
    add("--port", metavar="N", type=whole, help="where it listens (8000)")
    add("--served-name", metavar="NAME", default="", help="the name that it answers to")
    add("--check", action="store_true", help="give the flags to the parser of the vLLM here")
    add = told.add_argument_group("what is printed").add_argument
    add("--against", metavar="FILE", help="hold the planner against logged starts (JSON Lines)")
    add("--explain", action="store_true", help="each term in words, with figures")
    add("--json", action="store_true", help="one JSON object, for programs")
    return told


def _print(
    plans: list[Plan],
    told: argparse.Namespace,
    installed: Found,
    checked: Checked | None,
    look: Look,
) -> None:
    if told.json:
        import json

        value = document(plans[0])
        value["checked"] = None if checked is None else to_builtins(checked)
        if len(plans) > 1:
            value["compared"] = [document(one) for one in plans[1:]]
        text = json.dumps(value, indent=2) + "\n"  # in ASCII: any terminal and pipe takes it
    else:
        plans = [_steady(one) for one in plans]
        text = compared(plans) if len(plans) > 1 else text_of(plans[0], look, installed.where)
        if told.explain:
            text += "\n" + explained(plans[0], look.width)
        if checked is not None:
            text += "\n" + _told(checked)
        if not look.unicode:  # a folder's name may hold what the stream cannot say
            text = text.encode("ascii", "backslashreplace").decode()
    sys.stdout.write(text)
    sys.stdout.flush()


def _steady(plan: Plan) -> Plan:
    """``plan`` as it is printed: nothing in the name of a folder steers the terminal."""
    return replace(
        plan,
        shape=replace(plan.shape, name=one_line(plan.shape.name)),
        command=tuple(map(one_line, plan.command)),
        warnings=tuple(map(one_line, plan.warnings)),
    )


def _told(checked: Checked) -> str:
    """What vLLM's own parser said."""
    if checked.refused:
        return f"vLLM's own parser refuses the command: {checked.refused}\n"
    if checked.unknown:
        return f"vLLM's own parser does not know: {' '.join(checked.unknown)}\n"
    return "vLLM's own parser takes every flag\n"
