"""MT-Bench: one item per question and turn, from models' answers in FastChat's layout, or from recorded grades."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from judgebench.datasets.columns import Row
from judgebench.datasets.conversations import Conversation, answer_turns, answers_in, questions_in
from judgebench.datasets.judge_samples import JudgeSamples, JudgeSamplesConfig
from judgebench.errors import DataError


class MtBenchConfig(JudgeSamplesConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``type=MtBench``; ``path`` is a file of answers, or of recorded grades.

    Attributes:
        questions: File of the questions (``question_id``, ``category``, ``turns``).
        references: File of reference answers for the questions that have one (``question_id``, ``choices``), or several
            names of it that are tried in turn; empty for none.
        left_out: Text that stands for an answer where the rows are recorded grades, which hold no answers; empty
            refuses such rows, because no judge could be asked about them.
    """

    input_columns: list[str] = msgspec.field(default_factory=lambda: ["question", "previous", "reference_part"])
    answer_columns: list[str] = msgspec.field(default_factory=lambda: ["answer"])
    meta_columns: list[str] = msgspec.field(default_factory=lambda: ["question_id", "turn", "category", "split"])
    key: str = "{question_id}-{turn}"
    questions: str
    references: str | list[str] = ""
    left_out: str = ""


class MtBench(JudgeSamples):
    """Fields: ``question`` of the turn, ``previous`` turns, and ``reference_part``, which may be empty."""

    Config: ClassVar[type[JudgeSamplesConfig]] = MtBenchConfig
    config: MtBenchConfig

    def rows(self, data_dir: Path | None) -> Iterator[Row]:
        """Yield one row per answered turn."""
        config = self.config
        questions = {one.name: one for one in questions_in(self.other_file(config.questions, data_dir))}
        references = answers_in(self.other_file(config.references, data_dir)) if config.references else {}
        for row in super().rows(data_dir):
            values = row.values
            question = questions.get(str(values.get("question_id")))
            if question is None:
                raise DataError(f"{row.place}: there is no question {values.get('question_id')!r}.")
            answers = answer_turns(row) if "choices" in values else None
            turn_numbers = [values["turn"]] if "turn" in values else list(range(1, len(question.turns) + 1))
            for turn in turn_numbers:
                judged_turn = self._judged_turn(question, references.get(question.name), answers, turn, row.place)
                yield row._replace(values={**values, **judged_turn})

    def sources(self, data_dir: Path | None) -> list[Path]:
        """Return every file that is read, as far as it is here."""
        config = self.config
        references = [config.references] if isinstance(config.references, str) else config.references
        return [*super().sources(data_dir), *self.other_files([config.questions, *references], data_dir)]

    def _judged_turn(
        self, question: Conversation, reference: Conversation | None, answers: list[str] | None, turn: Any, place: str
    ) -> dict[str, Any]:
        turns = question.turns
        if not isinstance(turn, int) or not 1 <= turn <= len(turns):
            raise DataError(f"{place}: question {question.name!r} has no turn {turn!r}.")
        if answers is None and not self.config.left_out:
            raise DataError(
                f"{place}: the row holds no answer (the key choices).", hint="Name a file of answers by path."
            )
        said = answers if answers is not None else [self.config.left_out] * len(turns)
        if len(said) < turn:
            raise DataError(f"{place}: {len(turns)} turns were asked and {len(said)} answered.")
        model = reference.turns[turn - 1] if reference is not None and len(reference.turns) >= turn else ""
        previous = "".join(
            f"Earlier question:\n{text}\n\nEarlier answer:\n{answer}\n\n"
            for text, answer in zip(turns[: turn - 1], said, strict=False)
        )
        return {
            "turn": turn,
            "category": question.row.values.get("category", ""),
            "question": turns[turn - 1],
            "previous": previous,
            "reference_part": f"Reference answer:\n{model}\n\n" if model else "",
            "answer": said[turn - 1],
        }
