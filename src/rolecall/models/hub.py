"""A model hub of Hugging Face's kind: what files a model has, and parts of them by range."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard
from urllib.parse import quote

import msgspec
from msgspec import Struct

from rolecall.errors import UsageError
from rolecall.models.cache import COMMIT, hugging_face_home, is_hub_name
from rolecall.models.config import shape_of
from rolecall.models.folder import INDEX, indexed, measured
from rolecall.models.nouns import Shape
from rolecall.models.safetensors import PREFIX, Tensor, header_length, tensors_of

if TYPE_CHECKING:
    import httpx2

ENDPOINT = "https://huggingface.co"
CONNECT_SECONDS, READ_SECONDS = 5.0, 30.0
LARGEST_ANSWER = 32 * 1024 * 1024
FIRST_READ = 256 * 1024
"""Most headers of a shard are shorter than this, so that one request brings them whole."""
YES = ("1", "true", "yes", "on")


class Remote(Struct, frozen=True, kw_only=True):
    """A file on the hub. ``sha256`` is known of large files, ``blob`` (git's own hash) of all."""

    name: str
    size: int
    blob: str
    sha256: str = ""

    @property
    def key(self) -> str:
        """What the cache calls its contents."""
        return self.sha256 or self.blob


class Listing(Struct, frozen=True, kw_only=True):
    """A model on the hub at one commit, with all its files."""

    name: str
    commit: str
    files: tuple[Remote, ...]
    licence: str = ""

    def file(self, name: str) -> Remote | None:
        """The file of that name, if there is one."""
        return next((one for one in self.files if one.name == name), None)


class BusyError(Exception):
    """The hub answered that it cannot answer now; ``told`` is the error for it."""

    def __init__(self, told: UsageError) -> None:
        super().__init__(str(told))
        self.told = told


class Hub:
    """A connection to a hub, with the token of the environment. Close it, or use ``with``."""

    def __init__(
        self, environ: Mapping[str, str], transport: httpx2.BaseTransport | None = None
    ) -> None:
        import httpx2

        if environ.get("HF_HUB_OFFLINE", "").lower() in YES:
            raise UsageError(
                "HF_HUB_OFFLINE is set, so no hub is asked", hint="unset it to fetch a model"
            )
        self.endpoint = (environ.get("HF_ENDPOINT") or ENDPOINT).rstrip("/")
        self.token = token_of(environ)
        self.broken: tuple[type[Exception], ...] = (
            BusyError, httpx2.TransportError, httpx2.TooManyRedirects, httpx2.InvalidURL,
        )  # fmt: skip
        """Errors of a connection; what they break may be tried again."""
        self.client = httpx2.Client(
            timeout=httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            follow_redirects=True,
            max_redirects=5,
            transport=transport,
            headers={"user-agent": "rolecall", "accept-encoding": "identity"},
        )

    def __enter__(self) -> Hub:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def listing(self, name: str, revision: str = "main") -> Listing:
        """The files of a model at a revision. Raises `UsageError` with the remedy."""
        if not is_hub_name(name):
            raise UsageError(f"{name!a} cannot be a model on a hub", hint="a name is OWNER/MODEL")
        path = f"/api/models/{quote(name)}/revision/{quote(revision, safe='')}"
        with self.answer(path + "?blobs=true", name) as reply:
            body = self._body(reply, name)
        try:
            told = json.loads(body)
        except ValueError:
            raise self.odd(name, "what it tells of the model is not JSON") from None
        return _listing(told, name, self)

    def read(self, listing: Listing, file: Remote, stop: int | None = None) -> bytes:
        """The first ``stop`` bytes of a file, or all of a small one."""
        return self.part(listing, file, 0, file.size if stop is None else min(stop, file.size))

    def part(self, listing: Listing, file: Remote, start: int, stop: int) -> bytes:
        """The bytes of a file from ``start`` to before ``stop``."""
        if stop - start > LARGEST_ANSWER:
            raise self.odd(listing.name, f"{file.name} is too large to be read whole")
        if stop <= start:
            return b""
        wanted = {"range": f"bytes={start}-{stop - 1}"}
        with self.answer(file_path(listing, file), listing.name, wanted) as reply:
            skip = 0 if reply.status_code == 206 else start
            found = b""
            for piece in reply.iter_bytes():
                found += piece
                if len(found) >= skip + stop - start:
                    break
        found = found[skip : skip + stop - start]
        if len(found) != stop - start:
            raise self.odd(listing.name, f"{file.name} broke off")
        return found

    @contextmanager
    def answer(
        self, path: str, name: str, headers: Mapping[str, str] | None = None
    ) -> Iterator[httpx2.Response]:
        """The hub's answer, whose body is read while the context is open; `UsageError` if none."""
        try:
            with self.stream(path, name, headers) as reply:
                yield reply
        except self.broken as error:
            raise self.unreachable(error) from error

    @contextmanager
    def stream(
        self, path: str, name: str, headers: Mapping[str, str] | None = None
    ) -> Iterator[httpx2.Response]:
        """The same, but a connection that breaks raises one of ``broken``."""
        sent = dict(headers or {})
        if self.token:
            sent["authorization"] = f"Bearer {self.token}"
        with self.client.stream("GET", self.endpoint + path, headers=sent) as reply:
            if reply.status_code == 429 or reply.status_code >= 500:
                raise BusyError(self.refused(reply, name))
            if reply.status_code >= 400:
                raise self.refused(reply, name)
            yield reply

    def unreachable(self, error: Exception) -> UsageError:
        """The error for a hub that does not answer, or not now."""
        if isinstance(error, BusyError):
            return error.told
        return UsageError(
            f"{self.endpoint} cannot be reached: {_reason(error)}",
            hint="models in a folder or in the cache need no hub; HF_ENDPOINT names another",
        )

    def refused(self, reply: httpx2.Response, name: str) -> UsageError:
        """What an answer that is an error means, and what to do."""
        status, code = reply.status_code, reply.headers.get("x-error-code", "")
        if code == "GatedRepo" or status == 403:
            return UsageError(
                f"{name!a} is gated: its owner wants its terms agreed to first",
                hint=f"agree at {self.endpoint}/{name}, then set HF_TOKEN to a token of yours",
            )
        if code == "RevisionNotFound":
            return UsageError(f"{name!a} has no such revision", hint="leave --revision out")
        if status in (401, 404):
            wrong = "the token is not accepted, or it" if self.token and status == 401 else "it"
            return UsageError(
                f"there is no model {name!a} on {self.endpoint}, or {wrong} may not be seen",
                hint="look at the name's spelling; for a private model set HF_TOKEN",
            )
        if status == 429:
            return UsageError(
                f"{self.endpoint} asks for a pause", hint="try again in a few minutes; a token "
                "in HF_TOKEN raises the limit",
            )  # fmt: skip
        return UsageError(f"{self.endpoint} answered {status} for {name!a}", hint="try again later")

    def odd(self, name: str, why: str) -> UsageError:
        """The error for an answer that makes no sense."""
        return UsageError(f"{self.endpoint} gave no usable answer for {name!a}: {why}")

    def _body(self, reply: httpx2.Response, name: str) -> bytes:
        found = bytearray()
        for piece in reply.iter_bytes():
            found += piece
            if len(found) > LARGEST_ANSWER:
                raise self.odd(name, "what it tells of the model is too long")
        return bytes(found)


def token_of(environ: Mapping[str, str]) -> str:
    """The user's token: of ``HF_TOKEN``, else of the file that logging in leaves."""
    for key in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        if environ.get(key, "").strip():
            return environ[key].strip()
    place = environ.get("HF_TOKEN_PATH")
    path = Path(place) if place else hugging_face_home(environ) / "token"
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError):
        return ""
    return text if text.isprintable() and len(text) < 1_000 else ""


