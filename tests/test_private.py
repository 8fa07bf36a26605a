"""Secrets are told from other variables, and children get none that they do not need."""

import os
import subprocess
import sys

import pytest

from rolecall.private import FETCHING, HUB, drop_secrets, without_secrets

SECRETS = {
    "OPENAI_API_KEY": "sk-1", "ANTHROPIC_APIKEY": "x", "PGPASSWORD": "p",
    "AWS_SECRET_ACCESS_KEY": "s",
    "AWS_ACCESS_KEY_ID": "AKIA", "HF_TOKEN": "hf_1", "ROLECALL_TOKEN": "rc_1", "MY_SECRET": "m",
    "GITHUB_TOKEN": "g", "AZURE_STORAGE_CONNECTION_STRING": "c", "DATABASE_URL": "pg://u:pw@h/d",
    "ROLECALL_QUEUE": "postgresql://h/d", "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer x",
    "SSH_AUTH_SOCK": "/run/agent", "https_proxy": "http://me:pw@proxy:3128",
    "GOOGLE_APPLICATION_CREDENTIALS": "/key.json", "SENTRY_DSN": "https://a@b/1", "MAIL_PASS": "x",
}  # fmt: skip
OTHERS = {
    "PATH": "/bin", "PWD": "/here", "HOME": "/me", "TOKENIZERS_PARALLELISM": "false",
    "KEYBOARD": "de",
    "VLLM_MAX_TOKENS": "512", "CUDA_VISIBLE_DEVICES": "0", "LANG": "C",
    "HTTP_PROXY": "http://p:3128",
    "SSL_CERT_FILE": "/etc/ca", "VLLM_USE_SECRET": "1", "MONKEY": "bananas", "HF_HOME": "/models",
}  # fmt: skip


def test_secrets_are_known_by_their_names_and_values():
    assert without_secrets(SECRETS | OTHERS) == OTHERS


def test_what_is_named_goes_and_what_is_needed_stays():
    environ = {"CLOUD": "k", "AWS_SECRET_ACCESS_KEY": "s", "HF_TOKEN": "h", "OPENAI_API_KEY": "o"}
    assert without_secrets(environ, named=("CLOUD",), needed=HUB) == {"HF_TOKEN": "h"}
    stores = {"CLOUD", "AWS_SECRET_ACCESS_KEY", "HF_TOKEN"}  # hf:// is a store of fsspec
    assert set(without_secrets(environ, needed=FETCHING)) == stores


def test_a_process_can_drop_its_own():
    environ = dict(SECRETS | OTHERS)
    drop_secrets(environ)
    assert environ == OTHERS


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells what a process was given")
def test_the_process_that_compiles_schemas_gets_no_secret():
    program = """
import pathlib
from rolecall.schema.compile import _Child
child = _Child()
print(pathlib.Path(f"/proc/{child.process.pid}/environ").read_text())
child.end()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True,
        env=os.environ | {"OPENAI_API_KEY": "sk-canary", "ORDINARY": "stays"},
    )  # fmt: skip
    assert "stays" in done.stdout
    assert "sk-canary" not in done.stdout
