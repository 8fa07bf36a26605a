"""Where the embedded database lies; apart from it, because to look there is quick."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from rolecall.errors import DatabaseError

FILE: Final = "rolecall.db"


def usual_place(folder: str, environ: Mapping[str, str]) -> Path:
    """Where the database lies: in ``folder`` (the setting ``data_folder``), or if that is empty in
    ``$XDG_DATA_HOME/rolecall``, which without that variable is ``~/.local/share/rolecall``.
    """
    if folder:
        return Path(folder).expanduser().absolute() / FILE
    base = environ.get("XDG_DATA_HOME") or ""
    # The XDG specification says that a relative path there is to be ignored.
    if base.startswith("/"):
        return Path(base) / "rolecall" / FILE
    home = environ.get("HOME") or ""
    if not home:
        raise DatabaseError(
            "there is no place for the database: neither XDG_DATA_HOME nor HOME is set",
            hint="set data_folder (ROLECALL_DATA_FOLDER) to a folder",
        )
    return Path(home) / ".local" / "share" / "rolecall" / FILE
