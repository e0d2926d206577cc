"""The samples of a dataset: its data file, or its rows on the Hugging Face hub, and those of them that a run takes.

``samples_of`` is the one door through which stages and plans get at samples. A file is looked for in the places that
``candidates`` names and read line by line (``jsonl_file.py``). Rows of the hub come through the package ``datasets``,
imported only when they are asked for; no code of a repository is ever run.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from itertools import takewhile
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from judgebench import plugins
from judgebench.content.attachments import Attachments
from judgebench.content.media import MediaSource
from judgebench.datasets.columns import HubSource, Row, SourceConfig, samples_of_rows, schema_of
from judgebench.datasets.jsonl_file import lines, wanted_rows
from judgebench.datasets.pictures import all_with_images, has_media
from judgebench.datasets.selection import Wanted, in_random_order, select
from judgebench.errors import DataError, MissingDataError
from judgebench.records.flow import Sample
from judgebench.records.run import DatasetConfig, Options
from judgebench.records.shards import shard_of

PACKAGE_PREFIX = "package:"
SHIPPED = Path(__file__).parent / "data"


def candidates(path: str, data_dir: Path | None) -> list[Path]:
    """Return where a data file is looked for, in order.

    Args:
        path: As in the config.
        data_dir: ``--data-dir``; the environment variable ``JB_DATA_DIR`` stands in for it.
    """
    if path.startswith(PACKAGE_PREFIX):
        return [SHIPPED / path.removeprefix(PACKAGE_PREFIX)]
    given = Path(path).expanduser()
    if given.is_absolute():
        return [given]
    environment = os.environ.get("JB_DATA_DIR", "")
    folders = [data_dir, Path(environment).expanduser() if environment else None, Path(), Path("data")]
    return list(dict.fromkeys(folder / given for folder in folders if folder is not None))


def find(config: SourceConfig, data_dir: Path | None) -> Path | None:
    """Return the data file, or ``None`` where it is in none of its places."""
    if not config.path:
        return None
    return next((place for place in candidates(config.path, data_dir) if place.is_file()), None)


def missing(config: SourceConfig, data_dir: Path | None, *, why: str = "") -> MissingDataError:
    """Return the error that says where to put which file, and what it must hold.

    Args:
        config: The loader's keys.
        data_dir: ``--data-dir``.
        why: Why the hub could not help, as a sentence.
    """
    looked = (
        ", ".join(str(place.absolute()) for place in candidates(config.path, data_dir)) if config.path else "nowhere"
    )
    names = [config.path, *getattr(config, "also", [])]  # a benchmark's file may have the name of its publication too
    target = " or ".join(f"<folder>/{name}" for name in names) if config.path else "a file and name it by `path`"
    return MissingDataError(
        f"The data file {config.path!r} was not found (looked for: {looked}).{' ' + why if why else ''}",
        hint=f"Put it at {target} and pass --data-dir <folder>, or set JB_DATA_DIR. Each row has the columns of: "
        f"{schema_of(config)}",
    )


EVERY = "*"
"""As a split: all that there are, each named in the column ``split``."""


def hub_rows(config: SourceConfig, data_dir: Path | None) -> Iterator[Row]:
    """Yield the rows of the config's place on the hub, with the names of the local columns.

    Raises:
        MissingDataError: The config names no such place, or it cannot be reached.
    """
    source = config.hub
    if source is None:
        raise missing(config, data_dir)
    return _rows(source, config, data_dir)


def _rows(source: HubSource, config: SourceConfig, data_dir: Path | None) -> Iterator[Row]:
    for name in [source.name] if isinstance(source.name, str) else source.name:
        loaded = _load(source, name, config, data_dir)
        for split, rows in sorted(loaded.items()) if source.split == EVERY else [("", loaded)]:
            place = f"{source.path}{f' ({name})' if name else ''}[{split or source.split}]"
            for number, row in enumerate(rows):
                values = _local_columns(row, source, f"{place}:{number}")
                yield Row({"split": split, **values} if split else values, place, number, keyless=True)


def _load(source: HubSource, name: str, config: SourceConfig, data_dir: Path | None) -> Any:
    with _offline_where_out_of_reach():
        return _loaded(source, name, config, data_dir)


def _loaded(source: HubSource, name: str, config: SourceConfig, data_dir: Path | None) -> Any:
    try:
        import datasets
    except ImportError as error:
        raise missing(config, data_dir, why=f"The package 'datasets' cannot be imported ({error}).") from error
    datasets.disable_progress_bars()
    try:
        split = None if source.split == EVERY else source.split
        loaded = datasets.load_dataset(source.path, name or None, split=split, revision=source.revision or None)
        return _with_image_bytes(loaded, source, config)
    except Exception as error:  # datasets, its file systems and its HTTP client raise dozens of types; all end here
        # An address of the hub or of a proxy may hold a user and a password.
        words = re.sub(r"(?<=://)[^/\s]*@", "***@", " ".join(str(error).split()))[:200]
        raise missing(
            config, data_dir, why=f"The hub could not provide {source.path!r} either ({type(error).__name__}: {words})."
        ) from error


@contextmanager
def _offline_where_out_of_reach() -> Iterator[None]:
    """Let the hub's client take what it has cached, or say no at once; the variable is gone afterwards."""
    name = "HF_HUB_OFFLINE"
    if name in os.environ or not _out_of_reach():
        yield
        return
    os.environ[name] = "1"
    try:
        yield
    finally:
        os.environ.pop(name, None)


