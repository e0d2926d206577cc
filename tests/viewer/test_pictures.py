"""The pictures of docs/viewer.md, and what a reader sees first on each.

``JB_PICTURES=docs python -m pytest tests/viewer/test_pictures.py`` makes them anew.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS
from tests.viewer.browser import PICTURES as MADE_IN
from tests.viewer.browser import Page
from tests.viewer.conftest import Viewing

PICTURES = {
    "runs": ("/", "light", 660),
    "run": ("/runs/{run}", "light", 900),
    "run-dark": ("/runs/{run}", "dark", 900),
    "items": ("/runs/{run}/items?only=wrong", "light", 700),
    "item": ("/runs/{run}/items/south-7b/tanks-quill/1/0?only=accepted", "light", 760),
    "orders": ("/runs/{run}/items/south-7b/tanks-pair/5/0", "dark", 900),
    "compare": ("/compare?a={run}|south-7b|tanks-inkwell&b={other}|south-7b|tanks-inkwell", "light", 800),
    "label": ("/runs/{run}/labels?row=tanks-quill&only=rule&who=ann", "light", 640),
}
SEEN = {
    "run": ["cannot tell north-7b from south-7b", "agrees with the rule", "too kind or too strict", "are missing"],
    "items": ["wrong 14", "tank-01"],
    "label": ["Your decision"],
    "runs": ["done"],
    "item": ["VERDICT: A", "The rule took 13.71"],
    "orders": ["Order A B", "Order B A"],
    "compare": ["What changed", "lost", "won"],
}
"""What stands above the lower edge of the picture."""


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_shows_what_matters_first(
    chromium: Page, viewer: Viewing, runs: list[Path], tmp_path: Path, name: str
) -> None:
    path, theme, height = PICTURES[name]
    chromium.size(1280, height)
    chromium.theme(theme)
    chromium.goto("about:blank")
    chromium.errors.clear()
    chromium.goto(viewer.link)
    chromium.until("location.search === ''")
    chromium.goto(viewer.base + path.format(run=runs[0].name, other=runs[1].name))
    folder = Path(MADE_IN or tmp_path) / "viewer"
    chromium.picture(folder / f"{name}.webp", format="webp")
    assert 5_000 < (folder / f"{name}.webp").stat().st_size < 120_000
    seen = chromium.evaluate(
        "(() => { const walk = document.createTreeWalker(document.getElementById('main'), NodeFilter.SHOW_TEXT);"
        "let text = ''; while (walk.nextNode()) { const range = document.createRange();"
        "range.selectNode(walk.currentNode);"
        "const box = range.getBoundingClientRect();"
        "if (box.height && box.bottom <= innerHeight) text += walk.currentNode.data + ' '; } return text; })()"
    )
    assert chromium.errors == []
    for words in SEEN.get(name, []):
        assert words in " ".join(seen.split()), f"{words!r} is not within the first {height} pixels"


def test_every_picture_is_in_the_docs() -> None:
    page = (DOCS / "viewer.md").read_text("utf-8")
    assert set(re.findall(r"\(viewer/([\w-]+)\.webp\)", page)) == set(PICTURES)
    assert {path.stem for path in (DOCS / "viewer").glob("*.webp")} == set(PICTURES)
