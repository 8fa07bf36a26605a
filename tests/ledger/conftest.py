from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.ledger.moments import Watch

from rolecall.ledger.database import Database, open_database


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with open_database(tmp_path / "data" / "rolecall.db", {}) as opened:
        yield opened
