"""The client of a Rolecall server: `rolecall.Client` blocks, `rolecall.AsyncClient` is awaited."""

from rolecall.client.aclient import AsyncBatch, AsyncClient
from rolecall.client.asks import Callback
from rolecall.client.callbacks import verify_callback
from rolecall.client.calls import Patience
from rolecall.client.client import Batch, Client
from rolecall.client.nouns import Event, KeptSchema, Progress, Readiness, Task
from rolecall.client.pages import Page
from rolecall.client.record import Evidence, Record

__all__ = [
    "AsyncBatch",
    "AsyncClient",
    "Batch",
    "Callback",
    "Client",
    "Event",
    "Evidence",
    "KeptSchema",
    "Page",
    "Patience",
    "Progress",
    "Readiness",
    "Record",
    "Task",
    "verify_callback",
]
