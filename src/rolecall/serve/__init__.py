"""`rolecall serve`: the HTTP API and the web UI over a queue."""
