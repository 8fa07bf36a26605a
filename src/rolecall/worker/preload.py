"""Loaded once by the process that children are forked from, so that each begins with all there."""

from __future__ import annotations

import gc
import signal

from rolecall.pipeline import prepare, warm

# A signal to the whole group asks the parent to end in order; it ends this process by closing the
# pipe between them. Children that are forked later ignore it as well.
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_IGN)

warm(prepare())
gc.collect()
gc.freeze()  # the collector would write to pages of memory that all children share
