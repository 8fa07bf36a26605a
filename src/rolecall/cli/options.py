"""What all verbs share in reading their words."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn, get_args

from rolecall.errors import UsageError
from rolecall.route import Privacy
from rolecall.settings import Settings
from rolecall.settings_load import load, locate

MARK: Final = "\0"
"""Before a word that is no flag although it looks like one; no word can hold it."""


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

    def parse_known_intermixed_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """As it is, but that nothing behind ``--`` is a flag, as in names that begin with a dash.

        The library looks at the words twice, and has forgotten the ``--`` the second time.
        """
        words = list(sys.argv[1:] if args is None else args)
        if "--" in words:
            end = words.index("--")
            behind = [f"{MARK}{word}" if word[:1] == "-" else word for word in words[end + 1 :]]
            words = words[:end] + behind
        told, more = super().parse_known_intermixed_args(words, namespace)
        for name, value in vars(told).items():
            setattr(told, name, _unmarked(value))
        return told, [_unmarked(word) for word in more]


def _unmarked(value: Any) -> Any:
    if isinstance(value, list):
        return [_unmarked(one) for one in value]
    return value.removeprefix(MARK) if isinstance(value, str) else value


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


def policy(text: str) -> str:
    """A policy by its name; a wrong one is refused also where no engine would be asked."""
    known = get_args(Privacy)
    if text not in known:
        raise argparse.ArgumentTypeError(
            f"there is no policy {text!r}, there are: {', '.join(known)}"
        )
    return text


def add_policy(add: Callable[..., Any]) -> None:
    """The words that say which engines outside the user's machines may be asked."""
    add(
        "--policy",
        metavar="POLICY",
        type=policy,
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
