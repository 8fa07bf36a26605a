from pathlib import Path

import pytest

from rolecall.aliases import ALIASES
from rolecall.engines.settings import read_engine
from rolecall.errors import SettingsError, UsageError
from rolecall.record import config_hash
from rolecall.settings import Settings, declared
from rolecall.settings_load import load, locate


@pytest.fixture
def project(tmp_path):
    path = tmp_path / "rolecall.toml"
    path.write_text("workers = 3\nmax_bytes = 300\n")
    return path


@pytest.fixture
def user(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text("workers = 4\nmax_bytes = 400\npage_timeout_seconds = 4\n")
    return path


def test_a_flag_wins_over_environment_project_user_and_default(project, user):
    settings = load({"workers": 1}, {"ROLECALL_WORKERS": "2", "HOME": "/h"}, project, user)
    assert (settings.workers, settings.max_bytes, settings.page_timeout_seconds) == (1, 300, 4.0)
    assert settings.recycle_after == Settings().recycle_after
    assert settings.origin("workers") == "flag --workers"
    assert settings.origin("max_bytes") == f"max_bytes in {project}"
    assert settings.origin("page_timeout_seconds") == f"page_timeout_seconds in {user}"
    assert settings.origin("recycle_after") == "default"
    settings = load({"workers": None}, {"ROLECALL_WORKERS": "2"}, project, user)
    assert settings.origin("workers") == "environment ROLECALL_WORKERS"


def test_files_that_are_not_there_say_nothing(tmp_path):
    assert load({}, {}, tmp_path / "no.toml", tmp_path / "no" / "config.toml") == Settings()


@pytest.mark.parametrize(
    ("words", "value"), [("1", True), ("Yes", True), ("off", False), ("false", False)]
)
def test_switches_are_read_from_words(words, value):
    assert load({}, {"ROLECALL_WITH_TEXT": words}).with_text is value


@pytest.mark.parametrize(
    ("flags", "environ", "told"),
    [
        ({"worker": 2}, {}, "flag --worker"),
        ({}, {"ROLECALL_WORKER": "2"}, "environment ROLECALL_WORKER"),
        ({}, {"ROLECALL_WORKERS": "many"}, "environment ROLECALL_WORKERS"),
        ({}, {"ROLECALL_WORKERS": "-1"}, "too small"),
        ({"workers": True}, {}, "flag --workers"),
        ({}, {"ROLECALL_PAGE_TIMEOUT_SECONDS": "nan"}, "ROLECALL_PAGE_TIMEOUT_SECONDS"),
        ({}, {"ROLECALL_PAGE_TIMEOUT_SECONDS": "inf"}, "ROLECALL_PAGE_TIMEOUT_SECONDS"),
        ({}, {"ROLECALL_WITH_TEXT": "perhaps"}, "ROLECALL_WITH_TEXT"),
    ],
)
def test_a_bad_name_or_value_is_named_with_its_place(flags, environ, told):
    with pytest.raises(SettingsError, match=told):
        load(flags, environ)


@pytest.mark.parametrize(
    ("words", "value"), [("none", None), (" None ", None), ("0", 0.0), ("2.5", 2.5)]
)
def test_a_cap_may_be_none_and_none_is_not_zero(tmp_path, words, value):
    assert load({}, {"ROLECALL_BUDGET_MONTH": words}).budget_month == value
    path = tmp_path / "rolecall.toml"
    path.write_text('budget_day = 3\nbudget_month = "none"\n')
    settings = load({}, {"ROLECALL_BUDGET_DAY": words}, path)
    assert (settings.budget_day, settings.budget_month) == (value, None)
    assert settings.origin("budget_month") == f"budget_month in {path}"


@pytest.mark.parametrize("words", ["", "-1", "nan", "inf", "much"])
def test_a_cap_that_is_no_amount_is_refused(words):
    with pytest.raises(SettingsError, match="ROLECALL_BUDGET_DAY"):
        load({}, {"ROLECALL_BUDGET_DAY": words})


def test_an_unknown_name_suggests_the_near_one(tmp_path):
    path = tmp_path / "rolecall.toml"
    path.write_text("max_byte = 3\n")
    with pytest.raises(SettingsError) as caught:
        load({}, {}, path)
    assert str(path) in str(caught.value)
    assert caught.value.hint == "did you mean max_bytes?"
    with pytest.raises(UsageError) as caught:
        load({}, {"ROLECALL_WORKRES": "1"})
    assert caught.value.hint == "did you mean ROLECALL_WORKERS?"
    with pytest.raises(SettingsError) as caught:
        load({"zzz": 1})
    assert "workers" in caught.value.hint


@pytest.mark.parametrize("body", [b"workers = ", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_named(tmp_path, body):
    path = tmp_path / "rolecall.toml"
    path.write_bytes(body)
    with pytest.raises(SettingsError, match=r"rolecall\.toml"):
        load({}, {}, path)


def test_a_folder_in_place_of_a_file_is_named(tmp_path):
    with pytest.raises(SettingsError, match="cannot be used"):
        load({}, {}, tmp_path)


def test_variables_of_the_decision_record_say_that_they_have_no_effect():
    settings = load({}, {"MODEL_NAME": "m", "SWAP_SPACE": "4"})
    assert [notice.code for notice in settings.warnings] == ["setting_without_effect"] * 2
    assert "SWAP_SPACE" in settings.warnings[0].message
    assert "MODEL_NAME" in settings.warnings[1].message
    assert not any(name.startswith("ROLECALL_") for name in ALIASES)


def test_every_setting_is_described_and_its_default_is_of_its_kind():
    for one in declared():
        assert one.help.endswith(".")
        assert type(one.default) is one.kind or (one.optional and one.default is None)
        assert getattr(Settings(), one.name) == one.default
    by_name = {one.name: one for one in declared()}
    assert by_name["max_bytes"].variable == "ROLECALL_MAX_BYTES"
    assert by_name["max_bytes"].flag == "--max-bytes"


def test_only_what_can_change_a_result_decides():
    assert set(Settings().deciding()) == {"max_bytes", "reader", "least_sure", "dedup", "columns"}
    assert set(Settings(engine="none", policy="cloud-on-doubt").deciding()) == {
        "max_bytes",
        "reader",
        "least_sure",
        "dedup",
        "columns",
    }


def test_settings_of_engines_decide_where_an_engine_may_be_asked():
    settings = Settings(engines={"small": {"kind": "replay"}})
    assert settings.deciding()["engines"] == {"small": {"kind": "replay"}}
    assert settings.deciding()["threshold_tokens"] == 8_192


def test_tables_of_engines_come_from_the_files_and_the_nearer_one_wins(tmp_path):
    near, far = tmp_path / "near.toml", tmp_path / "far.toml"
    near.write_text('[engines.a]\nkind = "vllm"\n')
    far.write_text('[engines.a]\nkind = "openai"\n[engines.b]\nkind = "replay"\n')
    settings = load({}, {}, near, far)
    assert {name: one["kind"] for name, one in settings.engines.items()} == {
        "a": "vllm", "b": "replay",
    }  # fmt: skip


def test_an_engine_that_is_no_table_is_refused(tmp_path):
    path = tmp_path / "rolecall.toml"
    path.write_text('engines = "vllm"\n')
    with pytest.raises(SettingsError, match="table"):
        load({}, {}, path)


def test_the_decision_records_variables_name_a_server():
    settings = load({}, {
        "VLLM_HOST": "0.0.0.0", "VLLM_PORT": "8001", "MODEL_NAME": "m", "MAX_NUM_SEQS": "64",
    })  # fmt: skip
    assert dict(settings.engines["vllm"]) == {
        "kind": "vllm", "url": "http://127.0.0.1:8001/v1", "model": "m", "concurrency": 64,
    }  # fmt: skip
    assert settings.warnings == ()


def test_a_port_of_another_kind_names_no_server():
    settings = load({}, {"VLLM_PORT": "tcp://10.0.0.1:80"})
    assert settings.engines == {}
    assert [notice.code for notice in settings.warnings] == ["setting_without_effect"]


def test_settings_cannot_be_changed():
    with pytest.raises(AttributeError):
        Settings().workers = 3


def test_the_users_file_is_where_the_desktop_says():
    here = Path("/w")
    assert locate({"XDG_CONFIG_HOME": "/x", "HOME": "/h"}, here) == (
        Path("/w/rolecall.toml"),
        Path("/x/rolecall/config.toml"),
    )
    assert locate({"XDG_CONFIG_HOME": "x", "HOME": "/h"}, here)[1] == Path(
        "/h/.config/rolecall/config.toml"
    )


def test_a_server_of_the_environment_needs_no_model_and_may_have_any_address():
    settings = load({}, {"VLLM_HOST": "::1", "MAX_NUM_SEQS": "0"})
    assert settings.engines["vllm"] == {"kind": "vllm", "url": "http://[::1]:8000/v1"}
    read_engine("vllm", settings.engines["vllm"])


def test_the_order_of_engines_decides_and_their_keys_and_prices_do_not():
    one, two = {"kind": "replay"}, {"kind": "vllm"}
    first = Settings(engines={"a": one, "b": two}).deciding()
    turned = Settings(engines={"b": two, "a": one}).deciding()
    assert config_hash(first, "m") != config_hash(turned, "m")
    dearer = Settings(engines={"a": one | {"tries": 2, "key_env": "K"}, "b": two}).deciding()
    assert config_hash(first, "m") == config_hash(dearer, "m")


def test_what_trials_and_audits_name_is_left_to_them(tmp_path):
    path = tmp_path / "rolecall.toml"
    path.write_text(
        'audit_engine = "judge"\n[engines.small]\nkind = "replay"\n'
        '[engines.judge]\nkind = "replay"\n'
        '[engines.new]\nkind = "replay"\n[[challenger]]\nname = "new model"\nengine = "new"\n'
    )
    settings = load(project_toml=path)
    assert settings.set_aside() == {"judge", "new"}
    assert list(settings.deciding()["engines"]) == ["small"]
    alone = Settings(engines={"small": {"kind": "replay"}})
    assert settings.deciding() == alone.deciding()
    told = {"policy": "cloud-on-doubt", "cloud_engine": "judge"}
    assert load(told, project_toml=path).set_aside() == {"new"}


@pytest.mark.parametrize(
    "text", ["[[challenger]]\nshare = 0.1\n", "challenger = 3\n", "[[challenger]]\nname = 3\n"]
)
def test_a_challenger_needs_a_name(tmp_path, text):
    path = tmp_path / "rolecall.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match="name"):
        load(project_toml=path)


def test_a_cloud_engine_that_pages_may_go_to_is_left_to_audits_only_where_pages_stay():
    told = {"audit_engine": "far", "cloud_engine": "far", "engines": {"far": {"kind": "openai"}}}
    assert Settings(policy="cloud-on-doubt", **told).set_aside() == frozenset()
    assert Settings(policy="cloud-for-audits", **told).set_aside() == {"far"}
    assert Settings(**told).set_aside() == {"far"}


def test_that_audits_may_go_to_a_cloud_changes_no_record():
    near = {"near": {"kind": "replay"}}
    told = {"engines": near | {"far": {"kind": "openai"}}, "audit_engine": "far"}
    audited = Settings(policy="cloud-for-audits", cloud_engine="far", **told)
    assert audited.deciding() == Settings(engines=near).deciding()
