"""What each method of a client sends, and how its answer is read. Pure, and the same for both."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct, structs

from rolecall.client.calls import Ask, Reply
from rolecall.client.events import Told
from rolecall.client.nouns import BatchState, Event, KeptSchema, Readiness, Receipt, Task
from rolecall.client.pages import Given, Page, Sent, body_of, sent
from rolecall.client.record import Record
from rolecall.errors import ServerError, UsageError

T = TypeVar("T")

PAGE_OF_TASKS: Final = 500
LONGEST_LOOK: Final = 1.0
"""Seconds between two looks at a batch that goes on, at most."""


class Callback(Struct, frozen=True, kw_only=True):
    """Where the server is to tell that a batch has ended, and the secret it signs with.

    See `rolecall.client.verify_callback`.
    """

    url: str
    secret: str


class Rest(Struct, frozen=True, kw_only=True):
    """What holds for all pages of a submission."""

    schema: Any = None
    priority: int = 0
    delay: float = 0.0
    callback: Callback | None = None

    def told(self) -> dict[str, Any]:
        """As it stands in a request."""
        found: dict[str, Any] = {}
        if (schema := schema_of(self.schema)) is not None:
            found["schema"] = schema
        if self.priority:
            found["priority"] = self.priority
        if self.delay:
            found["delay"] = self.delay
        if self.callback is not None:
            found["callback"] = self.callback
        return found


class _Listed(Struct, frozen=True):
    tasks: list[Task]
    next: str | None = None


class _Schemas(Struct, frozen=True):
    schemas: list[KeptSchema]


class _Changed(Struct, frozen=True):
    changed: int


def extract(page: Given | Page, url: str | None, schema: Any) -> Ask:
    """One page, at once."""
    one = structs.replace(sent(page, url), key=None, priority=None, delay=None)
    if one.html is None and one.body_base64 is None:
        raise UsageError(
            "an address alone is not extracted at once",
            hint="submit it: the server fetches it where it is allowed to",
        )
    rest = {} if (told := schema_of(schema)) is None else {"schema": told}
    return Ask(method="POST", path="/v1/extract", body=body_of(one, rest))


def submission(pages: list[Sent], rest: Rest, key: str) -> Ask:
    """One piece of a submission; the same ``key`` again takes it in only once."""
    return Ask(
        method="POST",
        path="/v1/tasks",
        body=body_of(pages, rest.told()),
        headers={"idempotency-key": key},
    )


def keys(given: str | None) -> Iterable[str]:
    """A key for each piece of a submission: of a given one, always the same ones."""
    base = given or uuid.uuid4().hex
    yield base
    number = 1
    while True:
        number += 1
        yield f"{base}.{number}"


def listed(wanted: Mapping[str, Any], before: str | None, limit: int) -> Ask:
    """Tasks, from the newest on; ``before`` is where the answer before ended."""
    params = {name: value for name, value in wanted.items() if value not in (None, "")}
    if before is not None:
        params["before"] = before
    return Ask(method="GET", path="/v1/tasks", params={**params, "limit": limit})


def read_listed(reply: Reply) -> tuple[list[Task], str | None]:
    """Tasks, and where the next ones begin."""
    told = read(reply, _Listed)
    return told.tasks, told.next


def results(number: str, after: int) -> Ask:
    """The records of a batch that are there, behind a place."""
    params = {} if after < 0 else {"after": after}
    asked = about(number, "/results", **params)
    return structs.replace(asked, headers={"accept": "application/x-ndjson"})


def about(number: str, what: str = "", **params: str | int) -> Ask:
    """A task (``t123``) or a batch (``b45``), or something of it."""
    if not (number[:1] in ("t", "b") and number[1:].isascii() and number[1:].isdigit()):
        raise UsageError(f"{number!r} is no number of a task or a batch: t123, b45")
    return Ask(method="GET", path=f"/v1/tasks/{number}{what}", params=params)


def cancel(number: str, forget: bool) -> Ask:
    """End what has not ended, or forget a batch that has."""
    asked = about(number, **({"forget": "true"} if forget else {}))
    return structs.replace(asked, method="DELETE")


def retry(number: str) -> Ask:
    """Once more. Not sent again by itself: a second one could undo what the first began."""
    return structs.replace(about(number, "/retry"), method="POST", repeat=False)


def schemas() -> Ask:
    """All schemas that are kept."""
    return Ask(method="GET", path="/v1/schemas")


def put_schema(document: Any, name: str | None) -> Ask:
    """Keep a schema."""
    told = {"schema": schema_of(document)} | ({} if name is None else {"name": name})
    return Ask(method="POST", path="/v1/schemas", body=msgspec.json.encode(told))


def ready() -> Ask:
    """Whether the server can work; what it answers now is what is asked."""
    return Ask(method="GET", path="/readyz", once=True)


def read_ready(error: ServerError) -> Readiness:
    """What a server says that is not ready; any other error is raised."""
    reasons = error.problem.get("reasons")
    if error.status != 503 or not isinstance(reasons, list):
        raise error
    return Readiness(ready=False, reasons=tuple(map(str, reasons)))


def events(after: str, seconds: float) -> Ask:
    """What happens, from now on or after an event."""
    headers = {"accept": "text/event-stream"}
    if after:
        headers["last-event-id"] = after
    return Ask(method="GET", path="/v1/events", headers=headers, seconds=seconds)


def read(reply: Reply, kind: type[T]) -> T:
    """The body of a reply as a ``kind``; fields that a newer server adds are passed over.

    Raises:
        ServerError: it is something else.
    """
    try:
        return msgspec.json.decode(reply.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise strange(str(error)) from None


def read_task(reply: Reply) -> Task:
    """A task."""
    return read(reply, Task)


def read_batch(reply: Reply) -> BatchState:
    """A batch."""
    return read(reply, BatchState)


def read_receipt(reply: Reply) -> Receipt:
    """A receipt."""
    return read(reply, Receipt)


def read_changed(reply: Reply) -> int:
    """How many tasks were changed."""
    return read(reply, _Changed).changed


def read_schemas(reply: Reply) -> list[KeptSchema]:
    """Schemas that are kept."""
    return read(reply, _Schemas).schemas


def read_record(body: bytes) -> Record:
    """A record, with its bytes."""
    return structs.replace(read(Reply(200, {}, body), Record), raw=body)


def read_event(told: Told) -> Event | None:
    """An event of a task; ``None`` for events of another kind."""
    if told.name not in ("", "task"):
        return None
    return structs.replace(read(Reply(200, {}, told.data), Event), id=told.id)


def strange(why: str) -> ServerError:
    """The error of an answer that is not what a Rolecall server says."""
    error = ServerError(f"the answer is not a Rolecall server's: {why[:200]}")
    error.retryable = False
    return error


def look(idle: int) -> float:
    """Seconds until a batch is looked at again, after so many looks at which nothing was new."""
    return float(min(LONGEST_LOOK, 0.05 * 1.5 ** min(idle - 1, 20)))


def schema_of(given: Any) -> Any:
    """A schema as it is sent: a name or a hash, or the document itself."""
    if given is None or isinstance(given, str | Mapping):
        return given
    document = getattr(given, "document", None)  # a rolecall.Schema
    if isinstance(document, Mapping):
        return dict(document)
    raise UsageError(
        f"{type(given).__name__} is no schema",
        hint="give the name or hash of one that is kept, a JSON Schema, or a rolecall.Schema",
    )


class Seen:
    """Which records of a batch were given out already, and from where to ask on.

    Records come in the order of the pages, but not all at the same time: what is asked for again
    begins behind the last place up to which all are there.
    """

    def __init__(self, known: Sequence[int] = ()) -> None:
        self._places: set[int] = set(known)
        self._whole = -1
        self.count = 0

    @property
    def after(self) -> int:
        """The place behind which to ask on; -1 for all."""
        return self._whole

    def add(self, record: Record) -> bool:
        """Note a record; says whether it is new."""
        if record.seq <= self._whole or record.seq in self._places:
            return False
        self._places.add(record.seq)
        self.count += 1
        while self._whole + 1 in self._places:
            self._whole += 1
            self._places.discard(self._whole)
        return True
