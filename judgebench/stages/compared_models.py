"""What an answer is compared with: another tested model's answer to the same question, or one from a file.

And which judges look at the same answers, so that their verdicts are compared.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import msgspec

from judgebench.content.parts import Image, images_in
from judgebench.datasets.columns import SourceConfig
from judgebench.datasets.jsonl_file import rows_of
from judgebench.datasets.samples import find, missing
from judgebench.errors import DataError
from judgebench.identity.questions import repeats_of
from judgebench.judges.core.contract import Case, method_of
from judgebench.records.flow import Prediction, Sample
from judgebench.records.run import Baseline, DatasetConfig, JudgeConfig, Options
from judgebench.stages.asks import Postprocessor, postprocessor_of
from judgebench.stages.task import Task
from judgebench.store.recorded import Recorded
from judgebench.store.run_folder import RunFolder

GOLD = "gold"
"""What a judge under test is compared with: the outcome is 1 where it was right, 0 where it was wrong."""


class OtherAnswer(NamedTuple):
    """One answer to compare with.

    Attributes:
        text: The answer; ``None`` where there is none.
        name: Whose it is.
        uuid: Identity of the prediction that it is; empty for answers of a file.
        reason: Why there is none.
        failed: Whether the other model was asked and gave no answer, which no later run mends by judging.
        images: References to the images of the answer.
    """

    text: str | None
    name: str
    uuid: str = ""
    reason: str = ""
    failed: bool = False
    images: tuple[Image, ...] = ()

    def beside(self, case: Case) -> Case:
        """Return a case with this answer as the one to compare with."""
        return msgspec.structs.replace(case, baseline=self.text, baseline_images=list(self.images))


class ComparedModel(Protocol):
    """Gives the answers that others are compared with."""

    def answer(self, sample: Sample, repeat: int) -> OtherAnswer:
        """Return its answer to a sample."""
        ...


class KeptAnswers(Protocol):
    """The answers of a tested model."""

    def get(self, id: int, repeat: int) -> Prediction | None:
        """Return one; ``None`` where there is none."""
        ...


class TestedModelAnswers:
    """Another tested model of the run; of a model that answers fewer times the answers are taken in turn."""

    def __init__(self, predictions: KeptAnswers, name: str, model: dict[str, Any]) -> None:
        self._predictions = predictions
        self._name = name
        self._repeats = repeats_of(model)
        self._postprocess: Postprocessor | None = postprocessor_of(model)

    def answer(self, sample: Sample, repeat: int) -> OtherAnswer:
        """Return its recorded answer to a sample."""
        prediction = self._predictions.get(sample.id, repeat % self._repeats)
        if prediction is None or prediction.uid != sample.uid:
            return OtherAnswer(None, self._name, reason=f"no answer of {self._name} to compare with yet")
        if prediction.status != "ok":
            said = prediction.error.message if prediction.error else "it failed"
            return OtherAnswer(
                None, self._name, reason=f"no answer of {self._name} to compare with: {said}", failed=True
            )
        text = prediction.prediction
        shown = self._postprocess(text) if self._postprocess else text
        return OtherAnswer(shown, self._name, prediction.uuid, images=tuple(images_in(prediction.parts)))


class FileAnswers:
    """A file of answers, held in memory.

    Raises:
        DataError: A row lacks the answer or the key, or two rows have one key.
        MissingDataError: There is no such file.
    """

    def __init__(self, baseline: Baseline, data_dir: Path | None) -> None:
        source = SourceConfig(path=baseline.path, input_columns=[baseline.answer], id_column=baseline.key)
        path = find(source, data_dir)
        if path is None:
            raise missing(source, data_dir)
        self._by_key = bool(baseline.key)
        self._name = baseline.name or path.name
        self._answers: dict[str, str] = {}
        for number, row in enumerate(rows_of(path)):
            key = str(number)
            if baseline.key:
                if row.values.get(baseline.key) is None:
                    raise DataError(f"{row.place}: the column {baseline.key!r}, the key of the baseline, is missing.")
                key = str(row.values[baseline.key])
            answer = row.values.get(baseline.answer)
            if not isinstance(answer, str):
                have = ", ".join(map(repr, row.values))
                raise DataError(
                    f"{row.place}: the column {baseline.answer!r} of the baseline must hold a text.",
                    hint=f"Columns found: {have}. Name another one with baseline.answer.",
                )
            if key in self._answers:
                raise DataError(f"{row.place}: a second answer to {key!r} in the baseline; keep only one of them")
            self._answers[key] = answer

    def answer(self, sample: Sample, repeat: int) -> OtherAnswer:  # noqa: ARG002 - part of ComparedModel
        """Return the file's answer to a sample, by the sample's key or row number."""
        names = [sample.key, str(sample.id)] if self._by_key and sample.key is not None else [str(sample.id)]
        text = next((self._answers[name] for name in names if name is not None and name in self._answers), None)
        reason = "" if text is not None else f"{self._name} has no answer to compare with"
        return OtherAnswer(text, self._name, reason=reason)


def compared_model_of(
    task: Task,
    dataset: DatasetConfig,
    judge: JudgeConfig,
    enter: Callable[[Recorded[Prediction]], Recorded[Prediction]],
) -> ComparedModel | None:
    """Return what a judge compares with; ``None`` for judges that look at one answer alone.

    Args:
        task: The stage's task.
        dataset: The dataset.
        judge: The judge.
        enter: Keeps a file open until the stage is done (``stack.enter_context``).
    """
    if judge.baseline is not None:
        return FileAnswers(judge.baseline, _folder(task.plan.options))
    if not judge.compare_with:
        return None
    path = task.run.predictions(judge.compare_with, dataset.abbr)
    recorded = enter(Recorded(path, Prediction, by="item"))
    return TestedModelAnswers(recorded, judge.compare_with, task.plan.models[judge.compare_with])


def compared_name(judge: JudgeConfig) -> str:
    """Return whom a judge compares with: a model's abbr, or what a file of answers is called; empty for nobody."""
    if judge.baseline is not None:
        return judge.baseline.name or Path(judge.baseline.path).name
    return judge.compare_with


