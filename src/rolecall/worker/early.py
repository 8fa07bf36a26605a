"""The process that children are forked from, started before anything else is loaded here."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
from typing import Final

from rolecall.private import drop_secrets

METHOD: Final = "forkserver" if sys.platform == "linux" else "spawn"
"""The parent has threads, so it must not be forked itself; a process without any is."""

PRELOAD: Final = "rolecall.worker.preload"


def start_early() -> None:
    """Begin to load the reader in the other process, while this one loads what it needs.

    Where that cannot be, it is tried again with the first child, and its error is told then.
    """
    if METHOD != "forkserver":
        return
    from multiprocessing import forkserver

    multiprocessing.get_context(METHOD).set_forkserver_preload([PRELOAD])
    # It gets the environment of this process: nothing else runs here yet that could miss a secret.
    kept = dict(os.environ)
    drop_secrets(os.environ)
    try:
        with contextlib.suppress(OSError):
            forkserver.ensure_running()
    finally:
        os.environ.update(kept)
