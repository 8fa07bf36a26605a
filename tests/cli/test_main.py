from pathlib import Path

from tests.cli.shell import rolecall

from rolecall import __version__


def test_help_names_every_verb() -> None:
    done = rolecall("--help")
    assert done.returncode == 0
    for verb in ("extract", "clean", "settings"):
        assert f"  {verb}" in done.stdout.decode()
        told = rolecall(verb, "--help")
        assert told.returncode == 0
        assert b"examples:" in told.stdout


def test_no_verb_is_a_wrong_call() -> None:
    done = rolecall()
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"usage: rolecall" in done.stderr


def test_an_unknown_verb_gets_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("x")
    assert b"did you mean: rolecall extract\n" in rolecall("extrat").stderr
    assert b"did you mean: rolecall extract a.html" in rolecall("a.html", cwd=tmp_path).stderr
    assert rolecall("xyz").returncode == 2


def test_the_version_is_printed() -> None:
    for words in (["--version"], ["extract", "--version"]):
        assert rolecall(*words).stdout.decode() == f"rolecall {__version__}\n"
