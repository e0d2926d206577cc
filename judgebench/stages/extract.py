"""The extract stage: runs the judge method (or the rule) again on what was recorded, with no network, and counts.

A better parser is therefore one ``--mode eval --reuse`` away, and a verdict can always be derived again.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from functools import partial
from typing import Any, Literal

import msgspec

from judgebench.datasets.samples import PlannedSamples
from judgebench.errors import RAISED_BY_OTHERS
from judgebench.identity.questions import infer_settings, read_identity, repeats_of, short_hash, version_settings
from judgebench.judges.core.contract import (
    Ask,
    CallFailedError,
    Case,
    JudgeMethod,
    NotRecordedError,
    checked,
    extractor_of,
    how_read,
    method_of,
)
from judgebench.judges.rules.answers import Extractor
from judgebench.metrics.comparisons.comparisons import orders_of
from judgebench.metrics.contract import Measure, figures_of
from judgebench.metrics.rates.named import NamedMetrics, default_metrics
from judgebench.metrics.scores.score import conventions, score_of
from judgebench.models.access import configured
from judgebench.plugins.held import PREFIX as HELD
from judgebench.records.diagnostics import HELD_TO_SCHEMA, Diagnostics, HowRead
from judgebench.records.flow import JudgeCall, Metric, Prediction, Prompt, Reply, Sample, Slice, TaskResult, Verdict
from judgebench.records.prices import price_of
from judgebench.records.run import DatasetConfig, JudgeConfig, row_name
from judgebench.report.results import write_comparisons, write_result
from judgebench.stages.accumulators import Checked, Judging, ResultAccumulator, verdicts_of
from judgebench.stages.asks import (
    Origin,
    Postprocessor,
    Questions,
    ReplayAsk,
    benchmark_case,
    case_of,
    postprocessor_of,
)
from judgebench.stages.compared_models import GOLD, ComparedModel, co_judges_of, compared_model_of, compared_name
from judgebench.stages.isolation import Isolation
from judgebench.stages.parallel_extraction import extract_in_parallel, parts_for
from judgebench.stages.recorded_verdicts import recorded_verdict
from judgebench.stages.task import Task
from judgebench.store.recorded import Indexes, Recorded
from judgebench.store.run_folder import RowFiles
from judgebench.store.verdicts import VerdictWriter

CHUNK = 64
"""Items whose rules are checked at a time; the rules' worker pool bounds what really runs in parallel."""
LEAST_ALL_WRONG = 5
"""Answers from which on it is remarkable that a rule calls all of them wrong."""

logger = logging.getLogger(__name__)


