"""The judge-infer stage: a judge method asks its model about every prediction, while they are still being made.

The task runs the method with an ``ask`` that looks into the recording first, so what was asked before is never asked
again, also in the middle of a method that asks several questions.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, aclosing
from typing import Any, NamedTuple

import msgspec

from judgebench.config.schema import DatasetConfig, JudgeConfig
from judgebench.datasets.open import count_of, samples_of
from judgebench.engine.pacing import schedule_of
from judgebench.engine.pump import pump
from judgebench.engine.traffic import Traffic
from judgebench.errors import EndpointError, ReuseError
from judgebench.judges.asking import CallFailedError, JudgeItem, JudgeMethod, NotRecordedError, lacks_logprobs
from judgebench.judges.load import method_of
from judgebench.models.configured import model_config, prompt_kind
from judgebench.models.contract import Client, ServiceConfig
from judgebench.records import JudgeCall, Prediction, Sample
from judgebench.stages.asks import Questions, RecordingAsk, StoppedError, Subject
from judgebench.stages.earlier import Earlier, replaced_file
from judgebench.stages.fail_rate import check_fail_rate
from judgebench.stages.isolation import Isolation
from judgebench.stages.items import (
    Marked,
    SampleWindow,
    benchmark_item,
    judge_item,
    postprocessor_of,
    timestamp_of,
)
from judgebench.stages.opponents import Opponent, opponent_of, upstream_sizes
from judgebench.stages.reporting import report_regularly
from judgebench.stages.saving import open_saving_client
from judgebench.stages.settings import judge_settings, repeats_of, selection_of
from judgebench.stages.task import Task
from judgebench.store.asked import Asked, changed_keys, read_asked, sealed, write_asked
from judgebench.store.journal import Journal
from judgebench.store.places import compact, copy_aside
from judgebench.store.recorded import Entry, Follower, Recorded

SHOWN_MISSING = 3
"""Most items without a recording that the log names one by one."""
POLL = 0.05
"""Seconds between two looks at a file of predictions that is being written."""

logger = logging.getLogger(__name__)


class Job(NamedTuple):
    """One item to be judged; ``gold`` goes into the record."""

    sample: Sample
    item: JudgeItem
    gold: Any


class JudgeRun:
    """One judge-infer task over one data set."""

    def __init__(self, task: Task, dataset: DatasetConfig) -> None:
        self.task = task
        self.dataset = dataset
        self.judge: JudgeConfig = task.judge(dataset)
        self.method: JudgeMethod = method_of(self.judge.method)
        self.config = model_config(self.judge.model)
        self.questions = Questions(self.judge, prompt_kind(self.config))
        self.repeats = repeats_of(task.plan.models[task.spec.model])
        self.postprocess = postprocessor_of(task.plan.models[task.spec.model])
        self.predictions = task.run.predictions(task.spec.model, dataset.abbr)
        self.path = task.run.predictions(task.spec.model, dataset.abbr, self.judge.abbr)
        self.traffic = Traffic()
        self.isolation = Isolation()
        self.schedule = schedule_of(self.config, lambda job: timestamp_of(job.sample))
        self.opponent: Opponent | None = None
        self.earlier: Earlier | None = None
        self.superseded: set[int] = set()
        self.served = ""
        self.gave_logprobs = False
        self.judged = self.failed = self.unparsed = self.missing = 0

    async def run(self) -> None:
        """Judge what is not judged yet and complete the file of judge calls."""
        task = self.task
        self._set_aside_for_rejudge()
        asked_file = task.run.asked(task.spec.model, self.dataset.abbr, self.judge.abbr)
        asked = Asked(
            settings=judge_settings(self.judge, self.method.identity()),
            selection=selection_of(self.dataset, task.plan.options, self.repeats),
        )
        before = read_asked(asked_file)
        if before is not None and not changed_keys(before.settings, asked.settings):
            self.served = before.served_model
        write_asked(asked_file, msgspec.structs.replace(asked, served_model=self.served))
        total = (count_of(self.dataset, task.plan.options) or 0) * self.repeats
        task.reporter.update(state="running", total=total)
        async with AsyncExitStack() as stack:
            self.opponent = opponent_of(task, self.dataset, self.judge, stack.enter_context)
            recorded = stack.enter_context(Recorded(self.path, JudgeCall))
            recorded.track()
            if not task.plan.options.rejudge:
                self.earlier = Earlier(task.run, task.spec.model, self.dataset.abbr, self.judge, stack.enter_context)
            journal = await stack.enter_async_context(Journal(self.path))
            stack.push_async_callback(self.method.aclose)
            await self._judge_all(stack, recorded, journal)
            self.superseded = recorded.superseded()
        task.reporter.update(state="writing")
        self._complete(asked)

    async def _judge_all(self, stack: AsyncExitStack, recorded: Recorded[JudgeCall], journal: Journal) -> None:
        options = self.task.plan.options
        opening = asyncio.Lock()
        opened: list[Client] = []

        async def client() -> Client:
            async with opening:
                if not opened:
                    service = open_saving_client(
                        self.config, self.traffic, dedup=options.dedup, cache=options.cache, afresh=options.rejudge
                    )
                    opened.append(await stack.enter_async_context(service))
                    self._check_served(opened[0].model)
            return opened[0]

        async def work(job: Job) -> None:
            ask = RecordingAsk(
                self.questions,
                job.item,
                recorded,
                client=client,
                subject=Subject(self.dataset.abbr, job.sample.key or str(job.sample.id), job.gold),
                record=journal.append,
                retry_failed=options.retry_failed,
                stopped=self.task.stop.is_set,
                **({"earlier": self.earlier.get} if self.earlier is not None else {}),
            )
            await self._judge(ask)

        stack.enter_context(report_regularly(self.task.reporter, self.traffic, self._progress))
        async with aclosing(self._brought_along() if self.dataset.method else self._predicted(recorded)) as jobs:
            await pump(jobs, work, concurrency=self.config.batch_size, schedule=self.schedule, stop=self.task.stop)

    async def _judge(self, ask: RecordingAsk) -> None:
        try:
            verdict = await self.method.judge(ask.item, ask)
        except StoppedError:
            return
        except NotRecordedError as error:
            self.missing += 1
            if self.missing <= SHOWN_MISSING:
                logger.warning("item %d is not judged: %s", ask.item.id, error)
            return
        except CallFailedError as error:
            self.failed += 1
            logger.warning("item %d: the judge call failed: %s", ask.item.id, error)
            self._give_up_if_too_many()
            return
        except Exception as error:  # noqa: BLE001 - whatever a method raises about one item
            self._fail(error, f"The judge method on item {ask.item.id}")
            return
        self.judged += 1
        self.unparsed += verdict.status == "unparsed"
        if not self.gave_logprobs:
            self._check_logprobs(ask)

    def _fail(self, error: Exception, about: str) -> None:
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
                f"The judge of {self.task.spec.name} reads log-probabilities, and its service gives none.",
                hint="Take a method that reads the text, such as RubricScore with read='number', "
                "or a service that gives log-probs (vLLM, SGLang and llama.cpp do).",
            )

    async def _brought_along(self) -> AsyncGenerator[Job, None]:
        """Yield the items of a benchmark of judges."""
        for sample in samples_of(self.dataset, self.task.plan.options):
            for repeat in range(self.repeats):
                yield Job(sample, benchmark_item(sample, repeat), sample.gold)

    async def _predicted(self, recorded: Recorded[JudgeCall]) -> AsyncGenerator[Job, None]:
        """Yield predictions as they are finished; after the infer task has ended, whatever was missed.

        Items about which something is recorded already come last: to find that nothing is left to ask about them takes
        rendering their questions again, and new requests should not wait for that.
        """
        seen = Marked()
        defer = len(recorded) > 0 and not self.task.plan.options.redo_changed

        def due(id_: int, repeat: int) -> bool:
            return not defer or not recorded.holds(id_, repeat)

        window = self._window(due)
        follower = Follower(self.predictions, Prediction)
        try:
            while not self.task.upstream_done.is_set() and not self.task.stop.is_set():
                fresh = follower.new()
                for entry in fresh:
                    if due(entry.id, entry.repeat) and (job := self._job(entry, window, seen)):
                        yield job
                await asyncio.sleep(0 if fresh else POLL)
        finally:
            follower.close()
        async for job in self._rest(window, due, seen):
            yield job
        again = defer or window.dropped > 0
        while again:  # until nothing is found any more of what had to be let go before its prediction came
            again = False
            window = self._window(lambda id_, repeat: id_ * self.repeats + repeat not in seen)
            async for job in self._rest(window, None, seen):
                again = True
                yield job
            again = again and window.dropped > 0

    async def _rest(
        self, window: SampleWindow, due: Callable[[int, int], bool] | None, seen: Marked
    ) -> AsyncGenerator[Job, None]:
        """Yield what is not seen yet of a finished file of predictions."""
        follower = Follower(self.predictions, Prediction)
        try:
            while fresh := follower.new():
                await asyncio.sleep(0)  # a million items that are skipped would hold up progress and signals
                for entry in fresh:
                    if self.task.stop.is_set():
                        return
                    if (due is None or due(entry.id, entry.repeat)) and (job := self._job(entry, window, seen)):
                        yield job
        finally:
            follower.close()

    def _window(self, wanted: Callable[[int, int], bool]) -> SampleWindow:
        repeats = range(self.repeats)
        return SampleWindow(
            samples_of(self.dataset, self.task.plan.options),
            lambda sample: sum(wanted(sample.id, repeat) for repeat in repeats),
        )

    def _job(self, entry: Entry[Prediction], window: SampleWindow, seen: Marked) -> Job | None:
        number = entry.id * self.repeats + entry.repeat
        if entry.repeat >= self.repeats or number in seen:
            return None
        prediction = entry.read()
        if prediction is None or prediction.status != "ok":
            return None
        sample = window.take(prediction.id, prediction.uid)
        if sample is None:
            return None
        seen.add(number)
        try:
            item = judge_item(sample, prediction, self.postprocess)
        except Exception as error:  # noqa: BLE001 - whatever a postprocessor raises about one answer
            self._fail(error, f"The postprocessor of the answers on item {sample.id}")
            return None
        return self._against_opponent(sample, prediction, item)

    def _against_opponent(self, sample: Sample, prediction: Prediction, item: JudgeItem) -> Job | None:
        if self.opponent is None:
            return Job(sample, item, prediction.uuid)
        opposing = self.opponent.answer(sample, prediction.repeat)
        if opposing.text is None:
            return None
        return Job(sample, msgspec.structs.replace(item, baseline=opposing.text), [prediction.uuid, opposing.uuid])

    def _check_served(self, served: str) -> None:
        """Refuse to mix the verdicts of two judges in one file when the config leaves the name to the service."""
        if self.served and served and served != self.served and not self.task.plan.options.redo_changed:
            raise ReuseError(
                f"The judgments of {self.task.spec.name} came from the model {self.served!r}, "
                f"but the judge service now serves {served!r}.",
                hint="Serve the same judge, judge everything afresh with --rejudge, or accept it with --redo-changed.",
            )
        self.served = served or self.served

    def _set_aside_for_rejudge(self) -> None:
        for path in (self.path, replaced_file(self.path)) if self.task.plan.options.rejudge else ():
            aside = path.with_name(f"{path.name}.before-{self.task.plan.timestamp}")
            if path.exists() and not aside.exists():
                path.rename(aside)
                logger.info("judging everything afresh; the earlier judgments are kept in %s", aside.name)

    def _progress(self) -> dict[str, object]:
        return {
            "done": self.judged + self.failed + self.missing,
            "finish": self.judged,
            "fail": self.failed,
            "unparsed": self.unparsed,
        }

    def _figures(self) -> dict[str, float]:
        pace = self.schedule.pace.figures() if self.schedule else {}
        return {**self.traffic.figures(), **pace}

    def _give_up_if_too_many(self) -> None:
        first = self.traffic.first_error or self.isolation.first
        check_fail_rate(self.task, failed=self.failed, what="judge calls", first_error=first)

    def _complete(self, asked: Asked) -> None:
        stopped = self.task.stop.is_set()
        total = self.task.reporter.progress.total if stopped else self.judged + self.failed + self.missing
        if not stopped and self.superseded:
            aside = replaced_file(self.path)
            copy_aside(self.path, self.superseded, aside)
            compact(aside)
            logger.info("%d judgments that others replace are kept in %s", len(self.superseded), aside.name)
        compact(self.path, drop=() if stopped else self.superseded)
        upstream = upstream_sizes(self.task.run, self.task.spec.model, self.dataset, self.judge, self.task.plan.options)
        asked = msgspec.structs.replace(
            asked,
            selection={**asked.selection, **upstream},
            planned=self.judged + self.failed + self.missing,
            ok=self.judged,
            failed=self.failed,
            served_model=self.served,
        )
        if not stopped:
            asked = sealed(asked, self.path)
        write_asked(self.task.run.asked(self.task.spec.model, self.dataset.abbr, self.judge.abbr), asked)
        logger.info(
            "%s: %d judged, %d unparsed, %d failed, %d not in the recording",
            self.task.spec.name,
            self.judged,
            self.unparsed,
            self.failed,
            self.missing,
        )
        self.task.reporter.update(self._progress(), total=total, figures=self._figures())


async def run(task: Task) -> None:
    """Run a judge-infer task."""
    for dataset in task.datasets():
        await JudgeRun(task, dataset).run()
