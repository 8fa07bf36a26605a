"""What can go wrong, tried, counted and kept: ``make torture``.

A *part* is a module ``torture/part_NAME.py`` with ``GROUPS``: a name for each group of cases, and
the function that tries them. ``nouns`` says what a group gives back, ``ratchet`` that a case may
only move to a better class, ``table`` what ``docs/reliability.md`` shows of it.
"""
