"""Measuring Rolecall against annotated pages, and training its reader on them."""
