"""The file of a trained tagger, as CRFsuite writes it (``lCRF``, version 100): labels and weights.

The library looks up each feature of each line by its name. The tagger sums weights itself, so it
reads them from here, and leaves to the library what it is quick at: the chain. For that,
``for_sums`` writes the file anew, with one attribute per label that stands for a ready sum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from struct import Struct, error
from typing import Final

HEADER: Final = Struct("<4sI4sI3I5I")
"""Magic, size, kind, version, three counts, and where features, labels, attributes, references of
labels and references of attributes start. The first count is not used by the library."""

CHUNK: Final = Struct("<4sII")
"""The head of a table: magic, size, number of entries."""

NAMES: Final = Struct("<4sIIIII")
"""The head of a table of names: magic, size, flag, byte order, their number, and where the places
of the names stand, in the order of their numbers."""

FEATURE: Final = Struct("<IIId")
"""Kind (0: a state's), number of the attribute, number of the label, weight."""

WEIGHT: Final = "12xd"
"""A feature of which only the weight is read."""

NUMBER: Final = Struct("<I")
ORDER: Final = 0x62445371
HEAVIEST: Final = 64.0
"""A weight is a few units; one beyond this comes from no sane training."""


class ChainFileError(ValueError):
    """The bytes are no file of a tagger that can be read."""


@dataclass(frozen=True, slots=True)
class ChainFile:
    """The bytes of a file, its labels in the order of their numbers, and where to find weights.

    ``attributes`` maps each attribute to the place of the list of its features.
    """

    data: bytes
    labels: tuple[str, ...]
    attributes: Mapping[str, int]
    features: int

    @classmethod
    def read(cls, data: bytes) -> ChainFile:
        """Raises `ChainFileError` if ``data`` is cut, or of another kind."""
        try:
            head = HEADER.unpack_from(data)
            magic, size, kind, version = head[:4]
            features, labels, attributes, _, references = head[7:]
            if (magic, kind, version) != (b"lCRF", b"FOMC", 100) or size != len(data):
                raise ChainFileError("it is of another kind")
            _, _, count = CHUNK.unpack_from(data, references)
            places = Struct(f"<{count}I").unpack_from(data, references + CHUNK.size)
            names = _names(data, attributes)
            found = cls(
                data=data,
                labels=tuple(_names(data, labels)),
                attributes=dict(zip(names, places, strict=True)),
                features=features + CHUNK.size,
            )
            found._check(places)
        except ChainFileError:
            raise
        except (error, ValueError, MemoryError) as fault:
            raise ChainFileError("it is cut or damaged") from fault
        return found

    def weights(self, name: str) -> dict[int, float]:
        """The weights of an attribute by number of the label; none if it is not known."""
        place = self.attributes.get(name)
        if place is None:
            return {}
        rows = (FEATURE.unpack_from(self.data, at) for at in self._places(place))
        return {label: weight for _, _, label, weight in rows}

    def for_sums(self, unit: float) -> tuple[tuple[str, ...], bytes]:
        """A name per label, and the file in which these are the only features.

        The value of such a feature, times ``unit``, is the score of its label. Transitions stay
        as they are.
        """
        data = bytearray(self.data)
        count = len(self.labels)
        names = tuple(islice(self.attributes, count))
        for label, name in enumerate(names):
            weight = unit
            for at in self._places(self.attributes[name]):
                FEATURE.pack_into(data, at, 0, label, label, weight)
                weight = 0.0
        return names, bytes(data)

    def _places(self, place: int) -> list[int]:
        """Where the features of a list of references stand."""
        (count,) = NUMBER.unpack_from(self.data, place)
        numbers = Struct(f"<{count}I").unpack_from(self.data, place + NUMBER.size)
        return [self.features + number * FEATURE.size for number in numbers]

    def _check(self, places: Sequence[int]) -> None:
        """All must stand inside of the file, and every weight be one to sum without a care."""
        _, _, count = CHUNK.unpack_from(self.data, self.features - CHUNK.size)
        if count * FEATURE.size > len(self.data) or max(places, default=0) >= len(self.data):
            raise ChainFileError("it is cut")
        weights = Struct("<" + WEIGHT * count).unpack_from(self.data, self.features)
        if not all(map(HEAVIEST.__gt__, map(abs, weights))):
            raise ChainFileError("its weights are beyond measure")
        if not 0 < len(self.labels) <= len(self.attributes):
            raise ChainFileError("it knows fewer features than labels")


def _names(data: bytes, start: int) -> list[str]:
    """The names of a table, in the order of their numbers."""
    _, _, _, order, count, places = NAMES.unpack_from(data, start)
    if order != ORDER:
        raise ChainFileError("it was written on a machine of another kind")
    if count * NUMBER.size > len(data):
        raise ChainFileError("it is cut")
    out = []
    for place in Struct(f"<{count}I").unpack_from(data, start + places):
        at = start + place + 2 * NUMBER.size  # behind its number and its size
        out.append(data[at : data.index(0, at)].decode())
    return out
