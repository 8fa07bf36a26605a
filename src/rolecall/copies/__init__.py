"""Copies: pages that show the same vacancy, so that one extraction can serve all of them."""
