"""The exact ``vllm serve`` command of a plan, for the vLLM version that is there or was named.

Which version has which flag was read from vLLM's sources and release notes; `check_flags` asks
vLLM's own parser where it is installed.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from rolecall.models.nouns import Shape
from rolecall.plan.nouns import Device, Serving

NEWEST: Final = (0, 33)
"""The newest version whose flags were read."""
ADVISED: Final = (0, 24)
"""Older ones can be killed or made to hang by a user's schema or a page's text."""
OLDEST: Final = (0, 6)
"""The oldest whose flags are known: the decision record's own was 0.6.2."""
LOOPBACK: Final = "127.0.0.1"
PORT: Final = 8_000
DRAIN_SECONDS: Final = 30
"""How long answers under way may take when the server is asked to end."""
ADA: Final = 89
AMPERE: Final = 80

Version = tuple[int, int]


class Flag(Struct, frozen=True):
    """A flag: the first version that has it, the first that has it no more, and what that means."""

    since: Version = OLDEST
    gone: Version | None = None
    why: str = ""

    def known_to(self, version: Version) -> bool:
        """Whether ``version`` has the flag."""
        return version >= self.since and (self.gone is None or version < self.gone)


FLAGS: Final[Mapping[str, Flag]] = {
    "--served-model-name": Flag(),
    "--host": Flag(),
    "--port": Flag(),
    "--dtype": Flag(),
    "--quantization": Flag(),
    "--kv-cache-dtype": Flag(),
    "--gpu-memory-utilization": Flag(),
    "--kv-cache-memory-bytes": Flag(
        (0, 11), why="the KV cache is sized by --gpu-memory-utilization there"
    ),
    "--max-model-len": Flag(),
    "--max-num-seqs": Flag(),
    "--max-num-batched-tokens": Flag(),
    "--enable-prefix-caching": Flag(),
    "--enable-prompt-tokens-details": Flag(
        (0, 7), why="how much of a prompt was in the cache is not told there"
    ),
    "--guided-decoding-backend": Flag(gone=(0, 12)),
    "--structured-outputs-config": Flag((0, 12)),
    "--speculative-config": Flag((0, 8), why="words of the prompt are not guessed ahead there"),
    "--language-model-only": Flag((0, 17)),
    "--limit-mm-per-prompt": Flag(),
    "--shutdown-timeout": Flag((0, 18), why="answers under way are lost when it ends there"),
    "--enforce-eager": Flag(),
    "--tensor-parallel-size": Flag(),
    "--trust-remote-code": Flag(),
}
"""The flags that a command may hold."""

LEFT_OUT: Final[Mapping[str, Flag]] = {
    "swap_space": Flag(
        gone=(0, 18),
        why="nothing was moved to the CPU's memory any more, and vLLM 0.18 dropped it",
    ),
    "calculate_kv_scales": Flag(
        gone=(0, 26),
        why="vLLM dropped it in July 2026; scales come from the checkpoint, or are 1",
    ),
}
"""Settings of the decision record that no command holds: what became of them."""


class Command(Struct, frozen=True, kw_only=True):
    """A command line: its words, the variables it wants, and what is to be said about it."""

    words: tuple[str, ...]
    environment: Mapping[str, str] = {}
    notices: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The command as a shell takes it, its variables in front."""
        return command_line(self.words, self.environment)


class Place(Struct, frozen=True, kw_only=True):
    """Where and under which name the server answers.

    ``trust`` lets vLLM run code of the model's repository, which nothing but the user may ask for.
    ``wsl`` says that Linux runs inside Windows.
    """

    port: int = PORT
    served: str = ""
    trust: bool = False
    wsl: bool = False


def command_of(shape: Shape, device: Device, serving: Serving, place: Place) -> Command:
    """The command that starts ``shape`` on ``device`` as ``serving`` says.

    What ``serving.version`` lacks is left out, and a notice says so.
    """
    first = _of_place(shape, place)
    last = [("--shutdown-timeout", str(DRAIN_SECONDS))]
    flags, notices = serving_flags(shape, device, serving)
    where, about = _known(first, serving.version)
    end, lacking = _known(last, serving.version)
    # Under WSL2 vLLM pins no memory unless told so, and newer engines need it.
    environment = {"VLLM_WSL2_ENABLE_PIN_MEMORY": "1"} if place.wsl else {}
    return Command(
        words=("vllm", "serve", shape.name, *where, *flags, *end),
        environment=environment,
        notices=(*about, *notices, *lacking, *about_version(serving.version)),
    )


def serving_flags(
    shape: Shape, device: Device, serving: Serving
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The flags that memory, speed and answers follow from, and what the version lacks of them.

    Model, address, name and the time for draining are not among them.
    """
    flags = (
        *_of_model(shape, device, serving),
        *_of_memory(serving),
        *_of_answers(serving),
    )
    return _known(flags, serving.version)


