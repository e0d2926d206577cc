"""What extraction counts, sample by sample and part by part; each accumulator merges with others of its kind.

These are the agreement of every two judges of a dataset, and what a result says beside its metrics: the judge's
diagnostics, tokens, doubtful items, details.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from judgebench.datasets.columns import COPY
from judgebench.judges.core.contract import Case
from judgebench.metrics.comparisons.comparisons import ComparisonColumns
from judgebench.metrics.contract import Measure
from judgebench.metrics.rates.agreement import cohen_kappa, percent_agreement, scott_pi
from judgebench.metrics.rates.agreement import diagnostics as agreement_diagnostics
from judgebench.metrics.rates.named import NamedMetrics
from judgebench.metrics.rates.slices import Slices
from judgebench.metrics.rates.tally import GRADES, Tally, outcome_of
from judgebench.records.diagnostics import Diagnostics, DoubtfulVerdict, JudgesCompared, SettledVerdicts
from judgebench.records.findings import Settler
from judgebench.records.flow import JudgeCall, Prediction, Sample, Verdict
from judgebench.records.prices import Price
from judgebench.records.run import Options
from judgebench.stages.spent import Spent

Judging = Callable[[Case], Awaitable[Verdict]]
"""Derives one judge's verdict on an item from its recorded calls."""


MOST_CELLS = 64
"""A result holds a table of decisions with at most this many cells."""


def judges_compared(judges: tuple[str, str], pairs: Counter[tuple[str, str]], *, table: bool = False) -> JudgesCompared:
    """Return how far two judges agree.

    Args:
        judges: Their abbrs.
        pairs: How often each decision of the first meets each of the second.
        table: Whether to keep these counts, if they are few.
    """
    kept = [(*decisions, count) for decisions, count in pairs.items()] if table and len(pairs) <= MOST_CELLS else []
    return JudgesCompared(
        judges=judges,
        n=pairs.total(),
        agreement=_percent(pairs),
        kappa=cohen_kappa(pairs),
        scott_pi=scott_pi(pairs),
        decisions=kept,
    )


class Agreements:
    """Counts how two judges decide about the same answers, for every two of the given judges."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[str, str], Counter[tuple[str, str]]] = {}

    def add(self, verdicts: Mapping[str, Verdict]) -> None:
        """Take in the verdicts on one answer, by judge; only decisions count, and only where both could be read."""
        said = {
            name: verdict.decision for name, verdict in verdicts.items() if verdict.status == "ok" and verdict.decision
        }
        names = list(verdicts)
        for place, first in enumerate(names):
            for second in names[place + 1 :]:
                pairs = self._pairs.setdefault((first, second), Counter())
                if first in said and second in said:
                    pairs[str(said[first]), str(said[second])] += 1

    def merge(self, later: Agreements) -> None:
        """Take in what was counted over the answers that follow."""
        for judges, pairs in later._pairs.items():
            self._pairs.setdefault(judges, Counter()).update(pairs)

    def diagnostics(self) -> list[JudgesCompared]:
        """Return one entry for every two judges."""
        return [judges_compared(names, pairs, table=True) for names, pairs in self._pairs.items()]


async def verdicts_of(judges: Sequence[tuple[str, Judging]], item: Case) -> dict[str, Verdict]:
    """Return each judge's verdict on an item."""
    return {name: await judging(item) for name, judging in judges}


def _percent(pairs: Counter[tuple[str, str]]) -> float | None:
    share = percent_agreement(pairs)
    return 100 * share if share is not None else None


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
    images: tuple[str, ...] = ()
    """Hashes of the images of what was judged."""

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
        unread = {(one.presentation, one.repeat) for one in self.verdict.presentations if one.status != "ok"}
        return [call for call in self.calls if (call.presentation, call.nth) in unread]


