"""What is kept of pages, where, and how it is forgotten: `rolecall purge`."""
