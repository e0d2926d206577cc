"""Training data from recorded judgments: prompt and completion, preferences, JudgeLM's rows, rows for probes, scores.

Each format is a file of JSON lines and ``<file>.meta.json`` beside it, which says what was left out and why. Nothing is
guessed: a judgment that could not be read, or was cut off, teaches nothing. Prompts are the recorded ones; token ids
are the trainer's business.

``sft`` has TRL's prompt-completion form, ``dpo`` its preference form; ``judgelm`` the fields of JudgeLM's own trainer;
``probe`` is read by ``jb train probe``; ``scored`` is the filter of INSPECTOR.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from judgebench.errors import UsageError
from judgebench.export.contract import Job
from judgebench.query import Item, ShownCall
from judgebench.records.pairs import FLIPPED, PREFERENCES
from judgebench.store.journal import replacing, write_atomically

Line = dict[str, Any]
_LICENCE = (
    "The terms of a hosted model may forbid that its replies train another one; see the terms of the judge's provider."
)
_SELF = (
    "A judge that learns from its own judgments also learns its own mistakes and may come to prefer its own answers; "
    "test it on labels of people."
)


class Included:
    """Counts what is written and what is left out, by reason and label."""

    def __init__(self) -> None:
        self.left_out: Counter[str] = Counter()
        self.labels: Counter[str] = Counter()


def write_sft(job: Job, path: Path) -> int:
    """Write each readable judge call as a prompt and its completion.

    With ``agreeing`` those alone whose judgment is the true decision of the item: its gold one, else a person's label.
    """

    def lines(item: Item, included: Included) -> Iterator[Line]:
        for call in item.calls:
            if (why := _unusable(call, item)) is not None:
                included.left_out[why] += 1
                continue
            said = _read(call, item)
            if job.wishes.agreeing:
                truth = _truth(item)
                if truth is None or not _same(said, truth):
                    included.left_out["no true decision is known" if truth is None else "not the true decision"] += 1
                    continue
            included.labels[str(said)] += 1
            yield {
                "prompt": call.prompt,
                "completion": _completion(call),
                "id": item.line.id,
                "uid": item.uid,
                "presentation": call.record.presentation,
                "judge": item.line.judge,
            }

    return _write(job, path, "sft", lines)


def write_dpo(job: Job, path: Path) -> int:
    """Write the best and the worst of the replies to one prompt (self-rationalization, Trivedi et al. 2024).

    A judge that was asked several times gives several replies. The target is the true decision or score of the item,
    or where nobody knows one that of most replies; chosen is the reply nearest to it, rejected the farthest one, if it
    is farther by at least ``margin``. One pair a prompt.
    """

    def lines(item: Item, included: Included) -> Iterator[Line]:
        by_prompt: dict[bytes, list[ShownCall]] = defaultdict(list)
        for call in item.calls:
            if (why := _unusable(call, item)) is not None:
                included.left_out[why] += 1
            else:
                by_prompt[msgspec.json.encode(call.prompt)].append(call)
        for calls in by_prompt.values():
            if len(calls) < 2:
                included.left_out["there is one reply alone"] += 1
                continue
            found = _pair(calls, item)
            if found is None:
                included.left_out["all replies say the same, or no target is known"] += 1
                continue
            chosen, rejected, near, far = found
            if near - far < job.wishes.margin:
                included.left_out["the replies are nearer than the margin"] += 1
                continue
            included.labels[str(_read(chosen, item))] += 1
            yield {
                "prompt": chosen.prompt,
                "chosen": _completion(chosen),
                "rejected": _completion(rejected),
                "chosen_score": near,
                "rejected_score": far,
                "margin": near - far,
                "id": item.line.id,
                "uid": item.uid,
                "presentation": chosen.record.presentation,
                "judge": item.line.judge,
            }

    return _write(job, path, "dpo", lines)


def write_judgelm(job: Job, path: Path) -> int:
    """Write pairs with two scores as rows of JudgeLM, for its own trainer and for ``jb train judge``."""

    def lines(item: Item, included: Included) -> Iterator[Line]:
        other = next(
            (one for one in item.answers if one.model == item.against and one.repeat == item.line.repeat), None
        )
        for call in item.calls:
            if (why := _unusable(call, item)) is not None:
                included.left_out[why] += 1
                continue
            values = call.read.values if call.read is not None else {}
            ours, theirs = values.get("first"), values.get("second")
            if not isinstance(ours, int | float) or not isinstance(theirs, int | float):
                included.left_out["no two scores"] += 1
                continue
            if other is None or item.prediction is None:
                included.left_out["the run does not hold both answers"] += 1
                continue
            answers = [(item.answer, item.line.model), (other.answer, other.model)]
            if call.read is not None and call.read.order == "BA":
                answers.reverse()
            (first, one), (second, two) = answers
            included.labels["first" if ours > theirs else "second" if ours < theirs else "tie"] += 1
            row = {
                "question_id": f"{item.line.dataset}/{item.line.id}",
                "question_body": item.question,
                "answer1_body": first,
                "answer2_body": second,
                "answer1_model_id": one,
                "answer2_model_id": two,
                "score": [ours, theirs],
                "text": call.reply,
                "judge": item.line.judge,
            }
            yield {**row, "reference": {"text": item.reference}} if isinstance(item.reference, str) else row

    return _write(job, path, "judgelm", lines)


def write_probe_rows(job: Job, path: Path) -> int:
    """Write question, answer and label of each verdict and aspect, as ``jb train probe --data`` reads them."""

    def lines(item: Item, included: Included) -> Iterator[Line]:
        if (why := _without(item)) is not None:
            included.left_out[why] += 1
            return
        for aspect, label in _aspects(item).items() or [("", item.line.decision or item.line.score)]:
            included.labels[str(label)] += 1
            yield {
                "question": item.question,
                "answer": item.answer,
                "text": f"{item.question}\n\n{item.answer}",
                "label": label,
                "aspect": aspect,
                "id": f"{item.line.model}/{item.line.dataset}/{item.line.id}/{item.line.repeat}",
                "group": f"{item.line.dataset}/{item.line.id}",
            }

    return _write(job, path, "probe", lines)


def write_scored(job: Job, path: Path) -> int:
    """Write question, prediction, the score of each aspect and their sum; with ``top_percent`` the best of them.

    ``int(n * share)`` of the n scored items are kept, best first; items without a verdict are never among them.
    """
    included = Included()
    rows: list[Line] = []
    for model, row, _ in job.rows():
        for item in job.items_of(model, row):
            if (why := _without(item)) is not None:
                included.left_out[why] += 1
                continue
            aspects = _aspects(item)
            total = sum(aspects.values()) if aspects else item.line.score
            if total is None:
                included.left_out["a decision and no score"] += 1
                continue
            included.labels[f"{total:g}"] += 1
            rows.append(
                {"question": item.question, "prediction": item.answer, **aspects, "total_score": total,
                 "id": item.line.id, "model": item.line.model}
            )  # fmt: skip
    share = job.wishes.top_percent
    if share < 1:
        keep = int(len(rows) * share)
        included.left_out["below the best"] += len(rows) - keep
        rows = sorted(rows, key=lambda one: -one["total_score"])[:keep]
    with replacing(path) as file:
        for one in rows:
            file.write(msgspec.json.encode(one) + b"\n")
    _write_meta(job, path, "scored", len(rows), included)
    return len(rows)


def _write(job: Job, path: Path, kind: str, lines: Callable[[Item, Included], Iterator[Line]]) -> int:
    included, number = Included(), 0
    with replacing(path) as file:
        for model, row, _ in job.rows():
            for item in job.items_of(model, row, others=kind == "judgelm"):
                for line in lines(item, included):
                    file.write(msgspec.json.encode(line) + b"\n")
                    number += 1
    _write_meta(job, path, kind, number, included)
    return number


def _write_meta(job: Job, path: Path, kind: str, number: int, included: Included) -> None:
    judges = {(one.judge or "", one.dataset): one.version for one in job.results}
    meta = {
        "format": kind,
        "run": job.query.path.name,
        "lines": number,
        "left_out": dict(sorted(included.left_out.items())),
        "labels": dict(sorted(included.labels.items())),
        "judges": [
            {"judge": judge, "row": row, "version": version} for (judge, row), version in sorted(judges.items())
        ],
        "chosen_by": {name: value for name, value in msgspec.to_builtins(job.wishes).items() if value},
        "warnings": [_LICENCE, _SELF],
    }
    beside = path.with_name(f"{path.name}.meta.json")
    write_atomically(beside, msgspec.json.format(msgspec.json.encode(meta), indent=1) + b"\n")
    for reason, count in included.left_out.most_common():
        job.notes.append(f"{count} left out: {reason}.")
    if kind in {"sft", "dpo", "judgelm"}:
        job.notes.append(_LICENCE)
    if not number:
        why = "; ".join(included.left_out) or "no judged item was chosen"
        raise UsageError(
            f"The run has nothing for the format {kind}: {why}.",
            hint=f"What was looked at stands in {beside}.",
        )


def _unusable(call: ShownCall, item: Item) -> str | None:
    """Return why a judge call teaches nothing."""
    if call.record.status != "ok":
        return "the call failed"
    if call.record.finish_reason == "length":
        return "the reply was cut off"
    if not call.reply:
        return "the reply has no text"
    status = call.read.status if call.read is not None else item.line.status
    return None if status == "ok" else f"the reply is {status}"


def _without(item: Item) -> str | None:
    if item.line.status != "ok":
        return f"the verdict is {item.line.status}"
    return None if item.prediction is not None else "the run does not hold the answer"


def _read(call: ShownCall, item: Item) -> Any:
    """Return the decision or score that was read in a call, in the frame of the sample."""
    read = call.read
    if read is None:
        return item.line.decision if item.line.decision is not None else item.line.score
    if read.decision is None:
        return read.score
    return FLIPPED.get(read.decision, read.decision) if read.order == "BA" else read.decision


def _same(said: Any, true: Any) -> bool:
    """Whether two decisions say the same; a comparison may be read as ``1`` or ``A>B`` where gold says ``A``."""
    if isinstance(said, str) and isinstance(true, str) and {said, true} <= PREFERENCES.keys():
        return PREFERENCES[said] == PREFERENCES[true]
    return bool(said == true)


def _truth(item: Item) -> Any:
    if item.line.gold is not None:
        return item.line.gold
    if not item.labels:
        return None
    last = item.labels[-1]
    return last.decision if last.decision is not None else last.score


def _pair(calls: list[ShownCall], item: Item) -> tuple[ShownCall, ShownCall, float, float] | None:
    """Return the nearest and the farthest reply to the target, each with its nearness (0 or 1, or minus a distance)."""
    said = [_read(call, item) for call in calls]
    truth = _truth(item)
    target = truth if truth is not None else Counter(said).most_common(1)[0][0]
    if isinstance(target, int | float) and all(isinstance(one, int | float) for one in said):
        nearness = [-abs(float(one) - float(target)) for one in said]
    else:
        nearness = [float(_same(one, target)) for one in said]
    best, worst = max(range(len(calls)), key=nearness.__getitem__), min(range(len(calls)), key=nearness.__getitem__)
    if nearness[best] == nearness[worst]:
        return None
    return calls[best], calls[worst], nearness[best], nearness[worst]


def _aspects(item: Item) -> dict[str, float]:
    """Return the scores of a verdict's presentations by name, where several have one."""
    presentations = item.verdict.presentations if item.verdict is not None else []
    found = {one.presentation: one.score for one in presentations if one.score is not None and not one.repeat}
    return {name: score for name, score in found.items() if score is not None} if len(found) > 1 else {}


def _completion(call: ShownCall) -> Any:
    """Return a reply in the form of its prompt: messages for messages, a text for a text."""
    return call.reply if isinstance(call.prompt, str) else [{"role": "assistant", "content": call.reply}]
