"""``rolecall plan``: will a model fit a card, how fast will it be, and the command to start it."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from rolecall.cli import FAILED, OK
from rolecall.cli.options import Parser
from rolecall.errors import UsageError
from rolecall.models.catalogue import entries, entry_named, shape_named
from rolecall.models.nouns import Shape
from rolecall.plan.bar import look_of
from rolecall.plan.command import NEWEST, Place, Version
from rolecall.plan.devices import device_named, devices
from rolecall.plan.document import document
from rolecall.plan.explain import explained
from rolecall.plan.fit import plan_for
from rolecall.plan.installed import version_of
from rolecall.plan.loads import default_load, load_named
from rolecall.plan.nouns import Device, Load, Plan
from rolecall.plan.remedies import Offers
from rolecall.plan.report import compared, text_of
from rolecall.plan.sizes import read_size
from rolecall.plan.wanted import Wanted, wanted_of_environment

DESCRIPTION = """\
Says whether a model fits a card, how many postings it takes at once and a minute,
and the exact vllm serve command. Nothing is started and nothing is loaded.

Weights and the bytes of a token are exact. What vLLM takes besides is known only
within about 3 GiB until it was started once on the card, so every figure that
follows from it has a low, an expected and a high end. The plan keeps to the low
end where vLLM would else refuse to start. rolecall up starts it and learns.

