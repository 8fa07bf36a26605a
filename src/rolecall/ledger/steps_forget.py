"""What makes a server forget: it keeps no examples of columns with words of pages.

PostgreSQL looks at its tables now and then and keeps common values of each column, which plans are
made from. They would stay when the rows are gone, and nothing here is planned by them.
"""

from __future__ import annotations

from typing import Final

COLUMNS: Final = {
    "queue_body": ("packed",),
    "queue_task": ("source", "url", "trouble"),
    "queue_result": ("title", "company", "words", "record"),
    "label_value": ("value", "quote"),
    "label_page": ("sample",),
    "audit_page": ("fields", "second"),
}
"""Columns with words of pages."""

TEXTS: Final = frozenset("source url trouble title company words quote".split())


def _statements(table: str, column: str) -> tuple[str, str]:
    kind = 'TEXT COLLATE "C"' if column in TEXTS else "BYTEA"
    return (
        f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0",
        # The type stays; what was kept of it goes.
        f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {kind}",
    )


FORGET_POSTGRES: Final = tuple(
    statement
    for table, columns in COLUMNS.items()
    for column in columns
    for statement in _statements(table, column)
)
