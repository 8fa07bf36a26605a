"""The peer of `queueing`: procrastinate doing tasks that do nothing.

queueing_peer.py URL COUNT

Tasks are handed in a hundred at a time, and worked off by one worker, with one and with ten tasks
under way at the same time. Prints one JSON object. Run by the Python of ``.venv-bench-queue``.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import procrastinate  # type: ignore[import-not-found]


async def main(url: str, count: int) -> dict[str, float]:
    """Put tasks in and work them off."""
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))

    @app.task(name="nothing")  # type: ignore[untyped-decorator]
    async def nothing(place: int) -> None:
        return None

    found: dict[str, float] = {}
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        for at_once in (1, 10):
            start = time.perf_counter()
            for part in range(count // 100):
                many = [{"place": part * 100 + place} for place in range(100)]
                await nothing.batch_defer_async(*many)
            found["put_per_s"] = count / (time.perf_counter() - start)
            start = time.perf_counter()
            await app.run_worker_async(wait=False, concurrency=at_once, listen_notify=False)
            found[f"done_per_s_{at_once}"] = count / (time.perf_counter() - start)
        left = await app.connector.execute_query_all_async(
            query="SELECT status, count(*) AS jobs FROM procrastinate_jobs GROUP BY status"
        )
        assert [row["status"] for row in left] == ["succeeded"], left
    return found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1], int(sys.argv[2])))))
