"""An item of a run as its judge is shown it, made of the run's records once more."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from judgebench.content.attachments import Attachments
from judgebench.datasets.samples import samples_of
from judgebench.errors import ReuseError, UsageError
from judgebench.judges.core.contract import Case
from judgebench.query import Item, RunQuery
from judgebench.records.flow import Prediction
from judgebench.records.run import DatasetConfig, JudgeConfig, Options
from judgebench.stages.asks import benchmark_case, case_of, postprocessor_of
from judgebench.stages.compared_models import ComparedModel, FileAnswers, TestedModelAnswers
from judgebench.store.run_folder import RunFolder


def case_of_item(
    run: RunQuery,
    item: Item,
    dataset: DatasetConfig,
    models: Mapping[str, dict[str, Any]],
    judge: JudgeConfig | None,
    options: Options,
) -> Case:
    """Return what the judge of an item was shown, or would be.

    Args:
        run: The run.
        item: The item.
        dataset: Its dataset.
        models: The tested models, by abbr.
        judge: The judge of its row, which may compare; ``None`` where a rule decides.
        options: Of the run: where its data are.

    Raises:
        ReuseError: The data have changed since.
        UsageError: There is no answer to look at, or none to compare it with.
        JudgebenchError: The data cannot be read.
    """
    line = item.line
    chosen = msgspec.structs.replace(options, ids=[str(line.id)], num_prompts=None, shuffle=None)
    sample = next(samples_of(dataset, chosen, Attachments(RunFolder(run.path).attachments)), None)
    if sample is None or (item.uid and sample.uid != item.uid):
        raise ReuseError(
            f"The data of {line.dataset!r} have changed since the run: row {line.id} is not what was asked.",
            hint="Bring the data file back, or ask by hand: jb try JUDGE --question TEXT --answer TEXT",
        )
    if dataset.method is not None:
        return benchmark_case(sample, line.repeat)
    if item.prediction is None or item.prediction.status != "ok":
        raise UsageError(
            f"{line.model!r} has no answer to item {line.id} of {line.dataset!r} that a judge could look at.",
            hint=f"Ask the model again with: {item.again}",
        )
    case = case_of(sample, item.prediction, postprocessor_of(models[line.model]))
    others = _others(run, models, dataset, judge, options)
    if others is None:
        return case
    other = others.answer(sample, line.repeat)
    if other.text is None:
        raise UsageError(f"Item {line.id} cannot be compared: {other.reason}.")
    return other.beside(case)


class _AnswersOfRun:
    """A tested model's answers, as the index finds them: nothing in a run that may still be written to is mended."""

    def __init__(self, run: RunQuery, dataset: str, model: str) -> None:
        self._run = run
        self._row = next((one.row for one in run.rows if (one.dataset, one.model) == (dataset, model)), "")
        self._model = model

    def get(self, id: int, repeat: int) -> Prediction | None:
        """Return an answer; ``None`` where there is none."""
        try:
            return self._run.item(self._row, id, repeat, model=self._model).prediction if self._row else None
        except UsageError:
            return None


def _others(
    run: RunQuery,
    models: Mapping[str, dict[str, Any]],
    dataset: DatasetConfig,
    judge: JudgeConfig | None,
    options: Options,
) -> ComparedModel | None:
    """Return whose answers a judge of a run compares with; ``None`` where it looks at one answer alone."""
    if judge is None:
        return None
    if judge.baseline is not None:
        return FileAnswers(judge.baseline, Path(options.data_dir).expanduser() if options.data_dir else None)
    if not judge.compare_with:
        return None
    answers = _AnswersOfRun(run, dataset.abbr, judge.compare_with)
    return TestedModelAnswers(answers, judge.compare_with, models[judge.compare_with])
