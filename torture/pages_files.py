"""Files that are none, names that nobody should give, files that change: one record for each."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from tests.cli.shell import COMMAND, environment

from torture.nouns import Case, Class, Group, Terms
from torture.pages_posting import posting
from torture.pages_tried import POSTING, command

READ: Final = frozenset(POSTING)
FAILED: Final = frozenset({"unreadable"})
ODD: Final[dict[str, bytes]] = {
    "newline": b"a\nb.html",
    "tab": b"a\tb.html",
    "leading_dash": b"-dash.html",
    "option": b"--help.html",
    "not_utf8": b"bad\xff\xfe.html",
    "half_a_letter": b"half\xc3.html",
    "space_at_the_ends": b" a .html",
    "quotes": b"\"a' `b`.html",
    "shell": b"$(touch x);&|.html",
    "pattern": b"[a-z]*?.html",
    "backslash": b"a\\b.html",
    "percent": b"%2e%2e%2fa.html",
    "colon_and_number": b"a.html:12.html",
    "escape": b"\x1b[31mred\x1b[0m.html",
    "bidi": "a\u202elmth.html".encode(),
    "composed": "caf\u00e9.html".encode(),
    "decomposed": "cafe\u0301.html".encode(),
    "emoji": "\U0001f35e.html".encode(),
    "as_long_as_can_be": b"n" * 250 + b".html",
    "capitals": b"A.HTML",
    "two_endings": b"page.jsonl.html",
    "two_dashes": b"--",
    "looks_escaped": b"bad\\xff\\xfe.html",
    "separators": "a\u2028b.html".encode(),
    "table_mark": b"a#b.html",
    "address": b"http:__a.example_.html",
}
"""Names of ordinary pages in a folder."""


def names(terms: Terms) -> Group:
    """Odd names and things that are no files, through the command; changes during a run."""
    page = posting()
    found = [
        *in_folder(terms.scratch / "odd", page),
        *no_files(terms.scratch / "none", page),
        *repeated(terms.scratch / "twice", page),
        *changing(terms.scratch / "changing", page, terms.number(120, 1_000)),
    ]
    said = "names, things that are no files, files that change during a run: one record for each"
    return Group(said=said, cases=tuple(found))


def records(output: bytes) -> list[dict[str, Any]]:
    """The lines of an output, each of which must be JSON in UTF-8."""
    return [json.loads(line.decode("utf-8")) for line in output.split(b"\n") if line]


def by_source(found: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Records by what they call their input."""
    sorted_: dict[str, list[dict[str, Any]]] = {}
    for record in found:
        sorted_.setdefault(record["source"], []).append(record)
    return sorted_


def case(name: str, found: list[dict[str, Any]], wanted: frozenset[str], count: int = 1) -> Case:
    """Whether an input gave as many records as it should, each with an outcome that is right."""
    if len(found) != count:
        return Case(name=name, found=Class.LOST, note=f"{len(found)} records, wanted {count}")
    told = {str((one["reason"] or {}).get("code") or one["outcome"]) for one in found}
    right = told <= wanted
    return Case(
        name=name, found=Class.RIGHT if right else Class.WRONG, note="" if right else str(told)
    )


def in_folder(folder: Path, page: bytes) -> list[Case]:
    """Ordinary pages under odd names: in a folder, and named one by one."""
    folder.mkdir()
    for odd in ODD.values():
        (folder / os.fsdecode(odd)).write_bytes(page)
    whole = records(command(str(folder), "--quiet").stdout)
    one_by_one = records(command("--quiet", "--", *ODD.values(), cwd=folder).stdout)
    cases = []
    for way, found, begin in (("folder", whole, f"{folder}/"), ("named", one_by_one, "")):
        told = by_source(found)
        for name, raw in ODD.items():
            if way == "folder" and not raw.lower().endswith(b".html"):
                continue
            shown = begin + raw.decode("utf-8", "backslashreplace")
            if name == "not_utf8":  # there is a file that is called what records would call it
                shown = shown.replace("\\x", "\\\\x")
            cases.append(case(f"{way}_{name}", told.get(shown, []), READ))
    return [*cases, *again(folder)]


def again(folder: Path) -> list[Case]:
    """Continuing a run over odd names finds them all, and does nothing again."""
    out = folder.with_suffix(".jsonl")
    words = (str(folder), "--out", str(out), "--workers", "1")
    command(*words)
    before = out.read_bytes()
    run = command(*words, "--resume")
    right = run.returncode == 0 and out.read_bytes() == before
    note = "" if right else run.stderr.decode("utf-8", "replace")[-300:]
    return [Case(name="resumed", found=Class.RIGHT if right else Class.LOST, note=note)]


