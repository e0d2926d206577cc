"""The shapes of a run: what the configs resolve to, and the plan that is made of it.

``RunConfig`` holds the resolved configs. Model configs live with their model types (``judgebench.models``), loader,
method and extractor keys with the classes that read them: a config names such a class by ``type=`` and the class
carries a ``Config`` struct. Unknown keys are refused everywhere.

A ``Plan`` is written to ``configs/<timestamp>_<pid>.json`` of the run folder; a task process reads it and nothing else:
``python -m judgebench.stages PLAN TASK_ID``. It holds no secrets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from judgebench.errors import InternalError
from judgebench.records.spending import Limits


def row_name(dataset: str, judge: str = "") -> str:
    """Return the name of a result row: ``<dataset>`` or ``<dataset>-<judge>``."""
    return f"{dataset}-{judge}" if judge else dataset


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """A part made by a class: ``dict(type=SomeClass, ...)`` in a config.

    Attributes:
        type: Dotted path of the class or function.
        options: Its keys, already checked against its ``Config``.
    """

    type: str
    options: dict[str, Any] = {}


class FewShot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Worked examples that go before the question.

    Attributes:
        examples: Rows with the fields that the prompt names, and ``answer``.
        answer: Template of the example's answer.
    """

    examples: list[dict[str, Any]]
    answer: str = "{answer}"


class Baseline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of answers with which the tested models' are compared.

    Attributes:
        path: JSONL file, looked for where data files are.
        answer: Column of the answer.
        key: Column that names the sample (its ``id_column``, or its row number); empty goes by the file's rows.
        name: What the file's answers are called in results; empty takes the file's name.
    """

    path: str
    answer: str = "output"
    key: str = ""
    name: str = ""


Constrain = Literal["off", "auto", "require"]
"""Whether a judge's replies are held to the JSON schema of its parser."""


class JudgeConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A judge: a model that is asked and a method that asks it.

    Attributes:
        abbr: Short name; the result row is ``<dataset>-<abbr>``.
        model: Config of the judge model (dict of its model type), abbr included; left out for methods that never ask
            (rules, panels).
        method: How it judges.
        constrain: Whether the service holds the judge's replies to the JSON schema of its parser: ``off``; ``auto``
            where it does so, which a first call finds out; ``require`` is an error where it does not.
        members: Abbrs of the judges whose verdicts a panel aggregates; empty takes all that ask a model.
        compare_with: Abbr of the tested model of the run with whose answers the others' are compared; ``first`` is the
            first model of the run. That model has no row itself.
        baseline: A file of answers to compare with instead.
        compared_models: Several models to compare with, as the config names them; ``all`` means every model with every
            other.
        round_robin: Abbr under which the config declares a judge with several compared models. It is resolved into one
            judge for each compared model, ``<round robin>-vs-<compared model>``, and their results make one ranking
            and one row.
        tested_models: In a round robin, the models that are compared with this compared model; every pair of models
            is compared once.
    """

    abbr: str
    model: dict[str, Any] = {}
    method: Typed
    constrain: Constrain = "off"
    members: list[str] = []
    compare_with: str = ""
    baseline: Baseline | None = None
    compared_models: list[str] = []
    round_robin: str = ""
    tested_models: list[str] = []

    def looks_at(self, model: str) -> bool:
        """Say whether it looks at a tested model's answers; no model is compared with itself."""
        return model in self.tested_models if self.round_robin else model != self.compare_with


CONVERSATION_ROLE = "conversation"
"""Role of a message of a prompt that stands for all messages in a field: ``dict(role="conversation",
content="{messages}")``."""


