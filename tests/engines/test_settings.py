"""An ``[engines.NAME]`` table is taken as it is meant, or refused with its place."""

from datetime import date

import pytest

from rolecall.core import Price
from rolecall.engines.protocol import EngineSettings
from rolecall.engines.settings import TAKEN, read_engine
from rolecall.errors import SettingsError

FULL = {
    "kind": "vllm",
    "urls": ["http://127.0.0.1:8000/v1/", "http://127.0.0.1:8001/v1"],
    "vendor": "vllm",
    "model": "Qwen/Qwen3-4B",
    "local": True,
    "key_env": "MY_KEY",
    "key_file": "key.txt",
    "window": 8192,
    "concurrency": 32,
    "call_seconds": 60,
    "tries": 3,
    "forms": ["grounded", "json_schema"],
    "price": {"input": 1, "cached": 0.5, "output": 2.5, "since": date(2026, 1, 2)},
    "path": "answers.jsonl",
}


def test_a_full_table_is_read():
    assert read_engine("big-1", FULL, "rolecall.toml") == EngineSettings(
        name="big-1",
        kind="vllm",
        urls=("http://127.0.0.1:8000/v1", "http://127.0.0.1:8001/v1"),
        vendor="vllm",
        model="Qwen/Qwen3-4B",
        local=True,
        key_env="MY_KEY",
        key_file="key.txt",
        window=8192,
        concurrency=32,
        call_seconds=60.0,
        tries=3,
        forms=("grounded", "json_schema"),
        price=Price(input=1.0, cached=0.5, output=2.5, since="2026-01-02"),
        path="answers.jsonl",
    )


def test_one_address_will_do():
    assert read_engine("one", {"url": "http://localhost:1234/v1"}).urls == (
        "http://localhost:1234/v1",
    )


def test_without_a_price_of_their_own_cached_tokens_cost_what_others_do():
    price = read_engine("one", {"price": {"input": 2, "output": 3}}).price
    assert price == Price(input=2.0, cached=2.0, output=3.0)


@pytest.mark.parametrize("name", ["", "Big", "a b", "a.b", "ä", "a\n", *sorted(TAKEN)])
def test_names_that_cannot_be_used_are_refused(name):
    with pytest.raises(SettingsError):
        read_engine(name, {})


@pytest.mark.parametrize(
    ("table", "said", "hint"),
    [
        ({"ulr": "http://a"}, "ulr", "url"),
        ({"modle": "x"}, "modle", "model"),
        ({"zzz": 1}, "zzz", "there are: kind"),
        ({"vendor": "vlm"}, "vlm", "vllm"),
        ({"forms": ["json-schema"]}, "json-schema", "json_schema"),
        ({"price": {"input": 1, "output": 1, "cashed": 1}}, "cashed", "cached"),
    ],
)
def test_what_is_misspelt_is_named_with_the_nearest(table, said, hint):
    with pytest.raises(SettingsError) as caught:
        read_engine("one", table, "rolecall.toml")
    assert "engines.one in rolecall.toml" in str(caught.value)
    assert said in str(caught.value)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "table",
    [
        {"url": 3}, {"url": "ftp://a"}, {"url": "127.0.0.1:8000"}, {"url": "http://"},
        {"url": "http://a:99999"}, {"url": "http://u:p@a/v1"}, {"url": "http://a/v1?x=1"},
        {"urls": "http://a"}, {"urls": []}, {"urls": [1]}, {"url": "http://a", "urls": ["http://b"]},
        {"model": ""}, {"model": 1}, {"local": "yes"}, {"local": 1}, {"window": 0},
        {"window": True}, {"window": 1.5}, {"concurrency": 0}, {"concurrency": "8"}, {"tries": 0},
        {"call_seconds": 0}, {"call_seconds": -1}, {"call_seconds": float("nan")},
        {"call_seconds": float("inf")}, {"call_seconds": True}, {"forms": "text"}, {"forms": []},
        {"forms": [1]}, {"price": 1}, {"price": {}}, {"price": {"input": 1}}, {"kind": None},
        {"price": {"input": -1, "output": 1}}, {"price": {"input": 1, "output": 1, "since": 5}},
    ],
)  # fmt: skip
def test_values_that_a_key_cannot_have_are_refused(table):
    with pytest.raises(SettingsError) as caught:
        read_engine("one", table, "user.toml")
    assert "engines.one in user.toml" in str(caught.value)
    assert caught.value.hint


def test_a_key_in_an_address_is_refused_and_not_repeated():
    with pytest.raises(SettingsError) as caught:
        read_engine("one", {"url": "https://me:canary@a.example/v1"})
    assert "canary" not in f"{caught.value} {caught.value.hint}"


def test_what_is_no_table_is_refused():
    with pytest.raises(SettingsError):
        read_engine("one", "http://a")


@pytest.mark.parametrize(
    ("table", "listed", "local"),
    [
        ({"url": "http://127.0.0.1:1/v1"}, (), True),
        ({"url": "http://10.0.0.5:1/v1"}, (), False),
        ({"url": "http://10.0.0.5:1/v1"}, ("10.0.0.0/8",), True),
        ({"urls": ["http://127.0.0.1/v1", "http://10.0.0.5/v1"]}, (), False),
        ({"url": "http://127.0.0.1:1/v1", "local": False}, (), False),
        ({"url": "https://api.example/v1", "local": True}, (), True),
        ({}, (), None),
    ],
)
def test_what_the_table_says_of_local_wins(table, listed, local):
    assert read_engine("one", table, "", listed).local is local
