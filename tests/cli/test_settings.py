import json
from pathlib import Path

from tests.cli.shell import rolecall


def test_every_setting_tells_where_its_value_came_from(tmp_path: Path) -> None:
    (tmp_path / "rolecall.toml").write_text("recycle_after = 7\n")
    done = rolecall("settings", "--json", cwd=tmp_path, ROLECALL_WORKERS="3")
    told = json.loads(done.stdout)
    assert told["workers"] == {"value": 3, "origin": "environment ROLECALL_WORKERS"}
    assert told["recycle_after"]["value"] == 7
    assert "rolecall.toml" in told["recycle_after"]["origin"]
    assert told["max_bytes"]["origin"] == "default"
    text = rolecall("settings", cwd=tmp_path, ROLECALL_WORKERS="3").stdout.decode()
    assert "workers = 3   (environment ROLECALL_WORKERS)" in text


def test_an_alias_without_effect_is_named() -> None:
    done = rolecall("settings", SWAP_SPACE="4")
    assert done.returncode == 0
    assert b"SWAP_SPACE has no effect" in done.stderr
