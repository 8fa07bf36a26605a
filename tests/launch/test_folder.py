"""The files of servers: private, whole, one keeper each."""

from __future__ import annotations

import asyncio
import stat
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from rolecall.engines.state import running
from rolecall.errors import UsageError
from rolecall.launch.control import ask, listening
from rolecall.launch.failures import LaunchError
from rolecall.launch.folder import (
    announce,
    folder_of,
    held,
    is_kept,
    names,
    read_server,
    write_key,
    write_private,
    write_server,
)
from rolecall.launch.left import cleaned_if_left
from rolecall.launch.nouns import Server

SERVER = Server(
    name="small", model="m", port=1, pid=2, phase="ready", command=("vllm",), started="now"
)


def test_files_are_for_the_user_alone(tmp_path: Path) -> None:
    folder = folder_of("small", {"XDG_STATE_HOME": str(tmp_path)})
    write_server(folder, SERVER)
    write_key(folder)
    for path in (folder.server, folder.key):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.server.parent.stat().st_mode) == 0o700
    assert read_server(folder) == SERVER
    assert len(folder.key.read_text()) >= 32
    assert names({"XDG_STATE_HOME": str(tmp_path)}) == ("small",)


def test_a_file_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    folder = folder_of("small", {"XDG_STATE_HOME": str(tmp_path)})
    assert read_server(folder) is None
    folder.server.write_text("{")
    assert read_server(folder) is None


@pytest.mark.parametrize("name", ["", "a/b", "..", "A", "x" * 41, "none", "auto", "a b"])
def test_names_that_cannot_be(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        folder_of(name, {"XDG_STATE_HOME": str(tmp_path)})


def test_a_state_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError):
        folder_of("small", {"XDG_STATE_HOME": str(tmp_path / "file")})


def test_a_state_folder_whose_name_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no UTF-8"):
        folder_of("small", {"XDG_STATE_HOME": f"{tmp_path}/\udcff"})


def test_writing_does_not_follow_a_link(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("mine")
    link = tmp_path / "link"
    link.symlink_to(target)
    write_private(link, b"new")
    assert target.read_text() == "mine"
    assert link.read_bytes() == b"new"
    assert not link.is_symlink()


def test_a_lock_is_for_one_and_is_freed_by_death(tmp_path: Path) -> None:
    folder = folder_of("small", {"XDG_STATE_HOME": str(tmp_path)})
    assert not is_kept(folder)
    code = (
        "import sys, time; from pathlib import Path; from rolecall.launch.folder import held\n"
        "with held(Path(sys.argv[1])): print('held', flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder.lock)], stdout=subprocess.PIPE
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == b"held\n"
        assert is_kept(folder)
        with held(folder.lock) as ours:
            assert not ours
        other.kill()
        other.wait()
        assert not is_kept(folder)


def test_servers_do_not_lose_each_others_entries(tmp_path: Path) -> None:
    base = tmp_path / "rolecall"
    base.mkdir()

    def come_and_go(name: str) -> None:
        for count in range(20):
            announce(base, name, {"kind": "vllm", "window": count + 1})
        announce(base, name, {"kind": "vllm"})

    threads = [threading.Thread(target=come_and_go, args=(f"s{at}",)) for at in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    environ = {"XDG_STATE_HOME": str(tmp_path)}
    assert set(running(environ)) == {"s0", "s1", "s2", "s3"}
    announce(base, "s1", None)
    assert set(running(environ)) == {"s0", "s2", "s3"}


def test_a_broken_state_file_is_written_anew(tmp_path: Path) -> None:
    base = tmp_path / "rolecall"
    base.mkdir()
    (base / "engines.json").write_text("[broken")
    announce(base, "small", {"kind": "vllm"})
    assert running({"XDG_STATE_HOME": str(tmp_path)}) == {"small": {"kind": "vllm"}}


def test_what_a_killed_keeper_left_is_cleaned_up(tmp_path: Path) -> None:
    environ = {"XDG_STATE_HOME": str(tmp_path)}
    folder = folder_of("small", environ)
    write_server(folder, SERVER)
    announce(folder.base, "small", {"kind": "vllm"})
    folder.socket.touch()
    assert cleaned_if_left(folder)
    assert running(environ) == {}
    assert not folder.socket.exists()
    server = read_server(folder)
    assert server is not None
    assert (server.phase, server.reason) == ("failed", "crashed")
    assert not cleaned_if_left(folder)


@pytest.mark.parametrize("written", [None, replace(SERVER, phase="failed")])
def test_an_entry_that_a_killed_keeper_left_goes_whatever_it_wrote(
    tmp_path: Path, written: Server | None
) -> None:
    environ = {"XDG_STATE_HOME": str(tmp_path)}
    folder = folder_of("small", environ)
    if written is not None:
        write_server(folder, written)
    announce(folder.base, "small", {"kind": "vllm"})
    assert cleaned_if_left(folder)
    assert running(environ) == {}
    assert read_server(folder) == written


def test_those_who_look_are_not_taken_for_a_keeper(tmp_path: Path) -> None:
    folder = folder_of("small", {"XDG_STATE_HOME": str(tmp_path)})
    with held(folder.lock, shared=True) as looked:
        assert looked
        assert not is_kept(folder)


def test_messages_over_a_socket_however_deep_the_folder(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100) / ("y" * 100)
    deep.mkdir(parents=True)
    path = deep / "small.sock"

    async def add(message: Mapping[str, Any], tell: Any) -> Any:
        await tell({"progress": "adding"})
        return message["one"] + 1

    async def refuse(_: Mapping[str, Any], __: Any) -> Any:
        raise LaunchError("no_memory", "too big", hint="smaller")

    heard: list[Mapping[str, Any]] = []

    async def scene() -> None:
        async with listening(path, {"add": add, "refuse": refuse}):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            told = await asyncio.to_thread(ask, path, {"do": "add", "one": 1}, heard=heard.append)
            assert told == 2
            with pytest.raises(LaunchError) as caught:
                await asyncio.to_thread(ask, path, {"do": "refuse"})
            assert (caught.value.reason, caught.value.hint) == ("no_memory", "smaller")
            for unknown in ({"do": "nothing"}, {}, [1]):
                with pytest.raises(UsageError):
                    await asyncio.to_thread(ask, path, unknown)  # type: ignore[arg-type]
        assert not path.exists()
        with pytest.raises(LaunchError):
            await asyncio.to_thread(ask, path, {"do": "add"})

    asyncio.run(scene())
    assert heard == [{"progress": "adding"}]
