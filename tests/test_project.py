"""The project's own files agree with one another."""

import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_version_is_said_once_and_has_a_changelog_entry() -> None:
    """The package, its metadata and the changelog name the same version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == metadata.version("rolecall")
    assert f"## [{project['version']}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_locks_hold_every_declared_dependency_with_a_hash() -> None:
    """Each dependency of pyproject.toml and of the .in files is pinned with hashes in its lock."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = lambda name: (ROOT / "requirements" / name).read_text("utf-8").splitlines()  # noqa: E731
    bare = lambda line: re.split(r"[^A-Za-z0-9_.-]", line.strip())[0].lower()  # noqa: E731
    for lock, wanted in {
        "run.txt": project["dependencies"],
        "dev.txt": [*project["dependencies"], *lines("dev.in")],
        "bench.txt": lines("bench.in"),
        # torch comes from another index, whose files differ: an exact pin, no hash
        "vllm.txt": [one for one in lines("vllm.in") if not one.startswith("torch==")],
        "fuzz.txt": [*project["dependencies"], *lines("fuzz.in")],
        "bench-tokens.txt": lines("bench-tokens.in"),
        "bench-crawl4ai.txt": lines("bench-crawl4ai.in"),
    }.items():
        pinned = {line.split("==")[0] for line in lines(lock) if "==" in line}
        assert {bare(line) for line in wanted if line and not line.startswith("#")} <= pinned
        text = "\n".join(lines(lock))
        assert text.count("==") <= text.count("--hash=sha256:"), lock
        assert "://" not in text, f"{lock} names a host or a path"


def test_files_for_users_name_no_machine() -> None:
    """No file that ships speaks of one machine's folders."""
    shipped = [
        ROOT / "Makefile",
        ROOT / ".ci" / "run",
        *(ROOT / "requirements").iterdir(),
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "src").rglob("*.py"),
        *(ROOT / "tools").rglob("*.py"),
        *(ROOT / "bench").rglob("*.py"),
        *(ROOT / "torture").rglob("*.py"),
        *(ROOT / "fuzz").rglob("*.py"),
    ]
    machine = re.compile(r"/(?:work|root|home|Users)/\w|/opt/\w|/tmp/\w+_\w")
    for path in shipped:
        assert not machine.search(path.read_text("utf-8")), path


def test_every_make_target_of_the_docs_exists() -> None:
    """README and CONTRIBUTING name only targets that the Makefile has."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / name).read_text("utf-8")
        named = set(re.findall(r"\bmake ([a-z]+(?:-[a-z]+)*)\b", text))
        assert named <= targets, name


def test_generated_pages_are_current() -> None:
    """The docs' list of settings and list of files say what the code says."""
    command = [sys.executable, str(ROOT / "tools" / "docs.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_architecture_page_names_every_file() -> None:
    """Every source file that holds anything stands in docs/architecture.md, in its room."""
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    source = ROOT / "src" / "rolecall"
    for path in source.rglob("*.py"):
        if path.read_text("utf-8").strip():
            folder = path.parent.relative_to(source.parent).as_posix()
            section = page.partition(f"### `{folder}/`\n")[2].partition("\n### ")[0]
            assert f"| `{path.name}` |" in section, path
