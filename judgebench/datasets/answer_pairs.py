"""Answers of several models to one set of questions, two at a time: Arena-Hard, MT-Bench pairs, FairEval.

The questions are in one file, each model's answers in a file of its own named after the model, and people's verdicts,
where there are any, in a third, one line per question. Each model is compared with a baseline, which may depend on the
question's category, or every model with every other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from judgebench.datasets.columns import Row
from judgebench.datasets.conversations import Conversation, answers_in, questions_in
from judgebench.datasets.jsonl_file import lines
from judgebench.datasets.judge_samples import JudgeSamples, JudgeSamplesConfig
from judgebench.datasets.samples import candidates, missing
from judgebench.errors import DataError, MissingDataError

Answers = Mapping[str, Mapping[str, Conversation]]
"""By model and question."""


class AnswerPairsConfig(JudgeSamplesConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``type=AnswerPairs``; ``path`` is the file of questions (``judgebench.datasets.conversations``).

    Attributes:
        answers: Files of answers; ``{model}`` in it is the model's name, whatever the rows in it call the model.
        models: Models that are compared; empty takes every file that is there, but for the baselines' own.
        baseline: Model whose answers all others are compared with, or one by the question's category; empty compares
            every two models, in the order of ``models``.
        categories: Take only questions of these categories; empty takes all.
        turn_by_turn: Whether every turn is an item of its own, which shows the turns before it.
        references: File of reference answers to some of the questions, or several names of it; empty for none.
        labels: Text file with a verdict on each question, in their order, one per line; it becomes the column
            ``label``. Such verdicts are about one pair of models.
    """

    input_columns: list[str] = msgspec.field(default_factory=lambda: ["question", "reference_part"])
    answer_columns: list[str] = msgspec.field(default_factory=lambda: ["first_answer", "second_answer"])
    meta_columns: list[str] = msgspec.field(
        default_factory=lambda: ["name", "model", "against", "category", "subcategory", "turn"]
    )
    key: str = "{name}-{model}-{against}"
    answers: str
    models: list[str] = msgspec.field(default_factory=list)
    baseline: str | dict[str, str] = ""
    categories: list[str] = msgspec.field(default_factory=list)
    turn_by_turn: bool = False
    references: str | list[str] = ""
    labels: str = ""