def no_files(folder: Path, page: bytes) -> list[Case]:
    """FIFOs, folders, loops, devices, what cannot be read: each named as an input."""
    folder.mkdir()
    (folder / "page.html").write_bytes(page)
    makers: dict[str, Callable[[Path], Any]] = {
        "fifo": os.mkfifo,
        "loop": lambda path: path.symlink_to(path.name),
        "dangling": lambda path: path.symlink_to("nowhere"),
        "to_a_folder": lambda path: path.symlink_to("/proc/self/fd"),
        "socket": bound_socket,
        "missing": lambda path: None,
        "to_a_device": lambda path: path.symlink_to("/dev/zero"),
        "to_a_terminal": lambda path: path.symlink_to("/dev/ptmx"),
    }
    for name, make in makers.items():
        make(folder / f"{name}.html")
    paths = [str(folder / f"{name}.html") for name in makers]
    odd = ["/dev/zero", "/dev/random", "/proc/self/mem", "", str(folder / "x/../y/z")]
    run = command("--quiet", str(folder / "page.html"), *paths, *odd)
    found = by_source(records(run.stdout))
    refused = FAILED | {"too_large"}
    cases = [
        case(name, found.get(str(folder / f"{name}.html"), []), refused)
        for name in makers
        if name != "to_a_folder"
    ]
    cases += [case(f"path_{n}", found.get(path, []), refused) for n, path in enumerate(odd)]
    cases.append(case("page_among_them", found.get(str(folder / "page.html"), []), READ))
    sparse = folder / "sparse.html"
    with sparse.open("wb") as file:
        file.truncate(1 << 30)
    huge = records(command("--quiet", str(sparse)).stdout)
    cases.append(case("one_gibibyte", huge, frozenset({"too_large"})))
    return [*cases, *locked(folder, page)]


def bound_socket(path: Path) -> None:
    """A socket in the file system, by a name short enough for one."""
    with socket.socket(socket.AF_UNIX) as made:
        before = Path.cwd()
        os.chdir(path.parent)
        try:
            made.bind(path.name)
        finally:
            os.chdir(before)


def locked(folder: Path, page: bytes) -> list[Case]:
    """A file and a folder that may not be read, also where the user is root."""
    drop = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
    before = drop if os.geteuid() == 0 and shutil.which("setpriv") else ()
    if os.geteuid() == 0 and not before:
        return []
    inner = folder / "locked"
    inner.mkdir()
    (folder / "secret.html").write_bytes(page)
    (folder / "secret.html").chmod(0)
    inner.chmod(0)
    run = command("--quiet", str(folder / "secret.html"), str(inner), before=before)
    found = by_source(records(run.stdout))
    inner.chmod(0o700)
    return [
        case("no_permission", found.get(str(folder / "secret.html"), []), FAILED),
        case("folder_without_permission", found.get(str(inner), []), FAILED),
    ]


def repeated(folder: Path, page: bytes) -> list[Case]:
    """The same file named again is one input; the same bytes under another name are two."""
    folder.mkdir()
    first, second = folder / "a.html", folder / "b.html"
    first.write_bytes(page)
    os.link(first, second)
    (folder / "c.html").symlink_to("a.html")
    plain = records(
        command("--quiet", "a.html", "./a.html", str(first), "a.html", cwd=folder).stdout
    )
    below = records(command("--quiet", str(folder), str(first), str(folder) + "/").stdout)
    loop = folder / "loop"
    loop.mkdir()
    (loop / "again").symlink_to("..")
    (loop / "d.html").write_bytes(page)
    looped = records(command("--quiet", str(folder)).stdout)
    return [
        case("named_four_times", plain, READ),
        case("folder_and_file", below, READ, 3),
        case("links_to_folders", looped, READ, 4),
    ]


def changing(folder: Path, page: bytes, number: int) -> list[Case]:
    """Files that are deleted, emptied, replaced or turned into folders while a run reads them."""
    folder.mkdir()
    paths = [folder / f"{n:05}.html" for n in range(number)]
    for n, path in enumerate(paths):
        path.write_bytes(page + f"<!-- {n} -->".encode())
    out = folder.with_suffix(".jsonl")
    words = (*COMMAND, "extract", str(folder), "--out", str(out), "--quiet", "--workers", "1")
    with subprocess.Popen(words, env=environment(), stderr=subprocess.PIPE) as run:
        until = time.monotonic() + 60
        while not (out.exists() and out.stat().st_size) and time.monotonic() < until:
            time.sleep(0.01)
        for n, path in enumerate(reversed(paths)):
            change(path, n % 5)
        code = run.wait(timeout=300)
    found = by_source(records(out.read_bytes()))
    missing = sum(str(path) not in found for path in paths)
    twice = sum(len(some) > 1 for some in found.values())
    allowed = READ | FAILED | {"empty_text", "too_large"}
    told = Counter(
        str((one["reason"] or {}).get("code") or one["outcome"])
        for some in found.values()
        for one in some
    )
    return [
        Case(
            name="changed_one_record_each",
            found=Class.LOST if missing or twice else Class.RIGHT,
            note=f"{missing} missing, {twice} twice, {dict(told)}, exit {code}",
        ),
        Case(
            name="changed_outcomes",
            found=Class.RIGHT if set(told) <= allowed and code in (0, 3) else Class.WRONG,
            note=f"{dict(told)}, exit {code}",
        ),
    ]


def change(path: Path, how: int) -> None:
    """Do something to a file that may be read at this moment."""
    if how == 0:
        path.unlink()
    elif how == 1:
        path.write_bytes(b"")
    elif how == 2:
        os.truncate(path, 60)
    elif how == 3:
        path.unlink()
        path.mkdir()
    else:
        with path.open("r+b") as file:
            file.truncate(1 << 28)
