import os
from pathlib import Path

import pytest
from tests.outputs.made import CONFIG, line, read, run
from tests.remote.conftest import bucket, endpoint

from rolecall.errors import UsageError
from rolecall.outputs.away import working_copy
from rolecall.outputs.carry import carry
from rolecall.outputs.open import open_output
from rolecall.remote import objects

__all__ = ["bucket", "endpoint"]
PAGES = dict.fromkeys("abc", "x")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


def fetched(url: str, tmp_path: Path, form: str) -> list[str]:
    path = tmp_path / "fetched"
    path.write_bytes(objects.open_reading(url).read())
    return [row["source"] for row in read(path, form)]


def test_an_output_in_a_store_is_sent_whole_and_continued(
    bucket: str, tmp_path: Path, state: Path
) -> None:
    url = f"{bucket}/day/out.parquet"
    output = open_output(url, "new", CONFIG)
    output.append("c", 2, line("c", 2))
    output.close()
    assert not objects.exists(url)
    with pytest.raises(UsageError, match="begun by a run that did not end"):
        open_output(url, "new", CONFIG)
    assert run(open_output(url, "resume", CONFIG), PAGES) == 2
    assert fetched(url, tmp_path, "parquet") == ["a", "b", "c"]
    assert list((state / "rolecall" / "outputs").iterdir()) == []
    with pytest.raises(UsageError, match=f"{url} exists"):
        open_output(url, "new", CONFIG)
    assert run(open_output(url, "resume", CONFIG), {"d": "x"} | PAGES) == 1
    assert fetched(url, tmp_path, "parquet") == ["d", "a", "b", "c"]


def test_a_store_that_refuses_is_told(bucket: str) -> None:
    with pytest.raises(UsageError, match="no bucket") as caught:
        open_output("s3://elsewhere/out.jsonl", "resume", CONFIG)
    assert caught.value.hint is not None
    for url in ("https://example.org/out.jsonl", "s3://pages/"):
        with pytest.raises(UsageError):
            open_output(url, "new", CONFIG)


def test_each_address_has_a_working_copy_of_its_own() -> None:
    environ = {"XDG_STATE_HOME": os.sep + "state"}
    one = working_copy("s3://a/out.csv", environ)
    other = working_copy("s3://b/out.csv", environ)
    assert (one.name, one.parent.parent) == ("out.csv", other.parent.parent)
    assert one.parent != other.parent
    assert working_copy("s3://a/out.csv", environ | {"AWS_ENDPOINT_URL": "x"}) != one


def test_errands_take_no_modules_from_the_folder_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shutil.py").write_text("raise SystemExit('taken from here')")
    monkeypatch.chdir(tmp_path)
    assert carry("delete", "memory://bucket/none.jsonl") is None
