"""The bill of materials names all that is shipped, and licences that go with ours."""

import hashlib

import pytest
import sbom
from locks import FOLDER, ROOT, read_lock


def test_it_names_every_package_and_model_with_hashes_and_is_the_same_twice():
    pinned = read_lock(FOLDER / "run.txt")
    licences = {one.name: sbom.licence(one.name) for one in pinned}
    found = sbom.document(pinned, licences)
    assert found == sbom.document(pinned, licences)
    kinds = [one["type"] for one in found["components"]]
    assert kinds.count("library") == len(pinned) > 50
    assert all(one["hashes"] for one in found["components"])
    models = {one["name"]: one for one in found["components"] if one["type"] != "library"}
    name = "rolecall/ask/data/qwen.tiktoken.xz"
    body = (ROOT / "src" / name).read_bytes()
    assert models[name]["hashes"][0]["content"] == hashlib.sha256(body).hexdigest()
    assert "rolecall/reader/model/blocks.crfsuite" in models
    assert sbom.unfit(licences) == []


def test_the_page_of_the_docs_names_every_package_with_its_licence():
    """`python tools/sbom.py --licences` rewrites the table."""
    text = sbom.page()
    for one in read_lock(FOLDER / "run.txt"):
        assert f"| {one.name} | {sbom.licence(one.name)} |" in text, one.name


@pytest.mark.parametrize(
    ("said", "fits"),
    [
        ("MIT", True),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("GPL-3.0-only", False),
        ("GPL-3.0-only OR MIT", True),
        ("MIT AND AGPL-3.0-only", False),
        ("", False),
    ],
)
def test_a_licence_fits_or_not(said, fits):
    assert sbom.fits(said) is fits
