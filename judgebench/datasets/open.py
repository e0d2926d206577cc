"""The one door through which stages and plans get at samples."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

from judgebench import plugins
from judgebench.config.schema import DatasetConfig
from judgebench.datasets.files import find
from judgebench.datasets.selection import select
from judgebench.plan.spec import Options
from judgebench.records import Sample


def samples_of(dataset: DatasetConfig, options: Options) -> Iterator[Sample]:
    """Yield the samples of a data set that the options choose, in the order in which they are asked.

    Raises:
        ConfigError: The loader's keys do not fit it.
        DataError: A row, or an id asked for, is not what was declared.
        MissingDataError: The data are neither on disk nor on the hub.
    """
    loader = loader_of(dataset)
    samples = loader.samples(_folder(options))
    return select(samples, ids=options.ids, num_prompts=options.num_prompts, shuffle=options.shuffle)


def count_of(dataset: DatasetConfig, options: Options) -> int | None:
    """Return how many samples the options choose; ``None`` where only the hub could tell.

    With ids the rows are read, so that an unknown id is found before anything is asked.

    Raises:
        DataError: An id asked for is not in the data set.
        MissingDataError: There is neither a file nor a place on the hub.
    """
    loader = loader_of(dataset)
    folder = _folder(options)
    count: int | None = loader.count(folder)
    if count is None:
        if getattr(loader.config, "hub", None) is None:
            loader.samples(folder)  # raises, saying where to put which file
        return None
    if options.ids:
        count = sum(1 for _ in select(loader.samples(folder), ids=options.ids))
    return count if options.num_prompts is None else min(count, options.num_prompts)


def stamp_of(dataset: DatasetConfig, options: Options) -> str:
    """Return what changes when a data file does (size and time of writing); empty for data on the hub."""
    loader = loader_of(dataset)
    if hasattr(loader, "sources"):
        paths = loader.sources(_folder(options))
    else:
        path = find(loader.config, _folder(options)) if hasattr(loader.config, "path") else None
        paths = [] if path is None else [path]
    stamps = [f"{status.st_size}-{status.st_mtime_ns}" for status in (path.stat() for path in paths)]
    return stamps[0] if len(stamps) == 1 else blake2b("|".join(stamps).encode()).hexdigest()[:16] if stamps else ""


def loader_of(dataset: DatasetConfig) -> Any:
    """Return the data set's loader.

    Raises:
        ConfigError: There is no such loader, or its keys do not fit it.
    """
    where = f"datasets.{dataset.abbr}.loader"
    return plugins.make(dataset.loader.type, dataset.loader.options, "datasets", where=where)


def _folder(options: Options) -> Path | None:
    return Path(options.data_dir).expanduser() if options.data_dir else None
