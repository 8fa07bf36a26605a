"""What a hub tells of a model, what it refuses, and where a named model is found."""

import json

import pytest
from tests.models.files import TINY, safetensors, tiny_tensors, write_model
from tests.models.standin import standin_hub

from rolecall.errors import UsageError
from rolecall.models.find import find_shape
from rolecall.models.hub import Hub, shape_on_hub, token_of

NAME = "some/tiny"


@pytest.fixture
def hub():
    with standin_hub() as one:
        one.models[NAME] = {
            "config.json": json.dumps(TINY).encode(),
            "model.safetensors": safetensors(tiny_tensors()),
        }
        yield one


@pytest.fixture
def environ(hub, tmp_path):
    return {"HF_ENDPOINT": hub.url + "/", "HF_HOME": str(tmp_path / "hf"), "HOME": str(tmp_path)}


def test_the_shape_of_a_model_is_read_from_headers_alone(hub, environ):
    weights = tiny_tensors() | {f"mtp.{'x' * 200}.{one}": ("U8", (9,)) for one in range(1500)}
    hub.models[NAME]["model.safetensors"] = safetensors(weights)
    shape = find_shape(NAME, environ)
    assert shape.origin == "hub"
    assert shape.tensor_bytes == 2 * shape.params
    parts = [headers["range"] for path, headers in hub.requests if "/cdn/" in path]
    assert parts[0] == "bytes=0-262143"
    assert len(parts) == 2
    assert int(parts[1].rpartition("-")[2]) < 600_000


def test_several_files_are_read_by_their_index(hub, environ):
    tensors = tiny_tensors()
    first = {name: one for name, one in tensors.items() if "layers.1" not in name}
    second = {name: one for name, one in tensors.items() if "layers.1" in name}
    told = dict.fromkeys(first, "a.safetensors") | dict.fromkeys(second, "b.safetensors")
    hub.models[NAME] = {
        "config.json": json.dumps(TINY).encode(), "a.safetensors": safetensors(first),
        "b.safetensors": safetensors(second), "other.safetensors": b"x" * 900,
        "model.safetensors.index.json": json.dumps({"weight_map": told}).encode(),
    }  # fmt: skip
    shape = find_shape(NAME, environ)
    assert shape.tensor_bytes == 2 * shape.params


def test_the_token_goes_to_the_hub_and_nowhere_else(hub, environ):
    hub.private.add(NAME)
    with pytest.raises(UsageError, match="no model") as caught:
        find_shape(NAME, environ)
    assert "HF_TOKEN" in caught.value.hint
    assert find_shape(NAME, environ | {"HF_TOKEN": "hf_good"}).origin == "hub"
    with pytest.raises(UsageError, match="token is not accepted"):
        find_shape(NAME, environ | {"HF_TOKEN": "hf_wrong"})


def test_a_token_stays_with_the_hub_where_weights_lie_elsewhere(hub, environ):
    with standin_hub() as store:
        store.models = hub.models
        hub.elsewhere = store.url
        find_shape(NAME, environ | {"HF_TOKEN": "hf_good"})
        assert all("authorization" in headers for _, headers in hub.requests)
        assert store.requests
        assert not any("authorization" in headers for _, headers in store.requests)


def test_a_copy_in_the_cache_that_is_not_whole_is_not_the_last_word(environ, tmp_path):
    folder = tmp_path / "hf" / "hub" / "models--Qwen--Qwen3-8B" / "snapshots" / ("a" * 40)
    write_model(folder)
    (folder / "model.safetensors").write_bytes(b"cut")
    shape = find_shape("Qwen/Qwen3-8B", environ)
    assert shape.params == 8_190_735_360
    assert any("in the cache is not used" in one for one in shape.assumed)


def test_a_gated_model_names_the_page_to_agree_at(hub, environ):
    hub.gated.add(NAME)
    for more in ({}, {"HF_TOKEN": "hf_other"}):
        if more:
            hub.token = "another"
            continue
        with pytest.raises(UsageError, match="gated") as caught:
            find_shape(NAME, environ | more)
        assert f"{hub.url}/{NAME}" in caught.value.hint


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_hub_in_trouble_is_told_as_such(hub, environ, status):
    hub.faults = [status]
    with Hub(environ) as connected, pytest.raises(UsageError) as caught:
        shape_on_hub(connected, NAME)
    assert caught.value.hint


def test_no_hub_is_asked_where_none_may_be(hub, environ, tmp_path):
    for environ_, reach in ((environ, False), (environ | {"HF_HUB_OFFLINE": "1"}, True)):
        with pytest.raises(UsageError, match="in no folder, cache or catalogue"):
            find_shape(NAME, environ_, reach=reach)
        assert find_shape("Qwen/Qwen3-8B", environ_, reach=reach).origin == "catalogue"
    assert not hub.requests


def test_a_hub_that_is_not_there_still_leaves_the_catalogue(tmp_path):
    environ = {"HF_ENDPOINT": "http://127.0.0.1:9", "HOME": str(tmp_path)}
    shape = find_shape("someone/Qwen3-8B-jobs", environ)
    assert any("cannot be reached" in one for one in shape.assumed)
    with pytest.raises(UsageError, match="cannot be reached"):
        find_shape("someone/unheard-of", environ)


def test_a_near_name_is_offered(tmp_path):
    with pytest.raises(UsageError) as caught:
        find_shape("Qwen3-7B", {"HOME": str(tmp_path)}, reach=False)
    assert "did you mean Qwen/Qwen3-" in caught.value.hint


def test_folders_come_first(tmp_path):
    folder = write_model(tmp_path / "Qwen3-8B")
    assert find_shape(str(folder), {}, reach=False).origin == "folder"
    with pytest.raises(UsageError, match="there is no folder"):
        find_shape("./absent", {}, reach=False)
    with pytest.raises(UsageError, match="no model is named"):
        find_shape("  ", {}, reach=False)


def test_the_token_is_found_where_logging_in_leaves_it(tmp_path):
    assert token_of({"HOME": str(tmp_path)}) == ""
    (tmp_path / "token").write_text("hf_abc\n")
    assert token_of({"HF_HOME": str(tmp_path)}) == "hf_abc"
    assert token_of({"HF_HOME": str(tmp_path), "HF_TOKEN": "hf_x"}) == "hf_x"


def test_the_home_of_nobody_is_no_place() -> None:
    with pytest.raises(UsageError):
        find_shape("~nobody-of-that-name/model", {}, reach=False)
