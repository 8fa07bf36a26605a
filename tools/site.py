"""Build the docs as pages that need no network: ``make site``, into ``build/site``.

Run by the interpreter of ``.venv-docs``. The README, CONTRIBUTING and CHANGELOG become pages too;
links to files that are no page become words. What the theme would fetch from elsewhere is
replaced by ``tools/site/worker.js``, and nothing else may name another host.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PARTS = ROOT / "tools" / "site"
BUILD = ROOT / "build" / "site-pages"
SITE = ROOT / "build" / "site"
TOP = {
    "README.md": "readme.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
FETCHED = "https://unpkg.com/iframe-worker/shim"
ELSEWHERE = re.compile(r"<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)=\"?(?:https?:)?//[^>]*>")
ALLOWED = re.compile(r"rel=\"?(?:canonical|license)")


def main() -> None:
    """Build, and look that nothing is fetched from elsewhere."""
    shutil.rmtree(BUILD, ignore_errors=True)
    shutil.rmtree(SITE, ignore_errors=True)
    pages = BUILD / "pages"
    shutil.copytree(ROOT / "docs", pages)
    for name, page in TOP.items():
        shutil.copy(ROOT / name, pages / page)
    for path in pages.rglob("*.md"):
        path.write_text(linked(path, pages), encoding="utf-8")
    shutil.copy(PARTS / "zensical.toml", BUILD)
    command = [str(Path(sys.executable).with_name("zensical")), "build", "--strict", "--clean"]
    done = subprocess.run(command, cwd=BUILD, check=False)
    if done.returncode:
        sys.exit(done.returncode)
    shutil.move(BUILD / "site", SITE)
    shutil.copy(PARTS / "worker.js", SITE / "assets" / "javascripts" / "worker.js")
    for path in SITE.rglob("*.html"):
        text = path.read_text("utf-8")
        here = os.path.relpath(SITE / "assets" / "javascripts" / "worker.js", path.parent)
        text = text.replace(FETCHED, here)
        named = [one for one in ELSEWHERE.findall(text) if not ALLOWED.search(one)]
        if named:
            sys.exit(f"{path}: {named[0]}")
        path.write_text(text, encoding="utf-8")
    print(f"{len(list(SITE.rglob('*.html')))} pages: {SITE.relative_to(ROOT)}/index.html")


def linked(path: Path, pages: Path) -> str:
    """A page whose links lead to pages of the site; what is none of them becomes its words."""
    if path.parent == pages and path.name in TOP.values():
        origin = ROOT / path.name
    else:
        origin = ROOT / "docs" / path.relative_to(pages)

    def turned(found: re.Match[str]) -> str:
        words, target = found[1], found[2]
        if re.match(r"[a-z]+:|#", target):
            return found[0]
        file, mark, anchor = target.partition("#")
        there = (origin.parent / file).resolve()
        if there.parent == ROOT and there.name in TOP:
            there = pages / TOP[there.name]
        elif there.is_relative_to(ROOT / "docs") and there.exists():
            there = pages / there.relative_to(ROOT / "docs")
        else:
            return words
        return f"[{words}]({os.path.relpath(there, path.parent)}{mark}{anchor})"

    parts = re.split(r"(^```.*?^```$)", path.read_text("utf-8"), flags=re.M | re.S)
    return "".join(part if part.startswith("```") else LINK.sub(turned, part) for part in parts)


if __name__ == "__main__":
    main()
