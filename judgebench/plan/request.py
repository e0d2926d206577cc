"""What the command line asks for, before any config is read."""

from __future__ import annotations

import msgspec

from judgebench.plan.spec import Mode, Options


class CustomDataset(msgspec.Struct, frozen=True, kw_only=True):
    """A data file given on the command line instead of a registered data set.

    Attributes:
        path: JSONL or CSV file.
        meta_path: ``.meta.json`` file; empty takes ``<path>.meta.json`` where it exists.
        data_type: ``qa``, ``mcq`` or empty for "by its columns".
        infer_method: Only ``gen``.
    """

    path: str
    meta_path: str = ""
    data_type: str = ""
    infer_method: str = "gen"


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which configs a run is made of.

    Attributes:
        config: A whole config file instead of names.
        models: Names of model configs. ``datasets``, ``judges``: likewise; judges replace those of the data sets.
        summarizer: Name of a summarizer config.
        config_dirs: User folders that shadow the shipped configs.
        overrides: ``models.<abbr>.<key>=<value>`` and the like.
        custom: A data file instead of registered data sets.
    """

    config: str = ""
    models: list[str] = []
    datasets: list[str] = []
    judges: list[str] = []
    summarizer: str = "default"
    config_dirs: list[str] = []
    overrides: list[str] = []
    custom: CustomDataset | None = None


class RunRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A run as asked for.

    Attributes:
        work_dir: Parent of the run folders.
        reuse: Timestamp to continue, ``latest``, or ``None`` for a new run.
        max_num_workers: Most task processes at once.
        overlap: Whether judging may start before the last answer is in.
        merge_datasets: Merge sub-data sets of one group into one task.
        dry_run: Print the graph and the commands, send nothing.
        json_events: One JSON event per line on stdout.
        gate: Gate rules (file) to apply at the end; empty for none.
    """

    selection: Selection
    mode: Mode = "all"
    work_dir: str = "outputs/default"
    reuse: str | None = None
    max_num_workers: int = 4
    overlap: bool = True
    merge_datasets: bool = False
    dry_run: bool = False
    json_events: bool = False
    gate: str = ""
    options: Options = Options()
