"""One errand to an object store, in a process of its own: ``python -m rolecall.outputs.carry``.

The libraries of stores start threads, and a process with threads is not safe to fork workers from.
Words: what to do (size, get, put, delete), the address, a path. Prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from typing import Any, Final

from rolecall.errors import Error
from rolecall.outputs.nouns import OutputError
from rolecall.private import FETCHING, without_secrets

BLOCK: Final = 1 << 20


def carry(what: str, url: str, path: str = "") -> Any:
    """Send a process on an errand; ``size`` returns bytes, or ``None`` where no object is.

    ``get`` writes the object to ``path``, ``put`` sends the file there in one piece, ``delete``
    needs no object.

    Raises:
        OutputError: the store does not do it.
    """
    # Modules come from where this process has its own, never from the folder it was started in.
    command = [sys.executable, "-P", "-m", "rolecall.outputs.carry", what, url, path]
    modules = os.pathsep.join(part for part in sys.path if part)
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        env=without_secrets(os.environ, needed=FETCHING) | {"PYTHONPATH": modules},
    )
    try:
        told = json.loads(done.stdout)
    except ValueError:
        last = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        why = last[0] if last else f"exit code {done.returncode}"
        raise OutputError(f"{what} {url} failed: {why}", hint="run again with --resume") from None
    if "error" in told:
        raise OutputError(told["error"], hint=told["hint"] or "run again with --resume")
    return told["found"]


def main(words: list[str]) -> int:
    """Do the errand."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says when it is time to stop
    what, url, path = words
    told: dict[str, Any]
    try:
        told = {"found": _errand(what, url, path)}
    except Error as error:
        told = {"error": str(error), "hint": error.hint}
    except OSError as error:
        told = {"error": f"cannot {what} {url}: {(error.strerror or '').lower()}", "hint": None}
    print(json.dumps(told))
    return 0


def _errand(what: str, url: str, path: str) -> int | None:
    from rolecall.remote import objects

    if what == "size":
        found = objects.size(url)
        if found is None:
            _check_bucket(url)
        return found
    if what == "delete":
        objects.delete(url)
    elif what == "get":
        with objects.open_reading(url) as source, open(path, "wb") as target:
            shutil.copyfileobj(source, target, BLOCK)
            target.flush()
            os.fsync(target.fileno())
    else:
        with open(path, "rb") as source, objects.open_writing(url) as target:
            shutil.copyfileobj(source, target, BLOCK)
    return None


def _check_bucket(url: str) -> None:
    """Raise `Error` if it is the bucket that is missing: better now than after the run."""
    from rolecall.remote.faults import missing_object
    from rolecall.remote.stores import absent, store

    error = absent(store(url)[0], url)
    if str(error) != str(missing_object(url)):
        raise error


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    os._exit(code)  # libraries of stores may wait for threads of theirs
