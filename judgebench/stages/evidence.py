"""What a result says beside its metrics: the judge's health, tokens, doubtful items, details."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from judgebench.datasets.columns import COPY
from judgebench.metrics.agreement import health as agreement_health
from judgebench.metrics.tally import GRADES, Tally
from judgebench.records import JudgeCall, Prediction, Sample, Verdict
from judgebench.stages.joining import joined

DOUBTFUL = 5
"""How many doubtful items a result names."""
EXCERPT = 160
"""Characters of a reply that a doubtful item shows."""
MOST_REPLIES = 4
"""How many replies to one item it shows."""


class Checked(NamedTuple):
    """One planned answer and what became of it."""

    sample: Sample
    repeat: int
    prediction: Prediction | None
    verdict: Verdict
    rule: Verdict | None
    calls: Sequence[JudgeCall] = ()
    """All questions that the judge was asked about it."""
    compared: tuple[str, str] | None = None
    """The two answers that a comparison was about."""

    @property
    def reply(self) -> JudgeCall | None:
        """The judge's reply that could not be read, the first of them if there are several, else its last."""
        unread = self._unread()
        return unread[0] if unread else self.calls[-1] if self.calls else None

    @property
    def replies(self) -> Sequence[JudgeCall]:
        """The judge's replies that could not be read, where it is known which; else all."""
        return self._unread() or self.calls

    def _unread(self) -> list[JudgeCall]:
        if self.verdict.status != "unparsed":
            return []
        views = self.verdict.details.get("views")
        told = [one for one in views if isinstance(one, dict)] if isinstance(views, list) else []
        unread = {(one.get("view"), one.get("repeat", 0)) for one in told if one.get("status") != "ok"}
        return [call for call in self.calls if (call.view, call.nth) in unread]


