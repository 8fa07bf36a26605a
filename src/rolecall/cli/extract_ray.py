"""``rolecall extract --ray``: the same run over the machines of a Ray cluster."""

from __future__ import annotations

import contextlib
import os

from rolecall.batch.ray_cluster import LOCAL, cluster, room
from rolecall.batch.ray_run import Wanted, check, results_on
from rolecall.batch.run import PageWork, may_ask
from rolecall.cli.closing import Closing
from rolecall.cli.extract_end import end, open_out, stopped, write_all
from rolecall.cli.extract_words import Order
from rolecall.cli.progress import Progress
from rolecall.cli.signals import Stop
from rolecall.errors import Error
from rolecall.inputs.nouns import Left
from rolecall.inputs.stream import count


def run_on_ray(order: Order, address: str, closing: Closing) -> int:
    """Extract, and return the exit code."""
    settings = order.settings
    page_work = PageWork(settings, captured=order.captured)
    local = address == LOCAL
    check(order.paths, settings, alone=local)
    stop, left = Stop(), Left()
    # What is on other machines is not counted from here.
    progress = Progress(
        count(order.paths, page_work.columns) if local else None,
        quiet=order.quiet,
        verbose=order.verbose,
    )
    for notice in settings.warnings:
        progress.say(f"rolecall: {notice.message}")
    closing.config = page_work.pipeline.config
    with (
        stop.watching(),
        cluster(address, workers=settings.workers) as (ray, alone),
        stop.watching(),  # once more: Ray takes some signals for itself
        open_out(order, page_work.pipeline) as output,
    ):
        closing.progress = progress
        progress.workers = settings.workers or room(ray)
        progress.local = _local(order)
        assert output is not None  # the words of an order see to that
        wanted = Wanted(
            paths=order.paths,
            page_work=page_work,
            output=output,
            left=left,
            stop=stop,
            say=progress.say,
        )
        try:
            with contextlib.closing(results_on(ray, wanted, alone=alone)) as results:
                write_all(results, output, progress)
        except Error:
            progress.summary(stopped=True)
            raise
        if stop():
            return stopped(order, progress, output, stop)
        return end(order, progress, output, left)


def _local(order: Order) -> dict[str, bool]:
    """Of each engine that may be asked whether it is on the user's machines, by what is declared.

    All are but the one that a policy may go elsewhere for.
    """
    settings = order.settings
    if not may_ask(settings, os.environ):
        return {}
    from rolecall.drive.connect import declared_engines
    from rolecall.route import PAGES_TO_CLOUD

    cloud = settings.cloud_engine if settings.policy in PAGES_TO_CLOUD else None
    return {one.name: one.name != cloud for one in declared_engines(settings, os.environ)}
