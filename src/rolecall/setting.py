"""How a setting is declared: its default, its words, and what it may be."""

from __future__ import annotations

from dataclasses import Field, dataclass, field
from typing import Any, Final

PREFIX: Final = "ROLECALL_"


def setting(
    default: Any,
    text: str,
    *,
    decides: bool = False,
    least: float | None = None,
    unless_none: type | None = None,
) -> Any:
    """Declare a setting; ``decides`` says that it can change what is extracted.

    With ``unless_none`` it may be ``None``, written ``none``, and is of that type otherwise.
    """
    told = {"help": text, "decides": decides, "least": least, "unless_none": unless_none}
    return field(default=default, metadata=told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The declaration of one setting, for help texts and the reference page.

    One that is ``optional`` may also be ``None``, which is written ``none``.
    """

    name: str
    kind: type
    default: Any
    help: str
    decides: bool
    least: float | None = None
    optional: bool = False

    @property
    def variable(self) -> str:
        """The name of its environment variable."""
        return PREFIX + self.name.upper()

    @property
    def flag(self) -> str:
        """The name of its flag."""
        return "--" + self.name.replace("_", "-")

    @classmethod
    def of(cls, one: Field[Any]) -> Setting:
        """What ``setting`` declared."""
        told = one.metadata
        return cls(
            name=one.name,
            kind=told["unless_none"] or type(one.default),
            default=one.default,
            help=told["help"],
            decides=told["decides"],
            least=told["least"],
            optional=told["unless_none"] is not None,
        )