Modes: balanced (0.85 of the card, 128 at once), maximum_throughput (0.90, 256),
capped (as much as --vram-cap says, the decision record's 8GiB if it says nothing).
A cap alone means capped. Sizes: 8GiB is 8 x 1024^3 bytes, 8GB 8 x 1000^3, 8g is 8GiB."""

EXAMPLES = """\
examples:
  rolecall plan                                   the record's model on the card here
  rolecall plan --gpu rtx4090-laptop --vram-cap 8GiB
  rolecall plan --gpu l4 --explain                each term in words
  rolecall plan Qwen/Qwen3-8B --gpu l4 --postings-at-once 40
  rolecall plan ./models/mine --gpu 16GiB@576GB/s    a folder, a card of your own
  rolecall plan --gpu l4 --compare Qwen/Qwen3-8B-FP8 Qwen/Qwen3-14B-AWQ

exit codes: 0 it fits; 2 a wrong call; 3 it does not fit, and what would help is said."""

MODEL = "Qwen/Qwen3-4B-Instruct-2507-FP8"
CARD = "rtx4090-laptop"
"""The decision record's model and card."""


def run(words: list[str]) -> int:
    """Print the plan or plans, and return the exit code."""
    told = parser().parse_intermixed_args(words)
    version = _version(told)
    wanted, notices = _wanted(told, os.environ, version)
    device = _device(told.gpu)
    load = _load(told)
    names = [told.model or os.environ.get("MODEL_NAME", "").strip() or MODEL, *told.compare]
    plans = [_plan(name, device, load, wanted) for name in names]
    for notice in notices:
        sys.stderr.write(f"rolecall: {notice}\n")
    _print(plans, told)
    return OK if plans[0].fits else FAILED


def parser() -> Parser:
    """The words that ``rolecall plan`` knows."""
    told = Parser("plan", DESCRIPTION, EXAMPLES)
    add = told.add_argument
    add("model", metavar="MODEL", nargs="?", help=f"a hub id, a folder or a file ({MODEL})")
    add("--gpu", metavar="CARD", help="a card by name, or MEMORY@BANDWIDTH (the one that is here)")
    add("--compare", metavar="MODEL", nargs="+", default=[], help="other models on the same card")
    _add_memory(told.add_argument_group("the memory"))
    _add_load(told.add_argument_group("the load"))
    _add_server(told.add_argument_group("the server"))
    shown = told.add_argument_group("what is printed")
    shown.add_argument("--explain", action="store_true", help="each term in words, with figures")
    shown.add_argument("--json", action="store_true", help="one JSON object, for programs")
    return told


def _add_memory(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    modes = ("balanced", "maximum_throughput", "capped")
    add("--mode", choices=modes, help="how much of the card is taken (balanced)")
    add("--vram-cap", metavar="SIZE", help="the most that vLLM may take: 8GiB, 7.5g, 8GB")
    add("--kv-dtype", choices=("auto", "fp8"), help="fp8 where the card has it, auto is 16 bit")
    add("--quantise", choices=("fp8",), default="", help="make fp8 of a 16-bit checkpoint")
    add("--batched-tokens", metavar="N", type=_whole, help="tokens that are worked on at once")
    add("--sequences", metavar="N", type=_whole, help="sequences that are worked on at once")
    add("--eager", action="store_true", help="no CUDA graphs: less memory, slower answers")
    add("--cards", metavar="N", type=_whole, default=1, help="so many of the card together (1)")
    add("--with-encoders", action="store_true", help="keep what a model has to see and to hear")


def _add_load(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--context", metavar="N", type=_whole, help="tokens of the longest posting (8192)")
    add("--postings-at-once", metavar="N", type=_whole, help="it fits only if so many are held")
    add("--load", metavar="NAME", help="a named load, or a JSON file that holds one (postings)")


def _add_server(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--vllm",
        metavar="VERSION",
        help="vLLM's version (the newest that is known)",
    )
    add("--port", metavar="N", type=_whole, help="where it listens (8000)")
    add("--served-name", metavar="NAME", default="", help="the name that it answers to")
    add("--trust-remote-code", action="store_true", help="vLLM may run code of the model's")


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 12 and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def _wanted(
    told: argparse.Namespace, environ: Mapping[str, str], version: Version
) -> tuple[Wanted, tuple[str, ...]]:
    """The wishes: those of the words, else those of the decision record's variables."""
    wanted, notices = wanted_of_environment(environ, version)
    cap = None if told.vram_cap is None else read_size(told.vram_cap)
    words: dict[str, Any] = {
        "mode": told.mode,
        "cap": cap,
        "context": told.context,
        "kv_dtype": told.kv_dtype,
        "at_once": told.postings_at_once,
        "sequences": told.sequences,
        "batched_tokens": told.batched_tokens,
    }
    given = {name: value for name, value in words.items() if value is not None}
    if {"mode", "cap"} & given.keys():  # a mode sets the share and the number of sequences
        given = {"utilisation": None, "sequences": None} | given
    port = told.port or wanted.place.port
    if port > 65_535:
        raise UsageError(f"{port} is no port")
    place = Place(port=port, served=told.served_name, trust=told.trust_remote_code, wsl=_wsl())
    wanted = replace(
        wanted,
        quantise=told.quantise,
        eager=told.eager,
        cards=told.cards,
        text_only=not told.with_encoders,
        place=place,
        **given,
    )
    return wanted, notices


def _version(told: argparse.Namespace) -> Version:
    """The version that is named, else the newest that is known."""
    return NEWEST if told.vllm is None else version_of(told.vllm)


def _wsl() -> bool:
    """Whether Linux runs inside Windows here."""
    try:
        return "microsoft" in Path("/proc/version").read_text(encoding="utf-8").lower()
    except OSError:
        return False


def _device(named: str | None) -> Device:
    """The card that is named, else the first one here, else the decision record's."""
    if named is not None:
        return device_named(named)
    record = device_named(CARD)
    sys.stderr.write(
        f"rolecall: no card was found here; the plan is for the decision record's,"
        f" {record.name}: --gpu names another\n"
    )
    return record


def _load(told: argparse.Namespace) -> Load:
    """The load that is measured or named."""
    return load_named(told.load) if told.load else default_load()


def _plan(name: str, device: Device, load: Load, wanted: Wanted) -> Plan:
    shape = shape_named(name)
    if shape is None:
        raise UsageError(f"{name!r} is no model of the catalogue")
    return plan_for(shape, device, load, wanted, offers=_offers(shape))


def _offers(shape: Shape) -> Offers:
    """What the catalogues hold: other precisions of a model, other models, cards."""
    entry = entry_named(shape.name)
    kin = [] if entry is None else [shape_named(one) for one in (entry.name, *entry.variants)]
    models = [shape_named(one.name) for one in entries() if one is not entry]
    return Offers(
        kin=tuple(one for one in kin if one is not None),
        models=tuple(one for one in models if one is not None),
        devices=devices(),
    )


def _print(plans: list[Plan], told: argparse.Namespace) -> None:
    if told.json:
        import orjson

        value = document(plans[0])
        if len(plans) > 1:
            value["compared"] = [document(one) for one in plans[1:]]
        text = orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n"
    else:
        look = look_of(
            shutil.get_terminal_size().columns,
            sys.stdout.encoding,
            terminal=sys.stdout.isatty(),
            environ=os.environ,
        )
        text = text_of(plans[0], look)
        if len(plans) > 1:
            text = compared(plans)
        if told.explain:
            text += "\n" + explained(plans[0], look.width)
    sys.stdout.write(text)
    sys.stdout.flush()