def upstream_sizes(
    run: RunFolder, predictions: Path, dataset: DatasetConfig, judge: JudgeConfig, options: Options
) -> dict[str, Any]:
    """Return what tells whether the answers that a judge looks at are still those that it looked at.

    Args:
        run: The run folder.
        predictions: The file of the answers that are judged.
        dataset: The dataset.
        judge: The judge, which may look at others beside them.
        options: Where data files are.
    """
    states: dict[str, Any] = {"predictions": _state(predictions)}
    if judge.compare_with:
        states["compared_model"] = _state(run.predictions(judge.compare_with, dataset.abbr))
    if judge.baseline is not None:
        path = find(SourceConfig(path=judge.baseline.path, input_columns=[]), _folder(options))
        states["baseline"] = _state(path) if path else ""
    return states


def _state(path: Path) -> str:
    status = path.stat() if path.exists() else None
    return f"{status.st_size}-{status.st_mtime_ns}" if status else ""


def _folder(options: Options) -> Path | None:
    return Path(options.data_dir).expanduser() if options.data_dir else None


def asks(dataset: DatasetConfig, judge: str) -> bool:
    """Whether a row's verdicts need a judge that is asked."""
    if not judge:
        return dataset.method is not None
    return method_of(_named(dataset, judge).method).asks


def co_judges_of(dataset: DatasetConfig, judge: str, model: str) -> list[JudgeConfig]:
    """Return the judges whose verdicts are derived beside those of a row, on a tested model's answers.

    For a panel these are its members. Of the judges that look at the same thing the last one in the config has all
    others beside it, so that the agreement of every two is counted once, and every verdict derived twice at most.
    """
    if not judge:
        return []
    own = _named(dataset, judge)
    if own.members:
        return [_named(dataset, abbr) for abbr in own.members]
    alike = [
        one for one in dataset.judges if not one.members and one.looks_at(model) and _compared(one) == _compared(own)
    ]
    return alike[:-1] if alike[-1:] == [own] else []


def _named(dataset: DatasetConfig, abbr: str) -> JudgeConfig:
    return next(judge for judge in dataset.judges if judge.abbr == abbr)


def _compared(judge: JudgeConfig) -> tuple[str, str]:
    return judge.compare_with, judge.baseline.path if judge.baseline else ""
