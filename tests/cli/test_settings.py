import json
from pathlib import Path

from tests.cli.shell import inside


def test_every_setting_tells_where_its_value_came_from(tmp_path: Path) -> None:
    (tmp_path / "rolecall.toml").write_text("recycle_after = 7\n")
    done = inside("settings", "--json", cwd=tmp_path, ROLECALL_WORKERS="3")
    told = json.loads(done.stdout)
    assert told["workers"] == {"value": 3, "origin": "environment ROLECALL_WORKERS"}
    assert told["recycle_after"]["value"] == 7
    assert "rolecall.toml" in told["recycle_after"]["origin"]
    assert told["max_bytes"]["origin"] == "default"
    text = inside("settings", cwd=tmp_path, ROLECALL_WORKERS="3").stdout.decode()
    assert "workers = 3   (environment ROLECALL_WORKERS)" in text


def test_an_alias_without_effect_is_named() -> None:
    done = inside("settings", SWAP_SPACE="4")
    assert done.returncode == 0
    assert b"SWAP_SPACE has no effect" in done.stderr


def test_running_servers_are_named_with_where_they_are_written_down(tmp_path: Path) -> None:
    (tmp_path / "rolecall").mkdir()
    table = {"kind": "vllm", "url": "http://127.0.0.1:7/v1", "model": "small"}
    (tmp_path / "rolecall" / "engines.json").write_text(json.dumps({"gpu": table}))
    (tmp_path / "rolecall.toml").write_text('[engines.mine]\nkind = "replay"\npath = "a"\n')
    done = inside("settings", cwd=tmp_path, XDG_STATE_HOME=str(tmp_path))
    told = done.stdout.decode()
    assert "[engines.gpu] kind = 'vllm', model = 'small', local = True, running = 'gpu'" in told
    assert "(rolecall up, in " in told
    found = inside("settings", "--json", cwd=tmp_path, XDG_STATE_HOME=str(tmp_path))
    engines = json.loads(found.stdout)["engines"]
    assert list(engines) == ["gpu", "mine"]
    assert "rolecall.toml" in engines["mine"]["origin"]


def test_passwords_and_keys_are_not_shown(tmp_path: Path) -> None:
    """What is printed here ends in tickets and chats."""
    (tmp_path / "rolecall.toml").write_text(
        'alert_url = "https://me:Hush1@alerts.example/x?token=Hush2"\n'
        '[engines.one]\nkind = "openai"\nurl = "http://me:Hush3@127.0.0.1/v1"\nkey_env = "KEY"\n'
        'api_key = "Hush4"\nkye = "Hush5"\n'
    )
    told = {"cwd": tmp_path, "ROLECALL_QUEUE": "postgresql://me:Hush/6@x@[host/db?password=Hush7"}
    for words in ([], ["--json"]):
        text = inside("settings", *words, **told).stdout.decode()
        assert "Hush" not in text
        assert "postgresql://me:***@" in text
        assert "https://me:***@alerts.example/x?token=***" in text
        assert "KEY" in text
