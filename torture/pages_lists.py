"""Lists of pages that nobody should have written: CR LF, marks, bad lines, lines without an end."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rolecall.inputs.stream import stream
from torture.nouns import Case, Class, Group, Terms
from torture.pages_files import records
from torture.pages_posting import posting
from torture.pages_tried import POSTING, command

LINE: Final = json.dumps({"html": posting().decode(), "url": "https://a.example/1"}).encode()
BAD: Final = b'{"html": "<p>'
LIMIT: Final = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A list with what has to come of its lines: ``ok``, or a reason code, for each in order."""

    name: str
    content: bytes
    wants: tuple[str, ...]
    ending: str = ".jsonl"


def lists(terms: Terms) -> Group:
    """Each list as a file, all through one command; some through standard input; random edits."""
    folder = terms.scratch / "lists"
    folder.mkdir()
    made = [one for one in listed() if terms.full or len(one.content) < 1_000_000]
    for one in made:
        (folder / f"{one.name}{one.ending}").write_bytes(one.content)
    paths = [str(folder / f"{one.name}{one.ending}") for one in made]
    run = command(*paths, "--quiet", "--workers", "2")
    found = records(run.stdout)
    cases = [
        judged(one, [r for r in found if named(r, path)])
        for one, path in zip(made, paths, strict=True)
    ]
    cases += [through_stdin(one) for one in made if one.name.startswith(("crlf", "torn_last"))]
    cases.append(edited(folder, random.Random(terms.seed), terms.number(60, 6_000)))
    said = "lists: a record for each line that is not blank, whatever is in it"
    return Group(said=said, cases=tuple(cases))


def named(record: dict[str, object], path: str) -> bool:
    """Whether a record is of a list, or of a line in it."""
    source = str(record["source"])
    return source == path or source.startswith(f"{path}:")


def told(record: dict[str, object]) -> str:
    """``ok`` or the reason code of a record."""
    reason = record["reason"]
    code = reason["code"] if isinstance(reason, dict) else record["outcome"]
    return "ok" if code in POSTING else str(code)


def judged(one: Listed, found: list[dict[str, object]]) -> Case:
    """Whether each line has its record."""
    got = tuple(told(record) for record in found)
    if len(got) != len(one.wants):
        note = f"{len(got)} records, wanted {len(one.wants)}: {got[:9]}"
        return Case(name=one.name, found=Class.LOST, note=note)
    right = got == one.wants
    note = "" if right else f"{got[:9]}, wanted {one.wants[:9]}"
    return Case(name=one.name, found=Class.RIGHT if right else Class.WRONG, note=note)


def through_stdin(one: Listed) -> Case:
    """The same list on standard input."""
    run = command("-", "--quiet", input=one.content)
    case = judged(one, records(run.stdout))
    return Case(name=f"stdin_{one.name}", found=case.found, note=case.note)


