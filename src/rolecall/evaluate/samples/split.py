"""Samples -> train and test: no site and no near-copy of a page stands on both sides."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from rolecall.core import Source
from rolecall.errors import SourceError, UsageError
from rolecall.evaluate.nouns import Sample
from rolecall.evaluate.samples.copies import near_copies, sketch
from rolecall.page import clean

SEEN = frozenset({"header", "posting"})


class Split(Struct, frozen=True, kw_only=True):
    """Two parts of a set of samples.

    ``groups`` is the number of groups that had to stay whole, ``copies`` pairs of ids that are
    near-copies on different sites, with how alike they are (0.5 to 1).
    """

    train: tuple[Sample, ...]
    test: tuple[Sample, ...]
    groups: int
    sites: int
    copies: tuple[tuple[str, str, float], ...] = ()


def split(
    samples: Sequence[Sample], share: float, seed: int = 0, texts: Iterable[str] | None = None
) -> Split:
    """Put about ``share`` of the samples into the test part, whole sites with their near-copies.

    The same samples, share and seed give the same parts, whatever the order. ``texts`` are those of
    the pages, if they are known. Raises `UsageError` where the samples cannot be divided.
    """
    if not 0 < share < 1:
        raise UsageError(f"the share of the test part must lie between 0 and 1, not {share:g}")
    samples = sorted(samples, key=lambda sample: sample.id)
    parent = list(range(len(samples)))
    first: dict[str, int] = {}
    for number, sample in enumerate(samples):
        _join(parent, number, first.setdefault(sample.site, number))
    sketches = [sketch(text) for text in (texts if texts is not None else map(text_of, samples))]
    pairs = sorted(near_copies(sketches))
    copies = []
    for a, b, alike in pairs:
        if samples[a].site != samples[b].site:
            copies.append((samples[a].id, samples[b].id, round(alike, 3)))
        _join(parent, a, b)
    groups: dict[int, list[int]] = {}
    for number in range(len(samples)):
        groups.setdefault(_root(parent, number), []).append(number)
    if len(groups) < 2:
        raise UsageError(
            f"the {len(samples)} samples are one group that cannot be divided",
            hint='give the samples their "site" or "url", and label pages of more sites',
        )
    test = _chosen(list(groups.values()), samples, share, seed)
    return Split(
        train=tuple(one for n, one in enumerate(samples) if n not in test),
        test=tuple(one for n, one in enumerate(samples) if n in test),
        groups=len(groups),
        sites=len(first),
        copies=tuple(copies),
    )


def text_of(sample: Sample) -> str:
    """The visible text of the posting on a sample's page; all of it where none is made out."""
    try:
        body = sample.body if sample.body is not None else Path(sample.path).read_bytes()
        page = clean(Source(body=body, locator=sample.id, media_type=sample.media_type))
    except SourceError:
        return ""
    except OSError as error:
        raise UsageError(
            f"cannot read {sample.path}: {(error.strerror or str(error)).lower()}",
            hint="check the name and the permissions",
        ) from None
    seen = [page.line(block) for block in page.blocks if block.role in SEEN]
    return "\n".join(seen) or page.text


def _chosen(
    groups: list[list[int]], samples: Sequence[Sample], share: float, seed: int
) -> set[int]:
    """The samples of the test part: groups in an order of chance, as long as they fit."""

    def chance(group: list[int]) -> bytes:
        name = f"{seed}\0{samples[group[0]].id}"
        return hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()

    wanted = share * len(samples)
    order = sorted(groups, key=chance)
    test: set[int] = set()
    for group in order:
        if len(test) + len(group) <= wanted:
            test.update(group)
    rest = [group for group in order if group[0] not in test]
    best = min(rest, key=lambda group: abs(len(test) + len(group) - wanted))
    closer = abs(len(test) + len(best) - wanted) < abs(len(test) - wanted)
    if (closer or not test) and len(rest) > 1:
        test.update(best)
    return test


def _root(parent: list[int], number: int) -> int:
    while parent[number] != number:
        parent[number] = parent[parent[number]]
        number = parent[number]
    return number


def _join(parent: list[int], a: int, b: int) -> None:
    one, two = sorted((_root(parent, a), _root(parent, b)))
    parent[two] = one
