"""The trained files of the reader: loaded once, checked by hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson
from msgspec import Struct

from rolecall.errors import ModelFileError
from rolecall.reader.chain_file import ChainFileError
from rolecall.reader.linear import Linear
from rolecall.reader.skills import SkillReader
from rolecall.reader.tagger import BlockTagger

FOLDER = Path(__file__).parent / "model"
BLOCKS, RANKERS, SKILLS, CALIBRATION = (
    "blocks.crfsuite",
    "rankers.json",
    "skills.json",
    "calibration.json",
)
MANIFEST = "manifest.json"
SEEN = "seen.json"
SEEN_DIGITS = 12
"""So many digits of a page's SHA-256 tell it from all others."""


class Model(Struct, frozen=True):
    """What training left: the block tagger, a ranker per unit, the skill reader, calibration.

    ``thresholds`` says per unit below which confidence nothing is proposed; ``curves`` turns a
    settled confidence into a share of right values; ``hash`` names the whole in records.
    """

    tagger: BlockTagger
    rankers: Mapping[str, Linear]
    skills: SkillReader
    thresholds: Mapping[str, float]
    curves: Mapping[str, tuple[tuple[float, float], ...]]
    hash: str


def load_model(folder: Path | None = None) -> Model:
    """Read a model folder; raises `ModelFileError` if a file is missing or was changed."""
    folder = folder if folder is not None else FOLDER
    manifest = _json(folder / MANIFEST)
    for name, digest in manifest["files"].items():
        path = folder / name
        if not path.is_file():
            raise _broken(path, "is missing")
        if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise _broken(path, "does not have the recorded hash")
    try:
        tagger = BlockTagger.load(folder / BLOCKS)
    except (OSError, ChainFileError) as error:
        raise _broken(folder / BLOCKS, f"cannot be read: {error}") from error
    calibration = _json(folder / CALIBRATION)
    return Model(
        tagger=tagger,
        rankers={unit: Linear(weights) for unit, weights in _json(folder / RANKERS).items()},
        skills=SkillReader.load(folder),
        thresholds=calibration["thresholds"],
        curves={
            unit: tuple((x, y) for x, y in points) for unit, points in calibration["curves"].items()
        },
        hash=manifest["hash"],
    )


def write_manifest(folder: Path) -> str:
    """Record the hash of every model file in ``folder``; returns the hash of the whole."""
    names = (BLOCKS, RANKERS, SKILLS, CALIBRATION)
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    whole = hashlib.sha256("".join(files[name] for name in sorted(files)).encode()).hexdigest()[:16]
    text = json.dumps({"files": files, "hash": whole}, indent=1, sort_keys=True)
    (folder / MANIFEST).write_text(text + "\n", "utf-8")
    return whole


def write_seen(folder: Path, source_ids: Iterable[str]) -> None:
    """Note the pages that the reader in ``folder`` was trained on, by the start of their hash.

    They change nothing that the reader does, and are no part of the hash of the whole.
    """
    text = json.dumps(sorted({one[:SEEN_DIGITS] for one in source_ids}), indent=0)
    (folder / SEEN).write_text(text + "\n", "utf-8")


def seen_pages(folder: Path | None = None) -> frozenset[str]:
    """The pages that a reader was trained on, as `write_seen` notes them; empty if not noted."""
    path = (folder if folder is not None else FOLDER) / SEEN
    return frozenset(map(str, _json(path))) if path.is_file() else frozenset()


def _json(path: Path) -> Any:
    try:
        return orjson.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise _broken(path, "cannot be read") from error


def _broken(path: Path, what: str) -> ModelFileError:
    return ModelFileError(
        f"the reader's model file {path.name} {what}",
        hint="reinstall rolecall, or point the setting reader_model at a complete model folder",
    )
