"""Inputs: what the user names, as a lazy stream of pages that are still to be read."""
