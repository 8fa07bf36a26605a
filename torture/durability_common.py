"""What the groups of durability share: cases that are tried, and programs that are run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final

from torture.nouns import Case, Class

ROOT: Final = Path(__file__).resolve().parents[1]
ROLECALL: Final = (sys.executable, "-m", "rolecall")

PAGE: Final = """<html lang=en><head><title>Baker {n}</title></head><body><h1>Baker {n}</h1>
<p>Bath, England. Full time.</p><h2>What we ask</h2><ul><li>Three years of baking</li>
<li>Rye, {n} times a day</li></ul><p>Letters go to crumb{n}, the bakery in Bath.</p></html>"""

SLOWER: Final = "".join(
    f"<p>Bath 50.000 EUR Baker of Rye at Crumb {n} Ltd since 01/0{n % 9 + 1}/2026</p>"
    for n in range(400)
)


class WrongError(Exception):
    """What was tried did not come out right."""

    def __init__(self, told: str, found: Class = Class.WRONG) -> None:
        super().__init__(told)
        self.found = found


def demand(holds: object, told: str, found: Class = Class.WRONG) -> None:
    """Raise `WrongError` unless it holds."""
    if not holds:
        raise WrongError(told, found)


def tried(name: str, call: Callable[[], Any]) -> Case:
    """One case: right if ``call`` returns; what it returns is the note."""
    try:
        told = call()
    except WrongError as error:
        return Case(name=name, found=error.found, note=str(error)[:300])
    except (subprocess.TimeoutExpired, TimeoutError) as error:
        return Case(name=name, found=Class.HUNG, note=str(error)[:300])
    except Exception as error:
        return Case(name=name, found=Class.CRASHED, note=f"{type(error).__name__}: {error}"[:300])
    return Case(name=name, found=Class.RIGHT, note=str(told or ""))


def page(number: int, slower: bool = False) -> bytes:
    """The page with this number."""
    told = PAGE.format(n=number)
    return told.replace("</body>", f"{SLOWER}</body>").encode() if slower else told.encode()


def pages(folder: Path, count: int, slower: bool = False) -> Path:
    """A folder with pages."""
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"p{number:05}.html").write_bytes(page(number, slower))
    return folder


def environ(home: Path, **more: str) -> dict[str, str]:
    """The environment of a program: a home of its own, and no settings of the user's."""
    kept = {name: one for name, one in os.environ.items() if not name.startswith("ROLECALL")}
    home.mkdir(parents=True, exist_ok=True)
    dropped = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")
    kept = {name: one for name, one in kept.items() if name not in dropped}
    return {**kept, "HOME": str(home), "ROLECALL_ENGINE": "none", **more}


def start(words: Sequence[str], told: Mapping[str, str], **more: Any) -> subprocess.Popen[str]:
    """Start ``rolecall``, in a session of its own."""
    named: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(
        [*ROLECALL, *words], env=dict(told), cwd=ROOT, start_new_session=True, **(named | more)
    )


def ran(
    words: Sequence[str], told: Mapping[str, str], seconds: float = 60, **more: Any
) -> tuple[int, str, str]:
    """Run ``rolecall`` to its end: exit code, stdout, stderr."""
    with running(start(words, told, **more)) as process:
        out, err = process.communicate(timeout=seconds)
    return process.returncode, out or "", err or ""


@contextmanager
def running(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """A process whose whole session is gone at the end."""
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            close(pipe)


def close(pipe: IO[str] | None) -> None:
    """Close a pipe; whoever was at the other end may be gone."""
    if pipe is not None:
        with suppress(OSError):
            pipe.close()


def until(what: Callable[[], Any], seconds: float = 30.0, told: str = "it") -> Any:
    """Wait for ``what`` to hold; gives it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.01)
    raise TimeoutError(f"{told} did not come within {seconds:g} s")


def plain(code: int, err: str, *wanted: int) -> None:
    """Demand an exit code among ``wanted``, and a message without a traceback."""
    demand("Traceback" not in err, f"a traceback: {err[-200:]}", Class.CRASHED)
    demand(code in wanted, f"exit code {code}, wanted {wanted}: {err[-200:]}")