class ExtractRun:
    """One extract task over one dataset: with a judge, or by the rule alone."""

    def __init__(self, task: Task, dataset: DatasetConfig) -> None:
        self.task = task
        self.dataset = dataset
        self.model = task.plan.models[task.spec.model]
        self.row = row_name(dataset.abbr, task.spec.judge)
        self.files = task.run.files(task.spec.model, self.row)
        self.samples = PlannedSamples(dataset, task.plan.options)
        self.judge: JudgeConfig | None = task.judge(dataset) if task.spec.judge or dataset.method else None
        self.rule: JudgeMethod | None = method_of(dataset.evaluator) if dataset.evaluator else None
        self.method: JudgeMethod | None = method_of(self.judge.method) if self.judge else None
        self.identity: dict[str, Any] = self.method.identity() if self.method else {}
        self.extractor: Extractor | None = extractor_of(dataset.extractor) if dataset.extractor else None
        self.repeats = repeats_of(self.model)
        self.postprocess: Postprocessor | None = postprocessor_of(self.model)
        compared = compared_name(self.judge) if self.judge else ""
        self.measuring = self._measuring(compared=bool(compared))
        self.against_gold = self.measuring().compares_with_gold
        self.origin: Origin | None = None
        self.compared_model: ComparedModel | None = None
        self.compared_name = GOLD if self.against_gold else compared
        self.co_judges: list[tuple[str, Judging]] = []
        self.indexes: Indexes = {}
        """Where the records of this run's files are: read once, and shared with processes that do a part."""
        self.isolation = Isolation()
        self.accumulator = ResultAccumulator(
            self.measuring,
            self.repeats,
            task.plan.options,
            compared=(task.spec.model, self.compared_name),
            by=dataset.by,
            prices={"model": price_of(self.model), "judge": price_of(self.judge.model) if self.judge else None},
        )

    def _measuring(self, *, compared: bool) -> Callable[[], Measure]:
        """Return what makes the measure of the figures; it travels to processes that do a part."""
        if self.dataset.score is not None:
            return partial(score_of, self.dataset.score)
        return partial(
            NamedMetrics,
            self.dataset.metrics,
            self.dataset.k,
            repeats=self.repeats,
            scale=self.method.scale if self.method is not None else None,
            compared=compared,
        )

    async def run(self) -> None:
        """Derive every verdict and write the result."""
        task = self.task
        row = self.row
        task.reporter.update(state="running")
        with VerdictWriter(self.files.verdicts) as verdicts:
            if not self.task.in_caller and (parts := parts_for(self.dataset, self.samples, self.repeats)):
                files = [verdicts.part(number) for number in range(len(parts))]
                async with AsyncExitStack() as stack:
                    self._open(stack)
                found = await extract_in_parallel(task, self.dataset, parts, files, self.indexes)
                for part, place in zip(found or (), files, strict=False):
                    self.accumulator.merge(part)
                    verdicts.append(place)
            else:
                await self.derive(verdicts=verdicts, report=lambda done: task.reporter.update(done=done, total=done))
            if task.stop.is_set():
                return
            task.reporter.update(state="writing")
            verdicts.commit()
        result = self._result(row)
        if self.compared_name:
            write_comparisons(
                self.files.comparisons,
                result,
                self.compared_name,
                self.accumulator.compared_columns,
            )
        write_result(self.files.result, result)

    async def derive(
        self, *, verdicts: VerdictWriter, report: Callable[[int], None], first: int = 0, count: int | None = None
    ) -> None:
        """Derive, write and count the verdicts of a range of samples, all by default; ends early when asked to stop."""
        task = self.task
        benchmark, by = self.dataset.method is not None, self.dataset.by
        async with AsyncExitStack() as stack:
            for method in (self.rule, self.method):
                if method is not None:
                    stack.push_async_callback(method.aclose)
            predictions, asking = self._open(stack)
            if self.judge is not None:
                self.compared_model = compared_model_of(task, self.dataset, self.judge, stack.enter_context)
            for chunk in _chunks(self._planned(first, count), CHUNK):
                checked = await self._check_all(chunk, predictions, asking)
                verdicts.write([recorded_verdict(one, benchmark=benchmark, by=by) for one in checked])
                for one in checked:
                    self.accumulator.add(one)
                report(len(self.accumulator.tally))
                if task.stop.is_set():
                    return

    def _open(self, stack: AsyncExitStack) -> tuple[Recorded[Prediction], Callable[[Case], ReplayAsk] | None]:
        """Open what was recorded of this row and of the judges beside it."""
        task = self.task
        answers = task.run.files(task.spec.model, self.dataset.abbr)
        self.origin = Origin(answers, self.model, self.dataset) if self.dataset.method is None else None
        predictions = stack.enter_context(
            Recorded(answers.predictions, Prediction, by="item", index=self.indexes.get((answers.predictions, "item")))
        )
        self.indexes[answers.predictions, "item"] = predictions.index
        asking = self._asking(stack, self.judge) if self.judge and self.method and self.method.asks else None
        self.co_judges = [
            (one.abbr, self._judging(stack, one))
            for one in co_judges_of(self.dataset, task.spec.judge, task.spec.model)
        ]
        return predictions, asking

    def _planned(self, first: int, count: int | None) -> Iterator[tuple[Sample, int]]:
        end = None if count is None else first + count
        for sample in itertools.islice(self.samples.read(), first, end):
            for repeat in range(self.repeats):
                yield sample, repeat

    def _asking(self, stack: AsyncExitStack, judge: JudgeConfig) -> Callable[[Case], ReplayAsk]:
        files = self.files
        if judge is not self.judge:
            files = self.task.run.files(self.task.spec.model, row_name(self.dataset.abbr, judge.abbr))
        recorded = stack.enter_context(
            Recorded(files.predictions, JudgeCall, index=self.indexes.get((files.predictions, "question")))
        )
        self.indexes[files.predictions, "question"] = recorded.index
        questions = Questions(judge, configured(judge.model).kind.prompt_kind)
        if judge.constrain != "off":
            from judgebench.stages.constraining import hold_of

            questions.hold = hold_of(judge, constrained_in(files))
        return lambda case: ReplayAsk(questions, case, recorded)

    def _judging(self, stack: AsyncExitStack, judge: JudgeConfig) -> Judging:
        """Return what derives another judge's verdicts, which stand beside this row's."""
        method = method_of(judge.method)
        stack.push_async_callback(method.aclose)
        asking = self._asking(stack, judge) if method.asks else None
        return lambda case: self._verdict(method.judge, case, asking(case) if asking else _ask_nobody)

    async def _check_all(
        self,
        chunk: list[tuple[Sample, int]],
        predictions: Recorded[Prediction],
        asking: Callable[[Case], ReplayAsk] | None,
    ) -> list[Checked]:
        """Check a chunk; in parallel only where a method waits for workers, as tasks cost more than most checks."""
        checks = (self._check(sample, repeat, predictions, asking) for sample, repeat in chunk)
        if any(method is not None and method.holds_workers for method in (self.rule, self.method)):
            return await asyncio.gather(*checks)
        return [await check for check in checks]  # each made when its turn comes: an error leaves none behind

    async def _check(
        self,
        sample: Sample,
        repeat: int,
        predictions: Recorded[Prediction],
        asking: Callable[[Case], ReplayAsk] | None,
    ) -> Checked:
        if self.dataset.method is not None and self.method is not None and asking is not None:
            ask = asking(benchmark_case(sample, repeat))
            verdict = await self._verdict(self.method.judge, ask.case, ask)
            return Checked(sample, repeat, None, verdict, _gold(sample), ask.calls)
        prediction = predictions.get(sample.id, repeat)
        missing = _missing(sample, prediction)
        if missing is not None or prediction is None:
            verdict = missing or Verdict(status="not_judged", reason="no prediction yet")
            return Checked(sample, repeat, None, verdict, None)
        if self.origin is not None and self.origin.is_foreign(sample, prediction):
            self.accumulator.collected.add_foreign()
        try:
            case = case_of(sample, prediction, self.postprocess)
        except RAISED_BY_OTHERS as error:  # whatever a postprocessor raises about one answer
            reason = self.isolation.reason(error, about=f"The postprocessor of the answers on item {sample.id}")
            return Checked(sample, repeat, prediction, Verdict(status="judge_failed", reason=reason), None)
        rule = None
        if self.rule is not None:
            rule = _pictures_alone(case) or self._with_answer(
                await self._verdict(self.rule.judge, case, _ask_nobody), case
            )
        if self.method is None:
            return Checked(sample, repeat, prediction, rule or Verdict(status="not_judged"), None)
        if self.compared_model is not None:
            other_answer = self.compared_model.answer(sample, repeat)
            if other_answer.text is None:
                status: Literal["prediction_failed", "not_judged"]
                status = "prediction_failed" if other_answer.failed else "not_judged"
                return Checked(sample, repeat, prediction, Verdict(status=status, reason=other_answer.reason), None)
            case = other_answer.beside(case)
            rule = None  # which answer is better says nothing about whether it is right
        return await self._judged(sample, prediction, case, rule, asking)

    async def _judged(
        self,
        sample: Sample,
        prediction: Prediction,
        case: Case,
        rule: Verdict | None,
        asking: Callable[[Case], ReplayAsk] | None,
    ) -> Checked:
        assert self.method is not None
        assert self.judge is not None
        beside = await verdicts_of(self.co_judges, case)
        ask = asking(case) if asking else None
        shown = msgspec.structs.replace(case, verdicts=beside) if self.judge.members else case
        verdict = self._with_answer(await self._verdict(self.method.judge, shown, ask or _ask_nobody), case)
        if beside:
            self.accumulator.agreements.add(beside if self.judge.members else {**beside, self.judge.abbr: verdict})
        compared = (case.answer, case.baseline or "") if self.compared_model is not None else None
        images = tuple(image.sha256 for image in (*case.images, *case.baseline_images))
        return Checked(sample, prediction.repeat, prediction, verdict, rule, ask.calls if ask else (), compared, images)

    async def _verdict(self, judge: Callable[[Case, Ask], Awaitable[Verdict]], case: Case, ask: Ask) -> Verdict:
        try:
            return checked(await judge(case, ask))
        except NotRecordedError:
            reason = "the judge has not been asked yet (jb --mode judge --reuse asks it)"
            return Verdict(status="not_judged", reason=reason)
        except CallFailedError as error:
            failure = error.reply.error
            return Verdict(status="judge_failed", reason=f"{failure.kind}: {failure.message}" if failure else "failed")
        except RAISED_BY_OTHERS as error:  # whatever a method or a rule raises about one item
            reason = self.isolation.reason(error, about=f"The method or rule on item {case.id}")
            return Verdict(status="judge_failed", reason=reason)

    def _with_answer(self, verdict: Verdict, case: Case) -> Verdict:
        """Return a verdict with the final answer that the dataset's extractor finds instead of the method's own."""
        if self.extractor is None:
            return verdict
        try:
            found = self.extractor.extract(case.answer)
        except RAISED_BY_OTHERS as error:  # whatever an extractor of a user's raises about one answer
            reason = self.isolation.reason(error, about=f"The extractor on item {case.id}")
            return Verdict(status="judge_failed", reason=reason)
        return msgspec.structs.replace(verdict, answer=found.text if found is not None else None)

    def _result(self, row: str) -> TaskResult:
        metrics = self._figures()
        identity = self._identity()
        counts = self.accumulator.tally.counts()
        logger.info("%s: %s", row, {name: metric.value for name, metric in metrics.items()})
        logger.info("%s: %s", row, msgspec.to_builtins(counts))
        return TaskResult(
            model=self.task.spec.model,
            dataset=row,
            data_abbr=self.dataset.abbr,
            judge=self.judge.abbr if self.judge else None,
            version=short_hash(identity),
            mode="gen",
            headline=next(iter(metrics)),
            metrics=metrics,
            counts=counts,
            slices=self._slices(),
            table=self.accumulator.measure.table(),
            plan=self.task.plan.name,
            identity=identity,
            diagnostics=self._diagnostics(),
            usage=self.accumulator.collected.usage(),
            notes=[
                *(self.dataset.notes if self._first_row(row) else []),
                *self._about_rule(),
                *self.accumulator.collected.notes(),
                *self._conventions(identity),
                *self._about_constraint(),
                *(self.method.notes() if self.method is not None else []),
                *(slices.notes() if (slices := self.accumulator.slices) else []),
            ],
            details=self.accumulator.collected.details,
        )

    def _diagnostics(self) -> Diagnostics:
        accumulator = self.accumulator
        return msgspec.structs.replace(
            accumulator.collected.diagnostics(accumulator.tally, judged=self.judge is not None),
            between_judges=accumulator.agreements.diagnostics(),
            read=self._how_read(),
            **(orders_of(accumulator.compared_columns) if self.compared_name and not self.against_gold else {}),
        )

    def _how_read(self) -> HowRead | None:
        if self.judge is None or self.method is None:
            return None
        return HowRead(**how_read(self.identity), constrained=self._constrained or "")

    @property
    def _constrained(self) -> str | None:
        """By which key the service held the judge's replies to a schema, or ``no``; ``None`` where nobody asked."""
        if self.judge is None or self.judge.constrain == "off":
            return None
        return constrained_in(self.files) or "no"

    def _about_constraint(self) -> list[str]:
        if self._constrained is None:
            return []
        from judgebench.stages.constraining import FREE

        return [FREE if self._constrained == "no" else HELD_TO_SCHEMA]

    def _figures(self) -> dict[str, Metric]:
        return figures_of(self.accumulator.measure)

    def _slices(self) -> list[Slice]:
        if self.accumulator.slices is None:
            return []
        # a slice has the metrics of the whole, whatever its own verdicts look like
        names = self.dataset.metrics or default_metrics(self.accumulator.tally)
        return self.accumulator.slices.results(
            lambda part: part.figures_named(names) if isinstance(part, NamedMetrics) else figures_of(part)
        )

    def _first_row(self, row: str) -> bool:
        return self.dataset.rows(self.task.spec.model)[0][0] == row

    def _about_rule(self) -> list[str]:
        """Return a warning where the rule calls every answer wrong, which says more of the rule than of the model."""
        if self.dataset.evaluator is None:
            return []
        place = 0 if self.method is None else 1
        by_rule: Counter[int | None] = Counter()
        for grades, count in self.accumulator.tally.graded_pairs().items():
            by_rule[grades[place]] += count
        if by_rule[1] or by_rule[0] < LEAST_ALL_WRONG:
            return []
        rule = self.dataset.evaluator.type.rpartition(".")[2]
        said = f"WARNING: the rule {rule} calls every answer wrong, all {by_rule[0]} that it could read"
        if self.method is not None:
            return [f"{said}, so the judge's agreement with it may be low because of the rule"]
        return [f"{said}; look at some (--mode eval --dump-eval-details) before you believe it"]

    @staticmethod
    def _conventions(identity: dict[str, Any]) -> list[str]:
        """Return the named choices behind a benchmark of judges, which change its figures."""
        return [conventions(identity["method"], identity["score"])] if {"method", "score"} <= identity.keys() else []

    def _identity(self) -> dict[str, Any]:
        """Return what decides the score, by name. The tested model is not part of it: rows compare models."""
        asking = infer_settings(self.model, self.dataset)
        identity: dict[str, Any] = {key: asking[key] for key in ("prompt", "few_shot") if key in asking}
        identity["data"] = self.accumulator.collected.data_hash()
        identity["metrics"] = self.dataset.metrics
        if self.dataset.extractor is not None:
            identity["extractor"] = msgspec.to_builtins(self.dataset.extractor)
        own = self.accumulator.measure.identity()
        if self.dataset.score is not None:
            identity["score"] = own
        elif own:
            identity["measures"] = own
        if self.dataset.method is not None and self.method is not None:
            identity["method"] = self.identity  # the judge is what is measured
        elif self.judge is not None and self.method is not None:
            identity["judge"] = version_settings(self.judge, self.identity)
            if self.judge.members:
                members = co_judges_of(self.dataset, self.judge.abbr, self.task.spec.model)
                identity["members"] = {
                    one.abbr: short_hash(version_settings(one, method_of(one.method).identity())) for one in members
                }
        elif self.rule is not None:
            identity["evaluator"] = self.rule.identity()
        if self._constrained is not None:
            identity["constrained"] = self._constrained
        if types := self._own_types():
            identity["types"] = types
        return identity

    def _own_types(self) -> dict[str, str]:
        """Return the dotted paths of what judges and scores, where it is not shipped: its identity may say anything."""
        method = self.judge.method if self.judge is not None else None
        evaluator = self.dataset.evaluator if method is None else None
        parts = {"evaluator": evaluator, "method": method, "score": self.dataset.score}
        return {key: part.type for key, part in parts.items() if part and not _is_shipped(part.type)}


