"""The page on engines says what the code does."""

import re
from pathlib import Path

import pytest

from rolecall.engines.retry import RULES
from rolecall.engines.settings import _KEYS
from rolecall.engines.vendors import VENDORS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "engines.md").read_text("utf-8")
SOURCE = "".join(
    path.read_text("utf-8") for path in (ROOT / "src" / "rolecall" / "engines").glob("*.py")
)


@pytest.mark.parametrize("key", _KEYS)
def test_every_key_is_described(key):
    assert re.search(rf"^\| .*`{key}`", PAGE, re.M)


@pytest.mark.parametrize("row", VENDORS.values(), ids=VENDORS)
def test_every_vendor_is_described(row):
    line = re.search(rf"^\| `{row.name}` \|.*$", PAGE, re.M).group()
    assert row.url in line
    assert row.key_env in line
    assert all(f"`{form}`" in line or "all:" in line for form in row.forms)
    assert f"| {'yes' if row.tokenize else 'no'} |" in line
    assert line.endswith(f"| {row.concurrency} |")


@pytest.mark.parametrize("status", RULES)
def test_every_status_is_described(status):
    assert status in PAGE or status in ("300", "4xx")


@pytest.mark.parametrize("code", sorted(set(re.findall(r'Notice\(\s*code="(\w+)"', SOURCE))))
def test_every_notice_is_described(code):
    assert f"`{code}`" in PAGE


def test_every_result_is_described():
    results = set(re.findall(r'(?:no_answer|Fault)\(\s*"(\w+)"', SOURCE))
    assert len(results) > 9
    assert {one for one in results if f"`{one}`" not in PAGE} == set()


def test_the_example_runs(capsys):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    exec(compile(code, "engines.md", "exec"), {})
    assert capsys.readouterr().out == '{"title":"Nurse"}\n'
