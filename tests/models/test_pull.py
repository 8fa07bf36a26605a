"""Models are fetched whole or not at all: resumed, verified, where vLLM finds them."""

import hashlib
import json
import os
import signal
import subprocess
import sys

import pytest
from tests.models.files import TINY, safetensors, tiny_tensors
from tests.models.standin import COMMIT, standin_hub

from rolecall.errors import UsageError
from rolecall.models.cache import cached_models, cached_snapshot
from rolecall.models.find import find_shape
from rolecall.models.hub import Hub
from rolecall.models.pull import TRIES, Place, chosen, pull, refuse_strange

WEIGHTS = safetensors(tiny_tensors())
NAME = "some/tiny"


@pytest.fixture
def hub():
    with standin_hub() as one:
        one.models[NAME] = {
            "config.json": json.dumps(TINY).encode(),
            "model.safetensors": WEIGHTS,
            "tokenizer.json": b"{}" * 1000,
            "pytorch_model.bin": b"x" * 5000,
            "original/consolidated.00.pth": b"x" * 5000,
            "consolidated.safetensors": b"x" * 5000,
            "README.md": b"# tiny",
            "LICENSE": b"MIT",
        }
        yield one


@pytest.fixture
def environ(hub, tmp_path):
    return {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf"), "HOME": str(tmp_path)}


def place_in(environ, tmp_path, free=10**12, told=None):
    return Place(
        cache=tmp_path / "hf" / "hub",
        free=lambda _: free,
        pause=lambda _: None,
        tell=(told if told is not None else []).append,
    )


def fetch(environ, place, name=NAME):
    with Hub(environ) as connected:
        return pull(connected, name, place)


def test_a_model_lands_where_its_users_look(environ, tmp_path):
    told = []
    pulled = fetch(environ, place_in(environ, tmp_path, told=told))
    names = sorted(one.name for one in pulled.folder.iterdir())
    assert names == ["LICENSE", "config.json", "model.safetensors", "tokenizer.json"]
    assert (pulled.folder / "model.safetensors").read_bytes() == WEIGHTS
    assert pulled.folder.parts[-4:] == ("hub", "models--some--tiny", "snapshots", COMMIT)
    assert cached_snapshot(NAME, environ) == pulled.folder
    assert cached_models(environ) == ((NAME, pulled.folder),)
    assert "pytorch_model.bin" in pulled.skipped
    assert told[-1].done == told[-1].total == pulled.total
    assert [one.done for one in told] == sorted(one.done for one in told)
    shape = find_shape(NAME, environ | {"HF_HUB_OFFLINE": "1"})
    assert shape.tensor_bytes == 2 * shape.params


def test_the_library_of_the_hub_finds_it_offline(environ, tmp_path):
    pytest.importorskip("huggingface_hub")
    pulled = fetch(environ, place_in(environ, tmp_path))
    code = (
        "import sys, huggingface_hub as h;"
        "print(h.snapshot_download(sys.argv[1], local_files_only=True))"
    )
    words = [sys.executable, "-W", "ignore", "-c", code, NAME]
    inner = {"PATH": os.environ["PATH"], "HF_HUB_OFFLINE": "1", **environ}
    found = subprocess.run(words, env=inner, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == str(pulled.folder)


def test_a_second_pull_fetches_nothing_and_verifies(environ, tmp_path):
    place = place_in(environ, tmp_path)
    fetch(environ, place)
    again = fetch(environ, place)
    assert again.fetched == 0
    blob = (again.folder / "model.safetensors").resolve()
    blob.write_bytes(b"\0" + blob.read_bytes()[1:])
    mended = fetch(environ, place)
    assert mended.fetched == len(WEIGHTS)
    assert (mended.folder / "model.safetensors").read_bytes() == WEIGHTS


def test_a_broken_connection_is_resumed_where_it_broke(hub, environ, tmp_path):
    hub.models[NAME] = {"config.json": json.dumps(TINY).encode(), "model.safetensors": WEIGHTS}
    hub.faults = [None, (700,), 503, (300,), 429]
    pulled = fetch(environ, place_in(environ, tmp_path))
    assert (pulled.folder / "model.safetensors").read_bytes() == WEIGHTS
    assert pulled.fetched == len(WEIGHTS) + len(hub.models[NAME]["config.json"])
    ranges = [headers.get("range") for path, headers in hub.requests if "/cdn/" in path]
    assert ranges == [None, *["bytes=700-"] * 2, *["bytes=1000-"] * 2]


def test_a_hub_without_ranges_sends_the_file_once_more(hub, environ, tmp_path):
    hub.models[NAME] = {"config.json": json.dumps(TINY).encode(), "model.safetensors": WEIGHTS}
    hub.faults = [None, (700,), "no ranges"]
    pulled = fetch(environ, place_in(environ, tmp_path))
    assert (pulled.folder / "model.safetensors").read_bytes() == WEIGHTS


def test_a_hub_in_trouble_is_given_up_after_some_tries(hub, environ, tmp_path):
    hub.faults = [503] * 20
    with pytest.raises(UsageError, match="answered 503"):
        fetch(environ, place_in(environ, tmp_path))
    assert len(hub.faults) == 20 - TRIES


def test_one_flipped_bit_is_noticed_and_mended(hub, environ, tmp_path):
    hub.models[NAME] = {"config.json": json.dumps(TINY).encode(), "model.safetensors": WEIGHTS}
    hub.faults = [None, "flip"]
    pulled = fetch(environ, place_in(environ, tmp_path))
    assert (pulled.folder / "model.safetensors").read_bytes() == WEIGHTS


def test_a_file_that_stays_damaged_is_not_kept(hub, environ, tmp_path):
    hub.models[NAME] = {"config.json": json.dumps(TINY).encode(), "model.safetensors": WEIGHTS}
    hub.faults = ["flip", "flip"]
    with pytest.raises(UsageError, match=r"config\.json arrived damaged twice"):
        fetch(environ, place_in(environ, tmp_path))
    assert cached_snapshot(NAME, environ) is None


def test_too_little_room_is_said_before_anything_is_fetched(hub, environ, tmp_path):
    with pytest.raises(UsageError, match="free") as caught:
        fetch(environ, place_in(environ, tmp_path, free=1000))
    assert "HF_HOME" in caught.value.hint
    assert not any("/resolve/" in path for path, _ in hub.requests)


def test_a_hub_that_falls_silent_is_given_up_with_what_came_kept(hub, environ, tmp_path):
    hub.models[NAME] = {"config.json": json.dumps(TINY).encode(), "model.safetensors": WEIGHTS}
    hub.faults = [None, (700,)] + [(0,)] * 20
    with pytest.raises(UsageError, match="cannot be reached"):
        fetch(environ, place_in(environ, tmp_path))
    hub.faults = []
    pulled = fetch(environ, place_in(environ, tmp_path))
    assert pulled.fetched == len(WEIGHTS) - 700


KILLED = """
import os, signal, sys
from pathlib import Path
from rolecall.models.hub import Hub
from rolecall.models.pull import Place, pull
def tell(progress):
    if progress.file == "model.safetensors" and not progress.verifying:
        os.kill(os.getpid(), signal.SIGKILL)
with Hub(os.environ) as hub:
    pull(hub, "some/tiny", Place(cache=Path(sys.argv[1]), free=lambda _: 10**12,
         pause=lambda _: None, tell=tell))
"""


def test_a_killed_pull_goes_on_where_it_was(hub, environ, tmp_path):
    big = safetensors({"x": ("BF16", (1024, 2048))})
    hub.models[NAME] = {"config.json": json.dumps(TINY).encode(), "model.safetensors": big}
    cache = tmp_path / "hf" / "hub"
    words = [sys.executable, "-c", KILLED, str(cache)]
    inner = {**os.environ, **environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.run(words, env=inner, check=False)
    assert killed.returncode == -signal.SIGKILL
    begun = next(cache.rglob("*.incomplete"))
    digest = hashlib.sha256(big).hexdigest()
    assert begun.name == f"{digest}.incomplete"
    have = begun.stat().st_size
    assert cached_snapshot(NAME, environ) is None
    pulled = fetch(environ, place_in(environ, tmp_path))
    assert pulled.fetched == len(big) - have
    assert have > 0
    assert (pulled.folder / "model.safetensors").read_bytes() == big


@pytest.mark.parametrize(
    "file",
    ["../x.json", "/x.json", "a/../../x.json", "a\\..\\x.json", "~/x.json", "x\n.json", "", ".."],
)  # fmt: skip
def test_file_names_that_lead_elsewhere_are_refused(file):
    with pytest.raises(UsageError, match="not fetched"):
        refuse_strange(file, NAME)


def test_a_listing_with_a_strange_name_fetches_nothing(hub, environ, tmp_path):
    told = hub.listing(NAME)
    told["siblings"].append({"rfilename": "..\\x.json", "size": 3, "blobId": "a" * 40})
    hub.listed = told
    with pytest.raises(UsageError, match="not fetched"):
        fetch(environ, place_in(environ, tmp_path))
    assert not any("/resolve/" in path for path, _ in hub.requests)


@pytest.mark.parametrize(
    "listed",
    [
        [], {}, {"sha": COMMIT}, {"sha": "main", "siblings": []},
        {"sha": COMMIT, "siblings": [{"rfilename": "a"}]},
        {"sha": COMMIT, "siblings": [{"rfilename": "a", "size": -1, "blobId": "a" * 40}]},
        {"sha": COMMIT, "siblings": [{"rfilename": "a", "size": 1, "blobId": "../../x"}]},
        {"sha": COMMIT, "siblings": [None]},
    ],
)  # fmt: skip
def test_a_listing_that_makes_no_sense_is_refused(hub, environ, tmp_path, listed):
    hub.listed = listed
    with pytest.raises(UsageError):
        fetch(environ, place_in(environ, tmp_path))


def test_only_what_is_loaded_is_chosen(hub, environ):
    hub.models["a/b"] = {"consolidated.safetensors": b"x" * 600, "params.json": b"{}"}
    hub.models["c/d"] = {"model.gguf": b"x" * 600}
    with Hub(environ) as connected:
        assert len(chosen(connected.listing("a/b"))) == 2
        with pytest.raises(UsageError, match="no safetensors"):
            chosen(connected.listing("c/d"))
