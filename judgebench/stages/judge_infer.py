"""The judge-infer stage: a judge method asks its model about every prediction, while they are still being made.

The task runs the method with an ``ask`` that looks into the recording first, so what was asked before is never asked
again, also in the middle of a method that asks several questions. The recording is more than the task's own file
(``stages/reused_calls.py``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, aclosing, suppress
from typing import Any, NamedTuple

import msgspec

from judgebench.content.attachments import Attachments
from judgebench.datasets.samples import PlannedSamples
from judgebench.datasets.selection import Wanted
from judgebench.engine.client import Traffic, limited, open_alone, open_caching_client
from judgebench.engine.worker_pool import at_a_time, run_pool, schedule_of
from judgebench.errors import RAISED_BY_OTHERS, ReuseError
from judgebench.identity.questions import (
    FileIdentity,
    changed_keys,
    judge_settings,
    others_weights,
    read_identity,
    repeats_of,
    said_of,
    selection_of,
    write_identity,
)
from judgebench.identity.watermark import Watermark
from judgebench.judges.core.contract import (
    CallFailedError,
    Case,
    JudgeMethod,
    NotRecordedError,
    checked,
    method_of,
)
from judgebench.models.access import configured
from judgebench.models.contract import Client
from judgebench.records.facts import LiveVerdict
from judgebench.records.flow import JudgeCall, Prediction, Reply, Request, Sample
from judgebench.records.run import DatasetConfig, JudgeConfig, row_name
from judgebench.stages.asks import (
    Origin,
    Questions,
    RecordingAsk,
    StoppedError,
    Subject,
    benchmark_case,
    case_of,
    postprocessor_of,
    timestamp_of,
)
from judgebench.stages.compared_models import ComparedModel, compared_model_of, upstream_sizes
from judgebench.stages.first_replies import JUDGED_AGAIN, check_logprobs, check_repeatable
from judgebench.stages.following import MOST_HELD, EndedAnswers, Entry, Follow, GrowingAnswers, jobs_of
from judgebench.stages.giving_up import REFUSED, check_fail_rate, stop_early
from judgebench.stages.isolation import Isolation
from judgebench.stages.limits import allowance_of
from judgebench.stages.progress import report_regularly
from judgebench.stages.recorded_verdicts import live_verdict
from judgebench.stages.reused_calls import ReusedCalls, replaced_file
from judgebench.stages.task import Task
from judgebench.stages.watermarks import (
    Advance,
    CoveredAnswers,
    basis_of,
    kept_regularly,
    kept_watermark,
    new_answers_from,
)
from judgebench.store.items import first_from
from judgebench.store.journal import Journal
from judgebench.store.recorded import Recorded, compact, copy_aside, sample_of

SHOWN_MISSING = 3
"""Most items without a recording that the log names one by one."""
Enter = Callable[["Recorded[JudgeCall]"], "Recorded[JudgeCall]"]
logger = logging.getLogger(__name__)


class JudgeJob(NamedTuple):
    """One item to be judged.

    Attributes:
        gold: Goes into the record.
        judged: The texts that the verdict is about.
        entry: The line that holds the answer.
    """

    sample: Sample
    case: Case
    gold: Any
    judged: tuple[str, ...] = ()
    entry: Entry[Prediction] | None = None


class JudgeRun:
    """One judge-infer task over one dataset.

    Args:
        task: The task.
        dataset: The dataset.
        trusting: Whether to begin at the watermark of the file; it is proved in the end.
    """

    def __init__(self, task: Task, dataset: DatasetConfig, *, trusting: bool = True) -> None:
        self.task = task
        self.trusting = trusting
        self.dataset = dataset
        self.judge: JudgeConfig = task.judge(dataset)
        self.method: JudgeMethod = method_of(self.judge.method)
        self.config, kind = configured(self.judge.model)
        self.constrained: str | None = None
        """As ``FileIdentity.constrained``."""
        self.attachments = Attachments(task.run.attachments)
        self.questions = Questions(self.judge, kind.prompt_kind, attachments=self.attachments)
        self.repeats = repeats_of(task.plan.models[task.spec.model])
        self.postprocess = postprocessor_of(task.plan.models[task.spec.model])
        self.samples = PlannedSamples(dataset, task.plan.options)
        self.answered = task.run.files(task.spec.model, dataset.abbr)
        self.files = task.run.files(task.spec.model, row_name(dataset.abbr, self.judge.abbr))
        made_before = dataset.method is None and not task.spec.follows and not task.spec.needs
        self.origin = Origin(self.answered, task.plan.models[task.spec.model], dataset) if made_before else None
        """Of answers that no task of this plan looks at before they are judged."""
        self.traffic = Traffic()
        self.isolation = Isolation()
        self.schedule = schedule_of(self.config, lambda job: timestamp_of(job.sample))
        self.advance = Advance(None)
        self.total = 0
        self.basis = basis_of(task.plan.models[task.spec.model], self.judge.model)
        self.covered = CoveredAnswers(self.advance)
        self.compared_model: ComparedModel | None = None
        self.recorded: Recorded[JudgeCall]
        self.reused: ReusedCalls | None = None
        self.superseded: set[int] = set()
        self.served = ""
        self.gave_logprobs = False
        self.judged = self.kept = self.failed = self.unparsed = self.missing = self.foreign = 0

    async def run(self) -> None:
        """Judge what is not judged yet and complete the file of judge calls."""
        task = self.task
        settings = judge_settings(self.judge, self.method.identity())
        before = read_identity(self.files.identity)
        if task.plan.options.rejudge:
            self._set_aside("judging everything again")
        elif before is not None and others_weights(before.settings, settings):
            self._set_aside("the judge's weights are others now; judging everything again")
        identity = FileIdentity(
            settings=said_of(settings, before, self.files.predictions),
            selection=selection_of(self.dataset, task.plan.options, self.repeats, self.samples.stamp()),
        )
        if before is not None and not changed_keys(before.settings, identity.settings):
            self.served = before.served_model
            if not (task.plan.options.rejudge or task.plan.options.redo_changed):
                self.constrained = before.constrained
        identity = msgspec.structs.replace(identity, constrained=self.constrained)
        mark = self._watermark(before, identity)
        write_identity(self.files.identity, msgspec.structs.replace(identity, served_model=self.served, watermark=mark))
        self.total = mark.total if mark else (self.samples.count() or 0) * self.repeats
        task.reporter.update(state="running", total=self.total)
        async with AsyncExitStack() as stack:
            self.compared_model = compared_model_of(task, self.dataset, self.judge, stack.enter_context)
            start = mark.records if mark else 0
            first = stack.enter_context(Recorded(self.files.predictions, JudgeCall, track=True, start=start))
            self.recorded = first
            self.advance = Advance(mark, first.index.last)
            self.covered = CoveredAnswers(self.advance)
            if not task.plan.options.rejudge:
                self.reused = ReusedCalls(
                    task.run,
                    task.spec.model,
                    self.dataset.abbr,
                    self.judge,
                    self.files.predictions,
                    settings,
                    stack.enter_context,
                )
            journal = await stack.enter_async_context(Journal(self.files.predictions))
            stack.push_async_callback(self.method.aclose)
            await stack.enter_async_context(kept_regularly(journal, self.files.identity, lambda: self._state(identity)))
            with suppress(StoppedError):  # of the question whether replies are held to a schema
                await self._judge_all(stack, journal, identity)
            self.superseded = first.superseded() | self.recorded.superseded()
        task.reporter.update(state="writing")
        proved = task.unfinished or (self.covered.proved and self.advance.proved(self.files.predictions))
        if not proved:
            logger.warning("%s: answers or judgments are not as they were left; all are looked through", task.spec.name)
            await JudgeRun(task, self.dataset, trusting=False).run()
            return
        self._complete(identity)

    def _watermark(self, before: FileIdentity | None, identity: FileIdentity) -> Watermark | None:
        """Return how far the file had come, and count what is kept by that."""
        options = self.task.plan.options
        again = options.rejudge or options.redo_changed or not self.trusting
        if again or self.dataset.method is not None or self.judge.compare_with or self.judge.baseline is not None:
            return None
        mark = kept_watermark(before, identity, self.files.predictions, self.basis)
        if mark is not None:
            self.judged = self.kept = mark.ok
            self.unparsed = mark.unparsed
        return mark

    def _state(self, identity: FileIdentity, *, records: int | None = None) -> FileIdentity:
        """Return the identity of the file that is being filled, with its watermark."""
        mark = self.advance.watermark(self.files.predictions, total=self.total, basis=self.basis, records=records)
        mark = None if self.foreign else mark  # whose the answers are is looked at each time
        return msgspec.structs.replace(identity, served_model=self.served, constrained=self.constrained, watermark=mark)

    async def _judge_all(self, stack: AsyncExitStack, journal: Journal, identity: FileIdentity) -> None:
        options = self.task.plan.options
        opening = asyncio.Lock()
        opened: list[Client] = []

        async def client() -> Client:
            async with opening:
                if not opened:
                    service = open_caching_client(
                        self.config,
                        self.traffic,
                        dedup=options.dedup,
                        cache=options.cache,
                        afresh=options.rejudge,
                        batches=self.task.batches(),
                        allowance=allowance_of(self.task, self.config),
                    )
                    opened.append(await stack.enter_async_context(service))
                    self._check_served(opened[0].model)
                    await self._check_constrained()
            return opened[0]

        if self.judge.constrain != "off":
            await self._constrain(client, identity)

        async def work(job: JudgeJob) -> None:
            if job.entry is not None:
                self.advance.begun(job.entry.slot, journal.size, job.entry.at)
            ask = RecordingAsk(
                self.questions,
                job.case,
                self.recorded,
                client=client,
                subject=Subject(self.dataset.abbr, job.sample.key or str(job.sample.id), job.gold),
                record=journal.append,
                retry_failed=options.retry_failed,
                stopped=self.task.stop.is_set,
                **({"reused": self.reused.get} if self.reused is not None else {}),
            )
            await self._judge(ask, job)

        stack.enter_context(report_regularly(self.task.reporter, self.traffic, self._progress))
        async with aclosing(
            self._brought_along() if self.dataset.method else self._predicted(stack.enter_context)
        ) as jobs:
            concurrency = at_a_time(self.config, self.task.reporter.progress.total)
            await run_pool(jobs, work, concurrency=concurrency, schedule=self.schedule, stop=self.task.stop)

    async def _judge(self, ask: RecordingAsk, job: JudgeJob) -> None:
        try:
            verdict = checked(await self.method.judge(ask.case, ask))
        except StoppedError:
            return
        except NotRecordedError as error:
            self.missing += 1
            if self.missing <= SHOWN_MISSING:
                logger.warning("item %d is not judged: %s", ask.case.id, error)
            self._ended(job, ok=False)
            return
        except CallFailedError as error:
            self.failed += 1
            logger.warning("item %d: the judge call failed: %s", ask.case.id, error)
            self._ended(job, ok=False)
            self.task.tell(LiveVerdict(ask.case.id, ask.case.repeat, "judge_failed"))
            self._give_up_if_too_many()
            return
        except RAISED_BY_OTHERS as error:  # whatever a method raises about one item
            self.task.tell(LiveVerdict(ask.case.id, ask.case.repeat, "judge_failed"))
            self._ended(job, ok=False)
            self._fail(error, f"The judge method on item {ask.case.id}")
            return
        if self.task.plan.options.in_random_order:
            self.task.tell(live_verdict(ask.case, job.judged, verdict))
        if ask.answered and self.judged < JUDGED_AGAIN:
            await check_repeatable(self.method, self.questions, ask, self.judge.abbr)
        self.judged += 1
        self.kept += bool(ask.made) and not ask.answered
        self.unparsed += verdict.status == "unparsed"
        self._ended(job, ok=True, recorded=bool(ask.made), unparsed=verdict.status == "unparsed")
        if ask.answered and self.unparsed == self.judged and not self.failed:
            words = f"{verdict.reason}; it ended in {ask.made.last_words()!r}"
            stop_early(self.task, count=self.unparsed, what="replies could not be read", words=words)
        if not self.gave_logprobs:
            self.gave_logprobs = any(came for _, came in ask.answered)
            check_logprobs(self.method, self.config, ask, self.task.spec.name)

    def _ended(self, job: JudgeJob, *, ok: bool, recorded: bool = False, unparsed: bool = False) -> None:
        if job.entry is not None:
            digest = job.entry.digest()
            self.advance.ended(job.entry.slot, ok=ok, recorded=recorded, unparsed=unparsed, digest=digest)

    def _fail(self, error: BaseException, about: str) -> None:
        """Count an item as failed because of what a plug-in raised."""
        self.isolation.reason(error, about=about)
        self.failed += 1
        self._give_up_if_too_many()

    async def _brought_along(self) -> AsyncGenerator[JudgeJob, None]:
        """Yield the items of a benchmark of judges."""
        for sample in self.samples.read(self.attachments):
            for repeat in range(self.repeats):
                yield JudgeJob(sample, benchmark_case(sample, repeat), sample.gold)

    async def _predicted(self, enter: Enter) -> AsyncGenerator[JudgeJob, None]:
        """Yield predictions as they are finished; after the infer task has ended, whatever was missed.

        Last come the items below a watermark that had failed: what is recorded about them may be anywhere in the file.
        """
        mark, left = self.advance.before, self.advance.covered.open
        few = mark is not None and len(self.recorded) < MOST_HELD
        defer = len(self.recorded) > 0 and not few and not self.task.plan.options.redo_changed
        known = self.recorded.holds if defer else None
        follow = Follow(self._planned, self.repeats, self._job, known, self.covered, twice=mark is not None)
        async with aclosing(self._jobs_of(follow, new_answers_from(mark, self.answered))) as jobs:
            async for job in jobs:
                yield job
        if not left or self.task.stop.is_set():
            return
        self.recorded = enter(await asyncio.to_thread(Recorded, self.files.predictions, JudgeCall, track=True))
        samples = {sample_of(slot) for slot in left}
        follow = Follow(
            lambda: self.samples.read(self.attachments, Wanted(min(samples), samples.__contains__)),
            self.repeats,
            self._job,
            passes=lambda entry, _: entry.slot not in left,
        )
        async with aclosing(self._jobs_of(follow, 0)) as jobs:
            async for job in jobs:
                yield job

    def _jobs_of(self, follow: Follow[JudgeJob], start: int) -> AsyncGenerator[JudgeJob, None]:
        kind = GrowingAnswers if self.task.plan.executor.follows else EndedAnswers
        source = kind(self.answered.predictions, self.task.upstream_done, self.task.stop, start)
        return jobs_of(source, follow, self.task.stop)

    def _planned(self) -> Iterator[Sample]:
        covered = self.advance.covered
        wanted = Wanted(covered.first, covered.needs) if self.advance.before is not None else None
        return self.advance.planned(self.samples.read(self.attachments, wanted), self.repeats)

    def _job(self, sample: Sample, prediction: Prediction, entry: Entry[Prediction]) -> JudgeJob | None:
        try:
            case = case_of(sample, prediction, self.postprocess)
        except RAISED_BY_OTHERS as error:  # whatever a postprocessor raises about one answer
            self.task.tell(LiveVerdict(sample.id, prediction.repeat, "judge_failed"))
            self._fail(error, f"The postprocessor of the answers on item {sample.id}")
            return None
        self.foreign += self.origin is not None and self.origin.is_foreign(sample, prediction)
        job = self._beside_other_answer(sample, prediction, case)
        return job._replace(entry=entry) if job is not None else None

    def _beside_other_answer(self, sample: Sample, prediction: Prediction, case: Case) -> JudgeJob | None:
        if self.compared_model is None:
            return JudgeJob(sample, case, prediction.uuid, (prediction.prediction,))
        other_answer = self.compared_model.answer(sample, prediction.repeat)
        if other_answer.text is None:
            if other_answer.failed:
                self.task.tell(LiveVerdict(sample.id, prediction.repeat, "prediction_failed"))
            return None
        both = other_answer.beside(case)
        return JudgeJob(sample, both, [prediction.uuid, other_answer.uuid], (both.answer, both.baseline or ""))

    def _check_served(self, served: str) -> None:
        """Refuse to mix the verdicts of two judges in one file when the config leaves the name to the service."""
        if self.served and served and served != self.served and not self.task.plan.options.redo_changed:
            raise ReuseError(
                f"The judgments of {self.task.spec.name} came from the model {self.served!r}, "
                f"but the judge's service now serves {served!r}.",
                hint=(
                    "Serve the same judge, judge everything again with --rejudge, or accept the "
                    "change with --redo-changed."
                ),
            )
        self.served = served or self.served

    async def _constrain(self, client: Callable[[], Awaitable[Client]], identity: FileIdentity) -> None:
        """Hold replies to the parser's schema where the service does so; what was found out before is kept."""
        from judgebench.stages.constraining import hold_of

        if self.constrained is None:
            await client()
        self.questions.hold = hold_of(self.judge, self.constrained)
        # what is recorded from here on can be found again by a task that only reads
        known = msgspec.structs.replace(identity, constrained=self.constrained, served_model=self.served)
        write_identity(self.files.identity, known)

    async def _check_constrained(self) -> None:
        if self.judge.constrain == "off":
            return
        from judgebench.stages.constraining import constraint_of, known_for_files

        if self.task.plan.options.requests:  # nobody answers now
            known_for_files(self.judge, self.constrained)
            return
        async with open_alone(self.config, Traffic()) as now:  # past any cache, and no batch is waited for
            client = limited(now, allowance_of(self.task, self.config))

            async def ask(request: Request) -> Reply:
                reply = await client.ask(request)
                if reply.error is not None and reply.error.kind == "cancelled":
                    raise StoppedError
                return reply

            found = await constraint_of(self.judge, ask)
        found.check_same(self.constrained, self.task.spec.name)
        self.constrained = found.key
        if found.why:
            logger.warning("%s: %s", self.task.spec.name, found.finding())

    def _set_aside(self, why: str) -> None:
        own = self.files.predictions
        for path in (own, replaced_file(own)):
            aside = path.with_name(f"{path.name}.before-{self.task.plan.timestamp}")
            if path.exists() and not aside.exists():
                path.rename(aside)
                logger.info("%s; the previous judgments are kept in %s", why, aside.name)

    def _progress(self) -> dict[str, object]:
        return {
            "done": self.judged + self.failed + self.missing,
            "finish": self.judged,
            "kept": self.kept,
            "fail": self.failed,
            "unparsed": self.unparsed,
        }

    def _figures(self) -> dict[str, float]:
        pace = self.schedule.pace.figures() if self.schedule else {}
        return {**self.traffic.figures(), **pace}

    def _give_up_if_too_many(self) -> None:
        first = self.traffic.first_error or self.isolation.first
        check_fail_rate(self.task, failed=self.failed, what="judge calls", first_error=first)
        if not self.judged and self.traffic.faults.keys() <= REFUSED and self.traffic.faults:
            stop_early(self.task, count=self.failed, what="judge calls were refused", words=first)

    def _complete(self, identity: FileIdentity) -> None:
        stopped = self.task.unfinished
        path = self.files.predictions
        total = self.task.reporter.progress.total if stopped else self.judged + self.failed + self.missing
        if not stopped and self.superseded:
            aside = replaced_file(path)
            copy_aside(path, self.superseded, aside)
            compact(aside)
            logger.info("%d replaced judgments are kept in %s", len(self.superseded), aside.name)
        write_identity(self.files.identity, identity)  # a watermark knows places, which change now
        compact(path, drop=() if stopped else self.superseded)
        upstream = upstream_sizes(
            self.task.run, self.answered.predictions, self.dataset, self.judge, self.task.plan.options
        )
        identity = msgspec.structs.replace(
            identity,
            selection={**identity.selection, **upstream},
            planned=self.judged + self.failed + self.missing,
            ok=self.judged,
            failed=self.failed,
            served_model=self.served,
            constrained=self.constrained,
        )
        if stopped:
            identity = self._state(identity, records=first_from(path, self.advance.below))
        write_identity(self.files.identity, identity, completed=None if stopped else path)
        logger.info(
            "%s: %d judged, %d unparsed, %d failed, %d not in the recording",
            self.task.spec.name,
            self.judged,
            self.unparsed,
            self.failed,
            self.missing,
        )
        note = ""
        if self.foreign:
            note = f"{self.foreign} of the judged answers are another model's, or to another question"
            note = f"{note} (jb --reuse asks them)"
            logger.warning("%s: %s", self.task.spec.name, note)
        self.task.reporter.update(self._progress(), total=total, figures=self._figures(), note=note)


async def run(task: Task) -> None:
    """Run a judge-infer task."""
    for dataset in task.datasets:
        await JudgeRun(task, dataset).run()
