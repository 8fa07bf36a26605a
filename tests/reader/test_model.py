"""The model's files: shipped whole, checked by hash, loaded once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from reader import pages
from rolecall.core import Source
from rolecall.errors import ModelFileError
from rolecall.pipeline import extract_record, prepare
from rolecall.reader import Reader
from rolecall.reader.model import (
    BLOCKS,
    CALIBRATION,
    FOLDER,
    MANIFEST,
    RANKERS,
    SEEN,
    SKILLS,
    load_model,
    seen_pages,
    write_manifest,
    write_seen,
)
from rolecall.schema.posting import UNITS
from rolecall.settings import Settings

FILES = (BLOCKS, RANKERS, SKILLS, CALIBRATION)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    for name in (*FILES, MANIFEST):
        shutil.copyfile(FOLDER / name, folder / name)
    return folder


def test_the_shipped_model_is_whole() -> None:
    model = load_model()
    manifest = json.loads((FOLDER / MANIFEST).read_text("utf-8"))
    assert model.hash == manifest["hash"]
    assert set(manifest["files"]) == set(FILES)
    assert set(model.rankers) <= set(UNITS)
    assert set(model.thresholds) <= set(UNITS)
    assert all(0.0 < share < 1.0 for share in model.thresholds.values())


def test_curves_are_monotone_and_stay_between_0_and_1() -> None:
    for unit, points in load_model().curves.items():
        assert unit in UNITS
        assert list(points) == sorted(points)
        shares = [y for _, y in points]
        assert shares == sorted(shares)
        assert all(0.0 <= y <= 1.0 for y in shares)


@pytest.mark.parametrize("name", [*FILES, MANIFEST])
def test_a_missing_file_is_named_with_a_remedy(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(ModelFileError, match=name) as caught:
        load_model(copy)
    assert "reader_model" in (caught.value.hint or "")


@pytest.mark.parametrize("name", FILES)
def test_a_changed_file_is_refused(copy: Path, name: str) -> None:
    path = copy / name
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ModelFileError, match=name) as caught:
        load_model(copy)
    assert caught.value.hint


def test_a_manifest_that_is_no_json_is_refused(copy: Path) -> None:
    (copy / MANIFEST).write_text("{", "utf-8")
    with pytest.raises(ModelFileError, match=MANIFEST):
        load_model(copy)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError):
        load_model(tmp_path / "none")


def test_the_manifest_records_the_files_as_they_are(copy: Path) -> None:
    before = (copy / MANIFEST).read_bytes()
    assert write_manifest(copy) == load_model().hash
    assert (copy / MANIFEST).read_bytes() == before
    path = copy / CALIBRATION
    path.write_bytes(path.read_bytes() + b"\n")
    changed = write_manifest(copy)
    assert changed != load_model().hash
    assert load_model(copy).hash == changed


def test_a_copy_of_the_model_reads_as_the_shipped_one(copy: Path) -> None:
    page = pages.page_of(pages.ENGLISH)
    assert Reader.load(copy).read(page) == Reader.load().read(page)


def test_the_setting_names_the_model_that_is_used(copy: Path) -> None:
    path = copy / CALIBRATION
    calibration = json.loads(path.read_text("utf-8"))
    calibration["thresholds"]["title"] = 1.0
    path.write_text(json.dumps(calibration), "utf-8")
    write_manifest(copy)
    source = Source(body=pages.ENGLISH.encode())
    other = prepare(Settings(reader_model=str(copy)))
    shipped = prepare()
    assert other.config != shipped.config
    assert extract_record(source, 0, shipped)["data"]["title"] == "Night Nurse"
    changed = extract_record(source, 0, other)["data"] or {}
    assert changed.get("title") is None


def test_a_setting_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError):
        prepare(Settings(reader_model=str(tmp_path)))


def test_a_process_reads_the_model_once() -> None:
    assert prepare().verdict == prepare().verdict


def test_verdict_and_candidates_of_a_page_agree_however_often_asked() -> None:
    reader = Reader.load()
    page, other = pages.page_of(pages.ENGLISH), pages.page_of(pages.GERMAN)
    first = reader.read(page)
    reader.read(other)
    assert reader.read(page) == first
    assert reader.verdict(page, first) is None
    assert reader.closed(page) is None


def test_the_pages_it_was_trained_on_are_known_by_their_hash(copy: Path) -> None:
    before = load_model(copy).hash
    write_seen(copy, ["ab" * 32, "cd" * 32, "ab" * 32])
    assert seen_pages(copy) == {"ab" * 6, "cd" * 6}
    assert load_model(copy).hash == before
    (copy / SEEN).unlink()
    assert seen_pages(copy) == frozenset()
