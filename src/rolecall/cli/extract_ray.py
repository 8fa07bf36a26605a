"""``rolecall extract --ray``: the same run over the machines of a Ray cluster."""

from __future__ import annotations

import contextlib

from rolecall.batch.ray_cluster import LOCAL, cluster
from rolecall.batch.ray_run import Wanted, check, results_on
from rolecall.batch.run import PageWork
from rolecall.cli.closing import Closing
from rolecall.cli.extract import _end, _output, _stopped, _write_all
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
        _output(order, page_work.pipeline) as output,
    ):
        closing.progress = progress
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
                _write_all(results, output, progress)
        except Error:
            progress.summary(stopped=True)
            raise
        if stop():
            return _stopped(order, progress, output, stop)
        return _end(progress, output, left)
