import json
from datetime import UTC, datetime
from pathlib import Path

from tests.cli.shell import inside

from rolecall.ledger.budget import Budget
from rolecall.ledger.database import Database
from rolecall.ledger.money import Caps


def spend(path: Path) -> None:
    with Database(path) as database:
        budget = Budget(database, Caps())
        budget.settle(budget.reserve("a", 1.0, "cloud"), 0.25)
        budget.reserve("b", 0.5, "cloud")
        long_ago = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        Budget(database, Caps(), lambda: long_ago).settle(
            Budget(database, Caps(), lambda: long_ago).reserve("c", 1.0, "dear"), 0.125
        )


def test_it_shows_what_was_spent_and_what_is_left(tmp_path: Path) -> None:
    spend(tmp_path / "rolecall.db")
    caps = {"ROLECALL_BUDGET_DAY": "2", "ROLECALL_DATA_FOLDER": str(tmp_path)}
    done = inside("budget", cwd=tmp_path, **caps)
    assert (done.returncode, done.stderr) == (0, b"")
    lines = [line.split() for line in done.stdout.decode().splitlines()]
    assert ["today", "$0.3750", "$0.50", "$2.00", "$1.1250"] in lines
    assert ["this", "month", "$0.3750", "$0.50", "$30.00", "$29.1250"] in lines
    assert ["each", "record", "no", "cap"] in lines
    assert ["cloud", "$0.25", "$0.25", "1"] in lines
    assert ["open", "reservations:", "1,", "$0.50", "at", "the", "most"] in lines
    assert ["database:", str(tmp_path / "rolecall.db")] in lines
    assert any(line[:2] == ["forecast", "for"] for line in lines)


def test_programs_get_the_same_as_json(tmp_path: Path) -> None:
    spend(tmp_path / "rolecall.db")
    (tmp_path / "rolecall.toml").write_text(
        f'budget_month = "none"\nbudget_record = 0.1\ndata_folder = "{tmp_path}"\n'
    )
    done = inside("budget", "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert told["caps"] == {"record": 0.1, "day": None, "month": None}
    assert (told["today_usd"], told["month_usd"], told["open_usd"]) == (0.375, 0.375, 0.5)
    assert (told["left_today_usd"], told["left_month_usd"]) == (None, None)
    assert (told["open"], told["overdue"]) == (1, 0)
    assert [one["engine"] for one in told["by_engine"]] == ["cloud", "dear"]
    assert told["database"] == str(tmp_path / "rolecall.db")
    assert told["forecast_usd"] >= 0.375


def test_to_look_makes_nothing(tmp_path: Path) -> None:
    done = inside("budget", XDG_DATA_HOME=str(tmp_path))
    assert done.returncode == 0
    assert b"not made yet" in done.stdout
    assert not list(tmp_path.iterdir())


def test_a_damaged_database_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "rolecall.db").write_bytes(b"no database" * 999)
    done = inside("budget", ROLECALL_DATA_FOLDER=str(tmp_path))
    assert done.returncode == 2
    assert b"is damaged" in done.stderr
    assert b"hint: move it away" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_negative_cap_is_refused() -> None:
    done = inside("budget", ROLECALL_BUDGET_MONTH="-1")
    assert done.returncode == 2
    assert b"ROLECALL_BUDGET_MONTH" in done.stderr


def test_help_teaches() -> None:
    told = inside("budget", "--help").stdout
    for word in (b"budget_month", b"Held", b"failed tries", b"examples:", b"none sets no cap"):
        assert word in told
