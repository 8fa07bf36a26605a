"""Write ``docs/settings.md`` from the declarations in ``rolecall.settings``: ``make docs``.

With ``--check`` nothing is written; the exit status says whether the page is current.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

from rolecall.settings import ALIASES, PROJECT_FILE, declared

PAGE = Path(__file__).resolve().parents[1] / "docs" / "settings.md"

HEAD = f"""\
<!-- Written by `make docs` from src/rolecall/settings.py; edit that, not this. -->

# Settings

A value is taken from the first of these that has it: a flag of the command line, the environment,
`{PROJECT_FILE}` in the current folder, the user's file
(`$XDG_CONFIG_HOME/rolecall/config.toml`, usually `~/.config/rolecall/config.toml`), the default. A
name that does not exist is an error that says where it stands and which name is near. `rolecall
settings` prints every value and where it came from.

A `{PROJECT_FILE}` holds names and values:

```toml
workers = 2
with_text = true
```
"""

DEAD = """\
## Names without effect

These variables of older set-ups are understood; when one is set, a warning says why it does
nothing.
"""


def shown(value: object) -> str:
    """A default as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else f"{value}"


def page() -> str:
    """The whole page as Markdown."""
    parts = [HEAD]
    for one in declared():
        part = f"## `{one.name}`\n\n{textwrap.fill(one.help, 100)}\n\n"
        part += f"Default `{shown(one.default)}` · environment `{one.variable}`"
        if one.decides:
            part += " · part of a record's `config`"
        parts.append(part + "\n")
    parts.append(DEAD)
    parts.append("".join(f"- `{name}`: {why}.\n" for name, why in ALIASES.items()))
    return "\n".join(parts)


def current() -> bool:
    """Whether the page on disk is what would be written."""
    return PAGE.exists() and PAGE.read_text("utf-8") == page()


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(0 if current() else f"{PAGE.name} is not current: run make docs")
    PAGE.write_text(page(), encoding="utf-8")
