"""Secrets and words of pages: that they are nowhere but where they must be, and that nothing is
told to anyone."""

from __future__ import annotations

from typing import Final

from torture.nouns import Try
from torture.privacy_keys import children, keys, served_keys
from torture.privacy_network import quiet, without_network
from torture.privacy_words import words

GROUPS: Final[dict[str, Try]] = {
    "keys": keys,
    "served": served_keys,
    "children": children,
    "words": words,
    "quiet": quiet,
    "offline": without_network,
}
