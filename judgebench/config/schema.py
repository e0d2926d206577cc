"""Shapes of data set, judge and summarizer configs, and of the resolved run.

Model configs live with their model types (``judgebench.models``), loader, method and extractor keys with the classes
that read them: a config names such a class by ``type=`` and the class carries a ``Config`` struct. Unknown keys are
refused everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from judgebench.errors import InternalError
from judgebench.store.layout import row_name


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


class JudgeConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A judge: a model that is asked and a method that asks it.

    Attributes:
        abbr: Short name; the result row is ``<dataset>-<abbr>``.
        model: Config of the judge model (dict of its model type), abbr included; left out for methods that never ask
            (rules, panels).
        method: How it judges.
        members: Abbrs of the judges whose verdicts a panel folds; empty takes all that ask a model.
        compare_with: Abbr of the tested model of the run with whose answers the others' are compared; ``first`` is the
            first model of the run. That model has no row itself.
        baseline: A file of answers to compare with instead.
        opponents: Several models to compare with, as the config names them; ``all`` means every model with every other.
        league: Abbr under which the config declares a judge with several opponents. It is resolved into one judge for
            each opponent, ``<league>-vs-<opponent>``, and their results make one ranking and one row.
        players: In a league, the models that are compared with this opponent; every pair of models meets once.
    """

    abbr: str
    model: dict[str, Any] = {}
    method: Typed
    members: list[str] = []
    compare_with: str = ""
    baseline: Baseline | None = None
    opponents: list[str] = []
    league: str = ""
    players: list[str] = []

    def looks_at(self, model: str) -> bool:
        """Say whether it looks at a tested model's answers; no model is compared with itself."""
        return model in self.players if self.league else model != self.compare_with


class DatasetConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A data set, how it is asked, and how answers to it are judged.

    Attributes:
        abbr: Short unique name.
        loader: Reads the samples (``type=`` and its keys in the config).
        prompt: Messages or a completion text with ``{field}`` placeholders; none for benchmarks of judges, whose
            ``method`` holds the prompts.
        few_shot: Worked examples before the question.
        max_out_len: Overrides the model's.
        generation_kwargs: Laid over the model's (``stop`` for completion prompts, say).
        evaluator: Rule-based method; ``None`` where only a judge can tell.
        rule_row: Whether the rule has a result row of its own; a config that also declares judges uses the rule only to
            measure them, unless it says otherwise.
        judges: Judges of this data set.
        method: For benchmarks of judges: how the tested model itself judges the answers that the items bring along.
        score: Turns verdicts into figures of its own: a benchmark of judges' from verdicts and gold, or, for answers of
            models too, averages by category (``dict(type=PointScore, group_by=...)``).
        extractor: Rule that takes the final answer out of a prediction, for votes and for the results.
        metrics: Names of the metrics, headline first; empty takes the default of the methods.
        k: The ks of pass@k and cons@k; empty takes the number of repeats.
        group: Name under which sub-data sets are merged by ``--merge-ds``.
        notes: Sentences about the data that a reader of the result must know; printed at the start and below the table.
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
    score: Typed | None = None
    extractor: Typed | None = None
    metrics: list[str] = []
    k: list[int] = []
    group: str = ""
    notes: list[str] = []

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
            InternalError: The data set has no such judge.
        """
        if self.method is not None:
            return JudgeConfig(abbr="", model=dict(model), method=self.method)
        found = next((judge for judge in self.judges if judge.abbr == abbr), None)
        if found is None:
            raise InternalError(f"the data set {self.abbr!r} has no judge {abbr!r}")
        return found


class SummaryGroup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Several rows of the summary as one.

    Attributes:
        name: Row name.
        subsets: Row names, or ``[row, metric]`` pairs.
        weights: Weight per row name; empty weighs all alike. ``"n"`` in a config weighs by scored items.
        metric: Name to print; empty says ``naive_average`` or ``weighted_average``.
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
    """

    models: dict[str, dict[str, Any]]
    datasets: dict[str, DatasetConfig]
    summarizer: SummarizerConfig
    combinations: list[tuple[str, str]]
    sources: dict[str, str] = {}
    secrets: dict[str, str] = {}
    notes: list[str] = []
