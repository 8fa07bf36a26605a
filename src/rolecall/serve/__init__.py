"""The HTTP API and the web UI: one process over a queue, see `rolecall.serve.run`."""
