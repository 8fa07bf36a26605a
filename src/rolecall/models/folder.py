"""The shape of a model whose files lie on this machine, from their headers alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import orjson

from rolecall.errors import UsageError
from rolecall.models.config import shape_of
from rolecall.models.gguf import shape_in_gguf
from rolecall.models.loaded import loaded_bytes
from rolecall.models.nouns import Shape
from rolecall.models.safetensors import Tensor, read_tensors
from rolecall.models.weights import tensor_bytes

HALVES = ("F16", "BF16", "F32")
LARGEST_JSON = 64 * 1024 * 1024
INDEX = "model.safetensors.index.json"
MOST_FILES = 4_096
AGAIN = "fetch it again: rolecall models pull"

COMPLETE = 0.85
"""A folder whose tensors take less of what its configuration asks for is not taken for whole."""


def shape_in(path: Path, name: str = "") -> Shape:
    """The shape of the model in a folder, or in one GGUF file.

    ``name`` is what the user called it, the path itself where it is empty. A folder needs a
    ``config.json``; with safetensors files beside it ``tensor_bytes`` is exact, without them it
    follows from the configuration. Raises `UsageError`.
    """
    name = name or str(path)
    if path.is_file():
        return _file(path, name)
    if not path.is_dir():
        raise UsageError(f"there is no folder {name!a}", hint="give a folder with a config.json")
    if not (path / "config.json").is_file():
        return _only_gguf(path, name)
    config = read_json(path / "config.json")
    shape = shape_of(config, name, origin="folder")
    files = weight_files(path)
    if not files:
        told = "its folder holds no safetensors files: sizes follow from its config.json"
        return msgspec.structs.replace(shape, assumed=(*shape.assumed, told))
    tensors = [one for file in files for one in read_tensors(file)]
    return measured(shape, tensors, config)


def measured(shape: Shape, tensors: list[Tensor], config: Mapping[str, Any]) -> Shape:
    """The shape with the bytes that these tensors take once they are loaded."""
    count, told = loaded_bytes(tensors, shape, config)
    asked = tensor_bytes(shape)
    stated = shape.quantisation.method != "none" or all(one.dtype in HALVES for one in tensors)
    if stated and count < asked * COMPLETE:
        few = (
            f"its files hold {count:,} bytes where its config.json asks for about {asked:,}: the"
            " latter are planned for, as some may be missing"
        )
        return msgspec.structs.replace(shape, assumed=(*shape.assumed, few))
    return msgspec.structs.replace(shape, tensor_bytes=count, assumed=(*shape.assumed, *told))


def weight_files(folder: Path) -> tuple[Path, ...]:
    """The safetensors files that are loaded: those of the index, else all of the folder.

    Raises `UsageError` where one of the index is missing.
    """
    index = folder / INDEX
    if index.is_file():
        names = indexed(read_json(index), str(index))
        missing = [one for one in names if not (folder / one).is_file()]
        if missing:
            raise UsageError(
                f"{folder} is not complete: {missing[0]} is missing",
                hint="rolecall models pull fetches what is missing",
            )
        return tuple(folder / one for one in names)
    found = sorted(one for one in folder.glob("*.safetensors") if _regular(one))[:MOST_FILES]
    usual = [one for one in found if not one.name.startswith("consolidated")]
    return tuple(usual or found)


def _regular(path: Path) -> bool:
    """Whether a name is that of a file, and not of a pipe, which nothing may ever be written to."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder and no file of weights", hint=AGAIN)
    return path.is_file()


def indexed(index: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """The file names of an index, each once; a name that leads elsewhere is refused."""
    told = index.get("weight_map")
    if not isinstance(told, Mapping):
        raise UsageError(f"{name} is damaged: it has no weight_map", hint="fetch it again")
    names = sorted({one for one in told.values() if isinstance(one, str)})
    for one in names[:MOST_FILES]:
        if "/" in one or "\\" in one or not one.endswith(".safetensors") or one.startswith("."):
            raise UsageError(f"{name} is damaged: it names {one!a:.80}", hint="fetch it again")
    return tuple(names[:MOST_FILES])


def read_json(path: Path) -> dict[str, Any]:
    """The object in a file of at most 64 MiB."""
    try:
        if path.stat().st_size > LARGEST_JSON:
            raise UsageError(f"{path} is too large to be what its name says", hint=AGAIN)
        value = _loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{path} is not JSON: {error}", hint=AGAIN) from None
    if not isinstance(value, dict):
        raise UsageError(f"{path} does not hold a JSON object", hint=AGAIN)
    return value


def _loads(data: bytes) -> Any:
    """JSON, and what Python writes of a number that has no end: real files hold ``Infinity``."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        if b"Infinity" not in data and b"NaN" not in data:
            raise
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            pass  # the first error says better where it is
        raise


def _file(path: Path, name: str) -> Shape:
    if path.suffix.lower() == ".gguf":
        return shape_in_gguf(path, name)
    if path.name == "config.json":
        return shape_in(path.parent, name)
    raise UsageError(
        f"{name!a} is no folder of a model and no GGUF file",
        hint="give the folder that holds its config.json and safetensors files",
    )


def _only_gguf(path: Path, name: str) -> Shape:
    found = sorted(path.glob("*.gguf"))
    if len(found) == 1:
        return shape_in_gguf(found[0], name)
    if found:
        raise UsageError(f"{name!a} holds {len(found)} GGUF files", hint="name one of them")
    raise UsageError(f"{name!a} holds no config.json", hint="give the folder of a model")
