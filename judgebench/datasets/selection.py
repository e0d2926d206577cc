"""From the samples of a dataset to those that a run takes: ``--ids``, ``--shuffle``, ``--num-prompts``."""

from __future__ import annotations

import difflib
import heapq
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import islice
from typing import NamedTuple

import msgspec

from judgebench.errors import DataError
from judgebench.records.flow import Sample

IN_MEMORY = 10_000
"""Most samples that a shuffle holds in memory; more are kept in an unnamed temporary file."""
PICTURES_IN_MEMORY = 64
"""The same for samples that may hold the bytes of images."""
_RANGE = re.compile(r"(\d{1,12})(?:-(\d{1,12}))?")


class Wanted(NamedTuple):
    """Some of the samples of a dataset, by their ids.

    Attributes:
        first: No smaller id is wanted.
        holds: Says of an id whether it is.
    """

    first: int
    holds: Callable[[int], bool]


def select(
    samples: Iterable[Sample],
    *,
    ids: Sequence[str] = (),
    num_prompts: int | None = None,
    shuffle: int | None = None,
    pictures: bool = False,
) -> Iterator[Sample]:
    """Yield the chosen samples: those of ``ids``, shuffled, the first ``num_prompts``.

    Memory is bounded: without a shuffle nothing is held, with one at most ``IN_MEMORY`` samples and the order.

    Args:
        samples: In the order of the source.
        ids: Row numbers (``7``), ranges (``3-9``) and keys (``2025-I-1``; ``key:7`` where a key looks like a number).
            Empty takes all. The order stays that of the source.
        num_prompts: How many at most; ``None`` takes all.
        shuffle: Seed; ``None`` keeps the order of the source.
        pictures: Whether a sample may hold the bytes of images, so that few of them fill the memory.

    Raises:
        DataError: An id is not in the dataset; raised when the source has been read to its end.
    """
    chosen = _by_id(samples, ids) if ids else iter(samples)
    if shuffle is not None:
        chosen = _shuffled(chosen, shuffle, num_prompts, PICTURES_IN_MEMORY if pictures else IN_MEMORY)
    return chosen if num_prompts is None else islice(chosen, num_prompts)


def in_random_order(samples: Iterable[Sample], seed: int, *, pictures: bool = False) -> Iterator[Sample]:
    """Yield samples in an order that depends on a seed and on what each asks: the same in every run that asks the same.

    Args:
        samples: All that are chosen.
        seed: Of the order.
        pictures: As of ``select``.
    """
    most = PICTURES_IN_MEMORY if pictures else IN_MEMORY
    return _sorted(iter(samples), lambda sample: blake2b(f"{seed}:{sample.uid}".encode(), digest_size=8).digest(), most)


def place_in_shuffle(seed: int, number: int) -> bytes:
    """Return what a row is sorted by: 8 bytes of BLAKE2b over the seed and the row number."""
    return blake2b(f"{seed}:{number}".encode(), digest_size=8).digest()


def _by_id(samples: Iterable[Sample], ids: Sequence[str]) -> Iterator[Sample]:
    wanted = _WantedIds(ids)
    count = 0
    keys: list[str] = []
    for sample in samples:
        count += 1
        if sample.key is not None and len(keys) < 1000:
            keys.append(sample.key)
        if wanted.takes(sample):
            yield sample
        if wanted.found_all():
            return
    wanted.check(count, keys)


class _WantedIds:
    """The ids asked for, and which of them have been seen."""

    def __init__(self, ids: Sequence[str]) -> None:
        self._ranges: list[tuple[int, int, str]] = []
        self._keys: set[str] = set()
        self._seen_keys: set[str] = set()
        for text in ids:
            match = _RANGE.fullmatch(text.strip())
            if match is None:
                self._keys.add(text.strip().removeprefix("key:"))
                continue
            first, last = int(match[1]), int(match[2] or match[1])
            if last < first:  # no range, so it may be a key of that form
                self._keys.add(text.strip())
                continue
            self._ranges.append((first, last, text))
        self._last = max((last for _, last, _ in self._ranges), default=-1)
        self._newest = -1

    def takes(self, sample: Sample) -> bool:
        self._newest = sample.id
        by_key = sample.key is not None and sample.key in self._keys
        if by_key and sample.key is not None:
            self._seen_keys.add(sample.key)
        return by_key or any(first <= sample.id <= last for first, last, _ in self._ranges)

    def found_all(self) -> bool:
        return self._newest >= self._last and len(self._seen_keys) == len(self._keys)

    def check(self, count: int, keys: list[str]) -> None:
        beyond = [text for _, last, text in self._ranges if last >= count]
        unknown = sorted(self._keys - self._seen_keys)
        if not beyond and not unknown:
            return
        have = f"rows 0-{count - 1}" if count else "no rows"
        if keys:
            have += f"; keys such as {', '.join(keys[:3])}"
        raise DataError(
            f"The dataset has no sample {', '.join([*beyond, *unknown])} (it has {have}).",
            hint=_hint(beyond, unknown, keys),
        )


def _hint(beyond: list[str], unknown: list[str], keys: list[str]) -> str:
    if key := next((text.strip() for text in beyond if text.strip() in keys), ""):
        return f"For the key of that form write key:{key}"
    if near := difflib.get_close_matches(unknown[0], keys, n=3) if unknown else []:
        return f"Did you mean {' or '.join(near)}?"
    if backwards := next((match for text in unknown if (match := _RANGE.fullmatch(text))), None):
        return f"As a range it ends before it starts; write {backwards[2]}-{backwards[1]}."
    return "Ids are row numbers, ranges such as 3-9, or keys."


def _shuffled(samples: Iterator[Sample], seed: int, most: int | None, in_memory: int) -> Iterator[Sample]:
    if most is not None and most <= in_memory:
        # nsmallest reads the source once and holds no more than asked for
        yield from heapq.nsmallest(most, samples, key=lambda sample: place_in_shuffle(seed, sample.id))
        return
    yield from _sorted(samples, lambda sample: place_in_shuffle(seed, sample.id), in_memory)


def _sorted(samples: Iterator[Sample], key: Callable[[Sample], bytes], in_memory: int) -> Iterator[Sample]:
    held = list(islice(samples, in_memory))
    if len(held) < in_memory:
        yield from sorted(held, key=key)
        return
    encoder, decoder = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder(Sample)
    with tempfile.TemporaryFile(prefix="judgebench-shuffle-") as spool:
        order: list[bytes] = []  # the sort key and the offset in one object: half the memory of tuples
        offset = 0
        for part in (held, samples):
            for sample in part:
                data = encoder.encode(sample)
                order.append(key(sample) + offset.to_bytes(8, "big"))
                offset += spool.write(len(data).to_bytes(4, "big") + data)
            held = []
        order.sort()
        for entry in order:
            spool.seek(int.from_bytes(entry[8:], "big"))
            yield decoder.decode(spool.read(int.from_bytes(spool.read(4), "big")))
