"""White text on a white page."""

from __future__ import annotations

from selectolax.lexbor import LexborNode

from rolecall.page.visibility import look

__all__ = ["white_on_white"]


def white_on_white(node: LexborNode, styled: bool) -> bool:
    """Whether a text whose inline colour is white stands on white as far as the page says.

    The nearest inline background decides. Without one the page is white, unless its own style
    rules speak of backgrounds (``styled``) or an element around the text carries a class or id
    through which a style sheet could colour it.
    """
    current: LexborNode | None = node
    while current is not None and current.tag not in ("html", "-document"):
        attributes = current.attributes
        seen = look(attributes.get("style") or "")
        if seen.background:
            return seen.backdrop_white
        if attributes.get("bgcolor"):
            return look(f"background:{attributes['bgcolor']}").backdrop_white
        if current.tag != "body" and (attributes.get("class") or attributes.get("id")):
            return False
        if current.tag in ("button", "header", "footer", "nav", "th"):
            return False
        current = current.parent
    return not styled
