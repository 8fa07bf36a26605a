"""Known advisories fail the check, and a source that knows none is not taken for good news."""

import datetime
import sys

import advisories
import pytest

TODAY = datetime.date(2026, 11, 26)
ENTRY = """
[[allowed]]
id = "CVE-2026-1"
package = "{package}"
until = {until}
why = "never called"
"""


@pytest.fixture
def source(tmp_path):
    """Stands in for pip-audit: knows what it is told, and answers as that does."""

    def made(known, *, mute=False):
        known = {"jinja2": ["CVE-2019-10906"], **known}
        script = tmp_path / "pip-audit"
        script.write_text(f"""#!{sys.executable}
import json, sys
known, unknown = {known!r}, {{"anyio"}}
if {mute!r}: sys.exit("ERROR: no connection")
found = []
for line in open(sys.argv[sys.argv.index("--requirement") + 1]):
    name, version = line.strip().split("==")
    if name in unknown: found.append({{"name": name, "skip_reason": "not found"}}); continue
    vulns = [{{"id": "PYSEC-" + one, "aliases": [one], "fix_versions": ["99"]}}
             for one in known.get(name, []) if name != "jinja2" or version == "2.10"]
    found.append({{"name": name, "version": version, "vulns": vulns}})
print(json.dumps({{"dependencies": found}}))
""")
        script.chmod(0o755)
        return str(script)

    return made


def run(program, tmp_path, allowed=""):
    file = tmp_path / "allowed.toml"
    file.write_text(allowed)
    return advisories.main(["--pip-audit", program, "--allowed", str(file)])


def test_what_is_known_of_a_pinned_version_fails(source, tmp_path, capsys):
    program = source({"msgspec": ["CVE-2026-1"]})
    assert run(program, tmp_path) == 1
    told = capsys.readouterr().out
    assert "FAILS: PYSEC-CVE-2026-1 of msgspec" in told
    assert "mended in 99" in told
    assert "run: 1 not looked at: anyio" in told


def test_it_may_be_allowed_for_a_while_with_a_reason(source, tmp_path, capsys):
    program = source({"msgspec": ["CVE-2026-1"]})
    assert run(program, tmp_path, ENTRY.format(package="msgspec", until="2999-01-01")) == 0
    assert "never called" in capsys.readouterr().out
    assert run(program, tmp_path, ENTRY.format(package="other", until="2999-01-01")) == 1
    assert run(program, tmp_path, ENTRY.format(package="msgspec", until="2020-01-01")) == 1
    with pytest.raises(TypeError, match="until"):
        run(program, tmp_path, ENTRY.format(package="msgspec", until='"soon"'))


def test_an_entry_that_expired_fails_also_without_a_source(source, tmp_path):
    program = source({}, mute=True)
    assert run(program, tmp_path) == 0
    assert run(program, tmp_path, ENTRY.format(package="msgspec", until="2020-01-01")) == 1


@pytest.mark.parametrize("kind", ["mute", "empty", "missing"])
def test_a_source_that_knows_nothing_is_not_good_news(kind, source, tmp_path, capsys):
    """A mirror of an index may know all packages and no advisories."""
    program = source({"jinja2": []}, mute=kind == "mute")
    assert run(str(tmp_path / "none") if kind == "missing" else program, tmp_path) == 0
    told = capsys.readouterr().out
    assert "not looked at" in told
    assert "known" not in told.replace("knows no advisories", "")


def test_each_version_of_a_package_that_is_pinned_twice_is_asked_about(source, tmp_path):
    lock = tmp_path / "lock.txt"
    lock.write_text(
        "numpy==1.0 ; python_version < '3.12' \\\nnumpy==2.0 ; python_version > '3' \\\n"
    )
    found, unknown = advisories.audited(source({"numpy": ["CVE-2026-2"]}), lock)
    assert [one.version for one in found] == ["1.0", "2.0"]
    assert not unknown


def test_the_file_of_the_project_can_be_read():
    assert advisories.expired(advisories.read_allowed(advisories.ALLOWED), TODAY) == []
