"""What a dataset's config says about itself: ``about = dict(...)``, and what else is known of it without its data.

One description in the config file is what ``jb show``, ``jb ls datasets --kind ... --images ...`` and the generated
page of the dataset (``judgebench.config.dataset_pages``) say.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from judgebench.config.checks import Declared, find_class
from judgebench.config.files import declared_in, load_file
from judgebench.errors import ConfigError

NAME = "about"
"""The variable of a config file that holds the description."""

DataKind = Literal["judge", "model"]
"""What is tested on a dataset: a judge, on answers that the items bring along, or a model that answers."""


class PublishedFigure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A figure that somebody has published of this dataset.

    Attributes:
        of: The model or judge.
        figure: Which figure.
        value: As it was printed.
        date: When it was published (``2025-05``).
        source: Where it stands.
    """

    of: str
    figure: str
    value: str
    date: str
    source: str


class About(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A dataset's description; every value is a text of whole sentences, or a phrase.

    Attributes:
        title: The dataset's name as its authors write it.
        source: Who made it: authors, year, title, number of the paper or address of the project.
        published: Where its files are published: repository or hub, with their paths there.
        licence: Licence of the data, and what it asks of those who use them.
        size: How many items of which kinds.
        columns: The columns of a row that are read, with what they hold.
        asks: What the model or the judge is asked.
        scored: How the figures are computed.
        unread: What an unread reply counts as here, and what the project's own rule is.
        choices: Named choices beside ours, such as the project's own rule: what each is → the override that takes it.
        figures: Published figures, to compare with.
        checked: What was checked here, and how.
        weaknesses: What to know before trusting a figure.
    """

    title: str
    source: str
    published: str
    licence: str
    size: str
    columns: str
    asks: str
    scored: str
    unread: str
    checked: str
    choices: dict[str, str] = {}
    figures: list[PublishedFigure] = []
    weaknesses: str = ""


class DatasetFile(NamedTuple):
    """A config file of datasets.

    Attributes:
        about: Its description; ``None`` where it has none.
        datasets: What it declares.
    """

    about: About | None
    datasets: list[Declared]


def described(path: Path) -> DatasetFile:
    """Return what a config file of datasets declares, and its description.

    Raises:
        ConfigError: The file cannot be used, or its description lacks a key or has one that is not known.
    """
    variables = load_file(path)
    declared = declared_in("datasets", variables, str(path))
    if NAME not in variables:
        return DatasetFile(None, declared)
    try:
        return DatasetFile(msgspec.convert(variables[NAME], About), declared)
    except msgspec.ValidationError as error:
        raise ConfigError(
            f"{path}: {NAME}: {error}.", hint=f"Its keys: {', '.join(About.__struct_fields__)}."
        ) from None


def kind_of_data(datasets: Sequence[Declared]) -> DataKind:
    """Return what is tested on the datasets of a file; a benchmark of judges has a ``method``."""
    return "judge" if all(one.data.get("method") is not None for one in datasets) else "model"


def shows_images(datasets: Sequence[Declared]) -> bool:
    """Return whether an item of one of the datasets has images."""
    return any(_key(one, "image_columns") for one in datasets)


def locations_of(declared: Declared) -> list[str]:
    """Return where the data of a dataset are looked for: paths below ``--data-dir``, then the place on the hub."""
    path = str(_key(declared, "path") or "")
    paths = [one for one in [path, *(_key(declared, "also") or [])] if one]
    splits = _key(declared, "splits") or []
    shown = [f"{one} ({{split}}: {', '.join(splits)})" if "{split}" in one else one for one in paths]
    tables = [one["path"] for one in _key(declared, "joins") or []]
    hub = declared.data.get("hub")
    place = f"the hub's {hub['path']} (split {hub.get('split', 'test')})" if isinstance(hub, dict) else ""
    return [*shown, *tables, *([place] if place else [])]


def where_it_goes(declared: Declared) -> str:
    """Return one line that says where the data of a dataset go; empty for what needs no file."""
    path = str(_key(declared, "path") or "")
    if path.startswith("package:"):
        return f"{declared.abbr}: its data come with judgebench."
    locations = locations_of(declared)
    files = [one for one in locations if not one.startswith("the hub's ")]
    hub = [one for one in locations if one.startswith("the hub's ")]
    if not files:
        return f"{declared.abbr}: {hub[0]}, read by itself." if hub else ""
    said = f"{declared.abbr}: put the file at <folder>/{' or <folder>/'.join(files)} and pass --data-dir <folder>."
    return f"{said} Without a file: {hub[0]}." if hub else said


def _key(declared: Declared, name: str) -> Any:
    """Return a key of a dataset's loader, or the default of its type."""
    if name in declared.data:
        return declared.data[name]
    _, _, struct = find_class(declared.data.get("type"), declared, "type", "datasets")
    for field in msgspec.structs.fields(struct):
        if field.name == name:
            if field.default_factory is not msgspec.NODEFAULT:
                return field.default_factory()
            return None if field.default is msgspec.NODEFAULT else field.default
    return None
