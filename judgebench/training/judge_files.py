"""Files from which a judge learns, read into rows: JudgeLM's published layout, our pairs, and exported replies."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from judgebench.errors import DAMAGED, DataError, MissingDataError


class JudgmentRow(msgspec.Struct, frozen=True, kw_only=True):
    """One judged answer, or one pair of answers, with what a judge should say of it.

    Attributes:
        question_id: What the split goes by; rows of one question are never on both sides.
        fields: What prompts may show, by name.
        answers: One answer or two.
        reference: The right answer; ``None`` where the row has none.
        decision: What the judge should decide (``correct``, ``A``, ...); empty where ``scores`` say it.
        scores: Scores of the two answers.
        text: Reasons after the scores.
        prompt: The whole prompt where the file holds it, with its ``completion``; both are then taken as they are.
        completion: See ``prompt``.
    """

    question_id: str
    fields: dict[str, Any] = {}
    answers: list[str] = []
    reference: str | None = None
    decision: str = ""
    scores: tuple[float, float] | None = None
    text: str = ""
    prompt: Any = None
    completion: str = ""

    @property
    def label(self) -> str:
        """What the judge should decide: the decision, else that of the higher score."""
        if self.decision or self.scores is None:
            return self.decision
        first, second = self.scores
        return "A" if first > second else "B" if second > first else "tie"


def read_rows(path: Path) -> tuple[list[JudgmentRow], dict[str, int]]:
    """Read a file of judgments and return its rows, and how many were left out by reason.

    Raises:
        MissingDataError: There is no such file.
        DataError: A line is no object, or in none of the layouts.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise MissingDataError(f"The training file {path} cannot be read: {error.strerror}.") from error
    rows: list[JudgmentRow] = []
    left_out: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            raw = msgspec.json.decode(line, type=dict[str, Any])
        except DAMAGED as error:
            raise DataError(f"{where} is no JSON object: {error}.") from error
        row = _row(raw, where)
        if isinstance(row, str):
            left_out[row] = left_out.get(row, 0) + 1
        else:
            rows.append(row)
    return rows, left_out


def _row(raw: Mapping[str, Any], where: str) -> JudgmentRow | str:
    """Return a row, or why it is left out.

    Raises:
        DataError: It is in none of the layouts.
    """
    if "question_body" in raw:
        return _judgelm(raw, where)
    if "completion" in raw and "prompt" in raw:
        return _exported(raw)
    two = [raw[name] for name in ("answer1", "answer2") if name in raw]
    decision = raw.get("winner") if len(two) == 2 else raw.get("label")
    answers = two if len(two) == 2 else [raw["answer"]] if "answer" in raw else []
    if not answers or not isinstance(decision, str) or "question" not in raw:
        raise DataError(
            f"{where} is in no layout that a judge can be trained on; its keys are {', '.join(sorted(raw))}.",
            hint="A row has question, answer and label; or question, answer1, answer2 and winner (A, B or tie); or "
            "prompt and completion; or the keys of JudgeLM-100K.",
        )
    reference = raw.get("reference", raw.get("gold"))
    return JudgmentRow(
        question_id=str(raw.get("question_id", raw["question"])),
        fields={
            name: value
            for name, value in raw.items()
            if name not in {"answer", "answer1", "answer2", "label", "winner"}
        },
        answers=[str(one) for one in answers],
        reference=None if reference is None else str(reference),
        decision={"1": "A", "2": "B"}.get(decision, decision),
    )


def _judgelm(raw: Mapping[str, Any], where: str) -> JudgmentRow | str:
    """Return a row of JudgeLM-100K (Zhu et al. 2023), of the version with or without reference."""
    with_reference = "score_w_reference" in raw
    scores = raw.get("score_w_reference" if with_reference else "score")
    text = raw.get("text_w_reference" if with_reference and "text_w_reference" in raw else "text", "")
    if not isinstance(scores, list) or len(scores) != 2 or not all(isinstance(one, int | float) for one in scores):
        raise DataError(f"{where}: the key {'score_w_reference' if with_reference else 'score'} is not two numbers.")
    if text == "error" or any(one < 0 for one in scores):
        return "no scores"
    reference = raw.get("reference")
    shown = reference.get("text") if isinstance(reference, Mapping) else raw.get("reference.text", reference)
    try:
        answers = [str(raw["answer1_body"]), str(raw["answer2_body"])]
    except KeyError as error:
        raise DataError(f"{where}: the key {error.args[0]} is missing.") from error
    models = {f"model{at}": raw[f"answer{at}_model_id"] for at in (1, 2) if f"answer{at}_model_id" in raw}
    question = raw["question_body"]
    return JudgmentRow(
        question_id=str(raw.get("question_id", question)),
        fields={"question": question, "question_body": question, "reference_text": shown or "", **models},
        answers=answers,
        reference=str(shown) if shown else None,
        scores=(float(scores[0]), float(scores[1])),
        text=_reasons(str(text)),
    )


def _reasons(text: str) -> str:
    """Return a teacher's reasons without the line of scores that they may begin with."""
    first, newline, rest = text.partition("\n")
    return rest if newline and first.replace(".", "").replace(" ", "").isdecimal() else text


def _exported(raw: Mapping[str, Any]) -> JudgmentRow:
    completion = raw["completion"]
    if isinstance(completion, list):
        completion = "".join(str(one.get("content", "")) for one in completion)
    question = raw.get("id", raw.get("uid", msgspec.json.encode(raw["prompt"]).decode()))
    return JudgmentRow(question_id=str(question), prompt=raw["prompt"], completion=str(completion))