def listed() -> Iterator[Listed]:
    """All of them."""
    line, ok = LINE, "ok"
    for name, content, wants in (
        ("plain", line + b"\n" + line + b"\n", (ok, ok)),
        ("crlf", line + b"\r\n" + line + b"\r\n", (ok, ok)),
        ("mark", b"\xef\xbb\xbf" + line + b"\n", (ok,)),
        ("mark_in_the_middle", line + b"\n\xef\xbb\xbf" + line, (ok, ok)),
        ("blank_lines", b"\n \t\n\r\n" + line + b"\n\n\n" + line + b"\n\n", (ok, ok)),
        ("no_last_end", line + b"\n" + line, (ok, ok)),
        ("bad_line_between", line + b"\n" + BAD + b"\n" + line, (ok, "decode_error", ok)),
        ("torn_last_line", line + b"\n" + line[: len(line) // 2], (ok, "decode_error")),
        ("torn_in_a_letter", line + b'\n{"html": "\xc3', (ok, "decode_error")),
        ("no_json", b"hello\n<p>x</p>\n" + line, ("decode_error", "decode_error", ok)),
        ("other_values", b'1\nnull\n[]\n"x"\n{}\n', ("decode_error",) * 4 + ("unreadable",)),
        (
            "no_page",
            b'{"url": "https://a.example"}\n{"html": 7}\n{"html": null}',
            ("unreadable",) * 3,
        ),
        ("not_utf8", b'{"html": "\xff\xfe"}\n' + line, ("decode_error", ok)),
        ("nul_lines", b"\0\n" + line + b"\n\0\0", ("decode_error", ok, "decode_error")),
        ("separators_within", json.dumps({"html": posting("\u2028\x85").decode()}).encode(), (ok,)),
        (
            "separators_bare",
            json.dumps(
                {"html": posting("<p>\u2028\u0085\x0c</p>").decode()}, ensure_ascii=False
            ).encode(),
            (ok,),
        ),
        ("old_mac_ends", line + b"\r" + line, ("decode_error",)),
        ("pretty_printed", b'{\n"html": "x"\n}\n', ("decode_error",) * 3),
        ("an_array", b"[" + line + b",\n" + line + b"]", ("decode_error", "decode_error")),
        ("deep_line", b'{"html":' + b"[" * 200_000 + b"\n" + line, ("decode_error", ok)),
        ("field_twice", b'{"html": "x", ' + line[1:], (ok,)),
        ("empty", b"", ()),
        ("only_a_mark", b"\xef\xbb\xbf", ()),
        ("only_blank", b"\n \n\t\n" * 900, ()),
        ("line_9mb", wide(9_000_000) + b"\n" + line, (ok, ok)),
        ("line_of_escapes", wide(3_000_000, "\\u0041") + b"\n" + line, (ok, ok)),
        ("line_50mb", wide(50_000_000) + b"\n" + line, ("too_large", ok)),
        ("line_300mb", b"x" * 300_000_000 + b"\n" + line, ("too_large", ok)),
    ):
        yield Listed(name=name, content=content, wants=wants)
    wide_text = (line.decode() + "\n").encode("utf-16")
    yield Listed(name="utf16", content=wide_text, wants=("decode_error", "decode_error"))
    packed = gzip.compress(b"\n".join([line] * 50))
    yield Listed(name="packed", content=packed, wants=(ok,) * 50, ending=".jsonl.gz")
    yield Listed(
        name="packed_and_junk",
        content=packed + b"junk",
        wants=(ok,) * 49 + ("decode_error",),
        ending=".jsonl.gz",
    )
    many = gzip.compress(line + b"\n") * 30
    yield Listed(name="packed_members", content=many, wants=(ok,) * 30, ending=".jsonl.gz")


def wide(size: int, piece: str = "word ") -> bytes:
    """A line whose page is a posting with a paragraph of so many bytes, as JSON."""
    start, end = LINE.split(b"<h2>About", 1)
    return start + b"<p>" + piece.encode() * (size // len(piece)) + b"</p><h2>About" + end


def edited(folder: Path, rng: random.Random, number: int) -> Case:
    """Random edits of a list: as many inputs as lines that are not blank, always."""
    whole = b"\n".join(
        [b'{"html": "<p>x</p>"}', b"", b'{"text": "y"}\r', b"{}", b"\xef\xbb\xbf[1]"] * 3
    )
    path = folder / "edited.jsonl"
    for _ in range(number):
        content = bytearray(whole)
        for _ in range(rng.randrange(1, 9)):
            at = rng.randrange(len(content) + 1)
            content[at : at + rng.randrange(4)] = rng.randbytes(
                rng.randrange(4)
            ) + b"\n" * rng.randrange(2)
        path.write_bytes(content)
        lines = bytes(content).split(b"\n")
        lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")
        wanted = [n for n, line in enumerate(lines, 1) if line.strip()]
        try:
            entries = [entry for entry in stream([str(path)], limit=LIMIT) if entry is not None]
        except Exception as error:
            return Case(name="edited", found=Class.CRASHED, note=f"{error!r} on {bytes(content)!r}")
        got = [int(entry.locator.rpartition(":")[2]) for entry in entries]
        if got != wanted and not bytes(content).startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd")):
            return Case(name="edited", found=Class.LOST, note=f"{got} for {bytes(content)!r}")
    return Case(name="edited", found=Class.RIGHT, note=f"{number:,} edits")
