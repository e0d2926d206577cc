"""The content-addressed store of a run folder: ``attachments/<aa>/<sha256>``, each medium once."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from judgebench.content.image_files import image_type
from judgebench.content.media import MediaSource
from judgebench.content.parts import MEDIA, Audio, Image, Medium, SizeRule, Video, media_in, parts_in
from judgebench.content.sizes import check_can_resize, fits, resized
from judgebench.errors import DataError, DiskError
from judgebench.records.flow import Prompt, Reply, Request
from judgebench.store.journal import read_file, reason_of, write_atomically

_SHA256 = re.compile(r"[0-9a-f]{64}")


class Attachments:
    """Bytes by their SHA-256; what is there already is not written again.

    Args:
        folder: ``attachments`` of a run folder; it is made when the first bytes come.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Return where bytes are kept.

        Raises:
            DiskError: It is no hash; a recording may hold anything, and no other file may be read.
        """
        if _SHA256.fullmatch(sha256) is None:
            raise DiskError(f"{sha256!r:.80} is no SHA-256, so there is no attachment of that name.")
        return self.folder / sha256[:2] / sha256

    def put(self, data: bytes, *, synced: bool = True) -> str:
        """Keep bytes; returns their hash.

        Args:
            data: The bytes.
            synced: Whether they must outlive a power cut; those of a dataset are written again where they are missing.

        Raises:
            DiskError: They cannot be written.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        path = self.path(sha256)
        try:
            if read_file(path) == data:
                return sha256
        except OSError:
            pass  # it is not there yet, or what is in its place is replaced
        write_atomically(path, data, synced=synced)
        return sha256

    def read(self, sha256: str) -> bytes:
        """Return bytes that are what their name says.

        Raises:
            DiskError: They are not there, or were changed.
        """
        path = self.path(sha256)
        hint = "Continue with --reuse and the dataset's own file in its place: what is missing is then written again."
        try:
            data = read_file(path)
        except OSError as error:
            raise DiskError(f"The attachment {path} cannot be read: {reason_of(error)}.", hint=hint) from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise DiskError(f"The attachment {path} was changed: its bytes no longer have that hash.", hint=hint)
        return data


def image_of(source: Any, kept: Attachments | None, rule: SizeRule | None = None) -> Image:
    """Return the reference to a row's image, and keep its bytes where a store is given.

    Args:
        source: A ``MediaSource``, or the object that a spool made of one.
        kept: The run's store; ``None`` where only the reference is needed (replay, a look at the rows).
        rule: How large it may be when it is sent; an image that is not larger does not carry it.

    Raises:
        DataError: There is no such file, or it is no image.
        MissingExtraError: It must be made smaller, and the package that does it is not installed.
    """
    given = source if isinstance(source, MediaSource) else msgspec.convert(source, MediaSource)
    data = given.read()
    media_type = given.media_type(data)
    sha256 = kept.put(data, synced=False) if kept else hashlib.sha256(data).hexdigest()
    if rule is None or fits(data, rule):
        return Image(sha256=sha256, media_type=media_type)
    check_can_resize()
    return Image(sha256=sha256, media_type=media_type, resize=rule)


def medium_of(source: MediaSource, kept: Attachments | None, rule: SizeRule | None = None) -> Medium:
    """Return the reference to a row's image, sound or video; see ``image_of``."""
    if source.kind == "image":
        return image_of(source, kept, rule)
    data = source.read()
    media_type = source.media_type(data)
    sha256 = kept.put(data, synced=False) if kept else hashlib.sha256(data).hexdigest()
    kind = Audio if source.kind == "audio" else Video
    return kind(sha256=sha256, media_type=media_type)


def with_media(request: Request) -> Request:
    """Return a request with the bytes of the media that its prompt refers to, for the one who makes its body.

    Images with a size rule are replaced by smaller ones, which are made once and kept in the run folder.

    Raises:
        DiskError: Bytes are not in the store.
        DataError: An image cannot be made smaller.
    """
    wanted = media_in(request.prompt)
    if not wanted:
        return request
    store = Attachments(Path(request.attachments))
    if is_resized(request.prompt):
        request = msgspec.structs.replace(request, prompt=_resized(request.prompt, store))
        wanted = media_in(request.prompt)
    return msgspec.structs.replace(request, media={sha256: store.read(sha256) for sha256 in wanted})


def is_resized(prompt: Prompt) -> bool:
    """Whether a prompt holds an image that is to be made smaller."""
    return any("resize" in part for part in parts_in(prompt))


def _resized(prompt: Prompt, store: Attachments) -> Prompt:
    def replaced(part: Any) -> Any:
        if not isinstance(part, Mapping) or part.get("type") != "image" or "resize" not in part:
            return part
        rule = msgspec.convert(part["resize"], SizeRule)
        sha256 = part["sha256"]
        name = f"{sha256}-{rule.longest_side}-{rule.max_bytes}"
        note = store.folder / "resized" / sha256[:2] / f"{name}.json"
        try:
            small = msgspec.json.decode(read_file(note), type=Image)
            store.read(small.sha256)
        except (OSError, DiskError, msgspec.MsgspecError):  # not made yet, or not kept whole
            data = _smaller(store, sha256, rule)
            small = Image(sha256=store.put(data, synced=False), media_type=image_type(data))
            write_atomically(note, msgspec.json.encode(small), synced=False)
        rest = {key: value for key, value in part.items() if key not in ("sha256", "media_type", "resize")}
        return {**rest, "sha256": small.sha256, "media_type": small.media_type}

    return [
        {**message, "content": [replaced(part) for part in message["content"]]}
        if isinstance(message.get("content"), list)
        else message
        for message in prompt
        if isinstance(message, dict)
    ]


def _smaller(store: Attachments, sha256: str, rule: SizeRule) -> bytes:
    try:
        return resized(store.read(sha256), rule)
    except DataError as error:
        raise DataError(f"The image {store.path(sha256)} cannot be made smaller: {error.message}.") from None


def with_media_kept(reply: Reply, kept: Attachments) -> Reply:
    """Return a reply as it may be recorded: the bytes that came with it are in the store, and its parts refer to them.

    Raises:
        DiskError: They cannot be written.
    """
    if not reply.media:
        return reply
    for data in reply.media.values():
        kept.put(data)
    return msgspec.structs.replace(reply, media={})


def with_kept_media(reply: Reply, kept: Attachments) -> Reply:
    """Return a reply with the bytes to which its parts refer: the way back of ``with_media_kept``.

    Raises:
        DiskError: Bytes are not in the store.
    """
    names = [part["sha256"] for part in reply.parts if part.get("type") in MEDIA and "sha256" in part]
    return msgspec.structs.replace(reply, media={name: kept.read(name) for name in names}) if names else reply


def data_uri(part: Mapping[str, Any], media: Mapping[str, bytes]) -> str:
    """Return a medium as services take it inside a JSON body."""
    return f"data:{part['media_type']};base64,{base64.b64encode(media[part['sha256']]).decode()}"
