"""Write what the docs take from the code: ``make docs``.

``docs/settings.md`` comes from the declarations in ``rolecall.settings``, the list of files in
``docs/architecture.md`` from the first line of each file, and what ``docs/choosing.md`` and
``docs/decision-example.md`` show of ``rolecall choose`` from ``examples/choose``, and what
``docs/planning.md`` shows of ``rolecall plan`` from the catalogues. ``docs/reference`` is read off
the code as a whole (``tools/reference*.py``). With ``--check`` nothing is
written; the exit status says whether all are current.
"""

from __future__ import annotations

import ast
import contextlib
import io
import itertools
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

from rolecall import __version__
from rolecall.aliases import ALIASES
from rolecall.cli import choose
from rolecall.evaluate.choose.decide import decide
from rolecall.evaluate.choose.file import read_selection
from rolecall.evaluate.choose.record import Made, markdown_record
from rolecall.settings import PROJECT_FILE, declared

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "rolecall"
SETTINGS = ROOT / "docs" / "settings.md"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
CHOOSING = ROOT / "docs" / "choosing.md"
PLANNING = ROOT / "docs" / "planning.md"
DECISION = ROOT / "docs" / "decision-example.md"
REFERENCE = ROOT / "docs" / "reference"
EXAMPLE = ("examples/choose/candidates.toml", "2026-11-25")
SHOWN = re.compile(r"(```console\n\$ (rolecall choose [^\n]+)\n).*?(?=^```$)", re.S | re.M)
PLANNED = re.compile(r"(```console\n\$ (rolecall plan [^\n]+)\n).*?(?=^```$)", re.S | re.M)
MARK = "<!-- files: written by `make docs` from the first line of each file -->\n"

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

Beside them it may have tables: `[engines.NAME]` declares an engine ([engines.md](engines.md)), and
`[[challenger]]` another one that is tried on a part of the pages ([trials.md](trials.md)). In TOML,
names and values stand above the first table.
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
    if value is None:
        return '"none"'
    return f'"{value}"' if isinstance(value, str) else f"{value}"


def settings_page() -> str:
    """The whole page of settings as Markdown."""
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


def first_line(path: Path) -> str:
    """The first line of a file's docstring, without marks of reStructuredText."""
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return text.partition("\n")[0].replace("``", "`")


def files() -> str:
    """Every source file with what it is, by room."""
    found = (path for path in SOURCE.rglob("*.py") if path.stat().st_size)
    rows = [(path.relative_to(SOURCE), first_line(path)) for path in found]
    rows.sort(key=lambda row: (row[0].parent.parts, row[0].name))
    parts = []
    for folder, group in itertools.groupby(rows, key=lambda row: row[0].parent.as_posix()):
        name = "" if folder == "." else f"{folder}/"
        parts.append(f"\n### `rolecall/{name}`\n\n| file | what it is |\n|---|---|\n")
        parts += [
            f"| `{path.name}` | {line.replace('|', chr(92) + '|')} |\n" for path, line in group
        ]
    return "".join(parts)


def architecture_page() -> str:
    """The architecture page with its list of files renewed; what stands above it is kept."""
    return ARCHITECTURE.read_text("utf-8").partition(MARK)[0] + MARK + files()


def output(command: str) -> str:
    """What ``rolecall choose …`` prints, run where the project lies."""
    text = io.StringIO()
    with contextlib.chdir(ROOT), contextlib.redirect_stdout(text):
        choose.run(shlex.split(command)[2:])
    return text.getvalue()


def choosing_page() -> str:
    """The page about choosing, with what its commands print renewed."""
    text = CHOOSING.read_text("utf-8")
    return SHOWN.sub(lambda found: found[1] + output(found[2]), text)


def planning_page() -> str:
    """The page about planning, with what its commands print renewed."""
    return PLANNED.sub(lambda found: found[1] + planned(found[2]), PLANNING.read_text("utf-8"))


def planned(command: str) -> str:
    """What ``rolecall plan …`` prints where nothing is set and nothing was learned."""
    bare = {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "PYTHONIOENCODING": "utf-8",
        "COLUMNS": "96",
        "HOME": "/nonexistent",
    }
    with tempfile.TemporaryDirectory() as empty:
        done = subprocess.run(
            [sys.executable, "-m", *shlex.split(command)],
            cwd=empty,
            env=bare,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
    if done.returncode not in (0, 3):  # 3: it does not fit, which is an answer
        raise SystemExit(f"{command}: {done.stderr}")
    return done.stdout


def decision_page() -> str:
    """The decision record of the example, as ``rolecall choose --out`` writes it."""
    file, day = EXAMPLE
    path = ROOT / file
    made = Made(
        date=day,
        command=f"rolecall choose {file} --date {day} --out {DECISION.relative_to(ROOT)}",
        rolecall=__version__,
    )
    return markdown_record(decide(read_selection(path), path.parent), made)


def reference_pages() -> dict[Path, str]:
    """The pages that are read off the code as a whole, by the files beside this one."""
    import reference
    import reference_codes
    from reference_schema import record_schema

    return {
        REFERENCE / "cli.md": reference.cli_page(),
        REFERENCE / "http.md": reference.api_page(),
        REFERENCE / "metrics.md": reference.metrics_page(),
        REFERENCE / "python.md": reference.python_page(),
        REFERENCE / "record.md": reference_codes.record_page(),
        REFERENCE / "record.schema.json": json.dumps(record_schema(), indent=2) + "\n",
    }


def main() -> None:
    """Write the pages, or check them."""
    pages = {
        SETTINGS: settings_page(),
        ARCHITECTURE: architecture_page(),
        CHOOSING: choosing_page(),
        PLANNING: planning_page(),
        DECISION: decision_page(),
        **reference_pages(),
    }
    old = [
        path.name
        for path, text in pages.items()
        if not path.exists() or path.read_text("utf-8") != text
    ]
    if sys.argv[1:] == ["--check"]:
        sys.exit(f"not current, run make docs: {', '.join(old)}" if old else 0)
    REFERENCE.mkdir(exist_ok=True)
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
