from collections.abc import Iterator

import pytest
from tests.queue.clock import Clock

from rolecall.ledger.database import Database
from rolecall.ledger.postgres import PostgresDatabase
from rolecall.ledger.store import Store
from rolecall.queue.nouns import Rules
from rolecall.queue.queue import Queue

RULES = Rules(lease=60, deaths=3, failures=3, deferrals=3, backoff=2, longest=60)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", "postgres"])
def kind(request) -> str:
    return request.param


@pytest.fixture
def opened(kind, tmp_path, request):
    """Opens the same empty database as often as it is called, as other processes would."""
    if kind == "sqlite":
        path = tmp_path / "rolecall.db"
        make = lambda: Database(path)  # noqa: E731
    else:
        url = request.getfixturevalue("postgres_url")
        make = lambda: PostgresDatabase(url)  # noqa: E731
    stores: list[Store] = []

    def one() -> Store:
        stores.append(make())
        return stores[-1]

    yield one
    for store in stores:
        store.close()


@pytest.fixture
def store(opened) -> Iterator[Store]:
    return opened()


@pytest.fixture
def queue(store, clock) -> Queue:
    return Queue(store, rules=RULES, config="c0ffee", clock=clock)
