"""What is asked for, at the command line or from Python, before any config is read."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from judgebench.records.run import Mode, Options


class CustomDataset(msgspec.Struct, frozen=True, kw_only=True):
    """A data file given on the command line instead of a registered dataset.

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


class Rubric(msgspec.Struct, frozen=True, kw_only=True):
    """What one rubric says of all answers: the judges of the command line score by it.

    Attributes:
        path: Text file with what counts.
        low: Lowest score. ``high``: highest.
    """

    path: str
    low: int
    high: int


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which configs a run is made of.

    Attributes:
        config: A whole config file instead of names.
        models: Names of model configs. ``datasets``, ``judges``: likewise; judges replace those of the datasets.
        summarizer: Name of a summarizer config.
        executor: Name of an executor config; empty takes the config file's, else the local one.
        listeners: Names of listener configs; empty takes the config file's.
        config_dirs: User folders that shadow the shipped configs.
        overrides: ``models.<abbr>.<key>=<value>`` and the like.
        custom: A data file instead of registered datasets.
        given: Configs made in Python instead of files: by kind (``models``, ``datasets``, ``judges``, ``executors``),
            after the named.
        predictions: A file of answers that are judged: dataset and tested models in one.
        rubric: The judges score by this instead of judging as they are configured.
    """

    config: str = ""
    models: list[str] = []
    datasets: list[str] = []
    judges: list[str] = []
    summarizer: str = "default"
    executor: str = ""
    listeners: list[str] = []
    config_dirs: list[str] = []
    overrides: list[str] = []
    custom: CustomDataset | None = None
    given: dict[str, list[dict[str, Any]]] = {}
    predictions: str = ""
    rubric: Rubric | None = None

    @property
    def names_something(self) -> bool:
        """Whether it says what is to be run; a run that is continued need not."""
        named = self.config or self.models or self.datasets or self.custom or self.predictions
        return bool(named or self.given.keys() & {"models", "datasets", "judges"})


class RunRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A run as asked for.

    Attributes:
        work_dir: Parent of the run folders.
        reuse: Timestamp to continue, ``latest``, or ``None`` for a new run.
        max_num_workers: Most task processes at once.
        overlap: Whether judging may start before the last answer is in.
        merge_datasets: Merge sub-datasets of one group into one task.
        dry_run: Print the graph and the commands, send nothing.
        json_events: One JSON event per line on stdout.
        gate: File with the conditions of a gate to apply at the end; empty for none.
        out: File for the verdicts on the rows of ``--predictions``; empty for none.
        all_samples: Whether the choice of samples of the run that is continued is lifted.
        lifted: Limits of the run that is continued which hold no longer: ``max_calls``, ``max_tokens``, ``max_cost``.
        prices: File with the prices of models; empty for none.
        stop_when_decided: Whether the run stops as soon as every rule of its gate is decided.
    """

    selection: Selection
    mode: Mode = "all"
    work_dir: str = "outputs/default"
    reuse: str | None = None
    max_num_workers: Annotated[int, msgspec.Meta(ge=1)] = 4
    overlap: bool = True
    merge_datasets: bool = False
    dry_run: bool = False
    json_events: bool = False
    gate: str = ""
    out: str = ""
    all_samples: bool = False
    lifted: list[Literal["max_calls", "max_tokens", "max_cost"]] = []
    prices: str = ""
    stop_when_decided: bool = False
    options: Options = Options()
