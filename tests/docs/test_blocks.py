"""What stands in the docs can be meant: commands, targets, settings, data and links exist.

That commands also print what stands there is looked at by ``make test-docs``.
"""

import json
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml
from tests.docs.blocks import DOCS, KNOWN, ROOT, blocks_of, pages, without_blocks
from tests.docs.commands import Read, ours, read, simple, typed

from rolecall.errors import SettingsError
from rolecall.settings_load import load

PAGES = pages()
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
each_page = pytest.mark.parametrize("page", PAGES, ids=NAMES)
TARGET = re.compile(r"^([a-z][a-z-]*):", re.M)
LINK = re.compile(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)")
PLACEHOLDER = re.compile(r"…|\.\.\.")
NOT_SETTINGS = ("project.entry-points", "[[candidate]]", "[record]")


def scripts(page):
    """Every command of a page's blocks, with its place."""
    for block in blocks_of(page):
        if block.kind == "console":
            yield from ((block, command) for command in typed(block.text))
        elif block.kind == "sh":
            yield block, block.text


@cache
def targets():
    return set(TARGET.findall((ROOT / "Makefile").read_text("utf-8")))


@each_page
def test_every_block_says_what_it_is(page):
    for block in blocks_of(page):
        assert block.kind in KNOWN, f"{block.place} is of kind {block.kind!r}"
        if block.kind == "text":
            assert not block.text.startswith("$ "), f"{block.place} is a console"


@each_page
def test_commands_of_blocks_are_understood(page):
    for block, script in scripts(page):
        for words in simple(script):
            told = ours(words)
            found = read(told) if told is not None and not PLACEHOLDER.search(words[-1]) else None
            fault = found.fault if isinstance(found, Read) else found
            assert not fault, f"{block.place} {' '.join(words)}: {fault}"
            if words[0] == "make":
                named = [one for one in words[1:] if "=" not in one and one[0] != "-"]
                assert set(named) <= targets(), f"{block.place} {' '.join(words)}"


@each_page
def test_commands_in_the_prose_exist(page):
    prose = without_blocks(page.read_text("utf-8"))
    for found in re.finditer(r"`([^`]+)`", prose):
        said = " ".join(found[1].split())
        if match := re.match(r"make ([a-z][a-z-]*)", said):
            assert match[1] in targets(), f"{page.name}: {said}"
        if said.startswith("rolecall "):
            wrong = unknown_in(said.split()[1:])
            assert not wrong, f"{page.name}: `{said}`: {wrong}"


def unknown_in(words):
    """What of some words in the prose the command does not know: the verb, or an option."""
    words = [word.strip("…,;.") for word in words if word.strip("…,;.[]")]
    if not words or not words[0][0].islower():
        return None
    found = read(words)
    if not isinstance(found, Read):
        return found if found and "no verb" in found else None
    known = found.parser._option_string_actions
    options = [word.strip("[]").split("=")[0] for word in words if word.strip("[]")[:2] == "--"]
    unknown = [one for one in options if one not in known and one != "--"]
    return f"no {', '.join(unknown)}" if unknown else None


@each_page
def test_data_in_blocks_can_be_read(page, tmp_path):
    for block in blocks_of(page):
        if block.kind == "toml":
            tomllib.loads(block.text)
            if not any(mark in block.text for mark in NOT_SETTINGS):
                file = tmp_path / "rolecall.toml"
                file.write_text(block.text, "utf-8")
                try:
                    load({}, {}, file, None)
                except SettingsError as error:
                    pytest.fail(f"{block.place}: {error}")
        elif block.kind == "json":
            json.loads(block.text)
        elif block.kind == "yaml":
            yaml.safe_load(block.text)
        elif block.kind == "python" and not block.text.lstrip().startswith(">>>"):
            compile(block.text, block.place, "exec")


@each_page
def test_links_lead_somewhere(page):
    for target in LINK.findall(without_blocks(page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{page.name} leads to {target}"
        if anchor and there.suffix == ".md":
            assert anchor in anchors(there), f"{page.name} leads to {target}"


@cache
def anchors(page: Path):
    """The places that a link into a page may name."""
    text = without_blocks(page.read_text("utf-8"))
    found = set(re.findall(r'id="([^"]+)"', text))
    for title in re.findall(r"^#+ (.+)$", text, re.M):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).replace("`", "")
        words = re.sub(r"[^\w\s-]", "", plain.strip().lower())
        found.add(re.sub(r"\s", "-", words))
    return found


def test_every_page_is_led_to_from_the_door():
    door = set()
    for one in (DOCS / "index.md", DOCS / "how-to" / "index.md"):
        for target in LINK.findall(one.read_text("utf-8")):
            door.add((one.parent / target.partition("#")[0]).resolve())
    for page in DOCS.rglob("*.md"):
        assert page in door or page.name == "index.md", page