class DiagnosticsAccumulator:
    """Collects, item by item, what the result shows besides numbers; constant memory unless details are kept.

    Args:
        keep_details: Keep one row per item (``--dump-eval-details``).
        extract_rate: Report from how many answers a final one could be taken (``--dump-extract-rate``).
        compared: Whose answers are compared, where two are.
        prices: Of the tested model (``model``) and of the judge's (``judge``).
    """

    def __init__(
        self,
        *,
        keep_details: bool,
        extract_rate: bool = False,
        compared: tuple[str, str] = ("", ""),
        prices: Mapping[str, Price | None] | None = None,
    ) -> None:
        self.details: list[dict[str, Any]] | None = [] if keep_details else None
        self._doubtful: list[DoubtfulVerdict] = []
        self._spent = {side: Spent(price=(prices or {}).get(side)) for side in ("model", "judge")}
        self._compared = compared
        self._data = 0
        self._extract_rate = extract_rate
        self._extracted = 0
        self._answered = 0
        self._reasons: dict[str, int] = {}
        self._settled: dict[Settler, list[int]] = {}
        self._equal = 0
        self._copies = 0
        self._foreign = 0

    def add(self, checked: Checked) -> None:
        """Take in one planned answer."""
        sample, repeat, prediction, verdict, rule, calls, _, _ = checked
        if repeat == 0:
            self._data ^= int.from_bytes(hashlib.blake2b(f"{sample.id}:{sample.uid}".encode(), digest_size=8).digest())
        if prediction is not None:
            self._answered += 1
            self._extracted += any(found is not None and found.answer is not None for found in (verdict, rule))
            self._spent["model"].add(prediction)
        for call in calls:
            if call.repeat == repeat:  # a question that serves all repeats of a sample is recorded with the first
                self._spent["judge"].add(call)
        if verdict.status == "ok" and verdict.settled_by is not None:
            count = self._settled.setdefault(verdict.settled_by, [0, 0])
            count[0] += 1
            count[1] += verdict.decision == "correct"
        self._equal += verdict.equal_answers
        self._copies += repeat == 0 and COPY in sample.meta
        if verdict.status != "ok":
            reason = verdict.reason.partition(":")[0] or verdict.status
            self._reasons[reason] = self._reasons.get(reason, 0) + 1
        doubt = _doubt(verdict, rule)
        if doubt and len(self._doubtful) < DOUBTFUL:
            self._doubtful.append(
                DoubtfulVerdict(
                    id=sample.id,
                    repeat=repeat,
                    why=doubt,
                    question=_question(sample),
                    reference=_excerpt(_first(sample.reference)),
                    answers=self._answers(checked),
                    judge_replies=_judge_replies(checked),
                )
            )
        if self.details is not None:
            self.details.append(_detail(checked))

    def add_foreign(self) -> None:
        """Take in that an answer is another model's, or to another question than the config asks."""
        self._foreign += 1

    def merge(self, later: DiagnosticsAccumulator) -> None:
        """Take in what was collected over the items that follow."""
        if self.details is not None:
            self.details.extend(later.details or [])
        self._doubtful = [*self._doubtful, *later._doubtful][:DOUBTFUL]
        for side, spent in self._spent.items():
            spent.merge(later._spent[side])
        self._data ^= later._data
        self._extracted += later._extracted
        self._answered += later._answered
        for reason, count in later._reasons.items():
            self._reasons[reason] = self._reasons.get(reason, 0) + count
        for by, (count, right) in later._settled.items():
            before = self._settled.get(by, [0, 0])
            self._settled[by] = [before[0] + count, before[1] + right]
        self._equal += later._equal
        self._copies += later._copies
        self._foreign += later._foreign

    def data_hash(self) -> str:
        """Return a hash of the samples that were scored; their order does not matter."""
        return f"{self._data:016x}"[:12]

    def diagnostics(self, tally: Tally, *, judged: bool) -> Diagnostics:
        """Return what tells whether the judge can be trusted."""
        return msgspec.structs.replace(
            agreement_diagnostics(tally) if judged else Diagnostics(),
            extracted=100 * self._extracted / self._answered if self._extract_rate and self._answered else None,
            settled_by={by: SettledVerdicts(n=n, correct=right) for by, (n, right) in sorted(self._settled.items())},
            equal_answers=self._equal,
            doubtful=self._doubtful,
            unscored_reasons=dict(sorted(self._reasons.items(), key=lambda entry: -entry[1])[:10]),
        )

    def usage(self) -> dict[str, Any]:
        """Return tokens, served models and the cost of faults (extra requests, seconds waited) of both sides."""
        return {side: spent.as_dict() for side, spent in self._spent.items() if spent.calls or spent.saved}

    def notes(self) -> list[str]:
        """Return what a reader of the result must know."""
        served = [
            f"the {side}'s replies came from several models: {', '.join(sorted(spent.served))}"
            for side, spent in self._spent.items()
            if len(spent.served) > 1
        ]
        undecoded = [
            f"of the {side}'s replies {spent.undecoded} hold U+FFFD, which stands for bytes that are no text"
            for side, spent in self._spent.items()
            if spent.undecoded
        ]
        whole = sum(n for n, _ in self._settled.values())
        settled = [
            f"the {by} decided {n} of {whole} verdicts ({100 * n / whole:.1f}%), {100 * right / n:.1f}% of them correct"
            for by, (n, right) in sorted(self._settled.items(), reverse=True)
        ]
        equal = [f"pairs of equal answers, about which the judge was not asked: {self._equal}"] if self._equal else []
        copies = [f"rows that repeat a previous row, kept as separate items: {self._copies}"] if self._copies else []
        changed = "answers of another model, or to another question, in a file that was changed after it was written"
        foreign = [f"{changed}: {self._foreign} (jb --reuse asks them again)"] if self._foreign else []
        return [*served, *undecoded, *settled, *equal, *copies, *foreign]

    def _answers(self, checked: Checked) -> dict[str, str]:
        """Return what was judged, cut short, by whose it is."""
        if checked.compared is not None:
            answers = dict(zip(self._compared, checked.compared, strict=True))
        elif checked.prediction is not None:
            answers = {"answer": checked.prediction.prediction}
        else:
            brought = checked.sample.answers
            answers = {f"answer {at}" if len(brought) > 1 else "answer": text for at, text in enumerate(brought, 1)}
        return {name: _excerpt(text) for name, text in answers.items()}