def _with_image_bytes(loaded: Any, source: HubSource, config: SourceConfig) -> Any:
    """Return rows whose images are the bytes that were published, not decoded pictures."""
    import datasets

    at_the_hub = {local: column for column, local in source.rename.items()}
    for part in loaded.values() if isinstance(loaded, dict) else [loaded]:
        for name in [at_the_hub.get(name, name) for name in (*config.image_columns, *config.audio_columns)]:
            feature = (part.features or {}).get(name)
            if isinstance(feature, datasets.Image | datasets.Audio):
                loaded = loaded.cast_column(name, type(feature)(decode=False))
    return loaded


def _out_of_reach() -> bool:
    """Whether the hub's name cannot be resolved; the hub's own client would retry that for half a minute."""
    if any(os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")):
        return False
    host = urlsplit(os.environ.get("HF_ENDPOINT") or "https://huggingface.co").hostname
    try:
        socket.getaddrinfo(host, 443)
    except OSError:
        return True
    return False


def _local_columns(row: dict[str, Any], source: HubSource, place: str) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for column, value in row.items():
        if column in source.spread:
            names = source.spread[column]
            if not isinstance(value, list) or len(value) != len(names):
                raise DataError(f"{place}: the column {column!r} was expected to be a list of {len(names)} items.")
            out |= dict(zip(names, value, strict=True))
        else:
            out[source.rename.get(column, column)] = value
    return out


class JsonlDataset:
    """A JSONL file, or a Parquet file by its ending; else the hub, where the config names a place there."""

    class Config(SourceConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """The keys of every loader."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def samples(self, data_dir: Path | None = None, wanted: Wanted | None = None) -> Iterator[Sample]:
        """Yield the samples in the order of the file, in constant memory.

        Args:
            data_dir: ``--data-dir``.
            wanted: Which are wanted; the others of a JSONL file are not looked at. ``None``: all are.

        Raises:
            DataError: A line is not what was declared.
            MissingDataError: There is neither a file nor a hub to get it from.
        """
        path = find(self.config, data_dir)
        if _is_parquet(path):
            found = cast("Iterator[Sample]", self._parquet().samples(data_dir))
        elif path is None:
            found = samples_of_rows(hub_rows(self.config, data_dir), self.config)
        else:
            return samples_of_rows(wanted_rows(path, wanted), self.config)
        return found if wanted is None else (sample for sample in found if wanted.holds(sample.id))

    def count(self, data_dir: Path | None = None) -> int | None:
        """Return how many rows there are without reading them as JSON; ``None`` where only the hub knows."""
        path = find(self.config, data_dir)
        if path is None:
            return None
        if _is_parquet(path):
            return cast("int | None", self._parquet().count(data_dir))
        return _within(sum(1 for _ in lines(path)), self.config.limit)

    def _parquet(self) -> Any:
        from judgebench.datasets.parquet_file import ParquetDataset

        return ParquetDataset(cast("Any", self.config))


def _is_parquet(path: Path | None) -> bool:
    return path is not None and path.suffix.lower() == ".parquet"


def _within(count: int, limit: int | None) -> int:
    return count if limit is None else min(count, limit)


class HubDataset(JsonlDataset):
    """A dataset of the hub; a local copy (JSONL or Parquet) at ``path`` goes before it.

    A ``JsonlDataset`` reads the same two places; this name says in a config where the rows are meant to come from.
    """


class PlannedSamples:
    """The samples of a dataset that the options choose; its loader is made once, however often they are read.

    Args:
        dataset: The dataset.
        options: Which samples are chosen.

    Raises:
        ConfigError: The loader's keys do not fit it.
    """

    def __init__(self, dataset: DatasetConfig, options: Options) -> None:
        self._loader = loader_of(dataset)
        self._options = options
        self._folder = Path(options.data_dir).expanduser() if options.data_dir else None

    def read(self, attachments: Attachments | None = None, wanted: Wanted | None = None) -> Iterator[Sample]:
        """Yield the samples in the order in which they are asked.

        Args:
            attachments: Where the run keeps the images of its samples; ``None`` where nobody is asked about them.
            wanted: Which of them; ``None``: all.

        Raises:
            DataError: A row, or an id asked for, is not what was declared.
            MissingDataError: The data are neither on disk nor on the hub.
        """
        loader, options = self._loader, self._options
        pictures = has_media(loader.config)
        if wanted is not None and type(loader).samples is JsonlDataset.samples and not self._reorders():
            most = options.num_prompts
            samples = loader.samples(self._folder, wanted)  # whose ids are the numbers of the rows
            return samples if most is None else takewhile(lambda sample: sample.id < most, samples)
        if wanted is not None:
            return (sample for sample in self.read(attachments) if wanted.holds(sample.id))
        chosen = select(
            loader.samples(self._folder),
            ids=options.ids,
            num_prompts=options.num_prompts,
            shuffle=options.shuffle,
            pictures=pictures,
        )
        if options.shard:
            shard = shard_of(options.shard)
            chosen = (sample for sample in chosen if shard.holds(sample.uid))
        if options.in_random_order:
            chosen = in_random_order(chosen, options.shuffle or 0, pictures=pictures)
        if not pictures:
            return chosen
        return all_with_images(chosen, loader.config, attachments)

    def _reorders(self) -> bool:
        """Say whether the options do more than to take the first samples, or there are images to be found."""
        options = self._options
        by_number = not (options.ids or options.shard or options.in_random_order) and options.shuffle is None
        return not by_number or has_media(self._loader.config)

    def count(self) -> int | None:
        """Return how many samples the options choose; ``None`` where only the hub could tell.

        Of a shard it is about so many. With ids the rows are read, so that an unknown id is found before anything is
        asked.

        Raises:
            DataError: An id asked for is not in the dataset.
            MissingDataError: There is neither a file nor a place on the hub.
        """
        loader, options = self._loader, self._options
        count: int | None = loader.count(self._folder)
        if count is None:
            if getattr(loader.config, "hub", None) is None:
                loader.samples(self._folder)  # raises, saying where to put which file
            return None
        if options.ids:
            count = sum(1 for _ in select(loader.samples(self._folder), ids=options.ids))
        count = count if options.num_prompts is None else min(count, options.num_prompts)
        return count if not options.shard else -(-count // shard_of(options.shard).count)

    def stamp(self) -> str:
        """Return what changes when the data do: size and time of writing of files, or what a generator says.

        Empty for data on the hub.
        """
        loader = self._loader
        if hasattr(loader, "version"):
            return str(loader.version())
        if hasattr(loader, "sources"):
            paths = loader.sources(self._folder)
        else:
            path = find(loader.config, self._folder) if hasattr(loader.config, "path") else None
            paths = [] if path is None else [path]
        if paths and has_media(loader.config):
            paths = [*paths, *self._image_files()]
        stamps = [f"{status.st_size}-{status.st_mtime_ns}" for status in (path.stat() for path in paths)]
        return stamps[0] if len(stamps) == 1 else blake2b("|".join(stamps).encode()).hexdigest()[:16] if stamps else ""

    def _image_files(self) -> Iterator[Path]:
        """Yield the files of a dataset's images, which may change while the data file stays as it is."""
        for sample in self._loader.samples(self._folder):
            for source in sample.fields.values():
                each = source.each() if isinstance(source, MediaSource) and not source.is_empty() else []
                for one in each:
                    if (path := one.path()) is not None and path.is_file():
                        yield path


def samples_of(dataset: DatasetConfig, options: Options, attachments: Attachments | None = None) -> Iterator[Sample]:
    """Yield the samples of a dataset, which is read once; see ``PlannedSamples.read``."""
    return PlannedSamples(dataset, options).read(attachments)


def count_of(dataset: DatasetConfig, options: Options) -> int | None:
    """Return how many samples of a dataset the options choose; see ``PlannedSamples.count``."""
    return PlannedSamples(dataset, options).count()


def stamp_of(dataset: DatasetConfig, options: Options) -> str:
    """Return what changes when a data file of a dataset does; see ``PlannedSamples.stamp``."""
    return PlannedSamples(dataset, options).stamp()


def loader_of(dataset: DatasetConfig) -> Any:
    """Return the dataset's loader.

    Raises:
        ConfigError: There is no such loader, or its keys do not fit it.
    """
    where = f"datasets.{dataset.abbr}.loader"
    return plugins.make(dataset.loader.type, dataset.loader.options, "datasets", where=where)
