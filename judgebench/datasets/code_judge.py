"""CodeJudgeBench: programs, repairs and unit tests in pairs, with what their task shows beside the question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import msgspec

from judgebench.datasets.columns import Row
from judgebench.datasets.judge_samples import JudgeSamples, JudgeSamplesConfig
from judgebench.errors import DataError


class CodeJudgeBenchConfig(JudgeSamplesConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``type=CodeJudgeBench``, whose rows have ``question_content``, ``pos_response`` and ``neg_response``.

    Attributes:
        task: ``coderepair`` rows add the program to repair (``wrong_code``) and how it failed (``wrong_meta``);
            ``testgen`` rows add the tests' inputs (``pos_input``, ``neg_input``), whose outputs the responses are.
    """

    input_columns: list[str] = msgspec.field(default_factory=lambda: ["question"])
    answer_columns: list[str] = msgspec.field(default_factory=lambda: ["right_answer", "wrong_answer"])
    gold: Any = "A"
    meta_columns: list[str] = msgspec.field(default_factory=lambda: ["difficulty", "split", "question_id", "platform"])
    task: Literal["codegen", "coderepair", "testgen"] = "codegen"


class CodeJudgeBench(JudgeSamples):
    """The first answer is the right one; ``meta["split"]`` names the model that wrote both."""

    Config: ClassVar[type[JudgeSamplesConfig]] = CodeJudgeBenchConfig
    config: CodeJudgeBenchConfig

    def rows(self, data_dir: Path | None) -> Iterator[Row]:
        """Yield the rows with the columns ``question``, ``right_answer`` and ``wrong_answer``."""
        for row in super().rows(data_dir):
            question = _text(row, "question_content")
            answers = [_text(row, "pos_response"), _text(row, "neg_response")]
            if self.config.task == "coderepair":
                question += (
                    f"\n\nThe program below was meant to solve this and must be repaired.\n\n{_text(row, 'wrong_code')}"
                    f"\n\nHow it failed:\n{failure_text(row)}"
                )
            elif self.config.task == "testgen":
                question += "\n\nAsked for is a unit test for this problem: an input and the output that belongs to it."
                inputs = [_text(row, "pos_input"), _text(row, "neg_input")]
                answers = [
                    f"Test input:\n{given}\n\nTest output:\n{expected}"
                    for given, expected in zip(inputs, answers, strict=True)
                ]
            about = {"question": question, "right_answer": answers[0], "wrong_answer": answers[1]}
            yield row._replace(values={**row.values, **about})


def failure_text(row: Row) -> str:
    """Return how the program to repair failed, from ``wrong_meta`` and its ``error_code``.

    Raises:
        DataError: The code is none of -1 (does not compile), -2 (wrong answer), -3 (too slow), -4 (ends with an error).
    """
    meta = row.values.get("wrong_meta")
    if not isinstance(meta, Mapping):
        raise DataError(f"{row.place}: wrong_meta must hold an object with an error_code, not {meta!r:.60}.")
    kinds = {
        -1: "It does not compile.",
        -2: "It gives a wrong answer.",
        -3: "It takes too long.",
        -4: "It stops with an error.",
    }
    code = meta.get("error_code")
    if not isinstance(code, int) or isinstance(code, bool) or code not in kinds:
        raise DataError(f"{row.place}: wrong_meta.error_code is {code!r}; one of -1, -2, -3, -4 was expected.")
    parts = [kinds[code]]
    for name, heading in (
        ("error", "Error"),
        ("error_message", "Error"),
        ("inputs", "Input"),
        ("output", "Its output"),
        ("expected", "Expected output"),
    ):
        said = meta.get(name)
        if said not in (None, "") and not (name == "error_message" and meta.get("error")):
            parts.append(f"{heading}:\n{said}")
    return "\n".join(parts)


def _text(row: Row, column: str) -> str:
    value = row.values.get(column)
    if not isinstance(value, str):
        found = "nothing" if value is None else type(value).__name__
        raise DataError(f"{row.place}: the column {column!r} must hold a text, and holds {found}.")
    return value
