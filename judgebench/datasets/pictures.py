"""The images of samples: read where a row says that they are, kept in the run's store, and put at their places."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from judgebench.content.attachments import Attachments, medium_of
from judgebench.content.media import MediaSource
from judgebench.content.parts import Image, Interleaved, Medium, Text
from judgebench.content.prompts import as_media
from judgebench.datasets.columns import SourceConfig, media_columns, uid_of
from judgebench.errors import DataError
from judgebench.records.flow import Sample

_PLACEHOLDER = re.compile(r"<image(?:\s{0,3}(\d{1,4}))?>", re.IGNORECASE)


def all_with_images(samples: Iterator[Sample], config: SourceConfig, kept: Attachments | None) -> Iterator[Sample]:
    """Yield samples with references to their images; see ``with_images``.

    Raises:
        DataError: Images are not there, or are none; names the first, and says how many rows have such.
    """
    for number, sample in enumerate(samples, 1):
        try:
            found = with_images(sample, config, kept)
        except DataError as error:
            rest = [_is_broken(other, config) for other in _as_far_as_they_go(samples)]
            rows = number + len(rest)
            if not any(rest):
                raise
            raise DataError(
                f"{error.message} {sum(rest) + 1} of {rows} rows have an image that cannot be used.", hint=error.hint
            ) from None
        yield found


def with_images(sample: Sample, config: SourceConfig, kept: Attachments | None) -> Sample:
    """Return a sample with references to its images, which count among its content.

    Only samples that were chosen come here, so that no other's image is read.

    Args:
        sample: As ``samples_of_rows`` made it.
        config: The loader's keys.
        kept: The run's store of attachments; ``None`` keeps nothing.

    Raises:
        DataError: An image is not there, or is none; or an image has no place in the texts, or a place no image.
    """
    sources = {name: _source(sample.fields[name]) for name in media_fields(config)}
    images = {name: _media(source, config, kept) for name, source in sources.items()}
    fields = {**sample.fields, **images}
    if config.placeholders:
        place = next((source.place for source in sources.values()), "")
        texts = {name: value for name, value in sample.fields.items() if isinstance(value, str)}
        found = [one for value in images.values() for one in as_media(value)]
        fields |= _interleaved(texts, [one for one in found if isinstance(one, Image)], place)
    return msgspec.structs.replace(sample, fields=fields, uid=uid_of(fields, sample.reference, sample.answers))


def has_media(config: Any) -> bool:
    """Whether a loader's rows hold images, sounds or videos; a loader of a user's own may have no such key."""
    return any(getattr(config, f"{kind}_columns", None) for kind in ("image", "audio", "video"))


def media_fields(config: SourceConfig) -> list[str]:
    """Return the names of the fields that hold images, sounds or videos."""
    return [config.rename.get(name, name) for name, _ in media_columns(config)]


def _source(value: Any) -> MediaSource:
    return value if isinstance(value, MediaSource) else msgspec.convert(value, MediaSource)


def _media(source: MediaSource, config: SourceConfig, kept: Attachments | None) -> Medium | list[Medium]:
    if config.images_optional and source.is_empty():
        return []
    each = source.each()
    if each == [source]:
        return medium_of(source, kept, config.resize)
    return [medium_of(one, kept, config.resize) for one in each]


def _interleaved(texts: dict[str, str], images: Sequence[Image], place: str) -> dict[str, Interleaved]:
    """Return the texts that hold placeholders, with the images in them."""
    found: dict[str, Interleaved] = {}
    shown: set[int] = set()
    for name, text in texts.items():
        pieces: list[Text | Medium] = []
        end = 0
        for match in _PLACEHOLDER.finditer(text):
            number = int(match[1]) if match[1] else max(shown, default=0) + 1
            if not 1 <= number <= len(images):
                raise DataError(
                    f"{place}: the field {name!r} holds {match[0]!r}, and the row has {_number_of(len(images))}.",
                    hint="Add the image's column to image_columns, or correct the text.",
                )
            if between := text[end : match.start()]:
                pieces.append(Text(text=between))
            pieces.append(images[number - 1])
            shown.add(number)
            end = match.end()
        if pieces:
            rest = [Text(text=text[end:])] if text[end:] else []
            found[name] = Interleaved(pieces=[*pieces, *rest])
    if unseen := sorted(set(range(1, len(images) + 1)) - shown):
        raise DataError(
            f"{place}: the row has {_number_of(len(images))}, and no text holds '<image {unseen[0]}>', so nobody would "
            "see it.",
            hint="Correct the text; or leave out placeholders=True, and show the images in parts of the prompt.",
        )
    return found


def _number_of(count: int) -> str:
    return "no image" if count == 0 else "1 image" if count == 1 else f"{count} images"


def _is_broken(sample: Sample, config: SourceConfig) -> bool:
    try:
        with_images(sample, config, None)
    except DataError:
        return True
    return False


def _as_far_as_they_go(samples: Iterator[Sample]) -> Iterator[Sample]:
    """Yield what can be read; another broken row is no matter of images."""
    try:
        yield from samples
    except DataError:
        return
