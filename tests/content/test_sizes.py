"""Images that are made smaller before they are sent: by which rule, once, and known by it."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Picture

from judgebench.content import sizes
from judgebench.content.attachments import Attachments, image_of, with_media
from judgebench.content.image_files import size_of
from judgebench.content.media import MediaSource
from judgebench.content.parts import SizeRule, typed
from judgebench.errors import DataError, MissingExtraError
from judgebench.identity.questions import question_uuid
from judgebench.records.flow import Request
from tests.pixels import drawn, read


def source(data: bytes) -> MediaSource:
    return MediaSource(value=data, folder="", place="data.jsonl:1", column="picture")


def sent(folder: Path, data: bytes, rule: SizeRule) -> tuple[dict[str, Any], bytes, dict[str, Any]]:
    """Return the part of an image, the bytes that are sent for it, and the part that they are sent as."""
    part = {**typed(image_of(source(data), Attachments(folder), rule)), "detail": "low"}
    request = with_media(Request(prompt=[{"role": "user", "content": [part]}], attachments=str(folder)))
    (shown,) = request.prompt[0]["content"]  # type: ignore[index]
    return part, request.media[shown["sha256"]], shown


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_an_image_is_no_larger_than_its_rule_and_says_what_it_said(tmp_path: Path, kind: str) -> None:
    data = drawn("what it says", pixels=900, kind=kind)
    assert size_of(data) == (900, 900)
    part, small, shown = sent(tmp_path, data, SizeRule(longest_side=300, max_bytes=12_000))
    assert part["resize"] == {"longest_side": 300, "max_bytes": 12_000}
    assert max(size_of(small) or ()) <= 300
    assert len(small) <= 12_000
    assert read(small) == "what it says"
    assert (shown["media_type"], shown["detail"]) == ("image/jpeg", "low")
    assert "resize" not in shown


def test_an_image_that_fits_is_sent_as_it_is_and_carries_no_rule(tmp_path: Path) -> None:
    data = drawn("small")
    part, small, _ = sent(tmp_path, data, SizeRule(longest_side=2000, max_bytes=1_000_000))
    assert small == data
    assert "resize" not in part


def test_the_rule_is_part_of_what_is_asked_and_the_smaller_image_is_made_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = drawn("q", pixels=600)
    first, _, _ = sent(tmp_path, data, SizeRule(longest_side=300))
    other, _, _ = sent(tmp_path, data, SizeRule(longest_side=200))
    assert first["sha256"] == other["sha256"]  # it is the same image
    asked = [question_uuid([{"role": "user", "content": [part]}], {}, {}) for part in (first, other)]
    assert asked[0] != asked[1]
    monkeypatch.setattr("judgebench.content.attachments.resized", lambda *_: pytest.fail("it was made before"))
    sent(tmp_path, data, SizeRule(longest_side=300))


def test_what_is_transparent_stays_so_and_a_turned_photo_is_turned(tmp_path: Path) -> None:
    out = io.BytesIO()
    Picture.new("RGBA", (400, 200), (255, 0, 0, 0)).save(out, "PNG")
    _, small, shown = sent(tmp_path, out.getvalue(), SizeRule(longest_side=100))
    assert (shown["media_type"], size_of(small)) == ("image/png", (100, 50))
    out, turned = io.BytesIO(), Picture.Exif()
    turned[0x0112] = 6  # a camera that was held upright
    Picture.new("RGB", (400, 200)).save(out, "JPEG", exif=turned)
    _, small, _ = sent(tmp_path, out.getvalue(), SizeRule(longest_side=100))
    assert size_of(small) == (50, 100)


def test_an_image_that_nobody_can_decode_fails_by_name(tmp_path: Path) -> None:
    data = drawn("q", pixels=600)
    broken = data[:60] + bytes(len(data) - 80) + data[-20:]  # head and end are there, and nothing between
    with pytest.raises(DataError, match=r"The image .* cannot be made smaller: it cannot be decoded"):
        sent(tmp_path, broken, SizeRule(longest_side=100))


def test_without_the_extra_a_large_image_stops_the_run_and_a_small_one_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizes.importlib.util, "find_spec", lambda name: None)
    sizes.check_can_resize.cache_clear()
    rule = SizeRule(longest_side=300)
    try:
        assert image_of(source(drawn("small")), None, rule).resize is None
        with pytest.raises(MissingExtraError, match=r"'pillow' is needed for the size rule.*\n.*judgebench\[images\]"):
            image_of(source(drawn("large", pixels=600)), None, rule)
    finally:
        sizes.check_can_resize.cache_clear()


def test_a_row_of_base64_may_have_a_rule_too(tmp_path: Path) -> None:
    text = base64.b64encode(drawn("q", pixels=600)).decode()
    row = MediaSource(value=text, folder=str(tmp_path), place="d:1", column="picture")
    assert image_of(row, None, SizeRule(max_bytes=1000)).resize == SizeRule(max_bytes=1000)
