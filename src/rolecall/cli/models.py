"""``rolecall models``: the models that are known, where figures are from, and fetching them."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Mapping

from rolecall.cli import OK, USAGE
from rolecall.cli.models_shown import Following, StoppedError, listed, shown
from rolecall.cli.options import Parser
from rolecall.cli.signals import Stop
from rolecall.errors import UsageError
from rolecall.models.catalogue import full_id, match
from rolecall.models.find import find_shape, near_names
from rolecall.models.hub import Hub
from rolecall.models.pull import chosen, pull, refuse_strange, usual_place
from rolecall.plan.nouns import Device

HELP = """\
usage: rolecall models list|show|pull ...

The models that Rolecall knows without a network, with sizes, licences, context
and published scores, each with its source; what is fetched already; what fits a
card. pull fetches a model to where vLLM looks for it.

  rolecall models list                       all models of the catalogue
  rolecall models list qwen3 --gpu l4 --fits   those that fit a card
  rolecall models show Qwen/Qwen3-8B-FP8     everything about one, with sources
  rolecall models show ./my-model            a folder of your own, or a GGUF file
  rolecall models pull Qwen/Qwen3-4B-Instruct-2507-FP8

rolecall models list --help tells more, and so for show and pull.
"""

LIST = """\
Lists the catalogue, or those of its models whose names hold all the words given.

size     the weights in the first precision, in GiB, as vLLM holds them
context  the tokens that the model was made for
also in  other precisions that the catalogue knows under a name
MMLU-Pro as published; * is a figure of the base model, ~ of another harness; figures
         of different modes do not compare: see show
here     in the Hugging Face cache of this machine, and in which precision
fits     the first precision, largest first, that fits the card in the mode balanced;
         needs a card here, or --gpu
?        behind a name: some of its figures are from memory and not looked up"""

LIST_EXAMPLES = """\
examples:
  rolecall models list
  rolecall models list gemma
  rolecall models list --gpu "RTX 4090 Laptop" --fits
  rolecall models list --json"""

SHOW = """\
Shows one model: its shape, its weights in each precision, the bytes of a token in the
KV cache, licence, published scores with their mode and source, and what was assumed.

MODEL is a folder, a GGUF file, a model in the cache, one of the catalogue, or any
other model on the hub: then its config.json and the headers of its weights are read
(some kilobytes), unless --offline or HF_HUB_OFFLINE is set."""

SHOW_EXAMPLES = """\
examples:
  rolecall models show Qwen/Qwen3-8B-AWQ
  rolecall models show ./models/mine --json"""

PULL = """\
Fetches a model into the Hugging Face cache, where vLLM finds it by its name. Only what
vLLM loads is fetched: weights as safetensors, tokenizer and configuration. All files
are of one commit. Room on the disk is checked first. What was begun is continued, also
after a kill or a power cut, and every file is held against the hash that the hub names
(SHA-256 for weights); what is there already is verified and not fetched again.

HF_TOKEN opens private and gated models, HF_ENDPOINT names another hub, HF_HOME or
HF_HUB_CACHE another folder. The folder of the files is printed on stdout."""

PULL_EXAMPLES = """\
examples:
  rolecall models pull Qwen/Qwen3-4B-Instruct-2507-FP8
  rolecall models pull Qwen3-8B-AWQ --dry-run     what it would fetch
  HF_TOKEN=hf_... rolecall models pull meta-llama/Llama-3.1-8B-Instruct