class Evidence:
    """Collects, item by item, what the result shows besides numbers; constant memory unless details are kept.

    Args:
        keep_details: Keep one row per item (``--dump-eval-details``).
        extract_rate: Report from how many answers a final one could be taken (``--dump-extract-rate``).
        compared: Whose answers are compared, where two are.
    """

    def __init__(self, *, keep_details: bool, extract_rate: bool = False, compared: tuple[str, str] = ("", "")) -> None:
        self.details: list[dict[str, Any]] | None = [] if keep_details else None
        self._doubtful: list[dict[str, Any]] = []
        self._compared = compared
        self._tokens = {"model": [0, 0, 0], "judge": [0, 0, 0]}
        self._repeats = {"model": [0, 0.0], "judge": [0, 0.0]}
        self._saved = {"model": 0, "judge": 0}
        self._served: dict[str, set[str]] = {"model": set(), "judge": set()}
        self._data = 0
        self._extract_rate = extract_rate
        self._extracted = 0
        self._answered = 0
        self._reasons: dict[str, int] = {}
        self._settled: dict[str, list[int]] = {}
        self._equal = 0
        self._copies = 0

    def add(self, checked: Checked) -> None:
        """Take in one planned answer."""
        sample, repeat, prediction, verdict, rule, calls, _ = checked
        if repeat == 0:
            self._data ^= int.from_bytes(hashlib.blake2b(f"{sample.id}:{sample.uid}".encode(), digest_size=8).digest())
        if prediction is not None:
            self._answered += 1
            self._extracted += any(found is not None and found.answer is not None for found in (verdict, rule))
            self._spend("model", prediction)
        for call in calls:
            if call.repeat == repeat:  # a question that serves all repeats of a sample is recorded with the first
                self._spend("judge", call)
        if verdict.status == "ok" and isinstance(by := verdict.details.get("settled_by"), str):
            count = self._settled.setdefault(by, [0, 0])
            count[0] += 1
            count[1] += verdict.label == "correct"
        self._equal += bool(verdict.details.get("equal_answers"))
        self._copies += repeat == 0 and COPY in sample.meta
        if verdict.status != "ok":
            reason = verdict.reason.partition(":")[0] or verdict.status
            self._reasons[reason] = self._reasons.get(reason, 0) + 1
        doubt = _doubt(verdict, rule)
        if doubt and len(self._doubtful) < DOUBTFUL:
            self._doubtful.append({"id": sample.id, "repeat": repeat, "why": doubt, **self._words(checked)})
        if self.details is not None:
            self.details.append(_detail(checked))

    def extend(self, later: Evidence) -> None:
        """Take in what was collected over the items that follow."""
        own = {
            "_data": self._data ^ later._data,
            "_extract_rate": self._extract_rate,
            "_compared": self._compared,
            "_doubtful": [*self._doubtful, *later._doubtful][:DOUBTFUL],
            "details": None if self.details is None else [*self.details, *(later.details or [])],
        }
        for name, found in vars(later).items():
            setattr(self, name, own[name] if name in own else joined(getattr(self, name), found))

    def data_hash(self) -> str:
        """Return a hash of the samples that were scored; their order does not matter."""
        return f"{self._data:016x}"[:12]

    def health(self, tally: Tally, *, judged: bool) -> dict[str, Any]:
        """Return what tells whether the judge can be trusted."""
        found: dict[str, Any] = {}
        if self._extract_rate and self._answered:
            found["extracted"] = 100 * self._extracted / self._answered
        if judged:
            found |= msgspec.to_builtins(agreement_health(tally))
        if self._settled:
            found["settled_by"] = {by: {"n": n, "correct": right} for by, (n, right) in sorted(self._settled.items())}
        if self._equal:
            found["equal_answers"] = self._equal
        if self._doubtful:
            found["doubtful"] = self._doubtful
        if self._reasons:
            found["unscored_reasons"] = dict(sorted(self._reasons.items(), key=lambda entry: -entry[1])[:10])
        return found

    def usage(self) -> dict[str, Any]:
        """Return tokens, served models and the cost of faults (extra requests, seconds waited) of both sides."""
        return {
            side: {
                "calls": calls,
                "prompt_tokens": prompt,
                "completion_tokens": completion,
                "extra_requests": self._repeats[side][0],
                "seconds_waited": round(self._repeats[side][1], 3),
                "served_models": sorted(self._served[side]),
                **({"saved_requests": self._saved[side]} if self._saved[side] else {}),
            }
            for side, (calls, prompt, completion) in self._tokens.items()
            if calls or self._saved[side]
        }

    def notes(self) -> list[str]:
        """Return what a reader of the result must know."""
        served = [
            f"the {side}'s replies came from several models: {', '.join(sorted(names))}"
            for side, names in self._served.items()
            if len(names) > 1
        ]
        whole = sum(n for n, _ in self._settled.values())
        settled = [
            f"the {by} settled {n} of {whole} verdicts ({100 * n / whole:.1f}%), {100 * right / n:.1f}% of them correct"
            for by, (n, right) in sorted(self._settled.items(), reverse=True)
        ]
        equal = [f"pairs of equal answers, which nobody was asked about: {self._equal}"] if self._equal else []
        copies = (
            [f"rows that repeat an earlier row, kept as items of their own: {self._copies}"] if self._copies else []
        )
        return [*served, *settled, *equal, *copies]

    def _words(self, checked: Checked) -> dict[str, Any]:
        """Return what was answered and what the judge said to it, cut short: each by a name where there are several."""
        if checked.compared is not None:
            answers = dict(zip(self._compared, checked.compared, strict=True))
        elif checked.prediction is not None:
            answers = {"answer": checked.prediction.prediction}
        else:
            brought = checked.sample.answers
            answers = {f"answer {at}" if len(brought) > 1 else "answer": text for at, text in enumerate(brought, 1)}
        several = len(checked.calls) > 1
        return {
            "answers": {name: _excerpt(text) for name, text in answers.items()},
            "judge_replies": {
                f"judge, {_name_of(call)}" if several else "judge": _excerpt(call.prediction)
                for call in checked.replies[:MOST_REPLIES]
            },
        }

    def _spend(self, side: str, exchange: Prediction | JudgeCall) -> None:
        usage, served = exchange.usage, exchange.served_model
        if served:
            self._served[side].add(served)
        if exchange.attempts == 0:
            self._saved[side] += 1
            return  # neither requests nor tokens were spent
        self._repeats[side][0] += exchange.attempts - 1
        self._repeats[side][1] += exchange.waited
        tokens = self._tokens[side]
        tokens[0] += 1
        if usage is not None:
            tokens[1] += usage.prompt_tokens
            tokens[2] += usage.completion_tokens


def _doubt(verdict: Verdict, rule: Verdict | None) -> str:
    if verdict.status == "unparsed":
        return f"unparsed: {verdict.reason}"
    decided = rule is not None and rule.status == "ok" and verdict.status == "ok"
    if rule is not None and decided and verdict.label in GRADES and rule.label != verdict.label:
        return f"judge says {verdict.label}, rule says {rule.label}"
    return ""


def _excerpt(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= EXCERPT else "…" + flat[-EXCERPT:]


def _name_of(call: JudgeCall) -> str:
    return (call.view or "asked") + (f", time {call.nth + 1}" if call.nth or not call.view else "")


def _detail(checked: Checked) -> dict[str, Any]:
    sample, repeat, prediction, verdict, rule, _, compared = checked
    # In a benchmark of judges the judge is the tested model, and what it was asked and said stands for its answer.
    asked = prediction or checked.reply
    return {
        "id": sample.id,
        "key": sample.key,
        "repeat": repeat,
        "prompt": asked.origin_prompt if asked else None,
        "origin_prediction": asked.prediction if asked else None,
        "finish_reason": asked.finish_reason if asked else None,
        **({"answers": list(compared or sample.answers)} if compared or sample.answers else {}),
        "predictions": verdict.label if verdict.label is not None else verdict.score,
        "references": sample.reference,
        "correct": verdict.label == "correct" if verdict.status == "ok" and verdict.label in GRADES else None,
        "verdict": msgspec.to_builtins(verdict),
        "rule": msgspec.to_builtins(rule) if rule is not None else None,
        "judge_reply": checked.reply.prediction if checked.reply else None,
    }
