"""What the verbs that plan have in common: their words, and the plan that these ask for."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from rolecall.cli.options import settings as load_settings
from rolecall.errors import UsageError
from rolecall.models.catalogue import entries, entry_named, shape_named
from rolecall.models.nouns import Shape
from rolecall.plan.command import NEWEST, Place, Version
from rolecall.plan.devices import device_named, devices
from rolecall.plan.fit import plan_for
from rolecall.plan.flags import version_of
from rolecall.plan.loads import DEFAULT, default_load, load_json, load_named
from rolecall.plan.nouns import Calibration, Device, Load, Plan
from rolecall.plan.remedies import Offers
from rolecall.plan.sizes import read_size
from rolecall.plan.wanted import Wanted, wanted_of_environment

MODEL: Final = "Qwen/Qwen3-4B-Instruct-2507-FP8"
CARD: Final = "rtx4090-laptop"
"""The decision record's model and card."""


class Found(Struct, frozen=True, kw_only=True):
    """The vLLM that is planned for. ``python`` imports it, ``where`` says whence it is known."""

    version: Version = NEWEST
    python: Path | None = None
    where: str = "the newest that is known"


def add_memory(add: Callable[..., Any]) -> None:
    """The words about the card's memory and what takes it."""
    modes = ("balanced", "maximum_throughput", "capped")
    add("--mode", choices=modes, help="how much of the card is taken (balanced)")
    add("--vram-cap", metavar="SIZE", help="the most that vLLM may take: 8GiB, 7.5g, 8GB")
    add(
        "--gpu-memory-utilization",
        metavar="SHARE",
        type=share,
        help="exactly so much of it, in a mode's place",
    )
    add("--kv-dtype", choices=("auto", "fp8"), help="fp8 where the card has it, auto is 16 bit")
    add("--kv-cache", metavar="SIZE", help="the KV cache outright, whatever else is taken")
    add("--quantise", choices=("fp8",), default="", help="make fp8 of a 16-bit checkpoint")
    add("--batched-tokens", metavar="N", type=whole, help="tokens that are worked on at once")
    add("--sequences", metavar="N", type=whole, help="sequences that are worked on at once")
    add("--eager", action="store_true", help="no CUDA graphs: less memory, slower answers")
    add("--cards", metavar="N", type=whole, default=1, help="so many of the card together (1)")
    add("--ngram", action="store_true", help="guess ahead from the prompt's own words")
    add("--with-encoders", action="store_true", help="keep what a model has to see and to hear")
    add("--text-only", action="store_true", help="leave that out (which is the usual)")
    add("--trust-remote-code", action="store_true", help="vLLM may run code of the model's")


def add_load(add: Callable[..., Any]) -> None:
    """The words about the postings."""
    add("--context", metavar="N", type=whole, help="tokens of the longest posting (8192)")
    add("--postings-at-once", metavar="N", type=whole, help="it fits only if so many are held")
    add("--sample", metavar="PATH", action="append", help="measure your own pages (repeatable)")
    add("--load", metavar="NAME", help=f"a named load, or a file of --save-load ({DEFAULT})")
    add("--save-load", metavar="FILE", help="write the load as JSON, for --load")


def whole(text: str) -> int:
    """A whole number above 0, as a word of the command line."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 12 and int(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def share(text: str) -> float:
    """A share of a card's memory, as a word of the command line."""
    try:
        value = float(text) if text.isascii() else 0.0
    except ValueError:
        value = 0.0
    if not 0.000_1 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share: from 0.0001 up to 1, as 0.9")
    return value


def wanted_of(
    told: argparse.Namespace, environ: Mapping[str, str], version: Version
) -> tuple[Wanted, tuple[str, ...]]:
    """The wishes of the words, else of the decision record's variables, and what is to be said."""
    stated = told.gpu_memory_utilization
    if stated is not None and (told.mode is not None or told.vram_cap is not None):
        raise UsageError(
            "--gpu-memory-utilization sets what --mode and --vram-cap set as well",
            hint="keep one of them",
        )
    if told.text_only and told.with_encoders:
        raise UsageError("--text-only and --with-encoders are opposites", hint="keep one of them")
    wanted, notices = wanted_of_environment(environ, version)
    words: dict[str, Any] = {
        "mode": told.mode,
        "cap": None if told.vram_cap is None else read_size(told.vram_cap),
        "kv_bytes": None if told.kv_cache is None else read_size(told.kv_cache),
        "context": told.context,
        "kv_dtype": told.kv_dtype,
        "at_once": told.postings_at_once,
        "sequences": told.sequences,
        "batched_tokens": told.batched_tokens,
    }
    given = {name: value for name, value in words.items() if value is not None}
    if {"mode", "cap"} & given.keys():  # a mode sets the share and the number of sequences
        given = {"utilisation": None, "sequences": None} | given
    elif "at_once" in given or stated is not None:
        given = {"sequences": None} | given
    if stated is not None:
        given |= {"utilisation": stated, "exact": True}
    wanted = replace(
        wanted,
        quantise=told.quantise,
        eager=told.eager,
        cards=told.cards,
        ngram=told.ngram,
        text_only=not told.with_encoders,
        **given,
    )
    return wanted, notices


