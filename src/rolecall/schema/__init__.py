"""The default posting, validation against it, and its export to schema.org."""
