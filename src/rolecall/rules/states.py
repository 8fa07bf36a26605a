"""How rules stood when they were last evaluated, and messages about those that changed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec
import orjson
from msgspec import Struct

from rolecall.ledger.store import Connection, Store
from rolecall.queue.moment import Moment
from rolecall.rules.nouns import Rule

EVERY: Final = 86_400_000
"""Milliseconds between evaluations of all rules, which read folders and ask servers."""
OFTEN: Final = 600_000
"""Milliseconds between evaluations of those that read nothing but the database."""
AGAIN: Final = 600_000
"""Milliseconds after which one that failed is made again."""
CLAIM: Final = 120_000
"""Milliseconds for which a message belongs to whoever sends it; longer than any post takes."""
FARTHEST: Final = 172_800_000
"""Milliseconds: a message that is due later than any wait was put off while the clock was ahead."""
MESSAGES_KEPT: Final = 30 * 86_400_000

Round = Literal["rules", "quick"]

_log = logging.getLogger(__name__)


class Standing(Struct, frozen=True, kw_only=True):
    """A rule as it was last told: ``since`` when it has held or not (or could not be told), and
    when it was last ``looked`` at; both are milliseconds."""

    rule: Rule
    since: int
    looked: int


class Message(Struct, frozen=True, kw_only=True):
    """A message that was claimed, and how often it has been tried."""

    id: int
    body: bytes
    attempts: int
    due: int


class Post(Struct, frozen=True, kw_only=True):
    """How it stands with messages: so many are ``waiting``, so many were ``given_up`` since one has
    arrived, and in a word why one of them has not (empty where none was tried in vain)."""

    waiting: int
    given_up: int = 0
    trouble: str = ""

    @property
    def told(self) -> str:
        """All of it in words; empty where nothing waits and nothing was given up."""
        parts = []
        if self.waiting:
            parts.append(
                "1 message waits" if self.waiting == 1 else f"{self.waiting} messages wait"
            )
        if self.given_up:
            parts.append(f"{self.given_up} given up")
        if parts and self.trouble:
            parts.append(f"the last try failed: {self.trouble}")
        return f"alert_url: {', '.join(parts)}" if parts else ""


class States:
    """The states of one database; usable from any thread. ``clock`` gives seconds."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store, self._moment = store, Moment(store.dialect, clock)

    def all(self) -> tuple[Standing, ...]:
        """All rules as they were last told, in the order of their names."""
        rows = self._store.rows("SELECT name, since, looked, body FROM drift_rule ORDER BY name")
        found = []
        for name, since, looked, body in rows:
            try:
                rule = msgspec.json.decode(bytes(body), type=Rule)
            except (msgspec.DecodeError, ValueError):
                _log.warning("what was told of the rule %s is damaged and left out", name)
                continue
            found.append(Standing(rule=rule, since=int(since), looked=int(looked)))
        return tuple(found)

    def claim(self, what: Round) -> bool:
        """Whether it is time to evaluate all ``rules``, or the ``quick`` ones; then nobody else is
        told so for a day, or ten minutes. What is due later than that was claimed while the clock
        was ahead, and is due."""
        now = self._store.dialect.now
        every = EVERY if what == "rules" else OFTEN
        told = {**self._moment.values, "name": what, "every": every}
        later = (
            f"SELECT 1 FROM drift_due WHERE name = :name AND due > {now} AND due <= {now} + :every"
        )
        if self._store.rows(later, told):
            return False
        with self._store.write() as connection:
            rows = connection.execute(
                f"INSERT INTO drift_due (name, due) VALUES (:name, {now} + :every)"
                " ON CONFLICT (name) DO UPDATE SET due = excluded.due"
                f" WHERE drift_due.due <= {now} OR drift_due.due > {now} + :every RETURNING due",
                told,
            ).fetchall()
        return bool(rows)

    def try_again(self) -> None:
        """The evaluation of all rules that was claimed has failed: let it be made again soon."""
        with self._store.write() as connection:
            connection.execute(
                f"UPDATE drift_due SET due = {self._store.dialect.now} + :again"
                " WHERE name = 'rules'",
                {**self._moment.values, "again": AGAIN},
            )

    def keep(self, rules: Sequence[Rule], *, alert: bool) -> tuple[Rule, ...]:
        """Keep what was told of rules; gives those that began to hold or ended.

        With ``alert`` a message about each of them is put down in the same transaction, to be
        sent. A rule that cannot be told neither begins nor ends: it is held against how it stood
        when it last could.
        """
        changed = []
        with self._store.write(alone="drift_rule") as connection:
            now = self._moment.of(connection)
            rows = connection.execute("SELECT name, holds, stood, since FROM drift_rule").fetchall()
            before = {row[0]: (int(row[1]), int(row[2]), int(row[3])) for row in rows}
            for rule in sorted(rules, key=lambda one: one.name):
                holds, stood, since = before.get(rule.name, (-2, 0, now))
                is_now = -1 if rule.holds is None else int(rule.holds)
                if is_now >= 0 and is_now != stood:
                    changed.append(rule)
                _put(connection, rule, is_now, (stood, since if holds == is_now else now, now))
            if alert:
                for rule in changed:
                    _tell(connection, rule, now)
        return tuple(changed)

    def claim_message(self) -> Message | None:
        """The next message that is due; nobody else is given it for a while."""
        now = self._store.dialect.now
        due = f"state = 'waiting' AND (due <= {now} OR due > {now} + {FARTHEST})"
        if not self._store.rows(
            f"SELECT 1 FROM drift_message WHERE {due} LIMIT 1", self._moment.values
        ):
            return None
        with self._store.write() as connection:
            rows = connection.execute(
                f"UPDATE drift_message SET due = {now} + :claim, attempts = attempts + 1"
                f" WHERE id = (SELECT id FROM drift_message WHERE {due}"
                f" ORDER BY id LIMIT 1 {self._store.dialect.skip_locked})"
                " RETURNING id, body, attempts, due",
                {**self._moment.values, "claim": CLAIM},
            ).fetchall()
        if not rows:
            return None
        number, body, attempts, until = rows[0]
        return Message(id=number, body=bytes(body), attempts=attempts, due=until)

    def delivered(self, message: Message) -> None:
        """It has arrived; what was sent long ago is forgotten."""
        with self._store.write() as connection:
            _end(connection, message, "delivered", None)
            connection.execute(
                "DELETE FROM drift_message WHERE state <> 'waiting' AND made < :before",
                {"before": self._moment.of(connection) - MESSAGES_KEPT},
            )

    def failed(self, message: Message, trouble: str, seconds: float | None) -> None:
        """It has not arrived: try again after ``seconds``, or never."""
        with self._store.write() as connection:
            if seconds is None:
                _end(connection, message, "failed", trouble)
            else:
                connection.execute(
                    f"UPDATE drift_message SET due = {self._store.dialect.now} + :wait,"
                    " trouble = :trouble WHERE id = :id AND due = :due",
                    {
                        **self._moment.values, "wait": int(1_000 * seconds), "trouble": trouble,
                        "id": message.id, "due": message.due,
                    },
                )  # fmt: skip

    def undelivered(self) -> int:
        """Messages that have not arrived and are still tried."""
        return self.post().waiting

    def post(self) -> Post:
        """How it stands with the messages."""
        rows = self._store.rows(
            "SELECT state, attempts, trouble FROM drift_message WHERE id > (SELECT"
            " coalesce(max(id), 0) FROM drift_message WHERE state = 'delivered')"
            " OR state = 'waiting' ORDER BY id"
        )
        return Post(
            waiting=sum(state == "waiting" for state, _, _ in rows),
            given_up=sum(state == "failed" for state, _, _ in rows),
            trouble=next((one for _, tried, one in rows if tried and one), ""),
        )