class AnswerPairs(JudgeSamples):
    """Fields: ``question`` (all turns up to the judged one), ``reference_part`` (empty without a reference).

    The first answer is the tested model's (``meta["model"]``), the second that of ``meta["against"]``.
    """

    Config: ClassVar[type[JudgeSamplesConfig]] = AnswerPairsConfig
    config: AnswerPairsConfig

    def rows(self, data_dir: Path | None) -> Iterator[Row]:
        """Yield one row per pair of models and question (or turn), named in the columns ``name`` and ``turn``."""
        questions = self._questions(data_dir)
        references = answers_in(self.other_file(self.config.references, data_dir)) if self.config.references else {}
        names = self._models(data_dir)
        known = {name: answers_in(self._answers_of(name, data_dir)) for name in [*names, *self._baselines()]}
        labels = self._labels(questions, data_dir) if self.config.labels else {}
        matches = list(self._matches(names))
        if labels and len(matches) > 1:
            raise DataError(f"{self.config.labels}: its verdicts are about one pair of models, not {len(matches)}.")
        for model, fixed in matches:
            for question in questions:
                against = fixed or self._baseline_of(question)
                if model == against:
                    continue
                pair = [self._answer(known, name, question) for name in (model, against)]
                label = {"label": labels[question.name]} if labels else {}
                for values in self._items_of(question, pair, references.get(question.name)):
                    about = {"name": question.name, "model": model, "against": against, **label}
                    yield question.row._replace(values={**question.row.values, **values, **about})

    def local(self, data_dir: Path | None) -> bool:  # noqa: ARG002 - a file is all there can be
        """Whether the answers are in files here; the hub has no place for a user's own."""
        return True

    def sources(self, data_dir: Path | None) -> list[Path]:
        """Return every file that is read, as far as it is here."""
        config = self.config
        try:
            names = [*self._models(data_dir), *self._baselines()]
        except (DataError, MissingDataError):
            names = []
        answers = [config.answers.replace("{model}", name) for name in names]
        references = [config.references] if isinstance(config.references, str) else config.references
        return self.other_files([config.path, *answers, *references, config.labels], data_dir)

    def _questions(self, data_dir: Path | None) -> list[Conversation]:
        wanted = self.config.categories
        found = list(questions_in(self.other_file(self.config.path, data_dir)))
        for one in found:
            self.check_kind(one.row)
        return [one for one in found if one.row.values.get("category") in wanted] if wanted else found

    def _models(self, data_dir: Path | None) -> list[str]:
        """Return the names of the compared models."""
        if self.config.models:
            return self.config.models
        named = self.config.answers.replace("{model}", "*")
        start, _, end = Path(self.config.answers).name.partition("{model}")
        for place in candidates(named, data_dir):
            found = [path.name[len(start) : len(path.name) - len(end)] for path in place.parent.glob(place.name)]
            if found:
                models = sorted(set(found) - set(self._baselines()))
                if not models or (not self.config.baseline and len(models) < 2):
                    raise DataError(
                        f"{place.parent} has no answers to compare (files found: {', '.join(sorted(found))}).",
                        hint="Put a file of the tested model's answers beside them.",
                    )
                return models
        raise missing(msgspec.structs.replace(self.config, path=named), data_dir)

    def _baselines(self) -> list[str]:
        baseline = self.config.baseline
        if isinstance(baseline, str):
            return [baseline] if baseline else []
        return list(dict.fromkeys(baseline.values()))

    def _baseline_of(self, question: Conversation) -> str:
        baseline = self.config.baseline
        if isinstance(baseline, str):
            return baseline
        category = question.row.values.get("category")
        if not isinstance(category, str) or category not in baseline:
            known = ", ".join(map(repr, baseline))
            raise DataError(f"{question.row.place}: there is no baseline for the category {category!r} (only {known}).")
        return baseline[category]

    def _matches(self, names: list[str]) -> Iterator[tuple[str, str]]:
        if self.config.baseline:
            yield from ((name, "") for name in names)
        else:
            yield from combinations(names, 2)

    def _answers_of(self, model: str, data_dir: Path | None) -> Path:
        return self.other_file(self.config.answers.replace("{model}", model), data_dir)

    @staticmethod
    def _answer(known: Answers, model: str, question: Conversation) -> Conversation:
        answer = known[model].get(question.name)
        if answer is None:
            raise DataError(f"{question.row.place}: the model {model!r} has no answer to {question.name!r}.")
        if len(answer.turns) < len(question.turns):
            raise DataError(
                f"{answer.row.place}: {len(question.turns)} turns were asked and {len(answer.turns)} answered."
            )
        return answer

    def _items_of(
        self, question: Conversation, pair: list[Conversation], reference: Conversation | None
    ) -> Iterator[dict[str, Any]]:
        turns = len(question.turns)
        for turn in range(1, turns + 1) if self.config.turn_by_turn else [turns]:
            first, second = (_exchange(question.turns[:turn], answer.turns) for answer in pair)
            given = reference.turns[:turn] if reference is not None else []
            yield {
                "turn": turn,
                "question": _question_of(question.turns[:turn]),
                "reference_part": f"Reference answer:\n{_exchange(question.turns[:turn], given)}\n\n" if given else "",
                "first_answer": first,
                "second_answer": second,
            }

    def _labels(self, questions: list[Conversation], data_dir: Path | None) -> dict[str, str]:
        path = self.other_file(self.config.labels, data_dir)
        said = [(number, line.decode("utf-8", "replace")) for number, line in lines(path)]
        if len(said) != len(questions):
            raise DataError(f"{path}: {len(questions)} lines were expected, one per question, and {len(said)} found.")
        for number, label in said:
            if self.config.gold_labels and label not in self.config.gold_labels:
                known = ", ".join(map(repr, self.config.gold_labels))
                raise DataError(f"{path}:{number}: the line says {label!r}; one of {known} was expected.")
        return {question.name: label for question, (_, label) in zip(questions, said, strict=True)}


def _question_of(turns: list[str]) -> str:
    if len(turns) == 1:
        return turns[0]
    return "\n\n".join(f"[Turn {number}]\n{text}" for number, text in enumerate(turns, 1))


def _exchange(questions: list[str], answers: list[str]) -> str:
    """Return the answers to the turns up to one; with several turns each is headed by its number."""
    return _question_of(answers[: len(questions)])
