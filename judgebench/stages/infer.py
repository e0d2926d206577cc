"""The infer stage: the tested model answers every planned sample, each as often as its config asks."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AsyncExitStack
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import msgspec

from judgebench.content.attachments import Attachments, with_media_kept
from judgebench.content.prompts import PromptKind, prompt_for
from judgebench.datasets.samples import PlannedSamples
from judgebench.datasets.selection import Wanted
from judgebench.engine.client import Traffic, behind, open_caching_client
from judgebench.engine.worker_pool import at_a_time, run_pool, schedule_of
from judgebench.errors import ReuseError
from judgebench.identity.questions import (
    FileIdentity,
    changed_keys,
    infer_settings,
    question_settings,
    question_uuid,
    read_identity,
    repeats_of,
    said_of,
    selection_of,
    write_identity,
)
from judgebench.identity.watermark import Watermark
from judgebench.models.access import configured
from judgebench.models.contract import Client, ServiceConfig
from judgebench.records.facts import LiveVerdict
from judgebench.records.flow import Prediction, Prompt, Reply, Request, Sample, recorded_reply
from judgebench.records.run import DatasetConfig
from judgebench.stages.asks import Origin, timestamp_of
from judgebench.stages.giving_up import REFUSED, check_fail_rate, stop_early
from judgebench.stages.limits import allowance_of
from judgebench.stages.progress import report_regularly
from judgebench.stages.reused_calls import replaced_file
from judgebench.stages.task import Task
from judgebench.stages.watermarks import Advance, basis_of, kept_regularly, kept_watermark
from judgebench.store.items import first_from
from judgebench.store.journal import Journal
from judgebench.store.recorded import Recorded, compact, copy_aside, slot_sample
from judgebench.store.run_folder import RowFiles

logger = logging.getLogger(__name__)


class DatasetAnswers(msgspec.Struct):
    """The answers to one dataset: where they stand, and how many there are.

    Attributes:
        dataset: The dataset.
        samples: Its planned samples.
        files: Of the answers.
        identity: What they are asked with.
        journal: Takes new answers.
        recorded: Knows those that were there before.
        advance: Knows how far the answers are, in order.
        basis: What they rest on besides settings and selection.
        total: Answers that the samples need.
        planned: Answers planned so far. ``ok`` and ``failed``: how they ended.
    """

    dataset: DatasetConfig
    samples: PlannedSamples
    files: RowFiles
    identity: FileIdentity
    journal: Journal
    recorded: Recorded[Prediction]
    advance: Advance
    basis: str
    total: int
    planned: int = 0
    ok: int = 0
    failed: int = 0

    def state(self) -> FileIdentity:
        """Return the identity of the file that is being filled, with its watermark."""
        watermark = self.advance.watermark(self.journal.path, total=self.total, basis=self.basis)
        return msgspec.structs.replace(self.identity, watermark=watermark)


class AnswerJob(NamedTuple):
    """One answer to be asked for."""

    answers: DatasetAnswers
    sample: Sample
    repeat: int
    prompt: Prompt
    params: dict[str, object]
    uuid: str
    slot: int


class InferRun:
    """One infer task: plans its jobs lazily, asks, records, completes the files.

    Args:
        task: The task.
        trusting: Whether to begin at the watermarks of the files; they are proved in the end.
    """

    def __init__(self, task: Task, *, trusting: bool = True) -> None:
        self.task = task
        self.trusting = trusting
        self.raw = task.plan.models[task.spec.model]
        self.config, kind = configured(self.raw)
        self.kind: PromptKind = kind.prompt_kind
        self.repeats = repeats_of(self.raw)
        self.attachments = Attachments(task.run.attachments)
        self.traffic = Traffic()
        self.schedule = schedule_of(self.config, lambda job: timestamp_of(job.sample))
        self.planned = 0
        self.kept = 0
        self.finished = 0
        self.failed = 0
        self.answers: list[DatasetAnswers] = []

    async def run(self) -> None:
        """Ask for what is missing and complete the files of predictions."""
        task = self.task
        async with AsyncExitStack() as stack:
            self.answers = [await self._open(stack, dataset) for dataset in task.datasets]
            expected = sum(one.total for one in self.answers)
            task.reporter.update(state="running", total=expected)
            jobs = (job for answers in self.answers for job in self._jobs(answers))
            first = next(jobs, None)
            if first is not None:
                await self._ask_all(stack, chain([first], jobs))
        task.reporter.update(state="writing")
        if not task.unfinished and not all(one.advance.proved(one.files.predictions) for one in self.answers):
            logger.warning("%s: the recorded answers are not as they were left; all are looked through", task.spec.name)
            await InferRun(task, trusting=False).run()
            return
        self._complete()

    async def _open(self, stack: AsyncExitStack, dataset: DatasetConfig) -> DatasetAnswers:
        files = self.task.run.files(self.task.spec.model, dataset.abbr)
        samples = PlannedSamples(dataset, self.task.plan.options)
        settings = infer_settings(self.raw, dataset)
        before = read_identity(files.identity)
        changes = changed_keys(before.settings, settings) if before else []
        if changes and files.predictions.exists() and files.predictions.stat().st_size:
            self._changed(dataset, files.predictions, changes)
        selection = selection_of(dataset, self.task.plan.options, self.repeats, samples.stamp())
        served = before.served_model if before and not changes else ""
        said = said_of(settings, before, files.predictions)
        identity = FileIdentity(settings=said, selection=selection, served_model=served)
        basis = basis_of(self.raw)
        mark = kept_watermark(before, identity, files.predictions, basis) if self.trusting else None
        recorded = stack.enter_context(self._recorded(dataset, samples, files, before, mark))
        total = mark.total if mark else (samples.count() or 0) * self.repeats
        write_identity(files.identity, msgspec.structs.replace(identity, watermark=mark))
        journal = await stack.enter_async_context(Journal(files.predictions))
        advance = Advance(mark, recorded.index.last)
        answers = DatasetAnswers(dataset, samples, files, identity, journal, recorded, advance, basis, total)
        await stack.enter_async_context(kept_regularly(journal, files.identity, answers.state))
        return answers

    def _recorded(
        self,
        dataset: DatasetConfig,
        samples: PlannedSamples,
        files: RowFiles,
        before: FileIdentity | None,
        mark: Watermark | None,
    ) -> Recorded[Prediction]:
        """Open what is recorded, by the samples' content where that tells whether an answer is this model's.

        Where the settings are not recorded, or the file is not as it was left, only the hash of each whole question
        does, which takes rendering it. Of a file that never was completed (the run was killed) one answer tells.
        """
        path = files.predictions
        if mark is not None:
            return Recorded(path, Prediction, by="content", start=mark.records)
        if before is None or not (before.untouched(path) or before.size < 0):
            return Recorded(path, Prediction, by="question", track=True)
        recorded = Recorded(path, Prediction, by="content")
        if before.size < 0 and self._first_is_foreign(dataset, samples, files, recorded):
            recorded.close()
            return Recorded(path, Prediction, by="question", track=True)
        return recorded

    def _first_is_foreign(
        self, dataset: DatasetConfig, samples: PlannedSamples, files: RowFiles, recorded: Recorded[Prediction]
    ) -> bool:
        origin = Origin(files, self.raw, dataset)
        for sample in samples.read() if len(recorded) else ():
            for repeat in range(self.repeats):
                if (found := recorded.get(sample.id, repeat, sample.uid)) is not None:
                    return origin.is_foreign(sample, found)
        return False

    def _changed(self, dataset: DatasetConfig, path: Path, changes: list[str]) -> None:
        what = f"{self.task.spec.model}/{dataset.abbr}"
        if not self.task.plan.options.redo_changed:
            raise ReuseError(
                f"The answers of {what} in this run were asked with other settings ({'; '.join(changes)}).",
                hint="Take back the change, start a new run without --reuse, or ask them again with --redo-changed.",
            )
        aside = path.with_name(f"{path.name}.before-{self.task.plan.timestamp}")
        path.rename(aside)
        logger.warning("%s: asking again, as settings changed (%s); old file: %s", what, "; ".join(changes), aside.name)

    def _jobs(self, answers: DatasetAnswers) -> Iterator[AnswerJob]:
        """Yield what is still to be asked; a sample's repeats stand together, so that prefix caches profit."""
        dataset, recorded = answers.dataset, answers.recorded
        retry_failed = self.task.plan.options.retry_failed
        params, identity = question_settings(self.raw, dataset)
        advance, mark = answers.advance, answers.advance.before
        covered = advance.covered
        by_question, known = recorded.by == "question", len(recorded) > 0 or mark is not None
        foreign = 0
        self._take_over(answers)
        samples = answers.samples.read(
            self.attachments, Wanted(covered.first, covered.needs) if mark is not None else None
        )
        for sample in advance.planned(samples, self.repeats):
            prompt: Prompt | None = None
            for repeat in range(self.repeats):
                slot = slot_sample(sample.id, repeat)
                if slot in covered:
                    continue
                answers.planned += 1
                self.planned += 1
                uuid = ""
                if known:
                    if by_question:
                        prompt = prompt or prompt_for(dataset, sample, self.kind)
                        uuid = question_uuid(prompt, params, identity, repeat)
                    status = recorded.status(sample.id, repeat, uuid or sample.uid)
                    if not status and slot in covered.open:
                        status = "failed"
                    if status == "ok" or (status == "failed" and not retry_failed):
                        self._count(answers, ok=status == "ok", kept=True)
                        advance.ended(slot, ok=status == "ok")
                        if status == "failed":
                            self.task.tell(LiveVerdict(sample.id, repeat, "prediction_failed"))
                        continue
                    foreign += status == "" and by_question and recorded.holds(sample.id, repeat)
                prompt = prompt or prompt_for(dataset, sample, self.kind)
                uuid = uuid or question_uuid(prompt, params, identity, repeat)
                advance.begun(slot, answers.journal.size)
                yield AnswerJob(answers, sample, repeat, prompt, params, uuid, slot)
        if foreign:
            warning = "%s: %d recorded answers are another model's, or to another question; these are asked"
            logger.warning(warning, dataset.abbr, foreign)

    def _take_over(self, answers: DatasetAnswers) -> None:
        """Count what the watermark covers as kept."""
        if (mark := answers.advance.before) is not None:
            answers.planned = answers.ok = mark.ok
            self.planned += mark.ok
            self.finished += mark.ok
            self.kept += mark.ok

    async def _ask_all(self, stack: AsyncExitStack, jobs: Iterator[AnswerJob]) -> None:
        options = self.task.plan.options
        client = await stack.enter_async_context(
            open_caching_client(
                self.config,
                self.traffic,
                dedup=options.dedup,
                cache=options.cache,
                allowance=allowance_of(self.task, self.config),
                batches=self.task.batches(),
            )
        )
        self._check_served(client.model)
        stack.enter_context(report_regularly(self.task.reporter, self.traffic, self._progress))
        jobs = await self._warm_up(client, jobs)

        async def work(job: AnswerJob) -> None:
            about = f"{job.sample.key or job.sample.id}//{job.repeat}"
            reply = await client.ask(self._request(job, about=about, nth=job.repeat))
            if reply.error is not None and reply.error.kind == "cancelled":
                return
            job.answers.journal.append(_prediction(job, with_media_kept(reply, self.attachments)))
            self._count(job.answers, ok=reply.status == "ok", kept=False)
            job.answers.advance.ended(job.slot, ok=reply.status == "ok")
            if reply.status != "ok":
                self.task.tell(LiveVerdict(job.sample.id, job.repeat, "prediction_failed"))
            self._give_up_if_too_many()

        concurrency = at_a_time(self.config, self.task.reporter.progress.total)
        await run_pool(jobs, work, concurrency=concurrency, schedule=self.schedule, stop=self.task.stop)

    async def _warm_up(self, client: Client, jobs: Iterator[AnswerJob]) -> Iterator[AnswerJob]:
        """Send the first prompts once unrecorded, so that the service's caches are warm; failures do not count.

        Neither is taken from what is known nor kept: the first measured answers would be these, and cost nothing.
        """
        taken: list[AnswerJob] = []
        batched = isinstance(self.config, ServiceConfig) and self.config.batch is not None  # nothing to warm there
        for _ in range(0 if batched else self.task.plan.options.num_warmups):
            job = next(jobs, None)
            if job is None:
                break
            taken.append(job)
            await behind(client).ask(self._request(job))
        return chain(taken, jobs)

    def _request(self, job: AnswerJob, *, about: str = "", nth: int = 0) -> Request:
        folder = str(self.attachments.folder)
        place = f"{job.answers.dataset.abbr}/{job.sample.id}/{job.repeat}"
        return Request(prompt=job.prompt, params=job.params, about=about, nth=nth, place=place, attachments=folder)

    def _check_served(self, served: str) -> None:
        """Refuse to mix the answers of two models in one file when the config leaves the name to the service."""
        for answers in self.answers:
            before = answers.identity.served_model
            if before and served and before != served and not self.task.plan.options.redo_changed:
                raise ReuseError(
                    f"The answers of {self.task.spec.model}/{answers.dataset.abbr} came from the model {before!r}, "
                    f"but the service now serves {served!r}.",
                    hint="Serve the same model, start a new run, or accept the mixture with --redo-changed.",
                )
            if before != served:
                answers.identity = msgspec.structs.replace(answers.identity, served_model=served)
                write_identity(answers.files.identity, answers.state())

    def _count(self, answers: DatasetAnswers, *, ok: bool, kept: bool) -> None:
        self.kept += kept
        if ok:
            answers.ok += 1
            self.finished += 1
        else:
            answers.failed += 1
            self.failed += 1

    def _progress(self) -> dict[str, object]:
        progress = self.task.reporter.progress
        return {
            "done": self.finished + self.failed,
            "total": max(progress.total, self.planned),
            "kept": self.kept,
            "finish": self.finished,
            "fail": self.failed,
        }

    def _figures(self) -> dict[str, float]:
        pace = self.schedule.pace.figures() if self.schedule else {}
        return {**self.traffic.figures(), **pace}

    def _give_up_if_too_many(self) -> None:
        check_fail_rate(self.task, failed=self.failed, what="items", first_error=self.traffic.first_error)
        if self.finished == self.kept and self.traffic.faults.keys() <= REFUSED:
            stop_early(self.task, count=self.failed, what="answers were refused", words=self.traffic.first_error)

    def _complete(self) -> None:
        task = self.task
        stopped = task.unfinished
        for answers in self.answers:
            path, planned, ok, failed = answers.files.predictions, answers.planned, answers.ok, answers.failed
            foreign = set() if stopped else answers.recorded.superseded()
            if foreign:  # else a foreign success would count where the own question failed
                copy_aside(path, foreign, replaced_file(path))
            identity = answers.identity
            write_identity(answers.files.identity, identity)  # a watermark knows places, which change now
            compact(path, by="item", drop=foreign)
            identity = msgspec.structs.replace(identity, planned=planned, ok=ok, failed=failed)
            complete = not stopped and ok + failed == planned
            if not complete:
                identity = msgspec.structs.replace(identity, watermark=_after_sorting(answers))
            write_identity(answers.files.identity, identity, completed=path if complete else None)
            what = f"{task.spec.model}/{answers.dataset.abbr}"
            logger.info("%s: %d planned, %d answered, %d failed", what, planned, ok, failed)
        total = task.reporter.progress.total if stopped else self.planned
        task.reporter.update(self._progress(), total=max(total, self.planned), figures=self._figures())


async def run(task: Task) -> None:
    """Run an infer task."""
    await InferRun(task).run()


def _after_sorting(answers: DatasetAnswers) -> Watermark | None:
    """Return the watermark of a file that is not complete and was sorted."""
    path, advance = answers.files.predictions, answers.advance
    records = first_from(path, advance.below)
    return advance.watermark(path, total=answers.total, basis=answers.basis, records=records)


def _prediction(job: AnswerJob, reply: Reply) -> Prediction:
    return Prediction(
        data_abbr=job.answers.dataset.abbr,
        id=job.sample.id,
        uid=job.sample.uid,
        repeat=job.repeat,
        uuid=job.uuid,
        origin_prompt=job.prompt,
        gold=job.sample.reference,
        **recorded_reply(reply),
    )
