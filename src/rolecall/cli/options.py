"""What all verbs share in reading their words."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from rolecall.errors import UsageError
from rolecall.settings import Settings
from rolecall.settings_load import load, locate


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


def settings_with_servers(flags: Mapping[str, Any]) -> Settings:
    """As `settings`, with the servers of ``rolecall up`` among the engines; for verbs that ask."""
    from rolecall.engines.state import state_file

    found = settings(flags)
    if not state_file(os.environ).exists():
        return found  # the usual case: nothing of engines is loaded
    from rolecall.drive.running import with_running

    return with_running(found, os.environ)


def add_policy(add: Callable[..., Any]) -> None:
    """The words that say which engines outside the user's machines may be asked."""
    add(
        "--policy",
        metavar="POLICY",
        help="local-only, cloud-over-threshold, cloud-on-doubt, cloud-for-audits",
    )
    add(
        "--cloud",
        metavar="NAME",
        dest="cloud_engine",
        help="the one engine outside your machines that the policy may use",
    )


def add_no_cache(add: Callable[..., Any]) -> None:
    """The word that leaves kept answers unused."""
    add(
        "--no-cache",
        action="store_const",
        const=False,
        dest="cache",
        help="ask anew, even where an answer is kept",
    )


def _version() -> str:
    from rolecall import __version__

    return f"rolecall {__version__}"
