"""The pages of the docs and their fenced blocks.

A line ``<!-- not run: REASON -->`` right above a block says that it cannot run here, and a line
``<!-- file: NAME -->`` that it is what a file of that name holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
KNOWN = ("console", "python", "sh", "toml", "json", "yaml", "sql", "nginx", "text")
FENCE = re.compile(
    r"(?:^<!-- (?P<mark>not run|file): (?P<told>[^\n]+?) -->\n)?"
    r"^(?P<fence>```+)(?P<kind>[^\n`]*)\n(?P<text>.*?)^(?P=fence)[ ]*$",
    re.M | re.S,
)
OURS = ("log.md",)
"""Pages whose blocks show what was tried once."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """A fenced block: its language, its text, the line it begins at, and what is said above it."""

    page: Path
    kind: str
    text: str
    line: int
    reason: str | None = None
    file: str | None = None

    @property
    def place(self) -> str:
        """Where it stands, for messages."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """Every page that people read; those that `make docs` writes too."""
    top = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    return top + [page for page in sorted(DOCS.rglob("*.md")) if page.name not in OURS]


def blocks_of(page: Path) -> list[Block]:
    """The blocks of a page in their order."""
    return blocks_in(page.read_text("utf-8"), page)


def blocks_in(text: str, page: Path) -> list[Block]:
    """The blocks of ``text``."""
    return [
        Block(
            page=page,
            kind=found["kind"].split(" ")[0],
            text=found["text"],
            line=text.count("\n", 0, found.start("fence")) + 1,
            reason=found["told"] if found["mark"] == "not run" else None,
            file=found["told"] if found["mark"] == "file" else None,
        )
        for found in FENCE.finditer(text)
    ]


def without_blocks(text: str) -> str:
    """The prose of a page: links and commands in it are the page's own."""
    return FENCE.sub("", text)
