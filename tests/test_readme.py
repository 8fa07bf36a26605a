"""Every ``console`` and ``python`` block of the README and of docs/serving.md runs and prints what
stands there.

A line ``...`` stands for any lines, ``...`` inside a line for any characters. Blocks run in order
in one folder with a copy of ``examples/``; what they leave running in the background is ended after
the last one. Another port that is free takes the place of 8600. ``python tests/test_readme.py
--update`` puts what the README's print now in the place of what does not fit any more.
"""

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

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
SERVING = ROOT / "docs" / "serving.md"
PORT = "8600"
BLOCK = re.compile(r"^```(console|python)\n(.*?)^```$", re.M | re.S)


def environment(folder: Path) -> dict[str, str]:
    """The variables of a plain shell: our command found first, no settings, no colours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ROLECALL_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    own = {"PATH": path, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "NO_COLOR": "1"}
    own |= {"XDG_DATA_HOME": str(folder / ".local" / "share")}
    return kept | own | {"COLUMNS": "100", "LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "utf-8"}


def console(block: str, folder: Path, port: str) -> Iterator[tuple[str, str, str]]:
    """Each command of a block, what it should print, and what it prints."""
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        command, expected = split(part)
        done = subprocess.Popen(
            ["bash", "-c", command.replace(PORT, port)],
            cwd=folder,
            env=environment(folder) | {"ROLECALL_SERVE_PORT": port},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        printed = done.communicate()[0].decode("utf-8").replace(port, PORT)
        if command.rstrip().endswith("&"):
            left.append(done.pid)
        if printed and not printed.endswith("\n"):
            printed += "\n"  # which a shell's prompt shows no otherwise
        yield command, expected, re.sub(r"[ \t]+$", "", printed, flags=re.M)


left: list[int] = []
"""Groups of processes that commands left running."""


def split(part: str) -> tuple[str, str]:
    """A command, with the lines that continue it, and what it should print."""
    lines = part.split("\n")
    end = next(number for number, line in enumerate(lines) if not line.endswith("\\"))
    return "\n".join(lines[: end + 1]), "\n".join(lines[end + 1 :])


def end_left() -> None:
    """End what commands left running."""
    while left:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(left.pop(), signal.SIGTERM)


def free_port() -> str:
    """A port that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


def python(block: str, names: dict[str, object], port: str) -> Iterator[tuple[str, str, str]]:
    """Each example of a block, what it should print, and what it prints."""
    for example in doctest.DocTestParser().get_examples(block):
        printed = io.StringIO()
        source = example.source.replace(PORT, port)
        with contextlib.redirect_stdout(printed):
            try:
                exec(compile(source, "README.md", "single"), names)
            except Exception as error:
                print(f"{type(error).__name__}: {error}")
        yield example.source, example.want, printed.getvalue()


def runs(text: str) -> Iterator[tuple[str, str, str]]:
    """Every command and example of ``text`` with what it should print and what it prints."""
    here = Path.cwd()
    path = os.environ["PATH"]
    port = free_port()
    names: dict[str, object] = {"__name__": "readme"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "examples", folder / "examples")
        os.chdir(folder)
        os.environ["PATH"] = environment(folder)["PATH"]
        try:
            for kind, block in BLOCK.findall(text):
                if kind == "console":
                    yield from console(block, folder, port)
                else:
                    yield from python(block, names, port)
        finally:
            end_left()
            os.chdir(here)
            os.environ["PATH"] = path


def fits(expected: str, printed: str) -> bool:
    """Whether ``printed`` is what stands in the README, ``...`` standing for anything."""
    return doctest.OutputChecker().check_output(expected, printed, doctest.ELLIPSIS)


def wrong_in(page: Path) -> str:
    """What a page shows otherwise than it happens."""
    return "\n".join(
        f"{command}\n--- stands there\n{expected}--- is printed\n{printed}"
        for command, expected, printed in runs(page.read_text("utf-8"))
        if not fits(expected, printed)
    )


def test_readme_shows_what_happens() -> None:
    """The README's commands and examples print what it says."""
    wrong = wrong_in(README)
    assert not wrong, wrong


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_the_page_about_serving_shows_what_happens() -> None:
    """So do those of docs/serving.md, against a real server."""
    wrong = wrong_in(SERVING)
    assert not wrong, wrong


def update() -> None:
    """Rewrite the outputs that do not fit."""
    old = README.read_text("utf-8")
    new, position = "", 0
    for command, expected, printed in runs(old):
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
    README.write_text(new + old[position:], encoding="utf-8")


if __name__ == "__main__" and "--update" in sys.argv:
    update()
