"""Labelled pages: read, checked, imported, written, and split by site."""

from __future__ import annotations

from rolecall.evaluate.nouns import SampleSet
from rolecall.evaluate.samples.read import fingerprint_of, read_samples
from rolecall.evaluate.samples.write import sample_row, write_samples

__all__ = ["SampleSet", "fingerprint_of", "read_samples", "sample_row", "write_samples"]
