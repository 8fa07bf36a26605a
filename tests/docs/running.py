"""Run the blocks of a page in one folder with a copy of ``examples/``, its pages in ``postings/``.

A line ``...`` stands for any lines, ``...`` inside a line for any characters. ``console`` and
``python`` with prompts are compared with what they print, other ``python`` and ``sh`` must end
well, and a block marked as a file becomes one. What a page leaves running in the background is
ended after its last block. Ports of the docs are replaced by free ones.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.docs.blocks import ROOT, Block, blocks_in
from tests.docs.commands import typed

PORTS = ("8600", "8137")
"""Of the server, and of the stand-in for a model."""
LONGEST = 120
"""Seconds that one command may take."""


class Folder:
    """Where a page's blocks run: its ports, its names in Python, what it left running."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ports = {port: _free_port() for port in PORTS}
        self.names: dict[str, object] = {"__name__": "docs"}
        self.left: list[int] = []

    def there(self, text: str) -> str:
        """``text`` with the ports that are free here."""
        for told, port in self.ports.items():
            text = text.replace(told, port)
        return text

    def back(self, text: str) -> str:
        """``text`` with the ports of the docs."""
        for told, port in self.ports.items():
            text = text.replace(port, told)
        return text

    def shell(self, script: str) -> tuple[str, int]:
        """What a piece of shell prints, and its exit status."""
        done = subprocess.Popen(
            ["bash", "-c", self.there(script)],
            cwd=self.path,
            env=environment(self.path) | {"ROLECALL_SERVE_PORT": self.ports["8600"]},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            told = done.communicate(timeout=LONGEST)[0]
        except subprocess.TimeoutExpired:
            os.killpg(done.pid, signal.SIGKILL)
            told = done.communicate()[0] + f"(killed after {LONGEST} s)".encode()
        if script.rstrip().endswith("&"):
            self.left.append(done.pid)
        printed = self.back(told.decode("utf-8"))
        if printed and not printed.endswith("\n"):
            printed += "\n"  # which a shell's prompt shows no otherwise
        return re.sub(r"[ \t]+$", "", printed, flags=re.M), done.returncode

    def end(self) -> None:
        """End what commands left running."""
        while self.left:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.left.pop(), signal.SIGTERM)


def environment(folder: Path) -> dict[str, str]:
    """The variables of a plain shell: our command found first, no settings, no colours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ROLECALL_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    own = {"PATH": path, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "NO_COLOR": "1"}
    own |= {"XDG_DATA_HOME": str(folder / ".local" / "share")}
    own |= {"XDG_STATE_HOME": str(folder / ".local" / "state")}
    return kept | own | {"COLUMNS": "96", "LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "utf-8"}


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def _free_port() -> str:
    """A port that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


def _console(block: Block, folder: Folder) -> Iterator[tuple[str, str, str]]:
    commands = list(typed(block.text))
    rest = block.text
    for number, command in enumerate(commands):
        rest = rest.partition(f"$ {command}\n")[2]
        following = commands[number + 1] if number + 1 < len(commands) else None
        expected = rest if following is None else rest.partition(f"$ {following}\n")[0]
        yield command, expected, folder.shell(re.sub(r"\n> ", "\n", command))[0]


def _examples(block: Block, folder: Folder) -> Iterator[tuple[str, str, str]]:
    for example in doctest.DocTestParser().get_examples(block.text):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            try:
                exec(compile(folder.there(example.source), "docs", "single"), folder.names)
            except Exception as error:
                print(f"{type(error).__name__}: {error}")
        yield example.source, example.want, folder.back(printed.getvalue())


def _whole(block: Block, folder: Folder) -> Iterator[tuple[str, str, str]]:
    printed = io.StringIO()
    told = ""
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(folder.there(block.text), "docs", "exec"), folder.names)
        except Exception as error:
            told = f"{type(error).__name__}: {error}\n"
    yield block.text, "", told


def _script(block: Block, folder: Folder) -> Iterator[tuple[str, str, str]]:
    printed, status = folder.shell(f"set -e\n{block.text}")
    yield block.text, "", "" if status == 0 else f"exit status {status}\n{printed}"


def runs(text: str, page: Path) -> Iterator[tuple[str, str, str]]:
    """Every command and example of ``text`` with what it should print and what it prints."""
    here = Path.cwd()
    outside = dict(os.environ)
    with tempfile.TemporaryDirectory() as name:
        folder = Folder(Path(name))
        shutil.copytree(ROOT / "examples", folder.path / "examples")
        for page in (ROOT / "examples").glob("*.*"):
            if page.suffix != ".jsonl":
                shutil.copy(page, _made(folder.path / "postings"))
        os.chdir(folder.path)
        own = environment(folder.path)
        os.environ.clear()
        os.environ.update(own)
        try:
            for block in blocks_in(text, page):
                if block.file is not None:
                    (folder.path / block.file).write_text(folder.there(block.text), "utf-8")
                elif block.reason is None and block.kind == "console":
                    yield from _console(block, folder)
                elif block.reason is None and block.kind == "sh":
                    yield from _script(block, folder)
                elif block.reason is None and block.kind == "python":
                    with_prompts = block.text.lstrip().startswith(">>>")
                    yield from (_examples if with_prompts else _whole)(block, folder)
        finally:
            folder.end()
            os.chdir(here)
            os.environ.clear()
            os.environ.update(outside)


def fits(expected: str, printed: str) -> bool:
    """Whether ``printed`` is what stands in the page, ``...`` standing for anything."""
    return doctest.OutputChecker().check_output(expected, printed, doctest.ELLIPSIS)


def wrong_in(page: Path) -> str:
    """What a page shows otherwise than it happens."""
    return "\n".join(
        f"{command}\n--- stands there\n{expected}--- is printed\n{printed}"
        for command, expected, printed in runs(page.read_text("utf-8"), page)
        if not fits(expected, printed)
    )


def update(page: Path) -> None:
    """Rewrite the outputs that do not fit."""
    old = page.read_text("utf-8")
    new, position = "", 0
    for command, expected, printed in runs(old, page):
        source = command if command.endswith("\n") else command + "\n"
        prompt = (
            source
            if source in old
            else "".join(
                f"{'...' if number else '>>>'} {line}\n"
                for number, line in enumerate(source.splitlines())
            )
        )
        start = old.index(prompt, position) + len(prompt)
        new += old[position:start] + (expected if fits(expected, printed) else printed)
        position = start + len(expected)
    page.write_text(new + old[position:], encoding="utf-8")


if __name__ == "__main__":
    for one in sys.argv[1:]:
        update(Path(one).resolve())