def _known(
    flags: Sequence[tuple[str, str | None]], version: Version
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words of the flags that ``version`` has, and a sentence about each that it lacks."""
    words: list[str] = []
    lacking: list[str] = []
    for name, value in flags:
        flag = FLAGS[name]
        if flag.known_to(version):
            words += [name] if value is None else [name, value]
        else:
            told = f"vLLM {spelled(version)} has no {name}"
            lacking.append(f"{told}: {flag.why}" if flag.why else told)
    return tuple(words), tuple(lacking)


def _of_place(shape: Shape, place: Place) -> list[tuple[str, str | None]]:
    served = place.served or (Path(shape.name).name if _is_path(shape.name) else "")
    flags: list[tuple[str, str | None]] = [("--host", LOOPBACK), ("--port", str(place.port))]
    if served:
        flags.insert(0, ("--served-model-name", served))
    if place.trust:
        flags.append(("--trust-remote-code", None))
    return flags


def _of_model(shape: Shape, device: Device, serving: Serving) -> list[tuple[str, str | None]]:
    flags: list[tuple[str, str | None]] = []
    if serving.quantise:
        flags.append(("--quantization", serving.quantise))
    if 0 < device.capability < AMPERE:
        flags.append(("--dtype", "half"))
    if serving.text_only and shape.encoder_params:
        if FLAGS["--language-model-only"].known_to(serving.version):
            flags.append(("--language-model-only", None))
        else:
            flags.append(("--limit-mm-per-prompt", _json({"image": 0})))
    if serving.cards > 1:
        flags.append(("--tensor-parallel-size", str(serving.cards)))
    if serving.eager:
        flags.append(("--enforce-eager", None))
    return flags


def _of_memory(serving: Serving) -> list[tuple[str, str | None]]:
    by_bytes = serving.kv_bytes is not None
    flags: list[tuple[str, str | None]] = [
        ("--gpu-memory-utilization", f"{serving.utilisation:.6f}".rstrip("0").rstrip("."))
    ]
    if by_bytes:
        flags.append(("--kv-cache-memory-bytes", str(serving.kv_bytes)))
    if serving.kv_dtype != "auto":
        flags.append(("--kv-cache-dtype", serving.kv_dtype))
    flags.append(("--max-model-len", str(serving.context)))
    flags.append(("--max-num-seqs", str(serving.sequences)))
    flags.append(("--max-num-batched-tokens", str(serving.batched_tokens)))
    return flags


def _of_answers(serving: Serving) -> list[tuple[str, str | None]]:
    flags: list[tuple[str, str | None]] = [("--enable-prefix-caching", None)]
    flags.append(("--enable-prompt-tokens-details", None))
    # With free white space a small model may write blanks until its budget is spent.
    if FLAGS["--structured-outputs-config"].known_to(serving.version):
        held = {"backend": "guidance", "disable_any_whitespace": True}
        flags.append(("--structured-outputs-config", _json(held)))
    else:
        flags.append(("--guided-decoding-backend", "guidance"))
    if serving.ngram:
        guess = {"method": "ngram", "num_speculative_tokens": 4, "prompt_lookup_max": 4}
        flags.append(("--speculative-config", _json(guess)))
    return flags


def about_version(version: Version) -> list[str]:
    """What is to be said about a version of vLLM as a whole."""
    if version > NEWEST:
        return [
            f"vLLM {spelled(version)} is newer than the flags known here"
            f" ({spelled(NEWEST)}): --check asks its own parser"
        ]
    if version < ADVISED:
        return [
            f"vLLM {spelled(version)} can be stopped by a schema or a page made for it:"
            f" take {spelled(ADVISED)} or newer"
        ]
    return []


def left_out(setting: str, version: Version) -> str:
    """The sentence about a setting of the record that no command holds."""
    flag = LEFT_OUT[setting]
    if flag.known_to(version):
        return f"{setting} is left out: newer versions have it no more ({flag.why})"
    return f"{setting} is left out: vLLM {spelled(version)} does not have it ({flag.why})"


def spelled(version: Version) -> str:
    """``(0, 33)`` as ``0.33``."""
    return f"{version[0]}.{version[1]}"


def command_line(words: tuple[str, ...], environment: Mapping[str, str]) -> str:
    """Words and variables as one line for a shell."""
    variables = [f"{name}={shlex.quote(value)}" for name, value in environment.items()]
    return " ".join([*variables, shlex.join(words)])


def command_lines(words: tuple[str, ...], environment: Mapping[str, str], indent: str) -> str:
    """The same over several lines, one flag with its value in each."""
    lines = [" ".join(f"{name}={shlex.quote(value)}" for name, value in environment.items())]
    for word in words:
        if word.startswith("--"):
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {shlex.quote(word)}".strip()
    return indent + f" \\\n{indent}  ".join(line for line in lines if line) + "\n"


def _is_path(name: str) -> bool:
    """Whether a model's name is a place on the disk and not a hub id."""
    return name.startswith((".", "/", "~")) or name.count("/") > 1 or name.endswith(".gguf")


def _json(value: Mapping[str, object]) -> str:
    return json.dumps(value, separators=(",", ":"))
