"""Fetch a model into the Hugging Face cache: resumed, verified, and only what vLLM loads."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from msgspec import Struct

from rolecall.errors import UsageError
from rolecall.models.cache import COMMIT, cache_folder, model_folder
from rolecall.models.hub import Hub, Listing, Remote, file_path

MARGIN = 256 * 1024 * 1024
"""Disk that is left free beside what is fetched."""
PIECE = 4 * 1024 * 1024
TRIES, FIRST_PAUSE, LONGEST_PAUSE = 6, 1.0, 30.0
"""A file is given up after so many tries in a row that brought nothing."""
WANTED = (".safetensors", ".json", ".model", ".txt", ".jinja", ".tiktoken")
ALWAYS = ("LICENSE", "LICENSE.md", "NOTICE", "USE_POLICY.md")
NEVER = ("optimizer", "training_args", "trainer_state")


class Progress(Struct, frozen=True, kw_only=True):
    """How far a pull is: ``done`` of ``total`` bytes, ``fetched`` of them over the wire by now.

    ``file`` is the one in work, ``verifying`` says that it is only read and hashed.
    """

    file: str
    done: int
    total: int
    fetched: int
    verifying: bool = False


class Pulled(Struct, frozen=True, kw_only=True):
    """What a pull left: the folder, the commit, and bytes that were fetched or were there."""

    name: str
    commit: str
    folder: Path
    files: int
    total: int
    fetched: int
    skipped: tuple[str, ...] = ()


class Place(Struct, frozen=True, kw_only=True):
    """Where and how files are kept: the cache, its free bytes, a pause, and who is told."""

    cache: Path
    free: Callable[[Path], int]
    pause: Callable[[float], None]
    tell: Callable[[Progress], None]


def usual_place(
    environ: Mapping[str, str], pause: Callable[[float], None], tell: Callable[[Progress], None]
) -> Place:
    """The cache of this user, on a real disk."""
    return Place(
        cache=cache_folder(environ),
        free=lambda path: shutil.disk_usage(path).free,
        pause=pause,
        tell=tell,
    )


def pull(hub: Hub, name: str, place: Place, revision: str = "main") -> Pulled:
    """Fetch a model, or what is missing of it, and verify every file by its hash.

    Files land where vLLM finds them. What was begun is continued, also after the process was
    killed. Raises `UsageError`: no such model, no room, a file that stays damaged.
    """
    listing = hub.listing(name, revision)
    files = chosen(listing)
    for one in files:
        refuse_strange(one.name, listing.name)
    folder = model_folder(place.cache, listing.name)
    try:
        (folder / "blobs").mkdir(parents=True, exist_ok=True)
        with _alone(folder, listing.name):
            _refuse_full(place, folder, files)
            fetched = _Pull(hub, listing, place, folder, files).all()
            snapshot = _link(folder, listing, files, revision)
    except OSError as error:
        raise UsageError(
            f"{error.filename or folder} cannot be written: {error.strerror}",
            hint="make room or rights there, or set HF_HOME to another folder",
        ) from error
    kept = {one.name for one in files}
    return Pulled(
        name=listing.name,
        commit=listing.commit,
        folder=snapshot,
        files=len(files),
        total=sum(one.size for one in files),
        fetched=fetched,
        skipped=tuple(one.name for one in listing.files if one.name not in kept),
    )


def chosen(listing: Listing) -> tuple[Remote, ...]:
    """The files that vLLM needs: weights once, as safetensors, with tokenizer and configuration.

    Copies in other formats, those in sub-folders and leftovers of training stay where they are.
    """
    top = [one for one in listing.files if "/" not in one.name]
    weights = [one for one in top if one.name.endswith(".safetensors")]
    if not weights:
        raise UsageError(
            f"{listing.name!a} has no safetensors files",
            hint="look for another copy of the model, by its makers or in another precision",
        )
    usual = any(not one.name.startswith("consolidated") for one in weights)
    return tuple(
        one
        for one in top
        if (one.name in ALWAYS or one.name.endswith(WANTED))
        and not one.name.startswith(NEVER)
        and not (usual and one.name.startswith("consolidated"))
    )


def refuse_strange(file: str, model: str) -> None:
    """Refuse a file name that could lead out of the cache."""
    parts = PurePosixPath(file).parts
    strange = (
        not parts
        or file.startswith(("/", "~"))
        or "\\" in file
        or any(one in ("..", ".") or len(one) > 200 for one in parts)
        or any(not one.isprintable() for one in file)
    )
    if strange:
        raise UsageError(f"{model!a} names a file {file!a:.100}, which is not fetched")


@contextmanager
def _alone(folder: Path, name: str) -> Iterator[None]:
    """Let one process at a time pull a model."""
    with (folder / ".rolecall.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(f"{name!a} is being pulled by another process") from None
        yield


def _refuse_full(place: Place, folder: Path, files: tuple[Remote, ...]) -> None:
    missing = sum(max(one.size - _have(folder, one), 0) for one in files)
    free = place.free(folder)
    if missing and missing + MARGIN > free:
        raise UsageError(
            f"{_gib(missing)} are missing and {folder} has {_gib(free)} free",
            hint=f"free {_gib(missing + MARGIN - free)}, or set HF_HOME to a larger disk",
        )


def _have(folder: Path, file: Remote) -> int:
    """Bytes of a file that are there, whole or begun."""
    for name in (file.key, f"{file.key}.incomplete"):
        with suppress(OSError):
            return min((folder / "blobs" / name).stat().st_size, file.size)
    return 0


class _Hash:
    """The hash of a file of the kind that the hub tells of it, as its bytes pass."""

    def __init__(self, file: Remote) -> None:
        self.file = file
        self.again()

    def again(self) -> None:
        """Begin anew."""
        if self.file.sha256:
            self.digest = hashlib.sha256()
        else:
            self.digest = hashlib.sha1(b"blob %d\0" % self.file.size, usedforsecurity=False)

    @property
    def right(self) -> bool:
        """Whether it is the one that the hub told."""
        return self.digest.hexdigest() == self.file.key


class _Pull:
    """One pull under way."""

    def __init__(
        self, hub: Hub, listing: Listing, place: Place, folder: Path, files: tuple[Remote, ...]
    ) -> None:
        self.hub, self.listing, self.place, self.folder = hub, listing, place, folder
        self.files = files
        self.total = sum(one.size for one in files)
        self.before = self.fetched = 0

    def all(self) -> int:
        """Bring all files, the small ones first; return the bytes that were fetched."""
        for file in sorted(self.files, key=lambda one: one.size):
            self.one(file)
            self.before += file.size
        return self.fetched

    def one(self, file: Remote) -> None:
        """Bring one file, whole and verified."""
        blob = self.folder / "blobs" / file.key
        begun = blob.with_name(f"{file.key}.incomplete")
        if blob.exists():
            if self.verified(blob, file):
                return
            blob.unlink()  # what is damaged is fetched anew
        for _ in range(2):
            with begun.open("a+b") as out:
                good = self.fill(out, file)
                out.flush()
                os.fsync(out.fileno())
            if good:
                begun.replace(blob)
                return
            begun.unlink()
        raise UsageError(
            f"{self.listing.name!a}: {file.name} arrived damaged twice",
            hint="the hub or something on the way to it changes files: try again later",
        )

    def verified(self, blob: Path, file: Remote) -> bool:
        """Whether a file that is there is whole and right."""
        hashed = _Hash(file)
        with blob.open("rb") as source:
            return self.hash_from(source, hashed) == file.size and hashed.right

    def fill(self, out: BinaryIO, file: Remote) -> bool:
        """Bring what is missing of a file; whether its hash is then right."""
        hashed = _Hash(file)
        if out.seek(0, os.SEEK_END) > file.size:
            out.truncate(0)
        out.seek(0)
        have, failures = self.hash_from(out, hashed), 0
        while have < file.size:
            began = have
            try:
                for have in self.stream(out, hashed, began):
                    self.tell(file, have)
                if have < file.size:  # it ended in good order, and too early
                    failures += 1
            except self.hub.broken as error:
                failures = 1 if have > began else failures + 1
                if failures >= TRIES:
                    raise self.hub.unreachable(error) from error
                self.place.pause(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failures - 1)))
            if failures >= TRIES:
                return False
        return hashed.right

    def stream(self, out: BinaryIO, hashed: _Hash, have: int) -> Iterator[int]:
        """Write what comes of a file from ``have`` on; how much is there after each piece."""
        file = hashed.file
        wanted = {"range": f"bytes={have}-"} if have else {}
        path = file_path(self.listing, file)
        with self.hub.stream(path, self.listing.name, wanted) as reply:
            if have and reply.status_code != 206:  # the whole file comes once more
                out.truncate(0)
                out.seek(0)
                hashed.again()
                have = 0
                yield have
            for piece in reply.iter_raw():  # as it comes: what is gathered is lost when it breaks
                part = piece[: file.size - have]
                out.write(part)
                hashed.digest.update(part)
                have += len(part)
                self.fetched += len(part)
                yield have
                if len(part) < len(piece):
                    break

    def hash_from(self, source: BinaryIO, hashed: _Hash) -> int:
        """Hash what is in a file; how many bytes that is."""
        have = 0
        while piece := source.read(PIECE):
            hashed.digest.update(piece)
            have += len(piece)
            self.tell(hashed.file, have, verifying=True)
        return have

    def tell(self, file: Remote, have: int, verifying: bool = False) -> None:
        """Say how far the pull is."""
        self.place.tell(
            Progress(
                file=file.name,
                done=self.before + min(have, file.size),
                total=self.total,
                fetched=self.fetched,
                verifying=verifying,
            )
        )


def _link(folder: Path, listing: Listing, files: tuple[Remote, ...], revision: str) -> Path:
    """Make the snapshot's names lead to the files, and the revision's name to the snapshot."""
    snapshot = folder / "snapshots" / listing.commit
    snapshot.mkdir(parents=True, exist_ok=True)
    for one in files:
        place = snapshot / one.name
        new = snapshot / f".{one.name}.new"
        new.unlink(missing_ok=True)
        new.symlink_to(Path("..") / ".." / "blobs" / one.key)
        new.replace(place)
    if not COMMIT.fullmatch(revision):
        refuse_strange(revision, listing.name)
        reference = folder / "refs" / revision
        reference.parent.mkdir(parents=True, exist_ok=True)
        new = reference.with_name(f".{reference.name}.new")
        new.write_text(listing.commit, encoding="ascii")
        new.replace(reference)
    return snapshot


def _gib(count: int) -> str:
    return f"{count / 1024**3:.2f} GiB"
