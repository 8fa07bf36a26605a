"""A queue on both stores, as the queue's own tests have it."""

from tests.queue.conftest import clock, kind, opened, queue, store

__all__ = ["clock", "kind", "opened", "queue", "store"]
