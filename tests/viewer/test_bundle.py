"""``jb export --to site``: a run as files that open from disk and say no more than they should."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import msgspec
import pytest

from judgebench.cli.main import run as jb
from judgebench.viewer import bundle
from tests.viewer.browser import Page
from tests.viewer.test_hostile import Tags, hostile  # noqa: F401 - a fixture

SETS_ADDRESS = {"href", "src", "action", "data-href"}


def exported(run: Path, place: Path, *words: str, code: int = 0) -> Path:
    """Return the folder of a bundle."""
    assert jb(["export", str(run), *words, "--to", "site", "--out", str(place)]) == code
    return place


def check_pages(place: Path) -> None:
    """Every address leads to a file of the bundle, or out of it by a link of a text; nothing is inline or remote."""
    for path in place.rglob("*.html"):
        tags = Tags(path.read_text()).found
        (policy,) = [one["content"] or "" for tag, one in tags if one.get("http-equiv")]
        assert policy.startswith("default-src 'none';")
        assert "unsafe" not in policy
        for tag, attributes in tags:
            assert tag not in {"iframe", "object", "embed", "base", "style", "video", "audio"}, tag
            assert not {name for name in attributes if name.startswith("on") or name in {"style", "srcdoc"}}
            for name in SETS_ADDRESS & attributes.keys():
                to = unescape(attributes[name] or "")
                if tag == "a" and re.match(r"https?://|mailto:|#", to):
                    continue
                assert (path.parent / to.partition("#")[0]).is_file(), (path.name, tag, to)


def entries(place: Path) -> list[dict[str, Any]]:
    text = (place / "items.js").read_bytes()
    found: list[dict[str, Any]] = msgspec.json.decode(text.removeprefix(b"const ITEMS = ").rstrip(b";\n"))
    return found


def test_a_bundle_is_read_and_searched_from_disk(chromium: Page, runs: list[Path], tmp_path: Path) -> None:
    place = exported(runs[0], tmp_path / "site")
    check_pages(place)
    for path in place.rglob("*"):
        assert path.is_dir() or str(runs[0]) not in path.read_text()
    chromium.errors.clear()
    chromium.goto(f"file://{place}/index.html")
    assert "north-7b and south-7b on tanks" in chromium.text()
    chromium.press("i")
    chromium.until("document.querySelectorAll('#lines tr').length > 0")
    chosen = "document.querySelector('select[name=model]')"
    chromium.evaluate(f"{chosen}.value = 'south-7b'; {chosen}.dispatchEvent(new Event('input', {{bubbles: true}}))")
    chromium.press("/")
    chromium.type("Tank-13")
    chromium.until("document.getElementById('count').innerText.startsWith('3 of 180')")
    assert chromium.evaluate("location.hash") == "#text=Tank-13&model=south-7b"
    chromium.press("Escape", "j", "Enter")
    chromium.until("location.pathname.includes('/items/')")
    assert "Problem 13." in chromium.text()
    chromium.press("j")
    chromium.until("document.querySelector('mark') !== null")
    assert chromium.errors == []


def test_hostile_texts_stay_texts(
    chromium: Page,
    hostile: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    place = exported(hostile, tmp_path / "site", "tanks-quill", "--model", "south-7b")
    check_pages(place)
    chromium.dialogs.clear()
    chromium.errors.clear()
    for name in ("index.html", "items.html", *(f"items/{number}.html" for number in range(1, 9))):
        chromium.goto(f"file://{place}/{name}")
        assert chromium.evaluate("document.querySelectorAll('script:not([src]), img[onerror]').length") == 0
    assert chromium.dialogs == []
    assert chromium.errors == []


def test_a_bundle_keeps_its_bounds_and_says_what_is_in_it(
    runs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bundle, "MOST_ITEMS", 40)
    monkeypatch.setattr(bundle, "MOST_BYTES", 260_000)
    place = exported(runs[0], tmp_path / "site")
    said = capsys.readouterr().err
    found = entries(place)
    assert len(found) == 40
    assert "40 of 180 items are here: first those that are wrong, then those that" in said
    assert "40 of 180 items are here" in (place / "items.html").read_text()
    kinds = [one["kinds"] for one in found]
    assert [one for one in kinds if "wrong" in one] == kinds[: sum("wrong" in one for one in kinds)] != []
    assert "the texts are left out" in said
    sizes = [path.stat().st_size for path in place.rglob("*") if path.is_file() and path.name != "items.js"]
    assert sum(sizes) < 265_000  # and the list's own page
    check_pages(place)
    exported(runs[0], place, code=2)
    assert "is not empty" in capsys.readouterr().err
