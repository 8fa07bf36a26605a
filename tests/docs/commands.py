"""The commands in the docs, taken apart as a shell would, and read by the real parsers."""

from __future__ import annotations

import argparse
import contextlib
import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from typing import Any, NoReturn

from rolecall.cli import VERBS
from rolecall.errors import UsageError

ENDS = {";", "&&", "||", "|", "&", "(", ")", ";;", "|&"}
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
BEFORE = {"sudo", "nice", "time", "until", "while", "do", "then", "if", "!", "else", "exec"}
CONTINUED = re.compile(r"\\\n[ ]*(?:> ?)?")


def typed(console: str) -> Iterator[str]:
    """The commands of a ``console`` block, each with the lines that go on with it."""
    lines = iter(console.split("\n"))
    command = ""
    for line in lines:
        if command and (command.endswith("\\") or line.startswith("> ")):
            command += "\n" + line
            continue
        if command:
            yield command
        command = line[2:] if line.startswith("$ ") else ""
    if command:
        yield command


def simple(script: str) -> Iterator[list[str]]:
    """The words of each simple command of a piece of shell; redirections are left out."""
    script = CONTINUED.sub(" ", script)
    for line in script.split("\n"):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        lexer.commenters = ""
        words: list[str] = []
        skip = False
        for word in _until_comment(lexer):
            if skip:
                skip = False
            elif word in ENDS:
                yield from _begun(words)
                words = []
            elif re.fullmatch(r"[<>&]+", word):
                skip = True
                if words and words[-1] in ("1", "2"):
                    words.pop()
            else:
                words.append(word)
        yield from _begun(words)


def _until_comment(words: shlex.shlex) -> Iterator[str]:
    for word in words:
        if word.startswith("#"):
            return
        yield word


def _begun(words: list[str]) -> Iterator[list[str]]:
    """The command without what stands before it: variables, sudo, nice."""
    while words and (ASSIGNMENT.match(words[0]) or words[0] in BEFORE):
        words = words[1:]
    if words:
        yield words


def ours(words: list[str]) -> list[str] | None:
    """The words after ``rolecall``, if it is that which is called."""
    if re.fullmatch(r"(.*/)?rolecall", words[0]):
        return words[1:]
    if len(words) > 2 and "python" in words[0] and words[1:3] == ["-m", "rolecall"]:
        return words[3:]
    return None


class Read(BaseException):
    """The words were read; ``parser`` has read them, ``fault`` is what it found wrong."""

    def __init__(self, parser: argparse.ArgumentParser, fault: str | None) -> None:
        super().__init__()
        self.parser, self.fault = parser, fault


class _Stop:
    """While it lasts, the first parser that is given words reads them, and nothing follows."""

    def __init__(self) -> None:
        self.usual: dict[str, Any] = {}

    def __enter__(self) -> None:
        for name in ("parse_args", "parse_intermixed_args"):
            self.usual[name] = getattr(argparse.ArgumentParser, name)
            setattr(argparse.ArgumentParser, name, self.instead(self.usual[name]))

    def instead(self, usual: Any) -> Any:
        def read(parser: argparse.ArgumentParser, *told: Any, **named: Any) -> NoReturn:
            for name, one in self.usual.items():
                setattr(argparse.ArgumentParser, name, one)
            fault = None
            with contextlib.suppress(SystemExit):
                try:
                    usual(parser, *told, **named)
                except UsageError as error:
                    fault = str(error)
            raise Read(parser, fault)

        return read

    def __exit__(self, *_: object) -> None:
        for name, one in self.usual.items():
            setattr(argparse.ArgumentParser, name, one)


def read(words: list[str]) -> Read | str | None:
    """What the real parser says to ``rolecall WORDS``; a text where no parser was reached."""
    if not words or words[0] in ("--version", "-V", "--help", "-h", "help"):
        return None
    if words[0] not in VERBS:
        return f"there is no verb {words[0]}"
    verb = import_module(f"rolecall.cli.{words[0]}").run
    try:
        with _Stop():
            verb(words[1:])
    except Read as found:
        return found
    except UsageError as error:
        return str(error)
    return None
