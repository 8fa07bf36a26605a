"""Workers: child processes that read pages, and the loop that takes tasks of the queue for them.

::

    worker = Worker(queue, settings, environ, Crewed(processes=2))
    worker.start()                          # returns when it can read; raises Error
    record = await worker.extract(source)   # one page at once, from any event loop
    worker.wake()                           # something was handed in or cancelled just now
    worker.state                            # State: phase, doing, what is wrong; .ready
    drained = worker.stop(grace=30.0)       # blocks; from a thread, not from an event loop

`Worker` and `Crewed` are in `rolecall.worker.work`; `State`, `BusyError`, `StoppedError` and
`Drained` in `rolecall.worker.nouns`.
"""
