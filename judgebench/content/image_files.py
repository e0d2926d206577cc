"""What the bytes of an image file say of themselves, read without decoding a pixel: kind, size, whether it is whole.

Of sounds and videos the kind alone is read.

Nothing here needs a package, and the time does not depend on what a header claims: a file of a few bytes that claims a
hundred thousand pixels a side (a decompression bomb) is found out by the claim.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

MOST_PIXELS = 200_000_000
"""Pixels of one image; what claims more is refused before anybody decodes it."""
_BMP_HEADERS = frozenset(size.to_bytes(4, "little") for size in (12, 16, 40, 52, 56, 64, 108, 124))
"""Lengths of the second header of a BMP file: two letters alone would make an image of many a text."""
_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of a JPEG file that state its size."""
_MARKERS = 10_000
"""Markers of a JPEG file that are looked at; real ones have some twenty before the size."""


class PixelSize(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int


def image_type(data: bytes) -> str:
    """Return the media type of an image by its first bytes; empty for anything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:6] in {b"GIF87a", b"GIF89a"}:
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return "image/bmp" if data[:2] == b"BM" and data[6:10] == bytes(4) and data[14:18] in _BMP_HEADERS else ""


_SOUNDS = {b"ID3": "audio/mpeg", b"OggS": "audio/ogg", b"fLaC": "audio/flac"}


def sound_type(data: bytes) -> str:
    """Return the media type of a sound by its first bytes; empty for anything else."""
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "audio/wav"
    if data[:1] == b"\xff" and len(data) > 1 and data[1] & 0xE6 in (0xE2, 0xE4, 0xE6):
        return "audio/mpeg"
    return next((kind for start, kind in _SOUNDS.items() if data.startswith(start)), "")


def video_type(data: bytes) -> str:
    """Return the media type of a video by its first bytes; empty for anything else."""
    if data[4:8] == b"ftyp":
        return "video/quicktime" if data[8:10] == b"qt" else "video/mp4"
    if data.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm" if b"webm" in data[:64] else "video/x-matroska"
    return ""


def fault_of(data: bytes) -> str:
    """Return why an image cannot be shown, in a few words that follow "it"; empty where nothing is wrong."""
    kind = image_type(data)
    if not kind:
        return "is no PNG, JPEG, GIF, WebP or BMP image"
    if not _is_whole(data, kind):
        return f"is a {kind.removeprefix('image/').upper()} image that was cut off"
    size = size_of(data)
    if size is None:
        return f"is a {kind.removeprefix('image/').upper()} image that does not state its size"
    if size.width * size.height > MOST_PIXELS:
        return (
            f"claims {size.width} x {size.height} pixels, and at most {MOST_PIXELS // 1_000_000} million are taken "
            "(it may be a decompression bomb)"
        )
    return "" if size.width and size.height else "has no pixels"


def size_of(data: bytes) -> PixelSize | None:
    """Return the size that an image states; ``None`` where it states none."""
    try:
        return _SIZES[image_type(data)](data)
    except (KeyError, IndexError, struct.error):
        return None


def _is_whole(data: bytes, kind: str) -> bool:
    if kind == "image/png":
        return b"IEND" in data[-64:]
    if kind == "image/jpeg":
        return b"\xff\xd9" in data[-4096:] or b"\xff\xd9" in data.rstrip(b"\x00")[-2:]
    if kind == "image/gif":
        return data.rstrip(b"\x00")[-1:] == b";"
    if kind == "image/webp":
        return len(data) + 1 >= int.from_bytes(data[4:8], "little") + 8
    stated = int.from_bytes(data[2:6], "little")
    return stated <= len(data) and int.from_bytes(data[10:14], "little") < len(data)


def _png(data: bytes) -> PixelSize | None:
    if data[12:16] not in (b"IHDR", b"CgBI"):
        return None
    return PixelSize(*struct.unpack(">II", data[16:24]))


def _gif(data: bytes) -> PixelSize:
    return PixelSize(*struct.unpack("<HH", data[6:10]))


def _bmp(data: bytes) -> PixelSize:
    if data[14:18] == (12).to_bytes(4, "little"):
        return PixelSize(*struct.unpack("<HH", data[18:22]))
    width, height = struct.unpack("<ii", data[18:26])
    return PixelSize(abs(width), abs(height))


def _webp(data: bytes) -> PixelSize | None:
    chunk = data[12:16]
    if chunk == b"VP8X":
        return PixelSize(1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little"))
    if chunk == b"VP8L":
        (bits,) = struct.unpack("<I", data[21:25])
        return PixelSize((bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1)
    width, height = struct.unpack("<HH", data[26:30])
    return PixelSize(width & 0x3FFF, height & 0x3FFF)


def _jpeg(data: bytes) -> PixelSize | None:
    at = 2
    for _ in range(_MARKERS):
        while data[at] == 0xFF and data[at + 1] == 0xFF:
            at += 1
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker in _JPEG_SIZES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return PixelSize(width, height)
        if marker in (0xD9, 0xDA):
            return None
        at += 2 if 0xD0 <= marker <= 0xD7 or marker == 0x01 else 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
    return None


_SIZES = {"image/png": _png, "image/gif": _gif, "image/bmp": _bmp, "image/webp": _webp, "image/jpeg": _jpeg}
