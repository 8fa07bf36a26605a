import gc

import pytest

from rolecall.errors import UsageError
from rolecall.remote.faults import RemoteError, explained
from rolecall.remote.names import is_remote
from rolecall.remote.objects import (
    delete,
    exists,
    is_folder,
    listing,
    open_reading,
    open_writing,
    size,
)


@pytest.fixture(params=["s3", "memory"])
def root(request: pytest.FixtureRequest) -> str:
    if request.param == "s3":
        return request.getfixturevalue("bucket")
    pytest.importorskip("fsspec")
    from fsspec.implementations.memory import MemoryFileSystem

    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]
    return "memory://pages"


def put(url: str, data: bytes) -> None:
    with open_writing(url) as file:
        file.write(data)


def get(url: str) -> bytes:
    with open_reading(url) as file:
        return file.read()


def test_what_was_written_is_read(root: str) -> None:
    put(f"{root}/day/a.html", b"x" * 3_000_000)
    put(f"{root}/day/a.html", b"abc" * 1_000_000)
    assert size(f"{root}/day/a.html") == 3_000_000
    with open_reading(f"{root}/day/a.html") as file:
        assert file.read(5) == b"abcab"
        assert sum(len(block) for block in iter(lambda: file.read(1 << 16), b"")) == 2_999_995
    with open_reading(f"{root}/day/a.html", seeking=True) as file:
        file.seek(-2, 2)
        assert file.read() == b"bc"


def test_compressed_objects_come_as_they_lie_there(root: str) -> None:
    put(f"{root}/a.gz", b"\x1f\x8bno gzip at all")
    assert get(f"{root}/a.gz") == b"\x1f\x8bno gzip at all"


def test_keys_are_not_decoded(root: str) -> None:
    put(f"{root}/a%20b c?d#e.txt", b"1")
    assert get(f"{root}/a%20b c?d#e.txt") == b"1"
    assert list(listing(f"{root}/")) == [f"{root}/a%20b c?d#e.txt"]


def test_nothing_is_there_before_it_is_closed_in_order(root: str) -> None:
    url = f"{root}/out.jsonl"
    file = open_writing(url)
    file.write(b"1" * 100)
    assert not exists(url)
    del file
    gc.collect()
    assert not exists(url)
    with pytest.raises(TypeError), open_writing(url) as file:
        file.write(None)
    assert not exists(url)


def test_deleting_what_is_not_there_is_no_error(root: str) -> None:
    put(f"{root}/a", b"1")
    delete(f"{root}/a")
    assert not exists(f"{root}/a")
    delete(f"{root}/a")


def test_listings_are_sorted_and_patterns_match_as_in_a_shell(root: str) -> None:
    for key in ("b.html", "a/2.html", "a/1.html.gz", "a/c/3.HTML", "a/.x.html", "a-b/4.txt"):
        put(f"{root}/{key}", b"1")

    def keys(url: str, suffix: str = "") -> list[str]:
        return [found.removeprefix(root + "/") for found in listing(f"{root}/{url}", suffix)]

    assert keys("a/") == ["a/1.html.gz", "a/2.html", "a/c/3.HTML"]
    assert keys("a") == keys("a/")
    assert keys("", ".html") == ["a/2.html", "a/c/3.HTML", "b.html"]
    assert keys("*.html") == ["b.html"]
    assert keys("a*/*") == ["a/1.html.gz", "a/2.html", "a-b/4.txt"]
    assert keys("**/*.html") == ["a/2.html", "b.html"]
    assert keys("a/**/[13].*") == ["a/1.html.gz", "a/c/3.HTML"]
    assert keys("a/?.html") == ["a/2.html"]
    assert keys("*.nothing") == []
    assert is_folder(f"{root}/a")
    assert not is_folder(f"{root}/b.html")
    assert not is_folder(f"{root}/nothing")


def test_missing_things_are_named(root: str) -> None:
    with pytest.raises(RemoteError, match="no object"):
        get(f"{root}/nothing")
    put(f"{root}/a/b", b"1")
    with pytest.raises(RemoteError, match="no object"):
        get(f"{root}/a")
    with pytest.raises(RemoteError, match="no object"):
        list(listing(f"{root}/nothing/"))


def test_a_missing_bucket_is_named(bucket: str) -> None:
    for act in (
        lambda: get("s3://nowhere/a"),
        lambda: list(listing("s3://nowhere/")),
        lambda: put("s3://nowhere/a", b"1"),
    ):
        with pytest.raises(RemoteError, match="no bucket 'nowhere'"):
            act()


def test_a_store_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from rolecall.remote import stores

    monkeypatch.setattr(stores, "TRIES", 1)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    stores._opened.cache_clear()
    with pytest.raises(RemoteError, match="does not answer") as found:
        get("s3://pages/a")
    stores._opened.cache_clear()
    assert found.value.retryable


@pytest.mark.parametrize(
    ("path", "remote"),
    [
        ("s3://bucket/a", True),
        ("memory://a", True),
        ("C://a", False),
        ("C:\\a", False),
        ("file.jsonl:12", False),
        ("a/b://c", False),
        ("-", False),
        ("", False),
    ],
)
def test_addresses_are_told_from_paths(path: str, remote: bool) -> None:
    assert is_remote(path) is remote


@pytest.mark.parametrize("path", ["https://example.org/a", "HTTP://example.org", "file:///a"])
def test_what_is_not_fetched_is_refused(path: str) -> None:
    with pytest.raises(UsageError):
        is_remote(path)


@pytest.mark.parametrize("url", ["nothing://a/b", "s3:///a", "s3://a/\0"])
def test_addresses_that_cannot_be_are_refused(url: str) -> None:
    with pytest.raises(UsageError):
        open_reading(url)


def test_refused_keys_name_the_variables() -> None:
    error = OSError("When getting information for key 'a': AWS Error ACCESS_DENIED during Head")
    assert "AWS_ACCESS_KEY_ID" in (explained(error, "s3://a/b").hint or "")
    assert "GOOGLE" in (explained(PermissionError("no"), "gs://a/b").hint or "")
