"""Images that are made smaller before they are sent; the only place that decodes pixels, and only where a rule asks."""

from __future__ import annotations

import importlib.util
import io
import threading
from functools import cache
from typing import Any

from judgebench.content.image_files import size_of
from judgebench.content.parts import SizeRule
from judgebench.errors import DataError, missing_extra

_QUALITIES = (90, 80, 65, 50)
"""JPEG qualities that are tried in turn where a file must be smaller."""
_SHRINK = 0.75
"""By how much the sides shrink where no quality is small enough."""
_SMALLEST = 32
"""Pixels below which a side is not made."""
_ONE_BY_ONE = 20_000_000
"""Pixels from which images are decoded one after the other: each takes 3 or 4 bytes of memory a pixel."""
_LARGE = threading.Lock()


def fits(data: bytes, rule: SizeRule) -> bool:
    """Whether an image is no larger than a rule allows, as its header says."""
    size = size_of(data)
    side = max(size) if size is not None else 0
    return (not rule.longest_side or side <= rule.longest_side) and (not rule.max_bytes or len(data) <= rule.max_bytes)


@cache
def check_can_resize() -> None:
    """Raise where the package that makes images smaller is not installed.

    Raises:
        MissingExtraError: It is not.
    """
    if importlib.util.find_spec("PIL") is None:
        raise missing_extra("pillow", "images", "the size rule of a dataset (resize)")


def resized(data: bytes, rule: SizeRule) -> bytes:
    """Return a smaller image: a JPEG, or a PNG where parts of it are transparent; turned as its camera says.

    Raises:
        DataError: It cannot be decoded, or cannot be made as small.
        MissingExtraError: The package that does it is not installed.
    """
    check_can_resize()
    size = size_of(data)
    if size is not None and size.width * size.height >= _ONE_BY_ONE:
        with _LARGE:
            return _smaller(data, rule, max(size))
    return _smaller(data, rule, max(size) if size else 0)


def _smaller(data: bytes, rule: SizeRule, longest: int) -> bytes:
    from PIL import Image as Picture
    from PIL import ImageOps

    side = rule.longest_side or longest
    try:
        with Picture.open(io.BytesIO(data)) as opened:
            if rule.longest_side:
                opened.draft("RGB", (side, side))  # a JPEG is decoded at a fraction of its size
            picture = ImageOps.exif_transpose(opened)
            picture.load()
    except (OSError, SyntaxError, ValueError, Picture.DecompressionBombError) as error:
        raise DataError(f"it cannot be decoded ({' '.join(str(error).split())[:120]})") from None
    clear = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    picture = picture.convert("RGBA" if clear else "RGB")
    while side >= _SMALLEST:
        smaller = picture.copy()
        smaller.thumbnail((side, side), Picture.Resampling.LANCZOS)
        for quality in _QUALITIES if not clear else _QUALITIES[:1]:
            found = _encoded(smaller, clear=clear, quality=quality)
            if not rule.max_bytes or len(found) <= rule.max_bytes:
                return found
        side = int(min(side, max(smaller.size)) * _SHRINK)
    raise DataError(f"it cannot be made as small as {rule.max_bytes} bytes")


def _encoded(picture: Any, *, clear: bool, quality: int) -> bytes:
    out = io.BytesIO()
    if clear:
        picture.save(out, "PNG")
    else:
        picture.save(out, "JPEG", quality=quality)
    return out.getvalue()
