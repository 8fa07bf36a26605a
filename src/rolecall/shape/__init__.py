"""A settled posting in the shape of a user's schema."""

from rolecall.shape.project import shaped

__all__ = ["shaped"]
