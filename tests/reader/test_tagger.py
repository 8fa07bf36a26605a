"""The tagger's sums lead where the library's own look-ups lead."""

from __future__ import annotations

from pathlib import Path

import pycrfsuite
import pytest

from reader import pages
from rolecall.reader.block_features import block_features
from rolecall.reader.blocks import tag
from rolecall.reader.chain_file import ChainFile, ChainFileError
from rolecall.reader.lines import prepare
from rolecall.reader.model import BLOCKS, FOLDER
from rolecall.reader.tagger import BlockTagger

FILE = FOLDER / BLOCKS
DATA = FILE.read_bytes()


@pytest.fixture(scope="module")
def library() -> pycrfsuite.Tagger:
    tagger = pycrfsuite.Tagger()
    tagger.open(str(FILE))
    return tagger


def train(path: Path, labels: str) -> Path:
    """A small tagger that knows only ``labels``."""
    trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
    for html in pages.ALL.values():
        page = pages.page_of(html)
        rows = block_features(page, prepare(page))
        trainer.append(rows, [labels[i * len(labels) // len(rows)] for i in range(len(rows))])
    trainer.train(str(path))
    return path


def test_weights_are_those_that_the_library_tells(library: pycrfsuite.Tagger) -> None:
    told = library.info()
    file = ChainFile.read(DATA)
    assert set(file.labels) == set(told.labels)
    assert set(file.attributes) == set(told.attributes)
    assert sum(len(file.weights(name)) for name in file.attributes) == len(told.state_features)
    for (name, label), weight in told.state_features.items():
        assert file.weights(name)[file.labels.index(label)] == pytest.approx(weight, abs=1e-6)
    assert file.weights("no such feature") == {}


@pytest.mark.parametrize("language", sorted(pages.ALL))
def test_labels_and_shares_are_those_of_the_library(
    language: str, library: pycrfsuite.Tagger
) -> None:
    page = pages.page_of(pages.ALL[language])
    lines = prepare(page)
    tagger = BlockTagger.load(FILE)
    assert tagger.label(page, lines) == library.tag(block_features(page, lines))
    for i in range(len(lines)):
        for label, share in tagger.shares("TFPHDRBO", i).items():
            assert share == pytest.approx(library.marginal(label, i), abs=1e-12)


def test_a_label_that_a_tagger_does_not_know_has_no_share(tmp_path: Path) -> None:
    page = pages.page_of(pages.ENGLISH)
    tagged = tag(page, BlockTagger.load(train(tmp_path / "few", "TPO")))
    assert set(tagged.labels) <= set("TPO")
    for line, share in zip(tagged.lines, tagged.shares, strict=True):
        if line.block.role == "posting":
            assert share["H"] == share["D"] == 0.0
            assert share["P"] > 0.0


def test_a_file_that_is_cut_or_of_another_kind_is_refused(tmp_path: Path) -> None:
    wrong = [b"", b"lCRF", b"{}" * 400, DATA[:5000], DATA + b" ", DATA[:24] + bytes(len(DATA) - 24)]
    for i, data in enumerate(wrong):
        path = tmp_path / str(i)
        path.write_bytes(data)
        with pytest.raises(ChainFileError):
            BlockTagger.load(path)
    whole = bytearray(DATA)
    whole[4:8] = (len(DATA) - 100).to_bytes(4, "little")
    with pytest.raises(ChainFileError):
        ChainFile.read(bytes(whole[:-100]))


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), -1e300, 64.0])
def test_weights_beyond_measure_are_refused(weight: float) -> None:
    file = ChainFile.read(DATA)
    _, data = file.for_sums(weight)
    with pytest.raises(ChainFileError, match="weights"):
        ChainFile.read(data)