def file_path(listing: Listing, file: Remote) -> str:
    """Where a file is fetched: at the commit of the listing, so that all files belong together."""
    return f"/{quote(listing.name)}/resolve/{listing.commit}/{quote(file.name)}"


def shape_on_hub(hub: Hub, name: str, revision: str = "main") -> Shape:
    """The shape of a model on the hub, from its configuration and the headers of its weights."""
    listing = hub.listing(name, revision)
    config = _object(hub, listing, "config.json")
    shape = shape_of(config, name, origin="hub")
    files = _weights(hub, listing)
    if not files:
        told = "it has no safetensors files: sizes follow from its config.json"
        return msgspec.structs.replace(shape, assumed=(*shape.assumed, told))
    tensors = [one for file in files for one in _tensors(hub, listing, file)]
    return measured(shape, tensors, config)


def _weights(hub: Hub, listing: Listing) -> tuple[Remote, ...]:
    if listing.file(INDEX):
        names = indexed(_object(hub, listing, INDEX), f"{listing.name}: {INDEX}")
        found = tuple(listing.file(one) for one in names)
        missing = [one for one, file in zip(names, found, strict=True) if file is None]
        if missing:
            raise hub.odd(listing.name, f"its index names {missing[0]}, which is not there")
        return tuple(one for one in found if one is not None)
    return tuple(
        one
        for one in listing.files
        if one.name.endswith(".safetensors") and "/" not in one.name
        and not one.name.startswith("consolidated")
    )  # fmt: skip


