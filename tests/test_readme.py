"""Every ``console`` and ``python`` block of the README runs and prints what stands there.

A line ``...`` stands for any lines, ``...`` inside a line for any characters. Blocks run in order
in one folder with a copy of ``examples/``. ``python tests/test_readme.py --update`` puts what is
printed now in the place of what does not fit any more.
"""

import contextlib
import doctest
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
BLOCK = re.compile(r"^```(console|python)\n(.*?)^```$", re.M | re.S)


def environment(folder: Path) -> dict[str, str]:
    """The variables of a plain shell: our command found first, no settings, no colours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ROLECALL_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    own = {"PATH": path, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "NO_COLOR": "1"}
    return kept | own | {"COLUMNS": "100", "LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "utf-8"}


def console(block: str, folder: Path) -> Iterator[tuple[str, str, str]]:
    """Each command of a block, what it should print, and what it prints."""
    for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
        command, _, expected = part.partition("\n")
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env=environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        printed = done.stdout.decode("utf-8")
        yield command, expected, re.sub(r"[ \t]+$", "", printed, flags=re.M)


def python(block: str, names: dict[str, object]) -> Iterator[tuple[str, str, str]]:
    """Each example of a block, what it should print, and what it prints."""
    for example in doctest.DocTestParser().get_examples(block):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            try:
                exec(compile(example.source, "README.md", "single"), names)
            except Exception as error:
                print(f"{type(error).__name__}: {error}")
        yield example.source, example.want, printed.getvalue()


def runs(text: str) -> Iterator[tuple[str, str, str]]:
    """Every command and example of ``text`` with what it should print and what it prints."""
    here = Path.cwd()
    path = os.environ["PATH"]
    names: dict[str, object] = {"__name__": "readme"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "examples", folder / "examples")
        os.chdir(folder)
        os.environ["PATH"] = environment(folder)["PATH"]
        try:
            for kind, block in BLOCK.findall(text):
                yield from console(block, folder) if kind == "console" else python(block, names)
        finally:
            os.chdir(here)
            os.environ["PATH"] = path


def fits(expected: str, printed: str) -> bool:
    """Whether ``printed`` is what stands in the README, ``...`` standing for anything."""
    return doctest.OutputChecker().check_output(expected, printed, doctest.ELLIPSIS)


def test_readme_shows_what_happens() -> None:
    """The README's commands and examples print what it says."""
    wrong = [
        f"{command}\n--- stands there\n{expected}--- is printed\n{printed}"
        for command, expected, printed in runs(README.read_text("utf-8"))
        if not fits(expected, printed)
    ]
    assert not wrong, "\n".join(wrong)


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
