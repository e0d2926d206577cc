"""What is to be done: the request of the command line, and the graph of tasks made from it.

A ``Plan`` is written to ``configs/<timestamp>_<pid>.json`` of the run folder; a task process reads it and nothing else:
``python -m judgebench.stages PLAN TASK_ID``. It holds no secrets.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from judgebench.config.schema import DatasetConfig, SummarizerConfig

Mode = Literal["all", "infer", "judge", "infer_judge", "eval", "viz"]
StageName = Literal["infer", "judge", "extract", "summarize"]


SMALL_RUN = 3
"""Up to so many prompts a run is a trial."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says about the work itself.

    Attributes:
        num_prompts: Take only the first so many samples (after ``ids`` and ``shuffle``).
        ids: Take only these samples: row numbers, ranges ``3-9`` or keys.
        shuffle: Seed of the order in which samples are asked; ``None`` keeps the file's order.
        num_warmups: Requests sent before the first measured one.
        retry_failed: Ask again what failed in an earlier attempt of this run.
        rejudge: Judge everything afresh.
        redo_changed: Ask again what was asked with other settings, instead of refusing.
        max_fail_rate: Share of failed items (0..1) above which a task gives up and the run exits with 4; ``None``: no
            task gives up, and any failed item makes the exit code 4.
        min_scored: Share of scored items (percent) below which the run exits with 4; ``None`` asks for nothing.
        dump_details: Write the per-item details into the results.
        dump_extract_rate: Report the share of predictions from which an answer could be extracted.
        data_dir: Folder of data files.
        dedup: Ask identical questions of a task once where the temperature is 0.
        cache: Folder of replies kept across runs; empty: none.
        preflight: Check endpoints, prompts and disk before the first request that costs something.
        debug: Log to the terminal, tasks in turn.
    """

    num_prompts: int | None = None
    ids: list[str] = []
    shuffle: int | None = None
    num_warmups: int = 0
    retry_failed: bool = True
    rejudge: bool = False
    redo_changed: bool = False
    max_fail_rate: float | None = None
    min_scored: float | None = None
    dump_details: bool = False
    dump_extract_rate: bool = False
    data_dir: str = ""
    dedup: bool = False
    cache: str = ""
    preflight: bool = True
    debug: bool = False

    @property
    def small(self) -> bool:
        """Whether this is a trial run: it shows one judge exchange with its verdict, so its details are kept."""
        return self.num_prompts is not None and self.num_prompts <= SMALL_RUN


class TaskSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One task process.

    Attributes:
        id: ``<stage>:<model>/<dataset>[-<judge>]``; ``summarize`` for the last.
        name: What the dashboard shows: ``<model>/<dataset>[-<judge>]``.
        datasets: Abbrs of its data sets; several only for merged sub-data sets.
        needs: Tasks that must have finished before (a failed one does not block the summary).
        follows: Tasks whose output it may read while they still run; without overlap they count as ``needs``.
        after: Tasks that must have ended before, however they ended (a member that fails does not stop a panel).
        log: Log file, relative to the run folder.
    """

    id: str
    stage: StageName
    name: str
    model: str = ""
    datasets: list[str] = []
    judge: str = ""
    needs: list[str] = []
    follows: list[str] = []
    after: list[str] = []
    log: str = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run, as task processes read it.

    Attributes:
        run_dir: Absolute path of the run folder.
        name: Of its file, without the ending: results say by it which plan made them.
        timestamp: Name of this invocation (the run folder's name for the first).
        command: The command line, for the logs.
        models: By abbr, as in ``RunConfig``.
        combinations: ``(model, dataset)`` pairs.
    """

    format: int = 1
    name: str = ""
    run_dir: str
    timestamp: str
    mode: Mode
    command: list[str]
    models: dict[str, dict[str, object]]
    datasets: dict[str, DatasetConfig]
    summarizer: SummarizerConfig
    combinations: list[tuple[str, str]]
    options: Options
    tasks: list[TaskSpec]
