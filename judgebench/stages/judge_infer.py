"""The judge-infer stage: a judge method asks its model about every prediction, while they are still being made.

The task runs the method with an ``ask`` that looks into the recording first, so what was asked before is never asked
again, also in the middle of a method that asks several questions. The recording is more than the task's own file
(``stages/reused_calls.py``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, aclosing
from typing import Any, NamedTuple

import msgspec

from judgebench.content.attachments import Attachments
from judgebench.datasets.samples import PlannedSamples
from judgebench.engine.client import Traffic, limited, open_alone, open_caching_client
from judgebench.engine.worker_pool import at_a_time, run_pool, schedule_of
from judgebench.errors import RAISED_BY_OTHERS, ConfigError, EndpointError, ReuseError
from judgebench.identity.questions import (
    FileIdentity,
    changed_keys,
    judge_settings,
    read_identity,
    repeats_of,
    selection_of,
    write_identity,
)
from judgebench.judges.core.contract import (
    CallFailedError,
    Case,
    JudgeMethod,
    NotRecordedError,
    checked,
    lacks_logprobs,
    method_of,
)
from judgebench.models.access import configured
from judgebench.models.contract import Client, ServiceConfig
from judgebench.records.facts import LiveVerdict
from judgebench.records.flow import JudgeCall, Prediction, Reply, Request, Sample
from judgebench.records.run import DatasetConfig, JudgeConfig, row_name
from judgebench.stages.asks import (
    Origin,
    Questions,
    RecordingAsk,
    ReplayAsk,
    StoppedError,
    Subject,
    benchmark_case,
    case_of,
    postprocessor_of,
    timestamp_of,
)
from judgebench.stages.compared_models import ComparedModel, compared_model_of, upstream_sizes
from judgebench.stages.following import EndedAnswers, Follow, GrowingAnswers, jobs_of
from judgebench.stages.giving_up import REFUSED, check_fail_rate, stop_early
from judgebench.stages.isolation import Isolation
from judgebench.stages.limits import allowance_of
from judgebench.stages.progress import report_regularly
from judgebench.stages.recorded_verdicts import live_verdict
from judgebench.stages.reused_calls import ReusedCalls, replaced_file
from judgebench.stages.task import Task
from judgebench.store.journal import Journal
from judgebench.store.recorded import Recorded, compact, copy_aside

JUDGED_AGAIN = 3
"""Items of a task that are judged a second time from their own replies, which costs no request."""
SHOWN_MISSING = 3
"""Most items without a recording that the log names one by one."""
logger = logging.getLogger(__name__)


class JudgeJob(NamedTuple):
    """One item to be judged; ``gold`` goes into the record, ``judged`` are the texts that the verdict is about."""

    sample: Sample
    case: Case
    gold: Any
    judged: tuple[str, ...] = ()


class JudgeRun:
    """One judge-infer task over one dataset."""

    def __init__(self, task: Task, dataset: DatasetConfig) -> None:
        self.task = task
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
        self.compared_model: ComparedModel | None = None
        self.reused: ReusedCalls | None = None
        self.superseded: set[int] = set()
        self.served = ""
        self.gave_logprobs = False
        self.judged = self.kept = self.failed = self.unparsed = self.missing = self.foreign = 0

    async def run(self) -> None:
        """Judge what is not judged yet and complete the file of judge calls."""
        task = self.task
        self._set_aside_for_rejudge()
        identity = FileIdentity(
            settings=judge_settings(self.judge, self.method.identity()),
            selection=selection_of(self.dataset, task.plan.options, self.repeats, self.samples.stamp()),
        )
        before = read_identity(self.files.identity)
        if before is not None and not changed_keys(before.settings, identity.settings):
            self.served = before.served_model
            if not (task.plan.options.rejudge or task.plan.options.redo_changed):
                self.constrained = before.constrained
        identity = msgspec.structs.replace(identity, constrained=self.constrained)
        write_identity(self.files.identity, msgspec.structs.replace(identity, served_model=self.served))
        total = (self.samples.count() or 0) * self.repeats
        task.reporter.update(state="running", total=total)
        async with AsyncExitStack() as stack:
            self.compared_model = compared_model_of(task, self.dataset, self.judge, stack.enter_context)
            recorded = stack.enter_context(Recorded(self.files.predictions, JudgeCall, track=True))
            if not task.plan.options.rejudge:
                self.reused = ReusedCalls(
                    task.run,
                    task.spec.model,
                    self.dataset.abbr,
                    self.judge,
                    self.files.predictions,
                    stack.enter_context,
                )
            journal = await stack.enter_async_context(Journal(self.files.predictions))
            stack.push_async_callback(self.method.aclose)
            await self._judge_all(stack, recorded, journal, identity)
            self.superseded = recorded.superseded()
        task.reporter.update(state="writing")
        self._complete(identity)

    async def _judge_all(
        self, stack: AsyncExitStack, recorded: Recorded[JudgeCall], journal: Journal, identity: FileIdentity
    ) -> None:
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
            ask = RecordingAsk(
                self.questions,
                job.case,
                recorded,
                client=client,
                subject=Subject(self.dataset.abbr, job.sample.key or str(job.sample.id), job.gold),
                record=journal.append,
                retry_failed=options.retry_failed,
                stopped=self.task.stop.is_set,
                **({"reused": self.reused.get} if self.reused is not None else {}),
            )
            await self._judge(ask, job.judged)

        stack.enter_context(report_regularly(self.task.reporter, self.traffic, self._progress))
        async with aclosing(self._brought_along() if self.dataset.method else self._predicted(recorded)) as jobs:
            concurrency = at_a_time(self.config, self.task.reporter.progress.total)
            await run_pool(jobs, work, concurrency=concurrency, schedule=self.schedule, stop=self.task.stop)

    async def _judge(self, ask: RecordingAsk, judged: Sequence[str]) -> None:
        try:
            verdict = checked(await self.method.judge(ask.case, ask))
        except StoppedError:
            return
        except NotRecordedError as error:
            self.missing += 1
            if self.missing <= SHOWN_MISSING:
                logger.warning("item %d is not judged: %s", ask.case.id, error)
            return
        except CallFailedError as error:
            self.failed += 1
            logger.warning("item %d: the judge call failed: %s", ask.case.id, error)
            self.task.tell(LiveVerdict(ask.case.id, ask.case.repeat, "judge_failed"))
            self._give_up_if_too_many()
            return
        except RAISED_BY_OTHERS as error:  # whatever a method raises about one item
            self.task.tell(LiveVerdict(ask.case.id, ask.case.repeat, "judge_failed"))
            self._fail(error, f"The judge method on item {ask.case.id}")
            return
        if self.task.plan.options.in_random_order:
            self.task.tell(live_verdict(ask.case, judged, verdict))
        if ask.answered and self.judged < JUDGED_AGAIN:
            await self._check_repeatable(ask)
        self.judged += 1
        self.kept += bool(ask.made) and not ask.answered
        self.unparsed += verdict.status == "unparsed"
        if ask.answered and self.unparsed == self.judged and not self.failed:
            words = f"{verdict.reason}; it ended in {ask.made.last_words()!r}"
            stop_early(self.task, count=self.unparsed, what="replies could not be read", words=words)
        if not self.gave_logprobs:
            self._check_logprobs(ask)

    async def _check_repeatable(self, ask: RecordingAsk) -> None:
        """Give up at the first items of a method that asks other questions when it judges an item once more.

        Scoring runs it again on the recording, which would hold none of them, and each ``--reuse`` would pay for all.

        Raises:
            ConfigError: It does.
        """
        try:
            await self.method.judge(ask.case, ReplayAsk(self.questions, ask.case, ask.made))
        except NotRecordedError:
            raise ConfigError(
                f"The method of {self.judge.abbr!r} asks other questions when it judges item {ask.case.id} once more, "
                "so no verdict could be derived from the recorded replies.",
                hint="Let its questions follow from the item and the replies alone: no time, no random numbers, "
                "nothing that it remembers of other items.",
            ) from None
        except CallFailedError:
            return  # it copes with a failed call, or not: that is no matter of what it asks
        except RAISED_BY_OTHERS as error:  # scoring will meet the same, about the item
            logger.warning("item %d: judged once more, the method raised %r", ask.case.id, error)

    def _fail(self, error: BaseException, about: str) -> None:
        """Count an item as failed because of what a plug-in raised."""
        self.isolation.reason(error, about=about)
        self.failed += 1
        self._give_up_if_too_many()

    def _check_logprobs(self, ask: RecordingAsk) -> None:
        """Give up at the first replies of a service that leaves out the log-probabilities that the method reads.

        Raises:
            EndpointError: It does.
        """
        self.gave_logprobs = any(came for _, came in ask.answered)
        if isinstance(self.config, ServiceConfig) and lacks_logprobs(self.method, ask.answered):
            raise EndpointError(
                f"The judge of {self.task.spec.name} reads log-probabilities, but its service gives none.",
                hint="Use a method that reads the text, such as RubricScore with read='number', "
                "or a service that gives log-probs (vLLM, SGLang and llama.cpp do).",
            )

    async def _brought_along(self) -> AsyncGenerator[JudgeJob, None]:
        """Yield the items of a benchmark of judges."""
        for sample in self.samples.read(self.attachments):
            for repeat in range(self.repeats):
                yield JudgeJob(sample, benchmark_case(sample, repeat), sample.gold)

    async def _predicted(self, recorded: Recorded[JudgeCall]) -> AsyncGenerator[JudgeJob, None]:
        """Yield predictions as they are finished; after the infer task has ended, whatever was missed."""
        options = self.task.plan.options
        defer = len(recorded) > 0 and not options.redo_changed
        follow = Follow(
            lambda: self.samples.read(self.attachments),
            self.repeats,
            self._job,
            recorded.holds if defer else None,
        )
        kind = GrowingAnswers if self.task.plan.executor.follows else EndedAnswers
        source = kind(self.answered.predictions, self.task.upstream_done, self.task.stop)
        async with aclosing(jobs_of(source, follow, self.task.stop)) as jobs:
            async for job in jobs:
                yield job

    def _job(self, sample: Sample, prediction: Prediction) -> JudgeJob | None:
        try:
            case = case_of(sample, prediction, self.postprocess)
        except RAISED_BY_OTHERS as error:  # whatever a postprocessor raises about one answer
            self.task.tell(LiveVerdict(sample.id, prediction.repeat, "judge_failed"))
            self._fail(error, f"The postprocessor of the answers on item {sample.id}")
            return None
        self.foreign += self.origin is not None and self.origin.is_foreign(sample, prediction)
        return self._beside_other_answer(sample, prediction, case)

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

    def _set_aside_for_rejudge(self) -> None:
        own = self.files.predictions
        for path in (own, replaced_file(own)) if self.task.plan.options.rejudge else ():
            aside = path.with_name(f"{path.name}.before-{self.task.plan.timestamp}")
            if path.exists() and not aside.exists():
                path.rename(aside)
                logger.info("judging everything again; the previous judgments are kept in %s", aside.name)

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
