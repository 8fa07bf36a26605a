"""``rolecall up --swap``: another model in the place of the one that runs."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from rolecall.cli import FAILED, OK
from rolecall.cli.up_recipe import recipe_of, shape_if_known
from rolecall.cli.up_shown import INTERRUPTED, Shown, kept_names
from rolecall.errors import UsageError
from rolecall.launch.control import ask
from rolecall.launch.failures import LaunchError
from rolecall.launch.folder import folder_of
from rolecall.launch.nouns import Progress
from rolecall.launch.room import fits_here, memory_here, needed_on_cpu
from rolecall.launch.swap import Wish
from rolecall.models.cache import cached_snapshot, size_on_disk
from rolecall.plan.sizes import gib

HOURS = 3_600.0 * 6
"""A download may take this long without a word."""


def swap(told: Namespace, own: list[str]) -> int:
    """Ask the keeper for the swap, show how it goes, and return the exit code."""
    if told.model:
        raise UsageError("--swap takes the model itself: rolecall up --swap MODEL")
    running = [told.name] if told.name else kept_names()
    if len(running) != 1:
        raise UsageError(
            "several servers are running" if running else "no server is running",
            hint=f"name one with --name: {', '.join(running)}" if running else "rolecall up MODEL",
        )
    folder, shown = folder_of(running[0], os.environ), Shown()
    told.model = told.swap
    try:
        status = ask(folder.socket, {"do": "status"})
        if status["phase"] != "ready":
            raise UsageError(f"{folder.name} is {status['phase']}", hint="rolecall up --status")
        wish = _wish(told, own, status)
        message = {"do": "swap", "wish": msgspec.to_builtins(wish)}

        def heard(line: Mapping[str, Any]) -> None:
            if "progress" in line:
                shown.tell(msgspec.convert(line["progress"], Progress))
            elif "said" in line:
                shown.say(line["said"])

        done = ask(folder.socket, message, seconds=HOURS, heard=heard)
    except LaunchError as error:
        shown.say(f"rolecall: {error.reason}: {error}")
        if error.hint:
            shown.say(f"  hint: {error.hint}")
        return FAILED
    except KeyboardInterrupt:
        shown.say("the swap goes on: rolecall up --status shows it")
        return INTERRUPTED
    _summary(done, folder.name, shown, as_json=told.json)
    return OK


def _summary(done: Mapping[str, Any], name: str, shown: Shown, *, as_json: bool) -> None:
    if as_json:
        import orjson

        sys.stdout.write(orjson.dumps(done, option=orjson.OPT_INDENT_2).decode() + "\n")
        sys.stdout.flush()
    rest = "" if done["emptied"] else "; what was in work there for too long was cut off"
    shown.say(
        f"{name} serves {done['model']} instead of {done['before']}: switched after "
        f"{done['switched_after']:.1f} s, the old server ended after {done['seconds']:.1f} s{rest}"
    )


def _wish(told: Namespace, own: list[str], status: Mapping[str, Any]) -> Wish:
    """What is asked for: the recipe, and whether it fits beside what runs."""
    taken = status.get("budget")
    if taken is None:  # on the CPU
        recipe = recipe_of(told, own)
        shape, files = shape_if_known(recipe.model, quiet=True), Path(recipe.model)
        on_disk = size_on_disk(files) if files.is_dir() else 0
        needed = needed_on_cpu(shape, recipe.serving, on_disk)
        beside, why = fits_here(needed, memory_here())
    else:
        recipe = recipe_of(told, own, freed=taken)
        beside, why = _beside(told, own, recipe.serving)
        why = f"{why} ({gib(taken)} of the card are the old one's)"
    if told.after:
        beside, why = False, "the old one ends first, as asked for"
    if not beside:
        _demand_here(recipe.model)
    return Wish(recipe=recipe, beside=beside, why=why)


def _demand_here(model: str) -> None:
    """Refuse a model that would be fetched while no server is there."""
    if not Path(model).is_absolute() and cached_snapshot(model, os.environ) is None:
        raise UsageError(
            f"{model} is not on this machine, and requests would wait for its download",
            hint=f"rolecall models pull {model}, then swap",
        )


def _beside(told: Namespace, own: list[str], serving: object) -> tuple[bool, str]:
    """Whether the same plan fits the card with what is free there now."""
    try:
        beside = recipe_of(told, own).serving == serving
    except (LaunchError, UsageError):
        beside = False
    if beside:
        return True, "both fit the card: both run at once"
    return False, "there is no room for it beside the old one, which ends first"
