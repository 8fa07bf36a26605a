"""What single words say of a title or a name: a role, a rank, a menu, an invitation to apply."""

from __future__ import annotations

from typing import Final

from rolecall.reader.lexicon import LONGEST_KNOWN, MOST_KNOWN, lexicon

ROLE: Final = 1
CHROME: Final = 2
APPLY: Final = 4
LEGAL: Final = 8
OTHER_CUE: Final = 16
CUES: Final = CHROME | APPLY | LEGAL | OTHER_CUE
"""All classes of cues together."""

LEVEL: Final = 32

_CUES: Final = {"chrome": CHROME, "apply": APPLY, "legal": LEGAL}
LEVELS: Final = (
    "senior",
    "junior",
    "sr",
    "jr",
    "lead",
    "principal",
    "staff",
    "mid",
    "trainee",
    "head",
    "chief",
)


class _Signs(dict[str, int]):
    """Word in lower case -> its signs, worked out when first met."""

    def __missing__(self, word: str) -> int:
        lists = lexicon()
        cue = lists.cue(word)
        signs = 0 if cue is None else _CUES.get(cue, OTHER_CUE)
        if lists.names_role(word):
            signs |= ROLE
        if word in LEVELS:
            signs |= LEVEL
        if len(word) <= LONGEST_KNOWN:
            if len(self) >= MOST_KNOWN:
                self.clear()
            self[word] = signs
        return signs


SIGNS: Final = _Signs()
