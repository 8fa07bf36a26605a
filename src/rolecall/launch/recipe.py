"""What is started: the model, the flags of vLLM, its environment, and what was planned."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from rolecall.errors import UsageError
from rolecall.launch.failures import LaunchError
from rolecall.launch.where import Installed
from rolecall.models.cache import is_hub_name
from rolecall.plan.command import ADVISED, FLAGS
from rolecall.plan.nouns import MIB, Device, Memory, Serving
from rolecall.private import HUB, PROXIES, without_secrets

LOOPBACK: Final = "127.0.0.1"
SHUTDOWN_SECONDS: Final = 5
"""How long vLLM itself finishes what is in work; we drain before, so little is."""

CPU_KV_BYTES: Final = 256 * MIB
CPU_SEQUENCES: Final = 64

OURS: Final = frozenset(
    "--host --port --uds --api-key --model --served-model-name --ssl-keyfile --ssl-certfile "
    "--root-path --shutdown-timeout --config".split()
)
"""Flags that are not taken from the user: where it listens and who may speak to it is settled."""

OWN: Final = {
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "PYTHONUNBUFFERED": "1",
    "PYTHONSAFEPATH": "1",
    "SPT_NOENV": "1",
}
"""Nothing is reported to anyone; what is printed comes at once; no module is taken from the folder
that we happen to stand in, where pages of strangers may lie; and vLLM's engine, which writes its
name over its arguments (with setproctitle), leaves the environment behind them, which holds the
mark by which it is found."""


class Recipe(Struct, frozen=True, kw_only=True):
    """All that one server is started from.

    ``model`` is a hub id or an absolute folder, ``served`` the name by which requests ask for it.
    ``flags`` are all but the model, the address and the key; ``withheld`` are variables with keys
    of engines, which vLLM does not get. ``planned`` are the figures that the report is compared
    with (see `launch.compare`). With ``device`` and ``memory``, the plan
    without any calibration, a start teaches about the device.
    """

    model: str
    served: str
    installed: Installed
    serving: Serving
    flags: tuple[str, ...] = ()
    environment: Mapping[str, str] = {}
    planned: Mapping[str, Any] = {}
    device: Device | None = None
    memory: Memory | None = None
    withheld: tuple[str, ...] = ()


def command_of(recipe: Recipe, port: int) -> tuple[str, ...]:
    """The words that start the server on ``port``; the key is not among them."""
    model = ("--model", recipe.model) if recipe.installed.model_flag else (recipe.model,)
    words = (
        *recipe.installed.words, *model,
        "--served-model-name", recipe.served,
        "--host", LOOPBACK, "--port", str(port),
    )  # fmt: skip
    version = recipe.serving.version
    if FLAGS["--shutdown-timeout"].known_to(version):
        words += ("--shutdown-timeout", str(SHUTDOWN_SECONDS))
    if version >= ADVISED:  # our own questions would fill the log
        words += ("--disable-access-log-for-endpoints", "/health,/metrics")
    return (*words, *recipe.flags)


def environment_of(
    recipe: Recipe, environ: Mapping[str, str], key: str, mark: str
) -> dict[str, str]:
    """The environment of the server: ours without its secrets, what the recipe sets, the key of
    the server, and the mark. Who fetches a model may need what opens the hub."""
    fetches = not os.path.isabs(recipe.model)
    found = without_secrets(
        environ, named=recipe.withheld, needed=(*HUB, *PROXIES) if fetches else ()
    )
    found.pop("PYTHONDONTWRITEBYTECODE", None)  # several processes import the same 2 GB
    name, _, value = mark.partition("=")
    return found | OWN | dict(recipe.environment) | {"VLLM_API_KEY": key, name: value}


def cpu_flags(serving: Serving) -> tuple[tuple[str, ...], dict[str, str]]:
    """The flags and the environment for a vLLM that computes on the CPU.

    There is no card whose memory could be shared out: the KV cache is set in bytes. float32 is
    several times as fast as bfloat16 on processors without instructions for that.
    """
    flags = [
        "--dtype", "float32",
        "--max-model-len", str(serving.context),
        "--max-num-seqs", str(serving.sequences),
        "--kv-cache-memory-bytes", str(serving.kv_bytes or CPU_KV_BYTES),
        "--enforce-eager", *COMMON,
    ]  # fmt: skip
    if serving.kv_dtype != "auto":
        flags += ["--kv-cache-dtype", serving.kv_dtype]
    return tuple(flags), {"VLLM_TARGET_DEVICE": "cpu", "VLLM_CPU_OMP_THREADS_BIND": "nobind"}


COMMON: Final = (
    "--enable-prefix-caching",
    "--enable-prompt-tokens-details",
    # With free white space small models write blanks until the answer's budget is spent.
    "--structured-outputs-config",
    '{"backend":"guidance","disable_any_whitespace":true}',
)


def model_and_name(named: str, folder: Path) -> tuple[str, str]:
    """How vLLM is told of the model, and the name by which requests ask for it.

    Raises:
        UsageError: what no model can be called.
        LaunchError: ``no_model``: a folder that is not there, or that holds no model.
    """
    if not named.isprintable():  # nor can it be written down: half a surrogate pair, say
        raise UsageError(f"{named!a} is no name of a model", hint="name a hub id or a folder")
    path = Path(os.path.expanduser(named))
    path = path if path.is_absolute() else folder / path
    if path.is_dir():
        if not (path / "config.json").is_file() and not list(path.glob("*.gguf")):
            raise LaunchError(
                "no_model",
                f"{named} holds no model: there is no config.json",
                hint="name the folder with config.json, the tokenizer and the weights",
            )
        return str(path.resolve()), path.resolve().name
    if path.is_file() and path.suffix == ".gguf":
        return str(path.resolve()), path.stem
    if not is_hub_name(named):
        raise LaunchError(
            "no_model",
            f"there is no folder {named}, nor can a hub id be like that",
            hint="check the path, or name a hub id such as Qwen/Qwen3-8B",
        )
    return named, named


def own_flags(words: Sequence[str]) -> tuple[str, ...]:
    """The user's own flags for vLLM, as they stand after ``--``.

    Raises:
        UsageError: one that is settled here.
    """
    for word in words:
        if (settled := _settled_by(word)) is not None:
            raise UsageError(
                f"{settled} is not passed on to vLLM",
                hint="the server listens on 127.0.0.1 with a key of its own; --port and --name "
                "choose the port and the engine's name",
            )
    return tuple(words)


def _settled_by(word: str) -> str | None:
    """The flag of ours that vLLM would read in ``word``: its parser takes flags cut short, too."""
    name = re.split(r"[=.+]", word, maxsplit=1)[0].replace("_", "-")
    if len(name) < 3 or not name.startswith("--"):
        return None
    return next((one for one in sorted(OURS) if one.startswith(name)), None)


def port_for(wanted: int | None) -> int:
    """A port of the loopback that is free now: ``wanted``, or any.

    Raises:
        LaunchError: ``port_taken``.
    """
    with socket.socket() as one:
        # A port whose last connections are just closing is free for a server.
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((LOOPBACK, wanted or 0))
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise LaunchError(
                "port_taken",
                f"port {wanted} cannot be used: {why}",
                hint="choose another --port, or none for a free one",
            ) from error
        port: int = one.getsockname()[1]
        return port
