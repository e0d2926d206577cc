"""Rows of data sets on the Hugging Face hub, through the package ``datasets`` (imported only when rows are asked for).

Data only: no code of a repository is ever run.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from judgebench.datasets import files
from judgebench.datasets.columns import HubSource, Row, SourceConfig
from judgebench.errors import DataError

EVERY = "*"
"""As a split: all that there are, each named in the column ``split``."""


def rows_of(config: SourceConfig, data_dir: Path | None) -> Iterator[Row]:
    """Yield the rows of the config's place on the hub, with the names of the local columns.

    Raises:
        MissingDataError: The config names no such place, or it cannot be reached.
    """
    source = config.hub
    if source is None:
        raise files.missing(config, data_dir)
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
    if _out_of_reach():
        os.environ["HF_HUB_OFFLINE"] = "1"  # its client then takes what it has cached, or says no at once
    try:
        import datasets
    except ImportError as error:
        raise files.missing(config, data_dir, why=f"The package 'datasets' cannot be imported ({error}).") from error
    datasets.disable_progress_bars()
    try:
        split = None if source.split == EVERY else source.split
        return datasets.load_dataset(source.path, name or None, split=split, revision=source.revision or None)
    except Exception as error:  # datasets, its file systems and its HTTP client raise dozens of types; all end here
        # An address of the hub or of a proxy may hold a user and a password.
        words = re.sub(r"(?<=://)[^/\s]*@", "***@", " ".join(str(error).split()))[:200]
        raise files.missing(
            config, data_dir, why=f"The hub could not give {source.path!r} either ({type(error).__name__}: {words})."
        ) from error


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