def _is_shipped(path: str) -> bool:
    return path.startswith("judgebench.") and not path.startswith(HELD)


async def run(task: Task) -> None:
    """Run an extract task."""
    for dataset in task.datasets:
        await ExtractRun(task, dataset).run()


def constrained_in(files: RowFiles) -> str:
    """Return by which key the service held the replies of a file of judge calls to a schema; empty where it did not."""
    identity = read_identity(files.identity)
    return (identity.constrained or "") if identity is not None else ""


def _gold(sample: Sample) -> Verdict | None:
    """Return the gold decision as a verdict of the best rater there is."""
    return Verdict(status="ok", decision=sample.gold) if isinstance(sample.gold, str) else None


def _pictures_alone(case: Case) -> Verdict | None:
    """Return the verdict of a rule, which compares texts, on an answer that holds none."""
    if not case.images or case.answer.strip():
        return None
    return Verdict(status="prediction_failed", reason="the answer is a picture, and a rule compares texts")


def _missing(sample: Sample, prediction: Prediction | None) -> Verdict | None:
    if prediction is None:
        return Verdict(status="not_judged", reason="no prediction yet")
    if prediction.uid != sample.uid:
        return Verdict(status="not_judged", reason="the dataset's item has changed since it was answered")
    if prediction.status != "ok":
        error = prediction.error
        return Verdict(status="prediction_failed", reason=f"{error.kind}: {error.message}" if error else "failed")
    return None


async def _ask_nobody(prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:  # noqa: ARG001 - part of Ask
    raise NotRecordedError


def _chunks(planned: Iterator[tuple[Sample, int]], size: int) -> Iterator[list[tuple[Sample, int]]]:
    while chunk := list(itertools.islice(planned, size)):
        yield chunk
