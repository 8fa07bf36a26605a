"""The Hugging Face cache on this machine: where vLLM looks for models, and what lies there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(?:/[A-Za-z0-9][\w.-]{0,95})?")
COMMIT = re.compile(r"[0-9a-f]{40}")


def cache_folder(environ: Mapping[str, str]) -> Path:
    """The folder that holds the cache: of ``HF_HUB_CACHE``, ``HF_HOME`` or the user's home."""
    for key in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if environ.get(key):
            return Path(environ[key]).expanduser()
    return hugging_face_home(environ) / "hub"


def hugging_face_home(environ: Mapping[str, str]) -> Path:
    """The folder of ``HF_HOME``, else the one in the user's cache."""
    if environ.get("HF_HOME"):
        return Path(environ["HF_HOME"]).expanduser()
    base = environ.get("XDG_CACHE_HOME") or str(Path(environ.get("HOME", "~")) / ".cache")
    return Path(base).expanduser() / "huggingface"


def is_hub_name(name: str) -> bool:
    """Whether a name can be that of a model on a hub: ``owner/model``, or ``model`` alone."""
    return NAME.fullmatch(name) is not None and ".." not in name and "--" not in name


def model_folder(cache: Path, name: str) -> Path:
    """Where the cache keeps a model."""
    return cache / f"models--{name.replace('/', '--')}"


def cached_snapshot(name: str, environ: Mapping[str, str], revision: str = "main") -> Path | None:
    """The folder of a model's files in the cache; none where it is not there.

    The revision's own snapshot, else the newest one that has a ``config.json``.
    """
    if not is_hub_name(name):
        return None
    folder = model_folder(cache_folder(environ), name)
    try:
        commit = (folder / "refs" / revision).read_text(encoding="ascii").strip()
    except (OSError, UnicodeError):
        commit = revision
    if COMMIT.fullmatch(commit):
        one = folder / "snapshots" / commit
        if (one / "config.json").is_file():
            return one
    try:
        others = [
            one for one in (folder / "snapshots").iterdir() if (one / "config.json").is_file()
        ]
        return max(others, key=lambda one: one.stat().st_mtime, default=None)
    except OSError:
        return None


def cached_models(environ: Mapping[str, str]) -> tuple[tuple[str, Path], ...]:
    """All models in the cache that have a ``config.json``, by their names, and their folders."""
    try:
        folders = sorted(cache_folder(environ).glob("models--*"))
    except OSError:
        return ()
    names = (one.name.removeprefix("models--").replace("--", "/", 1) for one in folders)
    found = ((name, cached_snapshot(name, environ)) for name in names)
    return tuple((name, path) for name, path in found if path is not None)


def size_on_disk(snapshot: Path) -> int:
    """Bytes of the files of a snapshot."""
    try:
        return sum(one.stat().st_size for one in snapshot.rglob("*") if one.is_file())
    except OSError:
        return 0