def _question(sample: Sample) -> str:
    """Return the end of what was asked: its field of that name, else all its texts."""
    named = sample.fields.get("question")
    texts = [named] if isinstance(named, str) else [text for text in sample.fields.values() if isinstance(text, str)]
    return _excerpt(" / ".join(texts))


def _first(reference: str | list[str] | None) -> str:
    return (reference[0] if reference else "") if isinstance(reference, list) else reference or ""


def _judge_replies(checked: Checked) -> dict[str, str]:
    """Return what the judge said, cut short: each reply by a name where there are several."""
    several = len(checked.calls) > 1
    return {
        f"judge, {_name_of(call)}" if several else "judge": _excerpt(call.prediction)
        for call in checked.replies[:MOST_REPLIES]
    }


def _doubt(verdict: Verdict, rule: Verdict | None) -> str:
    if verdict.status == "unparsed":
        return f"unparsed: {verdict.reason}"
    decided = rule is not None and rule.status == "ok" and verdict.status == "ok"
    if rule is not None and decided and verdict.decision in GRADES and rule.decision != verdict.decision:
        return f"judge says {verdict.decision}, rule says {rule.decision}"
    return ""


def _excerpt(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= EXCERPT else "…" + flat[-EXCERPT:]


def _name_of(call: JudgeCall) -> str:
    return (call.presentation or "question") + (f", time {call.nth + 1}" if call.nth or not call.presentation else "")


def _detail(checked: Checked) -> dict[str, Any]:
    sample, repeat, prediction, verdict, rule, _, compared, _ = checked
    # In a benchmark of judges the judge is the tested model, and what it was asked and said stands for its answer.
    source = prediction or checked.reply
    return {
        "id": sample.id,
        "key": sample.key,
        "repeat": repeat,
        "prompt": source.origin_prompt if source else None,
        "origin_prediction": source.prediction if source else None,
        "finish_reason": source.finish_reason if source else None,
        **({"answers": list(compared or sample.answers)} if compared or sample.answers else {}),
        "predictions": verdict.decision if verdict.decision is not None else verdict.score,
        "references": sample.reference,
        "correct": verdict.decision == "correct" if verdict.status == "ok" and verdict.decision in GRADES else None,
        "verdict": msgspec.to_builtins(verdict),
        "rule": msgspec.to_builtins(rule) if rule is not None else None,
        "judge_reply": checked.reply.prediction if checked.reply else None,
    }


class ResultAccumulator:
    """What an extract task counts, over the whole dataset or over a part of it.

    Args:
        make: Makes what computes the figures, over the whole and over each slice.
        repeats: Planned repeats per sample.
        options: Whether to keep one row per item and to report the extract rate.
        compared: Whose answers are compared, where two are.
        by: Fields of the samples by which slices are counted too.
        prices: Of the tested model (``model``) and of the judge's (``judge``).
    """

    def __init__(
        self,
        make: Callable[[], Measure],
        repeats: int,
        options: Options,
        *,
        compared: tuple[str, str] = ("", ""),
        by: Sequence[str] = (),
        prices: Mapping[str, Price | None] | None = None,
    ) -> None:
        self.measure = make()
        # what a result says beside its figures needs a tally, which metrics have anyway
        self.tally = self.measure.tally if isinstance(self.measure, NamedMetrics) else Tally(repeats)
        self.slices = Slices(by, make) if by else None
        self.collected = DiagnosticsAccumulator(
            keep_details=options.dump_details or options.small,
            extract_rate=options.dump_extract_rate,
            compared=compared,
            prices=prices,
        )
        self.agreements = Agreements()
        self.compared_columns = ComparisonColumns()

    def add(self, checked: Checked) -> None:
        """Take in one planned answer."""
        prediction = checked.prediction
        truncated = prediction is not None and prediction.finish_reason == "length"
        sample, repeat, verdict, rule = checked.sample, checked.repeat, checked.verdict, checked.rule
        self.measure.add(sample, repeat, verdict, rule)
        if not isinstance(self.measure, NamedMetrics):
            self.tally.add(outcome_of(sample.id, repeat, verdict, rule=rule))
        self.tally.truncated += truncated
        if self.slices is not None:
            for part in self.slices.of(sample, verdict.status, truncated=truncated):
                part.add(sample, repeat, verdict, rule)
        if self.measure.compares_with_gold and (right := self.measure.right(sample, verdict)) is not None:
            self.compared_columns.add_decision(sample.id, repeat, right=right)
        self.collected.add(checked)
        if checked.compared is not None:
            self.compared_columns.add(checked.sample.id, checked.repeat, checked.verdict, checked.compared)

    def merge(self, later: ResultAccumulator) -> None:
        """Take in what was counted over the samples that follow."""
        self.measure.merge(later.measure)
        if not isinstance(self.measure, NamedMetrics):
            self.tally.merge(later.tally)
        if self.slices is not None and later.slices is not None:
            self.slices.merge(later.slices)
        self.collected.merge(later.collected)
        self.agreements.merge(later.agreements)
        self.compared_columns.merge(later.compared_columns)
