"""Read XML without entities: those of a hostile file could grow without end, or read other files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gatepost.lockfiles import Unreadable
from gatepost.lockfiles._text import line_at, text_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

DEPTH = 200


def root_of(raw: bytes) -> Element:
    """Give the root element; Unreadable where the file is broken, nested too deeply or declares a document type."""
    from xml.etree.ElementTree import ParseError, XMLPullParser

    text = text_of(raw, bom=True)
    at = raw.find(b"<!DOCTYPE")
    if at >= 0 or b"<!ENTITY" in raw:
        raise Unreadable("declares a document type", line_at(raw, max(at, 0)))
    parser: Any = XMLPullParser(events=("start", "end"))
    open_elements: list[Any] = []
    root: Any = None
    try:
        for start in range(0, len(text), 65536):
            parser.feed(text[start : start + 65536])
            for event, element in parser.read_events():
                root = element if root is None else root
                open_elements.append(element) if event == "start" else open_elements.pop()
                if len(open_elements) > DEPTH:
                    raise Unreadable("is nested too deeply")
        parser.close()
    except ParseError as error:
        raise Unreadable(f"is not XML: {error.msg}", error.position[0]) from None
    if root is None:
        raise Unreadable("is empty")
    return root  # type: ignore[no-any-return]  # the stubs of the pull parser know no elements


def plain(tag: str) -> str:
    """Give a tag without its name space."""
    return tag.rpartition("}")[2]


def child(element: Element | None, *names: str) -> Element | None:
    """Follow a path of tags, whatever their name space."""
    for name in names:
        element = next((found for found in element if plain(found.tag) == name), None) if element is not None else None
    return element


def children(element: Element | None, name: str) -> list[Element]:
    """Give the elements of one tag directly below."""
    return [found for found in element if plain(found.tag) == name] if element is not None else []


def text(element: Element | None, name: str) -> str:
    """Give the text of one tag directly below, or nothing."""
    found = child(element, name)
    return (found.text or "").strip() if found is not None else ""
