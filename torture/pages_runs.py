"""Pages that are one thing over and over: what is looked for in text must not take square time."""

from __future__ import annotations

import time
from collections.abc import Iterator

import rolecall
from torture.attacks_regex import PIECES
from torture.nouns import Case, Class, Figure, Group, Terms

LENGTH = 300_000
MOST_SECONDS = 4.0
"""Of the processor, for a page of ``LENGTH`` characters: in 150,000 lines it takes two or three."""

BESIDE = 3
"""In the short form, which runs on slower machines too, so many times as much is let pass."""

_HTML = "<html><body><h1>Cook</h1>{}</body></html>"


def carriers(run: str) -> Iterator[tuple[str, bytes]]:
    """Where a run can stand."""
    plain = run.replace('"', "")
    single = " ".join(plain.split("\n")).replace("\r", " ").replace("\t", " ").replace("\\", "/")
    stated = f'{{"@type":"JobPosting","title":"{single}","description":"{single}"}}'
    yield "paragraph", _HTML.format(f"<p>{run}</p>").encode()
    yield "title", f"<title>{run}</title><h1>{run}</h1><p>x</p>".encode()
    yield "plain", f"Cook\n\nLocation: Leeds\n\n{run}\nend".encode()
    yield "script", _HTML.format(f"<script>window.__STATE__ = {run}</script>").encode()
    yield "labels", _HTML.format(f"<p>Location: {run}</p><li>Company: {run}</li>").encode()
    yield "stated", _HTML.format(f'<script type="application/ld+json">{stated}</script>').encode()
    yield "narrow", _HTML.format(f"<p>{run}</p>").encode("cp1251", "replace")


def runs(terms: Terms) -> Group:
    """Each piece in each carrier; the time is that of the processor."""
    cases: list[Case] = []
    slowest, most = 0.0, MOST_SECONDS * (1 if terms.full else BESIDE)
    rolecall.extract(b"<h1>Cook</h1>")
    for piece in PIECES if terms.full else PIECES[::6]:
        run = piece * (LENGTH // len(piece))
        for name, body in carriers(run):
            begun = time.process_time()
            rolecall.extract(body)
            took = time.process_time() - begun
            slowest = max(slowest, took)
            right = took <= most
            cases.append(
                Case(
                    name=f"{name}/{piece!r}",
                    found=Class.RIGHT if right else Class.HUNG,
                    note="" if right else f"{took:.1f} s",
                )
            )
    figure = Figure(
        name=f"slowest page of {LENGTH:,} characters", value=slowest, unit="s of the processor",
        goal=f"<= {MOST_SECONDS}", held=slowest <= MOST_SECONDS,
    )  # fmt: skip
    return Group(said="one thing over and over", cases=tuple(cases), figures=(figure,))
