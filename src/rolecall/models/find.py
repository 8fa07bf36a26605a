"""Where a model that the user names is found: folder, file, cache, catalogue or hub."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from rolecall.errors import UsageError
from rolecall.models.cache import cached_snapshot, is_hub_name
from rolecall.models.catalogue import entries, match, shape_named
from rolecall.models.folder import shape_in
from rolecall.models.hub import Hub, shape_on_hub
from rolecall.models.nouns import Shape

LONGEST_NAME = 4_096


def find_shape(named: str, environ: Mapping[str, str], *, reach: bool = True) -> Shape:
    """The shape of the model that a user names.

    Looked for in this order: a folder or file of that name, the Hugging Face cache, the catalogue
    under its own names, a hub (only with ``reach``), the catalogue by family and size. Raises
    `UsageError` that says what was tried and names what is near.
    """
    named = named.strip()
    if not named:
        raise UsageError("no model is named", hint="rolecall models list shows some")
    path = _path(named)
    if _is_path(named) or _lies_here(path) or path.suffix.lower() == ".gguf":
        return shape_in(path, named)
    unusable = ""
    snapshot = cached_snapshot(named, environ)
    if snapshot is not None:
        try:
            return shape_in(snapshot, named)
        except UsageError as error:  # begun and not finished: what it is stands elsewhere as well
            unusable = f"the copy in the cache is not used: {error}"
    shape = _elsewhere(named, environ, reach)
    if unusable:
        shape = msgspec.structs.replace(shape, assumed=(*shape.assumed, unusable))
    return shape


def _elsewhere(named: str, environ: Mapping[str, str], reach: bool) -> Shape:
    """The shape of a model that does not lie here."""
    known = match(named)
    if known is not None and not known.told:
        shape = shape_named(named)
        if shape is not None:
            return shape
    failed: UsageError | None = None
    if reach and "/" in named and is_hub_name(named):
        try:
            with Hub(environ) as hub:
                return shape_on_hub(hub, named)
        except UsageError as error:
            failed = error
    shape = shape_named(named)
    if shape is None:
        raise _unknown(named, failed)
    if failed is not None:
        told = f"the hub was asked in vain: {failed}"
        shape = msgspec.structs.replace(shape, assumed=(*shape.assumed, told))
    return shape


def _path(named: str) -> Path:
    """The place of that name. Raises `UsageError` for what can be none."""
    if "\0" in named or len(named) > LONGEST_NAME:
        raise UsageError(f"{named!a:.80} is no name of a model", hint="rolecall models list")
    try:
        return Path(named).expanduser()
    except RuntimeError:
        raise UsageError(f"{named!a:.80}: there is no such user's folder") from None


def _lies_here(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a part of it is longer than any name of a file
        return False


def _is_path(named: str) -> bool:
    return named.startswith(("/", "./", "../", "~")) or named in (".", "..")


def near_names(named: str) -> list[str]:
    """Up to three names of the catalogue that look like this one."""
    every = {name: name for entry in entries() for name in (entry.name, *entry.variants)}
    shown = {name.casefold(): name for name in every}
    shown |= {name.rsplit("/", 1)[-1].casefold(): name for name in every}
    near = difflib.get_close_matches(named.casefold(), shown, n=6, cutoff=0.6)
    return list(dict.fromkeys(shown[one] for one in near))[:3]


def _unknown(named: str, failed: UsageError | None) -> UsageError:
    near = near_names(named)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    hint += "give a folder with its config.json, or see rolecall models list"
    if failed is not None:
        return UsageError(
            f"{named!a} is in no folder, cache or catalogue here, and {failed}",
            hint=f"{failed.hint}; or {hint}" if failed.hint else hint,
        )
    return UsageError(f"{named!a} is in no folder, cache or catalogue here", hint=hint)
