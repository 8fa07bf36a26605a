"""What a killed keeper left behind: found, and removed."""

from __future__ import annotations

import contextlib

from msgspec.structs import replace

from rolecall.launch import guard
from rolecall.launch.folder import (
    Folder,
    announce,
    held,
    is_announced,
    is_kept,
    read_server,
    write_server,
)


def clean(folder: Folder) -> int:
    """Remove what a killed keeper left: processes, the entry in the state file, the socket.

    The caller holds the lock. Returns how many processes there were.
    """
    killed = 0
    for entry in guard.entries_beginning(folder.mark + "#"):
        killed += guard.sweep(entry)
    with contextlib.suppress(OSError):
        announce(folder.base, folder.name, None)
    folder.socket.unlink(missing_ok=True)
    return killed


def cleaned_if_left(folder: Folder) -> bool:
    """Clean up after a keeper that was killed; whether there was anything to clean."""
    server = read_server(folder)
    told = server is None or server.phase in ("stopped", "failed")
    if (told and not is_announced(folder)) or is_kept(folder):
        return False
    with held(folder.lock) as ours:
        if not ours:
            return False
        clean(folder)
        if server is None or told:
            return True
        ended = replace(
            server,
            phase="failed",
            pid=0,
            reason="crashed",
            told="the process that kept it was killed",
            remedy="start it again with rolecall up; nothing is left of it",
        )
        with contextlib.suppress(OSError):  # a full disk must not hide what is known
            write_server(folder, ended)
    return True
