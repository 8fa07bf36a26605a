"""Files of outputs: locked for one run, replaced in one step, and errors that name the remedy."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Iterator

from rolecall.errors import UsageError
from rolecall.inputs.files import shown
from rolecall.outputs.nouns import OutputError

NO_ROOM = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)


def beside(path: str, word: str) -> str:
    """The name of a hidden file in the folder of ``path``: ``.NAME.word``."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}.{word}")


def open_own(path: str, *, new: bool, named: str | None = None) -> int:
    """A descriptor of a regular file, made if need be and locked for this process.

    ``new`` refuses one that exists. Messages speak of ``named``, the output that the user named,
    where ``path`` is a file that serves it.

    Raises:
        UsageError: it cannot be written, is no regular file, or another run has it.
    """
    named = named or path
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        descriptor = os.open(path, flags | (os.O_EXCL if new else 0), 0o666)
    except FileExistsError as error:
        raise exists(named) from error
    except (OSError, ValueError) as error:
        raise cannot_write(named, error) from error
    try:
        _lock(path, descriptor, named)
        sync_folder(path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _lock(path: str, descriptor: int, named: str) -> None:
    """Lock the file for this process (not for its children), and make sure it is still there."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise not_regular(named)
    busy = UsageError(
        f"another run is writing {shown(named)}", hint="wait for it, or name another --out"
    )
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            raise busy from error
        return  # a file system without locks
    if not is_there(path, descriptor):
        raise busy


def is_there(path: str, descriptor: int) -> bool:
    """Whether ``path`` still names the open file."""
    try:
        there, ours = os.stat(path), os.fstat(descriptor)
    except OSError:
        return False
    return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)


def check_there(path: str, descriptor: int, named: str | None = None) -> None:
    """Raise `OutputError` if the open file was removed, renamed or replaced."""
    if not is_there(path, descriptor):
        what = shown(named or path)
        raise OutputError(
            f"{what} was removed or replaced while this run was writing it",
            hint="run again, and leave it alone meanwhile",
        )


def refuse_irregular(path: str) -> None:
    """Raise `UsageError` if something is there that is no regular file."""
    with contextlib.suppress(OSError, ValueError):
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise UsageError(f"cannot write {shown(path)}: is a directory", hint="name a file")
        if not stat.S_ISREG(mode):
            raise not_regular(path)


def sync_folder(path: str) -> None:
    """Bring the entry of ``path`` in its folder to the disk, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(os.path.dirname(path) or ".", os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def replaced(path: str, new: str, mode: int) -> Iterator[str]:
    """Yields ``new``, a name to write under; it then takes the place of ``path`` in one step.

    ``mode`` are its permissions. After an error nothing of it is left.
    """
    try:
        yield new
        with told(path):
            os.chmod(new, mode)
            descriptor = os.open(new, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            os.replace(new, path)
            sync_folder(path)
    except BaseException:
        remove(new)
        raise


def remove(path: str) -> None:
    """Remove a file that may not be there."""
    with contextlib.suppress(OSError):
        os.unlink(path)


@contextlib.contextmanager
def told(path: str) -> Iterator[None]:
    """Turn an `OSError` of writing into an `OutputError` that says what to do."""
    try:
        yield
    except OSError as error:
        full = error.errno in NO_ROOM
        raise OutputError(
            f"cannot write {shown(path)}: {says(error)}",
            hint="make room and run again with --resume" if full else "run again with --resume",
        ) from error


def says(error: Exception) -> str:
    """An error of the system's in a few words."""
    return (getattr(error, "strerror", None) or str(error)).lower()


def exists(path: str) -> UsageError:
    """The error for an output that is there already."""
    return UsageError(
        f"{shown(path)} exists", hint="continue it with --resume, or replace it with --force"
    )


def cannot_write(path: str, error: Exception) -> UsageError:
    """The error for an output that cannot be opened."""
    missing = isinstance(error, FileNotFoundError)
    return UsageError(
        f"cannot write {shown(path)}: {says(error)}",
        hint="make its folder first" if missing else "name another --out",
    )


def not_regular(path: str) -> UsageError:
    """The error for a pipe, a device or a socket."""
    return UsageError(
        f"{shown(path)} is not a regular file", hint="leave out --out and redirect stdout"
    )


def not_ours(what: str) -> UsageError:
    """The error for a file that holds something else; ``what`` says what is wrong."""
    return UsageError(what, hint="name another --out, or replace the file with --force")


def damaged(what: str) -> UsageError:
    """The error for a record that is not whole among others that are."""
    return UsageError(
        f"{what} is damaged",
        hint="take it out, and its page is done again with --resume; or name another --out, or "
        "begin anew with --force",
    )


def other_config(path: str, theirs: str, ours: str) -> UsageError:
    """The error for records of other settings."""
    return UsageError(
        f"{shown(path)} was written with other settings (config {theirs}, now {ours})",
        hint="use the settings and the model it was written with, name another --out, or start "
        "anew with --force",
    )


def other_text(path: str, ours: bool) -> UsageError:
    """The error for records with the page's text where there should be none, or without it."""
    return UsageError(
        f"{shown(path)} was written with{'out' if ours else ''} --with-text",
        hint="give the same flag, name another --out, or start anew with --force",
    )
