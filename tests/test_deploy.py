"""What stands in deploy/ is checked as far as it can be without Docker: it is not run here."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from rolecall import __version__
from rolecall.settings_load import load

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
COMPOSE = (DEPLOY / "compose.yaml").read_text("utf-8")
BIN = Path(sys.executable).parent


def run(*command):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_container_file_is_without_findings():
    assert run(BIN / "hadolint", "--failure-threshold", "style", DEPLOY / "Dockerfile") == (0, "")


def test_the_container_file_takes_what_is_there_and_nothing_else():
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.M)
    for name in " ".join(copied).split():
        assert (ROOT / name).exists(), name
        assert f"!{name}" in ignored, f"{name} is not sent to the builder"
    installs = re.findall(r"pip install (.+?)(?: \\\n|\n)", text)
    assert len(installs) == 3
    for one in installs:  # each by hash, or our own wheel without any index
        assert "--require-hashes --only-binary=:all:" in one or "--no-deps --no-index" in one
    assert "USER 10001:10001" in text
    assert "/healthz" in text


def test_the_compose_file_follows_its_schema():
    told = run(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec",
               DEPLOY / "compose.yaml")  # fmt: skip
    assert told[0] == 0, told[1]


@pytest.fixture(scope="module")
def compose():
    """The compose file as data: ours says nothing that needs more than YAML's anchors."""
    yaml = pytest.importorskip("yaml")
    return yaml.safe_load(COMPOSE)


def test_only_the_server_is_published_and_only_to_this_machine(compose):
    ports = {name: one.get("ports", []) for name, one in compose["services"].items()}
    assert {name: told for name, told in ports.items() if told} == {
        "server": ["127.0.0.1:8600:8600"]
    }
    assert compose["networks"]["inside"]["internal"] is True
    for name in ("postgres", "vllm"):
        assert compose["services"][name]["networks"] == ["inside"]


def test_no_service_has_more_rights_than_it_needs(compose):
    for name in ("server", "worker", "pull"):
        one = compose["services"][name]
        assert one["read_only"] is True
        assert one["cap_drop"] == ["ALL"]
        assert "privileged" not in one
    assert "docker.sock" not in COMPOSE
    assert "network_mode" not in COMPOSE


def test_no_secret_stands_in_the_files(compose):
    for name, one in compose["services"].items():
        for key, value in one.get("environment", {}).items():
            secret = re.search(r"PASSWORD|KEY|TOKEN|SECRET", key)
            assert not secret or key.endswith("_FILE"), f"{name}: {key}"
            assert not re.search(r"://[^/@]*:[^/@]*@", str(value)), f"{name}: {key}"
    for name, one in compose["secrets"].items():
        assert one == {"file": f"./secrets/{name}"}
    assert "deploy/secrets/" in (ROOT / ".gitignore").read_text("utf-8").splitlines()


def test_the_image_is_of_this_version(compose):
    assert compose["services"]["server"]["image"] == f"rolecall:{__version__}"


def test_vllm_is_started_as_the_plan_says(compose):
    """The flags are those of the plan in docs/planning.md, but for where it listens."""
    page = (ROOT / "docs" / "planning.md").read_text("utf-8")
    planned = re.search(r"^  vllm serve .*?(?=^```)", page, re.S | re.M).group(0)
    wanted = " ".join(planned.replace("\\\n", " ").split()).replace("127.0.0.1", "0.0.0.0")
    (command,) = compose["services"]["vllm"]["command"]
    assert wanted in " ".join(command.split())
    reserved = compose["services"]["vllm"]["deploy"]["resources"]["reservations"]["devices"]
    assert reserved == [{"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}]


def test_our_settings_loader_reads_the_settings(compose):
    settings = load(project_toml=DEPLOY / "rolecall.toml")
    assert settings.engines["vllm"]["url"].startswith("http://vllm:")
    assert settings.engines["vllm"]["key_file"] == "/run/secrets/vllm_key"
    said = compose["services"]["server"]["environment"]
    ours = {key: value for key, value in said.items() if key.startswith("ROLECALL_")}
    load(environ=ours)
    assert tomllib.loads((DEPLOY / "rolecall.toml").read_text("utf-8"))


def test_our_commands_are_words_that_the_command_line_knows(compose):
    for name in ("server", "worker", "pull"):
        verb = compose["services"][name]["command"][0]
        code, told = run(sys.executable, "-m", "rolecall", verb, "--help")
        assert code == 0, told
        flags = [one for one in compose["services"][name]["command"] if one.startswith("--")]
        assert all(one in told for one in flags), f"{name}: {flags}"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_takes_the_unit(tmp_path):
    """With our own command in the place of the installed one, which is not there."""
    text = (DEPLOY / "rolecall.service").read_text("utf-8")
    command = re.search(r"^ExecStart=(\S+) (.+)$", text, re.M)
    unit = tmp_path / "rolecall.service"
    unit.write_text(text.replace(command.group(1), sys.executable), "utf-8")
    code, told = run("systemd-analyze", "verify", "--man=no", unit)
    assert code == 0, told
    assert told.strip() == "", told
    verb, *flags = command.group(2).split()
    code, told = run(sys.executable, "-m", "rolecall", verb, "--help")
    assert code == 0, told
    assert all(flag in told for flag in flags if flag.startswith("--"))


def test_the_schema_that_compose_is_checked_with_is_not_empty():
    """A check that takes anything would say nothing."""
    broken = json.loads(json.dumps({"services": {"a": {"prots": []}}}))
    assert run_schema(broken)[0] != 0


def run_schema(document):
    done = subprocess.run(
        [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "-"],
        input=json.dumps(document), capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr
