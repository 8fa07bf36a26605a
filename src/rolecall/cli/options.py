"""What all verbs share in reading their words."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from rolecall.errors import UsageError
from rolecall.settings import Settings, load, locate


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `UsageError`, takes words in any order and no short forms."""

    def __init__(self, verb: str, description: str, examples: str) -> None:
        super().__init__(
            prog=f"rolecall {verb}",
            description=description,
            epilog=examples,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self.add_argument("--version", action="version", version=_version())

    def error(self, message: str) -> NoReturn:
        """Refuse the words."""
        raise UsageError(message, hint=f"see {self.prog} --help")


def settings(flags: Mapping[str, Any]) -> Settings:
    """The settings in force here; a flag that is ``None`` was not given."""
    project, user = locate(os.environ, Path.cwd())
    return load(flags, os.environ, project, user)


def _version() -> str:
    from rolecall import __version__

    return f"rolecall {__version__}"
