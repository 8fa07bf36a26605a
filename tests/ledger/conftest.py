from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ledger.moments import Watch

from rolecall.ledger.database import Database, open_database
from rolecall.ledger.postgres import PostgresDatabase
from rolecall.ledger.store import Store


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with open_database(tmp_path / "data" / "rolecall.db", {}) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield request.getfixturevalue("database")
        return
    with PostgresDatabase(request.getfixturevalue("postgres_url")) as opened:
        yield opened
