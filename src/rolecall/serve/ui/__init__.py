"""The web UI of `rolecall serve`: pages for people, made on the server."""
