"""Addresses of the viewer as names of files: what a page links to when there is no server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import unquote

from markupsafe import Markup

_LEADING = frozenset({"href", "src", "action", "data-href"})
_OUTSIDE = ("http://", "https://", "mailto:", "#")
"""Where texts of a run may lead, and places of the page itself."""


class BundlePlace(NamedTuple):
    """Where a page stands in a bundle, and what else is there.

    Attributes:
        run: Name of the run in addresses of the viewer.
        above: Way from the page's folder to that of the bundle.
        pages: Address of an item in the viewer, and its file.
        picture: Returns the file of a picture by its name; empty where there is none.
    """

    run: str
    above: str
    pages: Mapping[str, str]
    picture: Callable[[str], str]


def relinked(text: str, place: BundlePlace) -> str:
    """Return a page of the viewer with the addresses that it has in a bundle; all but its tags stays byte for byte."""
    parser = _Tags(text, place)
    return "".join([*parser.parts, text[parser.done :]])


def in_bundle(address: str, place: BundlePlace) -> str:
    """Return where an address of the viewer leads in a bundle; empty where that is not there."""
    if address.startswith(_OUTSIDE):
        return address
    path, _, query = address.partition("?")
    run = f"/runs/{place.run}"
    if path.startswith("/static/"):
        name = path.removeprefix("/static/")
    elif path == run:
        name = "index.html"
    elif path == f"{run}/items":
        name = f"items.html#{query}" if query else "items.html"
    elif path.startswith(f"{run}/attachments/"):
        name = place.picture(unquote(path.rpartition("/")[2]))
    else:
        name = place.pages.get(path, "")
    return place.above + name if name else ""


class _Tags(HTMLParser):
    def __init__(self, text: str, place: BundlePlace) -> None:
        super().__init__(convert_charrefs=False)
        self.parts: list[str] = []
        self.done = 0
        self._text = text
        self._place = place
        self._lines = [0]
        for at, sign in enumerate(text):
            if sign == "\n":
                self._lines.append(at + 1)
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not any(name in _LEADING for name, _ in attrs):
            return
        line, column = self.getpos()
        start = self._lines[line - 1] + column
        made = Markup("<{}").format(tag)
        for name, value in attrs:
            kept = in_bundle(value or "", self._place) if name in _LEADING else value
            if kept is None:
                made += Markup(" {}").format(name)
            elif kept or name not in _LEADING:
                made += Markup(' {}="{}"').format(name, kept)
        self.parts += [self._text[self.done : start], made + Markup(">")]
        self.done = start + len(self.get_starttag_text() or "")
