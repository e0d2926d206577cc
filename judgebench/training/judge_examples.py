"""Examples for training a judge: prompts rendered by the judge method itself, and the reply that its parser reads.

What the judge will be asked later is what it learns from, byte for byte: the method is run on each row with an ``ask``
that writes down the prompt. Swap augmentation exchanges answers and scores by rendering anew; only in the teacher's
reasons, which are text, the names of the answers are exchanged by replacing them.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from judgebench.content.prompts import fit
from judgebench.errors import ConfigError, DataError
from judgebench.judges.core.contract import Case, JudgeMethod
from judgebench.records.flow import Prompt, Reply, TokenLogprob, Verdict
from judgebench.store.journal import replacing
from judgebench.training.judge_files import JudgmentRow

_OPPOSITE = {"A": "B", "B": "A"}
_NAMED = re.compile(r"\b((?:Assistant|Answer|Response|Candidate)\s+)([12AB])\b", re.IGNORECASE)
_OTHER = {"1": "2", "2": "1", "A": "B", "B": "A", "a": "b", "b": "a"}
_SCORES_OF = {"A": (9, 2), "B": (2, 9), "tie": (5, 5)}


class TrainingExample(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt and the reply to it.

    Attributes:
        question_id: Question that it belongs to.
        prompt: Text, or messages.
        completion: What the judge should reply.
        ends: Whether the reply ends there (the model's end token follows).
        swapped: Whether the answers stand in the other order than in the file.
        with_reference: Whether the method that shows the reference rendered it.
    """

    question_id: str
    prompt: Prompt
    completion: str
    ends: bool = False
    swapped: bool = False
    with_reference: bool = True


class Judge(msgspec.Struct, frozen=True):
    """What renders and reads.

    Attributes:
        method: The judge method.
        kind: Whether its model takes messages or a text.
        completions: Reply of each decision, over those that follow from the parser.
    """

    method: JudgeMethod
    kind: Any
    completions: Mapping[str, str] = {}


def case_of(row: JudgmentRow, *, swap: bool = False) -> Case:
    """Return a row as a case, with its answers in the other order where ``swap`` says so."""
    answers = row.answers[::-1] if swap else row.answers
    return Case(
        id=0,
        uid=row.question_id,
        repeat=0,
        fields=dict(row.fields),
        reference=row.reference,
        answer=answers[0],
        baseline=answers[1] if len(answers) > 1 else None,
        answers=answers if len(answers) > 1 else [],
    )


def prompts_of(judge: Judge, case: Case) -> list[tuple[str, Prompt]]:
    """Return what the judge asks about a case: the name of each presentation and its prompt as it would be sent.

    Raises:
        DataError: The case lacks something that the prompt shows.
    """
    found: list[tuple[str, Prompt]] = []

    async def ask(prompt: Prompt, *, presentation: str = "", **_: Any) -> Reply:
        found.append((presentation, fit(prompt, judge.kind)))
        return Reply(status="ok")

    verdict = asyncio.run(judge.method.judge(case, ask))
    if not found:
        raise DataError(f"The judge asks nothing about the question {case.uid!r}: {verdict.reason or verdict.status}.")
    return found


def examples(
    rows: Sequence[JudgmentRow], judge: Judge, *, seed: int, swap: float, without: Judge | None, drop: float
) -> list[TrainingExample]:
    """Return one example of every row.

    Args:
        rows: The judgments.
        judge: Renders them.
        seed: Source of chance; with the row's number it decides about swap and reference.
        swap: Share of pairs shown in the other order.
        without: Renders a row without its reference; ``None`` shows it always.
        drop: Share of rows that are shown without reference.
    """
    made = []
    for number, row in enumerate(rows):
        chance = random.Random(f"{seed} {number}")
        swapped = chance.random() < swap and len(row.answers) == 2
        hidden = without is not None and (chance.random() < drop or row.reference is None)
        chosen = without if hidden and without is not None else judge
        made.append(example(row, chosen, swap=swapped, with_reference=not hidden))
    return made


def example(row: JudgmentRow, judge: Judge, *, swap: bool = False, with_reference: bool = True) -> TrainingExample:
    """Return the example of one row.

    Raises:
        DataError: The judge cannot show it.
        ConfigError: No reply is known that the judge's parser reads as the decision.
    """
    if row.prompt is not None:
        prompt: Prompt = fit(row.prompt, judge.kind)
        return TrainingExample(question_id=row.question_id, prompt=prompt, completion=row.completion, ends=True)
    _, prompt = prompts_of(judge, case_of(row, swap=swap))[0]
    completion, ends = reply_for(row, judge, swap=swap)
    return TrainingExample(
        question_id=row.question_id, prompt=prompt, completion=completion, ends=ends, swapped=swap,
        with_reference=with_reference,
    )  # fmt: skip


def write_examples(made: Sequence[TrainingExample], path: Path) -> None:
    """Write examples as JSON lines of TRL's prompt-completion form: messages for messages, a text for a text."""
    with replacing(path) as file:
        for one in made:
            text = isinstance(one.prompt, str)
            completion = one.completion if text else [{"role": "assistant", "content": one.completion}]
            line = {"prompt": one.prompt, "completion": completion, "id": one.question_id, "swapped": one.swapped,
                    "with_reference": one.with_reference}  # fmt: skip
            file.write(msgspec.json.encode(line) + b"\n")