def _put(connection: Connection, rule: Rule, holds: int, times: tuple[int, int, int]) -> None:
    stood, since, looked = times
    connection.execute(
        "INSERT INTO drift_rule (name, holds, stood, since, looked, body)"
        " VALUES (:name, :holds, :stood, :since, :looked, :body)"
        " ON CONFLICT (name) DO UPDATE SET holds = excluded.holds, stood = excluded.stood,"
        " since = excluded.since, looked = excluded.looked, body = excluded.body",
        {
            "name": rule.name, "holds": holds, "stood": holds if holds >= 0 else stood,
            "since": since, "looked": looked, "body": msgspec.json.encode(rule),
        },
    )  # fmt: skip


def _tell(connection: Connection, rule: Rule, now: int) -> None:
    moment = datetime.fromtimestamp(now / 1_000, UTC).isoformat(timespec="seconds")
    told: dict[str, Any] = {
        "type": "rule.began" if rule.holds else "rule.ended",
        "timestamp": moment.replace("+00:00", "Z"),
        **msgspec.to_builtins(rule),
    }
    connection.execute(
        "INSERT INTO drift_message (state, attempts, due, made, body)"
        " VALUES ('waiting', 0, :now, :now, :body)",
        {"now": now, "body": orjson.dumps(told, option=orjson.OPT_SORT_KEYS)},
    )


def _end(connection: Connection, message: Message, state: str, trouble: str | None) -> None:
    connection.execute(
        "UPDATE drift_message SET state = :state, trouble = :trouble WHERE id = :id AND due = :due",
        {"state": state, "trouble": trouble, "id": message.id, "due": message.due},
    )