exit codes: 0 all is there and verified; 2 it could not be fetched, and why is said;
130 and 143 stopped by a signal: the same command goes on."""


def run(words: list[str]) -> int:
    """Run one verb of ``rolecall models`` and return its exit code."""
    verbs = {"list": _list, "show": _show, "pull": _pull}
    if not words or words[0] in ("-h", "--help", "help"):
        (sys.stdout if words else sys.stderr).write(HELP)
        sys.stdout.flush()
        return OK if words else USAGE
    verb = verbs.get(words[0])
    if verb is None:
        raise UsageError(f"there is no verb {words[0]!a}", hint="there are: list, show, pull")
    return verb(words[1:])


def _list(words: list[str]) -> int:
    parser = Parser("models list", LIST, LIST_EXAMPLES)
    parser.add_argument("words", metavar="WORD", nargs="*", help="only names that hold it")
    _add_gpu(parser)
    parser.add_argument("--fits", action="store_true", help="only what fits the card")
    told = parser.parse_intermixed_args(words)
    device = _device(told.gpu, os.environ)
    if device is None and told.fits:
        raise UsageError("no card was found here", hint="--gpu CARD names one")
    found = listed(told.words, device, os.environ, only_fitting=told.fits)
    if not found.rows:
        raise UsageError(
            f"no model has {' and '.join(told.words) or 'a fit'} in the catalogue",
            hint=_near(" ".join(told.words)),
        )
    sys.stdout.write(found.json() if told.json else found.table())
    sys.stdout.flush()
    if device is None and not told.json:
        sys.stderr.write("rolecall: no card was found here; --gpu CARD tells what fits it\n")
    return OK


def _show(words: list[str]) -> int:
    parser = Parser("models show", SHOW, SHOW_EXAMPLES)
    parser.add_argument("model", metavar="MODEL")
    _add_gpu(parser)
    parser.add_argument("--offline", action="store_true", help="ask no hub")
    told = parser.parse_intermixed_args(words)
    shape = find_shape(told.model, os.environ, reach=not told.offline)
    found = match(told.model) if shape.origin in ("catalogue", "name", "folder", "hub") else None
    entry = found.entry if found is not None else None
    text = shown(shape, entry, _device(told.gpu, os.environ), os.environ, as_json=told.json)
    sys.stdout.write(text)
    sys.stdout.flush()
    return OK


def _pull(words: list[str]) -> int:
    parser = Parser("models pull", PULL, PULL_EXAMPLES)
    parser.add_argument("model", metavar="MODEL", help="a hub id: OWNER/MODEL")
    parser.add_argument("--revision", metavar="REV", default="main", help="branch, tag or commit")
    parser.add_argument("--dry-run", action="store_true", help="list what would be fetched")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")
    told = parser.parse_intermixed_args(words)
    refuse_strange(told.revision, told.model)
    name = _hub_name(told.model)
    following = Following(quiet=told.quiet)
    stop = Stop()
    place = usual_place(os.environ, time.sleep, following.told(stop))
    with Hub(os.environ) as hub:
        if told.dry_run:
            listing = hub.listing(name, told.revision)
            sys.stdout.write(following.plan(listing, chosen(listing), place, as_json=told.json))
            sys.stdout.flush()
            return OK
        try:
            with stop.watching():
                pulled = pull(hub, name, place, told.revision)
        except StoppedError:
            following.end()
            sys.stderr.write(
                f"rolecall: stopped; rolecall models pull {told.model} goes on from here\n"
            )
            return stop.exit_code
        finally:
            following.end()
    sys.stdout.write(following.done(pulled, as_json=told.json))
    sys.stdout.flush()
    return OK


def _add_gpu(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--gpu", metavar="CARD", help="a card by name (the one that is here)")
    parser.add_argument("--json", action="store_true", help="JSON, for programs")


def _device(named: str | None, environ: Mapping[str, str]) -> Device | None:
    """The card that is named, else the first one here, else none."""
    from rolecall.plan.devices import device_named
    from rolecall.plan.nvml import cards_here

    if named is not None:
        return device_named(named)
    cards, _ = cards_here(environ=environ)
    return cards[0] if cards else None


def _hub_name(named: str) -> str:
    """The hub id that is meant: one with an owner as it is, one without as the catalogue has it."""
    if "/" in named:
        return named
    full = full_id(named)
    if full is None:
        raise UsageError(f"{named!a} names no owner, and the catalogue has none", hint=_near(named))
    return full


def _near(named: str) -> str:
    near = near_names(named)
    return f"did you mean {' or '.join(near)}?" if near else "rolecall models list shows all"