def reply_for(row: JudgmentRow, judge: Judge, *, swap: bool) -> tuple[str, bool]:
    """Return the reply that a judge should give, and whether the model's end token follows it.

    Raises:
        ConfigError: None is known, or the parser reads something else in it.
    """
    if row.scores is not None:
        first, second = row.scores[::-1] if swap else row.scores
        text = exchanged(row.text) if swap else row.text
        return f"{first:g} {second:g}\n{text}", bool(text)
    decision = _OPPOSITE.get(row.decision, row.decision) if swap else row.decision
    parser: Any = next(iter(judge.method.parsers), None)
    if decision in judge.completions:
        completion = judge.completions[decision]
    elif (tokens := _tokens_of(parser).get(decision)) is not None:
        completion = tokens
    elif decision in _SCORES_OF and "two_numbers" in str(parser and parser.identity()):
        completion = "{} {}\n".format(*_SCORES_OF[decision])
    else:
        raise ConfigError(
            f"It is not known which reply says {decision!r} to this judge.",
            hint=f"Say it with: --completion '{decision or 'correct'}=THE REPLY'",
        )
    if parser is not None:
        reading = parser.read(_as_reply(completion))
        if reading.status != "ok" or reading.decision != decision:
            raise ConfigError(
                f"The reply {completion!r} should say {decision!r}, and the judge's parser reads "
                f"{reading.decision or reading.reason!r} in it.",
                hint="Give the reply of each decision with --completion DECISION=REPLY.",
            )
    return completion, False


def _tokens_of(parser: Any) -> dict[str, str]:
    """Return the first token of every decision that a parser of log-probabilities knows."""
    if parser is None or not parser.needs_logprobs:
        return {}
    decisions = getattr(parser.config, "decisions", {})
    return {name: token if isinstance(token, str) else token[0] for name, token in decisions.items()}


def _as_reply(completion: str) -> Reply:
    token = TokenLogprob(token=completion, logprob=0.0, top={completion: 0.0})
    return Reply(status="ok", text=completion, finish_reason="stop", logprobs=[token])


def exchanged(text: str) -> str:
    """Return reasons with the names of the two answers exchanged."""
    return _NAMED.sub(lambda found: found[1] + _OTHER[found[2]], text)


def split(rows: Sequence[JudgmentRow], share: float, seed: int) -> tuple[list[JudgmentRow], list[JudgmentRow]]:
    """Part rows into those to train on and those to test with, by question."""

    def held(question: str) -> bool:
        digest = hashlib.sha256(f"{seed} {question}".encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:6], "big") / 2**48 < share

    return [row for row in rows if not held(row.question_id)], [row for row in rows if held(row.question_id)]


def check_leakage(train: Sequence[JudgmentRow], test: Sequence[JudgmentRow], where: str) -> None:
    """Refuse a test set that shares questions, or an answer with its reference, with what is trained on.

    Raises:
        DataError: It does.
    """
    shared = questions_in(train) & questions_in(test)
    if shared:
        raise DataError(
            f"{where} shares {len(shared)} questions with the training data, among them {min(shared)!r:.80}.",
            hint="Take them out of one of the two; a judge that has seen its test shows nothing.",
        )
    known = answers_in(train) & answers_in(test)
    if known:
        raise DataError(
            f"{where} shares {len(known)} answers to the same reference with the training data, among them "
            f"{min(known)[1]!r:.80}.",
            hint="Take them out of one of the two; a judge that has seen its test shows nothing.",
        )


def questions_in(rows: Sequence[JudgmentRow]) -> set[str]:
    """Return the questions of rows, in small letters and without punctuation."""
    return {_core(str(row.fields.get("question", row.question_id))) for row in rows}


def answers_in(rows: Sequence[JudgmentRow]) -> set[tuple[str, str]]:
    """Return the pairs of reference and answer of rows, in small letters and without punctuation."""
    return {(_core(row.reference), _core(one)) for row in rows if row.reference for one in row.answers if _core(one)}


def _core(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def prompts_hash(prompts: Sequence[Prompt]) -> str:
    """Return the SHA-256 over prompts, in any order: equal for what was trained on and what is asked."""
    encoded = sorted(msgspec.json.encode(prompt, order="deterministic") for prompt in prompts)
    return hashlib.sha256(b"\n".join(encoded)).hexdigest()


def verdict_by(judge: Judge, case: Case, replies: Mapping[str, Reply]) -> Verdict:
    """Return the judge's verdict on a case from replies by the hash of the prompt (``key_of``)."""

    async def ask(prompt: Prompt, **_: Any) -> Reply:
        return replies[key_of(fit(prompt, judge.kind))]

    return asyncio.run(judge.method.judge(case, ask))


def key_of(prompt: Prompt) -> str:
    """Return what a prompt is known by."""
    return hashlib.sha256(msgspec.json.encode(prompt, order="deterministic")).hexdigest()
