"""Whether an installed vLLM's own parser takes a command, and versions as people write them.

vLLM lives in an environment of its own, so its interpreter is asked in a child process.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from rolecall.errors import UsageError
from rolecall.plan.command import Version
from rolecall.private import without_secrets

PARSER_SECONDS: Final = 300.0
"""Loading vLLM takes about 15 seconds on two free cores, and much longer on busy ones."""

NO_CARD: Final = "Failed to infer device type"
"""What vLLM says on a machine without a card."""

_PARSER: Final = """
import json, sys
from importlib import import_module
for place in ("common", "launchers", "openai"):  # 0.33, 0.32, older
    try:
        make_arg_parser = import_module(f"vllm.entrypoints.{place}.cli_args").make_arg_parser
        break
    except ImportError:
        if place == "openai":
            raise
try:
    from vllm.utils.argparse_utils import FlexibleArgumentParser
except ImportError:
    from vllm.utils import FlexibleArgumentParser
parser = make_arg_parser(FlexibleArgumentParser(prog="vllm serve"))
told, unknown = parser.parse_known_args(json.loads(sys.argv[1]))
print("\\n" + json.dumps(unknown))
"""


class Checked(Struct, frozen=True, kw_only=True):
    """What vLLM's own parser made of a command: words it does not know, or why it refuses it."""

    unknown: tuple[str, ...] = ()
    refused: str = ""

    @property
    def well(self) -> bool:
        """Whether every word was taken."""
        return not self.unknown and not self.refused


def version_of(text: str) -> Version:
    """``0.33.0`` or ``v0.33`` as ``(0, 33)``; raises `UsageError`."""
    found = re.fullmatch(
        r"v?(\d{1,3})\.(\d{1,4})(?:[.+\-]?[0-9A-Za-z.+\-]*)?", text.strip(), re.ASCII
    )
    if found is None:
        raise UsageError(f"{text!r} is no version of vLLM", hint="write it as 0.33 or 0.33.0")
    return int(found[1]), int(found[2])


def check_flags(command: Sequence[str], python: Path) -> Checked:
    """Give ``command`` (``vllm serve …``) to the parser of the vLLM that ``python`` imports.

    Takes as long as loading vLLM. Raises `UsageError` where that vLLM cannot be loaded.
    """
    words = json.dumps(list(command[2:]))
    done = _run(python, ("-c", _PARSER, words))
    if done.returncode == 1 and NO_CARD in done.stderr:
        # The build for cards wants one even for its parser; the flags do not depend on it.
        done = _run(python, ("-c", _PARSER, words), {"VLLM_TARGET_DEVICE": "cpu"})
    if done.returncode == 2:  # as argparse ends when it refuses a word
        lines = done.stderr.strip().splitlines()
        told = [line.partition("error: ")[2] for line in lines if "error: " in line]
        return Checked(refused=told[-1] if told else lines[-1] if lines else "no reason given")
    if done.returncode != 0:
        told = done.stderr.strip().splitlines() or ["it says nothing"]
        raise UsageError(
            f"vLLM's parser could not be loaded by {python}: {told[-1]}",
            hint="vLLM itself is broken there: set it up again",
        )
    return Checked(unknown=tuple(json.loads(done.stdout.strip().splitlines()[-1])))


def _run(
    python: Path, words: Sequence[str], more: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    hint = "set vllm_python to the interpreter that has vLLM"
    try:
        return subprocess.run(
            [str(python), *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd="/",  # a folder called vllm where we stand is not the package
            encoding="utf-8",
            errors="replace",
            timeout=PARSER_SECONDS,
            check=False,
            env=without_secrets(os.environ) | dict(more or {}),
        )
    except subprocess.TimeoutExpired:
        told = f"vLLM's parser was not loaded by {python} in {PARSER_SECONDS:g} s"
        raise UsageError(told, hint="try again when the machine is less busy") from None
    except OSError as error:
        raise UsageError(f"{python} cannot be run: {error.strerror}", hint=hint) from None