def _tensors(hub: Hub, listing: Listing, file: Remote) -> tuple[Tensor, ...]:
    start = hub.read(listing, file, FIRST_READ)
    name = f"{listing.name}: {file.name}"
    length = header_length(start, file.size, name)
    stop = PREFIX + length
    header = start[PREFIX:stop]
    if len(start) < stop:
        header += hub.part(listing, file, len(start), stop)
    return tensors_of(header, file.size, name)


def _object(hub: Hub, listing: Listing, name: str) -> dict[str, Any]:
    file = listing.file(name)
    if file is None:
        raise UsageError(
            f"{listing.name!a} has no {name}",
            hint="is it an adapter, a GGUF copy or a data set?",
        )
    try:
        value = json.loads(hub.read(listing, file))
    except (ValueError, RecursionError):
        raise hub.odd(listing.name, f"its {name} is not JSON") from None
    if not isinstance(value, dict):
        raise hub.odd(listing.name, f"its {name} is not an object")
    return value


def _listing(told: Any, name: str, hub: Hub) -> Listing:
    if not isinstance(told, Mapping) or not isinstance(told.get("siblings"), list):
        raise hub.odd(name, "it lists no files")
    commit = told.get("sha")
    if not isinstance(commit, str) or not COMMIT.fullmatch(commit):
        raise hub.odd(name, "it names no commit")
    card = told.get("cardData")
    licence = card.get("license") if isinstance(card, Mapping) else None
    real = told.get("id")
    return Listing(
        name=real if isinstance(real, str) and is_hub_name(real) else name,
        commit=commit,
        files=tuple(_remote(one, name, hub) for one in told["siblings"]),
        licence=licence if isinstance(licence, str) else "",
    )


def _remote(told: Any, name: str, hub: Hub) -> Remote:
    if not isinstance(told, Mapping):
        raise hub.odd(name, "one of its files has no name")
    file, size, blob = told.get("rfilename"), told.get("size"), told.get("blobId")
    large = told.get("lfs")
    digest = large.get("sha256") if isinstance(large, Mapping) else ""
    if isinstance(large, Mapping) and isinstance(large.get("size"), int):
        size = large["size"]
    if not isinstance(file, str) or not _whole(size) or not _hash(blob, 40):
        raise hub.odd(name, f"its file {file!a:.100} has no size or hash")
    if isinstance(large, Mapping) and not _hash(digest, 64):
        raise hub.odd(name, f"its file {file!a:.100} has no SHA-256")
    return Remote(name=file, size=int(size), blob=str(blob), sha256=str(digest or ""))


def _whole(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**50


def _hash(value: Any, length: int) -> bool:
    return isinstance(value, str) and len(value) == length and set(value) <= set("0123456789abcdef")


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
