"""MT-Bench: one item per question and turn, from a model's answers in FastChat's layout, or from recorded grades."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from judgebench.datasets import files
from judgebench.datasets.columns import Row
from judgebench.datasets.jsonl import rows_of
from judgebench.datasets.judge_items import JudgeItems, JudgeItemsConfig
from judgebench.errors import DataError


class MtBenchConfig(JudgeItemsConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``type=MtBench``; ``path`` is a file of answers, or of recorded grades.

    Attributes:
        questions: File of the questions (``question_id``, ``category``, ``turns``).
        references: File of reference answers for the questions that have one (``question_id``, ``choices``); empty for
            none.
        left_out: Text that stands for an answer where the rows are recorded grades, which hold no answers; empty
            refuses such rows, because no judge could be asked about them.
    """

    input_columns: list[str] = msgspec.field(default_factory=lambda: ["question", "earlier", "reference_part"])
    answer_columns: list[str] = msgspec.field(default_factory=lambda: ["answer"])
    meta_columns: list[str] = msgspec.field(default_factory=lambda: ["turn", "category"])
    key: str = "{question_id}-{turn}"
    questions: str
    references: str = ""
    left_out: str = ""


class MtBench(JudgeItems):
    """Fields: ``question`` (of the turn), ``earlier`` (the turns before it), ``reference_part`` (empty without one)."""

    Config: ClassVar[type[JudgeItemsConfig]] = MtBenchConfig
    config: MtBenchConfig

    def rows(self, data_dir: Path | None) -> Iterator[Row]:
        """Yield one row per answered turn."""
        questions = self._by_question(self.config.questions, data_dir)
        references = self._by_question(self.config.references, data_dir) if self.config.references else {}
        for row in super().rows(data_dir):
            values = row.values
            question = questions.get(values.get("question_id"))
            if question is None:
                raise DataError(f"{row.place}: there is no question {values.get('question_id')!r}.")
            answers = _turns(values, row.place) if "choices" in values else None
            asked = [values["turn"]] if "turn" in values else list(range(1, len(question["turns"]) + 1))
            for turn in asked:
                yield row._replace(values={**values, **self._item(question, references, answers, turn, row.place)})

    def _item(
        self,
        question: dict[str, Any],
        references: dict[Any, dict[str, Any]],
        answers: list[str] | None,
        turn: Any,
        place: str,
    ) -> dict[str, Any]:
        turns = question["turns"]
        if not isinstance(turn, int) or not 1 <= turn <= len(turns):
            raise DataError(f"{place}: question {question['question_id']!r} has no turn {turn!r}.")
        if answers is None and not self.config.left_out:
            raise DataError(
                f"{place}: the row holds no answer (the key choices).", hint="Name a file of answers by path."
            )
        said = answers if answers is not None else [self.config.left_out] * len(turns)
        if len(said) < turn:
            raise DataError(f"{place}: {len(turns)} turns were asked and {len(said)} answered.")
        model = references.get(question["question_id"])
        reference = _turns(model, place)[turn - 1] if model is not None else ""
        earlier = "".join(
            f"Earlier question:\n{asked}\n\nEarlier answer:\n{answer}\n\n"
            for asked, answer in zip(turns[: turn - 1], said, strict=False)
        )
        return {
            "turn": turn,
            "category": question.get("category", ""),
            "question": turns[turn - 1],
            "earlier": earlier,
            "reference_part": f"Reference answer:\n{reference}\n\n" if reference else "",
            "answer": said[turn - 1],
        }

    def _by_question(self, path: str, data_dir: Path | None) -> dict[Any, dict[str, Any]]:
        config = msgspec.structs.replace(self.config, path=path, hub=None)
        found = files.find(config, data_dir)
        if found is None:
            raise files.missing(config, data_dir)
        return {row.values.get("question_id"): dict(row.values) for row in rows_of(found)}


def _turns(values: Any, place: str) -> list[str]:
    choices = values.get("choices")
    turns = choices[0].get("turns") if isinstance(choices, list) and choices and isinstance(choices[0], dict) else None
    if not isinstance(turns, list) or not all(isinstance(turn, str) for turn in turns):
        raise DataError(f"{place}: choices[0].turns was expected to be a list of texts.")
    return turns
