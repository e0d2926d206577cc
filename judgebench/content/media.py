"""Which bytes are taken as an image, and from where: the media rules.

Bytes come from a dataset that the user names: a file beside the data file, base64 text, or bytes in a Parquet column.
Datasets are often downloaded, and an archive or a repository may hold links. So a path leads nowhere but below the
data file's own folder (or the folder of images that the config names), through links or not; an address is never
opened; and bytes that are no image go to no service.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any, Literal

import msgspec

from judgebench.content.image_files import fault_of, image_type, sound_type, video_type
from judgebench.errors import DataError
from judgebench.store.journal import open_file, reason_of

MOST_BYTES = 64 << 20
"""Bytes of one image."""
_MOST_TEXT = 2 * MOST_BYTES
"""Characters of base64 text that are looked at: enough for the most bytes, line ends included."""
_DATA_URI = re.compile(r"data:([\w.+-]+/[\w.+-]+)?(?:;[\w=.+-]+)*;base64,", re.IGNORECASE)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)
_ENDINGS = frozenset(
    {".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".svg"}
    | {".wav", ".mp3", ".flac", ".ogg", ".opus", ".m4a", ".mp4", ".mov", ".webm", ".mkv", ".avi"}
)
_WANTED = {"image": "an image", "audio": "a sound", "video": "a video"}


class MediaSource(msgspec.Struct, frozen=True, kw_only=True):
    """Where a row says that its image is; nothing is opened yet.

    Attributes:
        value: As the column holds it: a path, base64 text, a data URI, bytes, or ``{"bytes": ..., "path": ...}``.
        folder: Where the images are: the data file's folder, or the one that the config names; empty for rows of the
            hub, which have no files beside them.
        place: Of the row. ``column``: In which it stands. Both for errors.
        kind: What it must be.
    """

    value: Any
    folder: str
    place: str
    column: str
    kind: Literal["image", "audio", "video"] = "image"

    def each(self) -> list[MediaSource]:
        """Return the images of a column that holds a list of them (a JSON list, where the column is a text), or itself.

        Raises:
            DataError: A text begins as a list, and is none.
        """
        value = self.value
        if isinstance(value, str) and value.lstrip().startswith("["):
            try:
                value = msgspec.json.decode(value, type=list[str])
            except msgspec.MsgspecError:
                raise self._refused(f"{value.strip()[:40]!r} begins as a list and is no JSON list of texts") from None
        if not isinstance(value, list):
            return [self]
        return [msgspec.structs.replace(self, value=one) for one in value]

    def is_empty(self) -> bool:
        """Whether the row has no image in this column."""
        value = self._given()
        return value is None or value in ("", b"", [])

    def path(self) -> Path | None:
        """Return the file in which the image is, links followed; ``None`` where the row itself holds the image.

        Raises:
            DataError: It is an address, or leads out of the folder of the images.
        """
        value = self._given()
        if not isinstance(value, str) or _DATA_URI.match(value) or not _is_path(value):
            return None
        if _ADDRESS.match(value):
            raise self._refused(f"{value[:80]!r} is an address, and addresses are never opened")
        named = PurePath(value)
        if not self.folder:
            raise self._refused(f"{value[:80]!r} is a path, and rows of the hub have no files beside them")
        if named.is_absolute() or ".." in named.parts:
            raise self._refused(f"the path {value[:80]!r} leads out of the folder of the images")
        folder = Path(self.folder)
        try:
            real = (folder / named).resolve()
            inside = _holds(folder, real)
        except (OSError, RuntimeError, ValueError):  # links in a circle, a NUL byte
            raise self._refused(f"the path {value[:80]!r} cannot be followed") from None
        if not inside:
            raise self._refused(f"the path {value[:80]!r} leads, through a link, out of the folder of the images")
        return real

    def read(self) -> bytes:
        """Return the bytes of the image.

        Raises:
            DataError: There is no such file, or it is no base64 text; names the row, the column and what was found.
        """
        value = self._given()
        if isinstance(value, bytes):
            data = value
        elif (path := self.path()) is not None:
            data = self._file(path)
        elif isinstance(value, str):
            data = self._decoded(value)
        else:
            raise self._refused(f"it holds {type(value).__name__}")
        if len(data) > MOST_BYTES:
            raise self._too_large(len(data))
        if not data:
            raise self._refused("it is empty")
        return data

    def media_type(self, data: bytes) -> str:
        """Return what an image's bytes say that they are.

        Raises:
            DataError: They are no image of a known kind, one that was cut off, or one of far too many pixels.
        """
        if self.kind == "image":
            if fault := fault_of(data):
                raise self._refused(f"it {fault}")
            return image_type(data)
        found = sound_type(data) if self.kind == "audio" else video_type(data)
        if not found:
            known = "WAV, MP3, FLAC or Ogg sound" if self.kind == "audio" else "MP4, QuickTime, WebM or Matroska video"
            raise self._refused(f"its bytes are no {known}")
        return found

    def _given(self) -> Any:
        value = self.value
        if isinstance(value, Mapping):  # as Parquet files of the hub hold images
            value = value.get("bytes") or value.get("path")
        return value.strip() if isinstance(value, str) else value

    def _file(self, path: Path) -> bytes:
        try:
            with open_file(path, "rb") as file:  # waits for no pipe, and reads no device
                size = os.fstat(file.fileno()).st_size
                if size > MOST_BYTES:
                    raise self._too_large(size)
                return file.read(MOST_BYTES + 1)
        except FileNotFoundError:
            raise self._refused(f"there is no file {path}") from None
        except OSError as error:
            raise self._refused(f"{path} cannot be read: {reason_of(error)}") from error

    def _decoded(self, text: str) -> bytes:
        match = _DATA_URI.match(text)
        if len(text) > _MOST_TEXT:
            raise self._too_large(len(text) // 4 * 3)
        try:
            return base64.b64decode("".join(text[match.end() if match else 0 :].split()), validate=True)
        except (binascii.Error, ValueError):
            raise self._refused(f"{text[:40]!r} is no base64 text") from None

    def _too_large(self, size: int) -> DataError:
        return self._refused(
            f"the {self.kind} has {size / (1 << 20):.1f} MiB, and at most {MOST_BYTES >> 20} are taken"
        )

    def _refused(self, why: str) -> DataError:
        return DataError(
            f"{self.place}: the column {self.column!r} must hold {_WANTED[self.kind]}, but {why}.",
            hint="Give a path relative to the data file (or to image_folder, where the config says that images are "
            "elsewhere), base64 text, a data URI, or bytes in a Parquet file.",
        )


def _holds(folder: Path, real: Path) -> bool:
    """Whether a file, links followed, lies in the folder of a dataset's images.

    The hub's cache keeps the files of a repository in ``blobs`` and links to them from ``snapshots/<revision>``.
    """
    if real.is_relative_to(folder.resolve()):
        return True
    above = next((parent.parent for parent in folder.absolute().parents if parent.name == "snapshots"), None)
    return above is not None and real.is_relative_to(above.resolve() / "blobs")  # no link in the place of blobs


def _is_path(text: str) -> bool:
    """Whether a text is meant as a path (or an address) rather than as base64, which may hold slashes too."""
    if _ADDRESS.match(text):
        return True
    return len(text) < 4096 and PurePath(text).suffix.lower() in _ENDINGS
