"""The files of running servers: one place each, private, written whole or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import orjson
from msgspec import Struct

from rolecall.engines.settings import TAKEN
from rolecall.engines.state import STATE_FILE, read_entries, state_file
from rolecall.errors import SettingsError, UsageError
from rolecall.launch.nouns import Server

NAMES: Final = re.compile(r"[a-z0-9_-]{1,40}")


class Folder(Struct, frozen=True, kw_only=True):
    """Where one server's files lie: ``base`` is the state folder, ``name`` the engine's name."""

    base: Path
    name: str

    def _file(self, kind: str) -> Path:
        return self.base / "up" / f"{self.name}.{kind}"

    @property
    def server(self) -> Path:
        """What is known of the server, as JSON."""
        return self._file("json")

    @property
    def lock(self) -> Path:
        """Held by the one process that keeps the server."""
        return self._file("lock")

    @property
    def socket(self) -> Path:
        """Where that process takes messages."""
        return self._file("sock")

    @property
    def key(self) -> Path:
        """The server's API key."""
        return self._file("key")

    @property
    def log(self) -> Path:
        """What vLLM printed."""
        return self._file("log")

    @property
    def messages(self) -> Path:
        """What ``rolecall up --detach`` prints after it has left the terminal."""
        return self._file("messages")

    @property
    def mark(self) -> str:
        """The environment entry by which all processes of this server are known."""
        return f"KEPT_BY_ROLECALL={self.base}:{self.name}"


def folder_of(name: str, environ: Mapping[str, str]) -> Folder:
    """The place of the server ``name``; makes the folders, for the user alone.

    Raises:
        UsageError: a name that no engine can have, or folders that cannot be made.
    """
    if not NAMES.fullmatch(name) or name in TAKEN:
        raise UsageError(
            f"a server cannot be called {name!a}",
            hint="take up to 40 small letters, digits, - and _, and none of "
            + ", ".join(sorted(TAKEN)),
        )
    folder = Folder(base=state_file(environ).parent, name=name)
    try:
        str(folder.base).encode()  # it is written down as text
        (folder.base / "up").mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder.base / "up").chmod(0o700)
    except (OSError, UnicodeEncodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise UsageError(
            f"{str(folder.base / 'up')!a} cannot be used: {why}", hint="set XDG_STATE_HOME"
        ) from error
    return folder


def names(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The names of all servers that have files here."""
    up = state_file(environ).parent / "up"
    found = {one.stem for kind in ("json", "lock") for one in up.glob(f"*.{kind}")}
    return tuple(sorted(one for one in found if NAMES.fullmatch(one)))


def write_private(path: Path, data: bytes) -> None:
    """Write a file for the user alone, whole or not at all."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def write_server(folder: Folder, server: Server) -> None:
    """Write down what is known of the server."""
    write_private(folder.server, orjson.dumps(msgspec.to_builtins(server)))


def read_server(folder: Folder) -> Server | None:
    """What was written down of the server; `None` where nothing that can be read is."""
    try:
        return msgspec.json.decode(folder.server.read_bytes(), type=Server)
    except (OSError, msgspec.DecodeError):
        return None


def write_key(folder: Folder) -> str:
    """A new random key, written where the engine's table says."""
    key = secrets.token_urlsafe(32)
    write_private(folder.key, key.encode())
    return key


@contextlib.contextmanager
def held(path: Path, *, wait: bool = False, shared: bool = False) -> Iterator[bool]:
    """Hold a lock file; gives whether it could be had. The kernel frees it with the process.

    Those who hold it ``shared`` are in nobody's way but in that of one who wants it alone.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
            fcntl.flock(descriptor, kind | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(descriptor)


def is_kept(folder: Folder) -> bool:
    """Whether a process keeps this server now."""
    if not folder.lock.exists():
        return False
    with held(folder.lock, shared=True) as free:  # others may look at the same time
        return not free


def is_announced(folder: Folder) -> bool:
    """Whether the state file has an entry for this server."""
    try:
        return folder.name in read_entries(folder.base / STATE_FILE)
    except SettingsError:
        return False  # whoever writes into it next, writes it anew


def already_kept(folder: Folder) -> UsageError:
    """What to say to a second keeper."""
    return UsageError(
        f"a server called {folder.name} is kept already",
        hint="rolecall up --status shows it, --stop ends it; --name gives another name",
    )


def announce(base: Path, name: str, table: Mapping[str, Any] | None) -> None:
    """Put the engine's table into the state file, or take it out with `None`.

    Several servers share the file, so it is changed under a lock of its own. One that cannot be
    read is written anew: it holds nothing but what servers put there.
    """
    path = base / STATE_FILE
    with held(base / "engines.lock", wait=True):
        try:
            tables = msgspec.json.decode(path.read_bytes(), type=dict[str, dict[str, Any]])
        except (OSError, msgspec.DecodeError):
            tables = {}
        if table is None and name not in tables:
            return
        tables.pop(name, None)
        if table is not None:
            tables[name] = dict(table)
        write_private(path, orjson.dumps(tables, option=orjson.OPT_INDENT_2))
