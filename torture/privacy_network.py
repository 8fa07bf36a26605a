"""Every verb, with every attempt to reach another machine noted; and without a network at all."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from torture.nouns import Case, Class, Group, Terms
from torture.privacy_rooms import PAGE, ROOT, Place

NOTED: Final = """
import sys

def noted(event, told):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        where = told[1] if event in ("socket.connect", "socket.sendto") else told[0]
        with open(NOTES, "a") as file:
            file.write(f"{event} {where!r}\\n")

sys.addaudithook(noted)
"""
VERBS: Final = (
    "extract page.html", "extract many --out out.jsonl", "extract page.html --explain",
    "clean page.html", "prompt page.html", "schema show", "schema check schema.json",
    "models list", "models show Qwen/Qwen3-4B-Instruct-2507-FP8",
    "plan Qwen/Qwen3-4B-Instruct-2507-FP8 --gpu rtx4090", "doctor --json", "settings", "budget",
    "status", "tasks status", "tasks list", "trials", "audits", "watch list", "watch check",
    "tokens list", "purge", "up --status", "eval --help", "choose --help", "verify --help",
    "extract many --estimate", "--version",
)  # fmt: skip
QUICK: Final = ("extract page.html", "extract many --out out.jsonl", "doctor --json",
                "plan Qwen/Qwen3-4B-Instruct-2507-FP8 --gpu rtx4090", "status")  # fmt: skip

SERVED: Final = """
import json, os, re, signal, subprocess, sys, time, urllib.request
server = subprocess.Popen([sys.executable, "-m", "rolecall", "serve", "--port", "0"],
                          stdout=subprocess.DEVNULL, stderr=open("log", "wb"))
until = time.monotonic() + 40
while not (found := re.search(r"http://127[.]0[.]0[.]1:[0-9]+", open("log").read())):
    assert server.poll() is None and time.monotonic() < until, open("log").read()
    time.sleep(0.05)
asked = urllib.request.Request(found[0] + "/v1/extract", open("page.html", "rb").read(),
                               {"Content-Type": "text/html"})
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
print(json.load(opener.open(asked, timeout=40))["outcome"])
server.send_signal(signal.SIGTERM)
server.wait(40)
"""


def _place(terms: Terms, name: str) -> Place:
    place = Place(terms.scratch / name)
    place.environ["HF_HUB_OFFLINE"] = "0"
    (place.folder / "rolecall.toml").unlink()
    (place.folder / "schema.json").write_text('{"type": "object"}')
    (place.folder / "many").mkdir()
    for number in range(3):
        (place.folder / "many" / f"{number}.html").write_text(PAGE, "utf-8")
    (place.folder / "serve.py").write_text(SERVED)
    return place


def quiet(terms: Terms) -> Group:
    """With the settings as they come, nobody but this machine is asked or told anything."""
    place = _place(terms, "quiet")
    notes, hooks = place.folder / "notes", place.folder / "hooks"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(f"NOTES = {str(notes)!r}\n{NOTED}")
    place.environ["PYTHONPATH"] = f"{hooks}:{ROOT / 'src'}"
    cases = [_proof(place, notes)]
    for verb in VERBS if terms.full else QUICK:
        place.run(*verb.split())
        cases.append(_noted(verb, notes))
    _in_place(place, [sys.executable, "serve.py"])
    cases.append(_noted("serve, and a page", notes))
    return Group(said="attempts to reach another machine, by all verbs", cases=tuple(cases))


def _proof(place: Place, notes: Path) -> Case:
    """The notes would show it."""
    program = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
    program += "s.connect(('192.0.2.1', 9))"
    _in_place(place, [sys.executable, "-c", program])
    seen = notes.exists() and "192.0.2.1" in notes.read_text()
    notes.unlink(missing_ok=True)
    return Case(name="an attempt is noted", found=Class.RIGHT if seen else Class.CRASHED)


def _noted(verb: str, notes: Path) -> Case:
    lines = notes.read_text().splitlines() if notes.exists() else []
    notes.unlink(missing_ok=True)
    away = [line for line in lines if not _here(line)]
    return Case(
        name=verb, found=Class.WRONG if away else Class.RIGHT, note=", ".join(sorted(set(away)))
    )


def _here(line: str) -> bool:
    """Whether a note is of this machine: the loopback, or a socket that is a file."""
    where = line.partition(" ")[2]
    loopback = ("('127.", "('::1'", "'127.", "'::1'", "'localhost'", "'0.0.0.0'")
    return where.startswith((*loopback, "'/", "b'/", "'\\x00", "b'\\x00", "''", "None"))


def _in_place(place: Place, command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=place.folder, env=place.environ, capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL, timeout=120,
    )  # fmt: skip


def without_network(terms: Terms) -> Group:
    """In a network namespace that has a loopback and nothing else."""
    said = "verbs on a machine without a network"
    unshare, ip = shutil.which("unshare"), shutil.which("ip")
    up = f"{ip} link set lo up && " if ip else ""
    inside = [str(unshare), "-rn", "sh", "-c", f'{up}exec "$@"', "sh"]
    if not unshare or subprocess.run([*inside, "true"], capture_output=True).returncode:
        return Group(said=said, skipped="network namespaces are not permitted here")
    place = _place(terms, "offline")
    cases = []
    wanted = {"extract page.html": "ok", "doctor --json": "", "status": "",
              "plan Qwen/Qwen3-4B-Instruct-2507-FP8 --gpu rtx4090": "", "extract many": "ok",
              "budget": "", "tasks status": "", "models list": ""}  # fmt: skip
    for verb, outcome in list(wanted.items())[: terms.number(4, len(wanted))]:
        done = _in_place(place, [*inside, sys.executable, "-m", "rolecall", *verb.split()])
        good = done.returncode == 0 or (verb.startswith("doctor") and done.stdout[:1] in "[{")
        if outcome and good:
            good = all(json.loads(line)["outcome"] == outcome for line in done.stdout.splitlines())
        note = done.stderr.strip()[-200:]
        cases.append(Case(name=verb, found=Class.RIGHT if good else Class.WRONG, note=note))
    if up:
        done = _in_place(place, [*inside, sys.executable, "serve.py"])
        good = done.stdout.strip() == "ok"
        note = "" if good else done.stderr[-300:]
        cases.append(
            Case(name="serve, and a page", found=Class.RIGHT if good else Class.WRONG, note=note)
        )
    return Group(said=said, cases=tuple(cases))