class ViewerColumns(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the viewer's list of a dataset's items shows until the reader chooses otherwise.

    Attributes:
        columns: Fields of the samples, or ``tokens``, ``latency``, ``tries``, ``length``, ``score``, ``reason``,
            ``label`` and ``gold``; empty takes the first two fields.
        sort: What orders the items, as ``jb items --sort`` takes it: such as ``-length``; empty keeps the data's order.
    """

    columns: list[str] = []
    sort: str = ""


class DatasetConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset, how it is asked, and how answers to it are judged.

    Attributes:
        abbr: Short unique name.
        loader: Reads the samples (``type=`` and its keys in the config).
        prompt: Messages or a completion text with ``{field}`` placeholders; none for benchmarks of judges, whose
            ``method`` holds the prompts.
        few_shot: Worked examples before the question.
        max_out_len: Overrides the model's.
        generation_kwargs: Override the model's (for example ``stop`` for completion prompts).
        evaluator: The rule that scores; ``None`` if only a judge can decide.
        rule_row: Whether the rule has a result row of its own. In a config that also declares judges, the default is
            ``False``: the rule then only measures the judges.
        judges: Judges of this dataset.
        method: For benchmarks of judges: how the tested model itself judges the answers that the items bring along.
        constrain: For benchmarks of judges: as for a judge.
        score: Computes further figures from verdicts: those of a benchmark of judges from verdicts and gold, or
            averages by category, also for answers of models (``dict(type=PointScore, group_by=...)``).
        extractor: Takes the final answer out of a prediction, for votes and for the results; without one it is the
            answer that the method or the rule reads.
        metrics: Names of the metrics, headline first; empty takes the default for the methods.
        k: Values of k for pass@k and cons@k; empty takes the number of repeats.
        by: Fields of the samples (columns that the loader keeps) by which every metric is also given in parts, one
            slice for each value.
        group: Name under which sub-datasets are merged by ``--merge-ds``.
        notes: Sentences about the data that a reader of the result must know; printed at the start and below the table.
        shareable: ``False`` keeps the texts of the items (question, reference, answer, replies) out of everything that
            is made to be handed on: ``jb export``, and the summary with its page.
        viewer: What ``jb view`` shows of the items in a list.
    """

    abbr: str
    loader: Typed
    prompt: list[dict[str, Any]] | str = ""
    few_shot: FewShot | None = None
    max_out_len: int | None = None
    generation_kwargs: dict[str, Any] = {}
    evaluator: Typed | None = None
    rule_row: bool = True
    judges: list[JudgeConfig] = []
    method: Typed | None = None
    constrain: Constrain = "off"
    score: Typed | None = None
    extractor: Typed | None = None
    metrics: list[str] = []
    k: list[int] = []
    by: list[str] = []
    group: str = ""
    notes: list[str] = []
    shareable: bool = True
    viewer: ViewerColumns = ViewerColumns()

    def rows(self, model: str = "") -> list[tuple[str, str]]:
        """Return the result rows as ``(row name, judge abbr)``; the rule's own row has no judge.

        Args:
            model: A tested model: rows of judges that do not look at its answers are left out.
        """
        ruled = self.evaluator is not None and (self.rule_row or not self.judges)
        own = [(self.abbr, "")] if ruled or self.method is not None else []
        judges = [judge for judge in self.judges if not model or judge.looks_at(model)]
        return own + [(row_name(self.abbr, judge.abbr), judge.abbr) for judge in judges]

    def judge_of(self, abbr: str, model: Mapping[str, Any]) -> JudgeConfig:
        """Return a judge by its abbr; in a benchmark of judges that is the tested model itself, and has none.

        Args:
            abbr: As a task or a row names it.
            model: The config of the tested model.

        Raises:
            InternalError: The dataset has no such judge.
        """
        if self.method is not None:
            return JudgeConfig(abbr="", model=dict(model), method=self.method, constrain=self.constrain)
        found = next((judge for judge in self.judges if judge.abbr == abbr), None)
        if found is None:
            raise InternalError(f"the dataset {self.abbr!r} has no judge {abbr!r}")
        return found


class SummaryGroup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Several rows of the summary as one.

    Attributes:
        name: Row name.
        subsets: Row names, or ``[row, metric]`` pairs.
        weights: Weight per row name; empty gives all the same weight. ``"n"`` in a config weighs by scored items.
        metric: Name to print; empty prints ``naive_average`` or ``weighted_average``.
    """

    name: str
    subsets: list[str | tuple[str, str]]
    weights: dict[str, float] | Literal["n"] = {}
    metric: str = ""


class SummarizerConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Order and groups of the summary table.

    Attributes:
        attr: Kept for AISBench's configs; only ``accuracy`` is known.
        type: Ignored; kept for AISBench's configs.
        dataset_abbrs: Rows in order: a row name, ``[row, metric]`` or a ``--- heading ---``; empty shows all.
        summary_groups: Averages over rows.
    """

    attr: str = "accuracy"
    type: str = ""
    dataset_abbrs: list[str | tuple[str, str]] = []
    summary_groups: list[SummaryGroup] = []


class Resources(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a task needs of the machine that it runs on; 0 says nothing.

    Attributes:
        cores: Processor cores.
        memory: Main memory in GiB.
        gpus: Graphics processors.
    """

    cores: Annotated[int, msgspec.Meta(ge=0)] = 0
    memory: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    gpus: Annotated[int, msgspec.Meta(ge=0)] = 0


LOCAL_EXECUTOR = "judgebench.executors.local.LocalExecutor"


class ExecutorConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Where tasks run.

    Attributes:
        type: Dotted path of the executor's class.
        options: Its own keys.
        resources: What the tasks of each stage need.
        follows: Whether a task there sees what another appends to a file that it still writes; its class says so.
    """

    type: str = LOCAL_EXECUTOR
    options: dict[str, Any] = {}
    resources: dict[StageName, Resources] = {}
    follows: bool = True


class RunConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a run is made of, resolved and checked.

    Attributes:
        models: By abbr: the model config as a dict of its type (secrets as ``${NAME}`` references).
        datasets: By abbr.
        summarizer: Order and groups of the summary.
        combinations: ``(model abbr, dataset abbr)`` pairs in order.
        sources: Where each object came from: ``"models.<abbr>" -> file``.
        secrets: Environment variables that stand in for secrets written in config files; never dumped.
        notes: What the user should know of how the configs were read, one sentence each.
        executor: Where tasks run.
        in_caller: Whether tasks run in the process that asked for the run: it names objects that no other can make.
        listeners: What hears the run beside its display, by abbr; in no file of the run.
    """

    models: dict[str, dict[str, Any]]
    datasets: dict[str, DatasetConfig]
    summarizer: SummarizerConfig
    combinations: list[tuple[str, str]]
    sources: dict[str, str] = {}
    secrets: dict[str, str] = {}
    notes: list[str] = []
    executor: ExecutorConfig = ExecutorConfig()
    in_caller: bool = False
    listeners: dict[str, Typed] = {}


Mode = Literal["all", "infer", "judge", "infer_judge", "eval", "viz"]
StageName = Literal["infer", "judge", "merge", "extract", "summarize"]


SMALL_RUN = 3
"""A run with at most this many prompts is a trial run."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says about the work itself.

    Attributes:
        num_prompts: Take only this many samples (after ``ids`` and ``shuffle``).
        ids: Take only these samples: row numbers, ranges ``3-9`` or keys.
        shuffle: Seed of the order in which samples are asked; ``None`` keeps the file's order.
        in_random_order: Ask in an order that depends on ``shuffle`` and on what each sample asks, so that what is done
            so far is a random part of all.
        shards: Into how many parts each dataset is divided, each with tasks of its own; 0 and 1: none.
        shard: Take only the items of this part, such as ``0/4``, out of those that are chosen; empty takes all.
        num_warmups: Requests sent before the first measured one.
        retry_failed: Ask items again that failed in a previous invocation of this run.
        rejudge: Judge everything again.
        redo_changed: Ask items again whose settings changed, instead of refusing.
        max_fail_rate: Share of failed items (0..1) above which a task gives up and the run exits with 4; ``None``: no
            task gives up, and any failed item makes the exit code 4.
        min_scored: Share of scored items (percent) below which the run exits with 4; ``None``: where a row has
            none at all, unless ``go_on``.
        dump_details: Write the per-item details into the results.
        dump_extract_rate: Report the share of predictions from which an answer could be extracted.
        data_dir: Folder of data files.
        dedup: Ask identical questions of a task only once if the temperature is 0.
        cache: Folder of replies kept across runs; empty: none.
        max_calls: Most requests that the whole run may send. ``max_tokens``: most tokens that it may read and write.
        max_cost: Most that it may cost, in ``currency``.
        currency: Of ``max_cost`` and of the prices.
        labels: File of people's labels that the run takes in when it is summarised; empty: none.
        preflight: Check endpoints, prompts and disk before the first request that costs something.
        go_on: Run although the first trial calls were refused or could not be read, and do not stop early.
        requests: Folder into which the requests are written instead of being sent (``jb requests``, ``jb replies``);
            empty sends them.
        debug: Log to the terminal, run one task at a time.
    """

    num_prompts: Annotated[int, msgspec.Meta(ge=1)] | None = None
    ids: list[str] = []
    shuffle: Annotated[int, msgspec.Meta(ge=0)] | None = None
    in_random_order: bool = False
    shards: Annotated[int, msgspec.Meta(ge=0, le=256)] = 0
    shard: str = ""
    num_warmups: Annotated[int, msgspec.Meta(ge=0)] = 0
    retry_failed: bool = True
    rejudge: bool = False
    redo_changed: bool = False
    max_fail_rate: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    min_scored: Annotated[float, msgspec.Meta(ge=0, le=100)] | None = None
    dump_details: bool = False
    dump_extract_rate: bool = False
    data_dir: str = ""
    dedup: bool = False
    cache: str = ""
    max_calls: Annotated[int, msgspec.Meta(ge=1)] | None = None
    max_tokens: Annotated[int, msgspec.Meta(ge=1)] | None = None
    max_cost: Annotated[float, msgspec.Meta(gt=0)] | None = None
    currency: str = "USD"
    labels: str = ""
    preflight: bool = True
    go_on: bool = False
    requests: str = ""
    debug: bool = False

    @property
    def limits(self) -> Limits | None:
        """How much the run may spend; ``None`` where nothing is limited."""
        if self.max_calls is None and self.max_tokens is None and self.max_cost is None:
            return None
        return Limits(calls=self.max_calls, tokens=self.max_tokens, cost=self.max_cost, currency=self.currency)

    @property
    def small(self) -> bool:
        """Whether this is a trial run: it shows one judge exchange with its verdict, so its details are kept."""
        return self.num_prompts is not None and self.num_prompts <= SMALL_RUN


class TaskSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One task process.

    Attributes:
        id: ``<stage>:<model>/<dataset>[-<judge>]``; ``summarize`` for the last.
        name: What the dashboard shows: ``<model>/<dataset>[-<judge>]``.
        datasets: Abbrs of its datasets; several only for merged sub-datasets.
        needs: Tasks that must have finished before (a failed one does not block the summary).
        follows: Tasks whose output it may read while they still run; without overlap they count as ``needs``.
        shard: The part of its datasets that it works on, such as ``0/4``; empty: all of them.
        after: Tasks that must have ended before, however they ended (a member that fails does not stop a panel).
        log: Log file, relative to the run folder.
        cores: Processor cores that it needs; 0 says nothing. ``memory`` in GiB and ``gpus`` likewise. Executors that
            reserve what tasks need go by them.
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
    shard: str = ""
    log: str = ""
    cores: int = 0
    memory: float = 0.0
    gpus: int = 0


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run, as task processes read it.

    Attributes:
        run_dir: Absolute path of the run folder.
        name: Of its file, without the ending: results say by it which plan made them.
        timestamp: Name of this invocation (the run folder's name for the first).
        command: The command line, for the logs.
        overrides: What ``--override`` said since models and datasets were last named; values that may be secret as
            ``***``.
        models: By abbr, as in ``RunConfig``.
        combinations: ``(model, dataset)`` pairs.
        executor: Where the tasks run.
    """

    format: int = 1
    name: str = ""
    run_dir: str
    timestamp: str
    mode: Mode
    command: list[str]
    overrides: list[str] = []
    models: dict[str, dict[str, object]]
    datasets: dict[str, DatasetConfig]
    summarizer: SummarizerConfig
    combinations: list[tuple[str, str]]
    options: Options
    tasks: list[TaskSpec]
    executor: ExecutorConfig = ExecutorConfig()
