"""What is believed of a proposal's features before any page is seen, in log-odds.

Small training sets say little about rare layouts; these numbers say what is known of postings.
"""

from __future__ import annotations

from typing import Final

COMPANY: Final[dict[str, float]] = {
    "bias": -2.0,
    "label": 3.0,
    "hint": 1.0,
    "hint:posting": 1.0,
    "near": 0.5,
    "near:1": 1.0,
    "near:2": 0.5,
    "near:-1": 0.5,
    "near:link": 0.5,
    "piece": 0.5,
    "doc": 0.5,
    "mail": 1.5,
    "host": 1.0,
    "cut": -1.0,
    "acronym": -1.2,
    "unit": -1.2,
    "sub": -1.2,
    "starts": -1.5,
    "title=line": 1.5,
    "title=site": -0.7,
    "in1=3+": 0.3,
    "in1=8+": 0.3,
    "team:body": 0.5,
    "long": -0.5,
    "inner": 0.5,
    "title:1": 0.7,
    "title:0": -0.5,
    "own": 2.0,
    "own|in=1": 1.0,
    "own|in=0": -0.5,
    "own|named": -1.0,
    "own|named|in=0": -2.0,
    "own|named|in=1": -0.5,
    "near:text": 0.3,
    "hint:chrome": -0.7,
    "suffix": 0.8,
    "copyright": 0.0,
    "about": 1.0,
    "about:head": 0.5,
    "is": 0.4,
    "at": 0.7,
    "by": 1.5,
    "legal:body": 1.3,
    "legal:head": 1.3,
    "lead:body": 0.5,
    "lead:head": 0.3,
    "loose": -1.0,
    "loose:0": 0.5,
    "freq:domain": 1.0,
    "legal:chrome": 0.7,
    "freq": 0.3,
    "freq:rank0": 0.5,
    "in=1": 0.5,
    "in=2": 0.8,
    "in=3+": 1.2,
    "in=8+": 1.2,
    "ways=2": 0.5,
    "ways=3": 1.0,
    "ways=4": 1.5,
    "ways=5": 2.0,
    "org": 0.3,
    "dotted": 0.7,
    "place": -3.5,
    "role": -2.5,
    "heading=": -3.0,
    "heading+": -0.5,
    "islabel": -3.0,
    "digits": -3.0,
    "many": -1.5,
    "before": 0.3,
    "first": 0.3,
    "first:posting": 0.2,
    "menu": -3.0,
    "menu+": -1.5,
    "stop^": -2.5,
    "lower": -1.5,
    "odd": -2.0,
    "cue": -2.0,
    "n=5": -0.5,
    "n=6": -1.0,
}

PLACES: Final[dict[str, float]] = {
    "bias": -2.0,
    "lab=mine": 2.5,
    "lab=other": -2.0,
    "kind=field": 1.0,
    "kind=inner": 0.5,
    "kind=inner|z=head": 0.5,
    "inner|said": 0.5,
    "kind=bare": -0.5,
    "kind=bare|z=head": 1.0,
    "bare|said": 2.5,
    "role": -2.0,
    "late": -1.0,
    "kind=field|z=head": 1.0,
    "kind=field|z=chrome": -1.5,
    "kind=field|z=after": -0.3,
    "hint": 0.7,
    "at=1": 0.7,
    "at=2": 0.7,
    "at=3": 0.5,
    "at=-1": 0.3,
    "is=4": 1.0,
    "is=3": 0.3,
    "is=2": -0.5,
    "is=1": -1.5,
    "is=0": -2.0,
    "kind=run-known": 0.0,
    "kind=run-pattern": -0.7,
    "kind=run-mention": -1.2,
    "kind=title-known": 0.5,
    "kind=title-mention": -0.3,
    "z=after": -1.0,
    "z=chrome": -1.5,
    "z=B": -1.0,
    "heads=0": 0.5,
    "F2": 0.3,
    "F3": 0.5,
}

SENIORITY: Final[dict[str, float]] = {
    "bias": -0.5,
    "title": 2.0,
    "mine|whole": 3.5,
    "mine|part": 1.0,
    "no|whole": 0.5,
    "no|part": -2.0,
}

WORKPLACE: Final[dict[str, float]] = {
    "bias": -1.0,
    "cue=tag": 1.0,
    "cue=field": 1.0,
    "cue=sentence": 1.5,
    "cue=weak": -2.0,
    "lab=mine": 1.5,
    "z=chrome": -3.0,
    "z=after": -1.0,
    "title": 0.5,
}

SALARY: Final[dict[str, float]] = {
    "bias": -1.5,
    "cue=labelled": 2.0,
    "cue=period": 1.5,
    "cue=bare": 0.0,
    "cue=weak": 0.0,
    "lab=mine": 1.5,
    "z=B": -0.5,
    "z=after": -1.0,
    "z=chrome": -3.0,
}

EXPERIENCE: Final[dict[str, float]] = {
    "bias": -1.0,
    "cue=experience": 2.0,
    "cue=bare": 0.0,
    "cue=other": -3.0,
    "lab=mine": 1.5,
    "rank=R|0": 1.0,
    "rank=head|0": 0.7,
    "z=after": -1.5,
    "z=chrome": -3.0,
}

DATE_POSTED: Final[dict[str, float]] = {
    "bias": -2.5,
    "lab=mine": 4.0,
    "lab=other": -3.0,
    "z=chrome": -1.5,
    "z=head": 0.5,
    "short": 0.5,
    "long": -1.5,
    "title": -2.0,
}

VALID_THROUGH: Final[dict[str, float]] = {**DATE_POSTED, "bias": -3.0, "z=head": 0.0, "long": -0.5}

EMAIL: Final[dict[str, float]] = {
    "bias": -0.5,
    "apply": 1.5,
    "noapply": -0.7,
    "ask": -0.7,
    "named": 1.5,
    "office": -3.0,
    "z=chrome": -1.0,
    "n=0": 0.5,
}

URL: Final[dict[str, float]] = {
    "bias": -1.5,
    "says=True": 1.0,
    "leads=True": 0.7,
    "says=True|leads=True": 1.0,
    "anchor": -2.0,
    "share": -2.0,
    "n=0": 0.5,
    "z=chrome": -0.3,
}

TITLE: Final[dict[str, float]] = {
    "menu": -2.5,
    "menu+": -0.5,
    "label": -1.0,
    "rest>place": 0.7,
    "rest<site": 0.3,
    "rest<role": -0.5,
    "tail=place": -2.0,
    "tail=site": -2.0,
}

PRIORS: Final[dict[str, dict[str, float]]] = {
    "title": TITLE,
    "company": COMPANY,
    "places": PLACES,
    "seniority": SENIORITY,
    "workplace": WORKPLACE,
    "salary": SALARY,
    "experience": EXPERIENCE,
    "date_posted": DATE_POSTED,
    "valid_through": VALID_THROUGH,
    "application_email": EMAIL,
    "application_url": URL,
}

EPOCHS: Final[dict[str, int]] = {"title": 30, "company": 8, "places": 6, "salary": 8}
"""How long a ranker is fitted: the stronger the prior, the shorter."""

DRAW: Final[dict[str, float]] = {"company": 4.0, "application_url": 6.0, "application_email": 4.0}
"""How strongly a ranker is drawn back to its prior (2 where it is not named)."""