def place_of(told: argparse.Namespace, wanted: Wanted) -> Place:
    """Where the server of a command answers."""
    from rolecall.plan.nvml import in_wsl, kernel_version

    port = told.port or wanted.place.port
    if port > 65_535:
        raise UsageError(f"{port} is no port", hint="ports end at 65535")
    if not told.served_name.isprintable():
        raise UsageError(f"{told.served_name!a} is no name that a request could give")
    wsl = in_wsl(kernel_version())
    return Place(port=port, served=told.served_name, trust=told.trust_remote_code, wsl=wsl)


def find_installed(named: str | None, *, needed: bool) -> Found:
    """The version that is named, else that of the vLLM here, else the newest that is known.

    With ``needed`` a vLLM must be here, whichever is named.
    """
    from rolecall.launch.failures import LaunchError
    from rolecall.launch.where import find_vllm

    version = None if named is None else version_of(named)
    if version is not None and not needed:
        return Found(version=version, where="named")
    try:
        installed = find_vllm(load_settings({}), os.environ, Path.cwd())
    except LaunchError:
        if needed:
            raise
        return Found()
    python = Path(installed.words[0]) if "-m" in installed.words[1:2] else None
    if needed and python is None:
        raise UsageError(
            f"{installed.source} does not tell its Python, so its parser cannot be asked",
            hint="set vllm_python to the interpreter that has vLLM",
        )
    where = f"{installed.version} of {installed.source}"
    if version is None and not installed.version:
        return Found(python=python)
    return Found(version=version or version_of(installed.version), python=python, where=where)


def device_of(named: str | None) -> tuple[Device, tuple[str, ...]]:
    """The card that is named, else the first one here, else the decision record's."""
    from rolecall.plan.nvml import cards_here

    if named is not None:
        return device_named(named), ()
    found, why = cards_here()
    if len(found) > 1:
        told = f"{len(found)} cards are here and the first is planned for: --gpu names another"
        return found[0], (told,)
    if found:
        return found[0], ()
    record = device_named(CARD)
    told = f"no card is used here ({why}); this is for the decision record's, {record.name}"
    return record, (f"{told}: --gpu names another",)


def load_of_words(told: argparse.Namespace, *, quiet: bool = False) -> Load:
    """The load that is measured or named; it is written where the words say so."""
    from rolecall.evaluate.files import refuse_existing, write_whole

    if told.sample and told.load:
        raise UsageError("--sample and --load both name a load", hint="keep one of them")
    out = Path(told.save_load) if told.save_load else None
    if out is not None:
        refuse_existing(out, force=False)
    if told.sample:
        load = _sampled(told.sample, quiet=quiet)
    else:
        load = load_named(told.load) if told.load else default_load()
    if out is not None:
        write_whole(out, load_json(load).encode())
    return load


def _sampled(paths: list[str], *, quiet: bool) -> Load:
    from rolecall.evaluate.load.lengths import load_of

    shown = sys.stderr.isatty() and not quiet

    def told(done: int, of: int) -> None:
        if shown:
            sys.stderr.write(f"\r{done:,} of {of:,} pages" + ("\n" if done == of else ""))

    return load_of(paths, load_settings({}), told=told)


def planned(
    name: str, device: Device, load: Load, wanted: Wanted, environ: Mapping[str, str]
) -> Plan:
    """The plan of the model that ``name`` means, with what earlier starts taught of the card."""
    from rolecall.launch.learned import calibrations
    from rolecall.models.find import find_shape

    shape = find_shape(full_name(name), environ)
    known: Calibration | None = calibrations(environ).get(device.name)
    plan = plan_for(shape, device, load, wanted, calibration=known)
    if plan.fits:
        return plan
    return plan_for(shape, device, load, wanted, calibration=known, offers=_offers(shape))


def full_name(named: str) -> str:
    """The hub id of the catalogue that ``named`` is, in its own spelling; else ``named``."""
    entry = entry_named(named)
    asked = named.strip().rstrip("/").casefold()
    for one in () if entry is None else (entry.name, *entry.variants):
        if asked in (one.casefold(), one.rsplit("/", 1)[-1].casefold()) and not _here(named):
            return one
    return named


def _here(named: str) -> bool:
    """Whether a folder of that name lies here."""
    try:
        return Path(named).expanduser().is_dir()
    except (OSError, RuntimeError, ValueError):  # what no folder can be called
        return False


def _offers(shape: Shape) -> Offers:
    """What the catalogues hold: other precisions of a model, other models, whole cards."""
    own = entry_named(shape.name)
    kin: list[Shape] = []
    models: list[Shape] = []
    for entry in entries():
        for name in (entry.name, *entry.variants):
            if (one := shape_named(name)) is not None:
                (kin if entry is own else models).append(one)
    whole_cards = tuple(one for one in devices() if " MIG " not in one.name)
    return Offers(kin=tuple(kin), models=tuple(models), devices=whole_cards)
