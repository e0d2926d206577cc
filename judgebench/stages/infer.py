"""The infer stage: the tested model answers every planned sample, each as often as its config asks."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

from judgebench.content.attachments import Attachments, with_media_kept
from judgebench.content.prompts import PromptKind, prompt_for
from judgebench.datasets.samples import samples_of
from judgebench.engine.client import Traffic, behind, open_caching_client
from judgebench.engine.worker_pool import run_pool, schedule_of
from judgebench.errors import ReuseError
from judgebench.identity.questions import (
    FileIdentity,
    changed_keys,
    infer_settings,
    model_identity,
    question_uuid,
    read_identity,
    repeats_of,
    sampling_params,
    sealed,
    selection_of,
    write_identity,
)
from judgebench.models.access import model_config, prompt_kind
from judgebench.models.contract import Client
from judgebench.records.flow import Prediction, Prompt, Reply, Request, Sample, recorded_reply
from judgebench.records.run import DatasetConfig
from judgebench.stages.answered import Origin
from judgebench.stages.asks import timestamp_of
from judgebench.stages.judge_infer import replaced_file
from judgebench.stages.task import Task, check_fail_rate, report_regularly
from judgebench.store.compaction import compact, copy_aside
from judgebench.store.journal import Journal
from judgebench.store.recorded import Recorded

logger = logging.getLogger(__name__)


class AnswerJob(NamedTuple):
    """One answer to be asked for."""

    journal: Journal
    data_abbr: str
    sample: Sample
    repeat: int
    prompt: Prompt
    params: dict[str, object]
    uuid: str


class InferRun:
    """One infer task: plans its jobs lazily, asks, records, completes the files."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.raw = task.plan.models[task.spec.model]
        self.config = model_config(self.raw)
        self.kind: PromptKind = prompt_kind(self.config)
        self.repeats = repeats_of(self.raw)
        self.attachments = Attachments(task.run.attachments)
        self.traffic = Traffic()
        self.schedule = schedule_of(self.config, lambda job: timestamp_of(job.sample))
        self.planned = 0
        self.kept = 0
        self.finished = 0
        self.failed = 0
        self.identity: dict[str, FileIdentity] = {}
        self.tally: dict[str, list[int]] = {}
        self.foreign: dict[str, set[int]] = {}

    async def run(self) -> None:
        """Ask for what is missing and complete the files of predictions."""
        task = self.task
        async with AsyncExitStack() as stack:
            sources = [await self._open(stack, dataset) for dataset in task.datasets()]
            task.reporter.update(state="running", total=sum(self._expected(dataset) for dataset in task.datasets()))
            jobs = (job for dataset, journal, recorded in sources for job in self._jobs(dataset, journal, recorded))
            first = next(jobs, None)
            if first is not None:
                await self._ask_all(stack, _chain(first, jobs))
            self.foreign = {dataset.abbr: recorded.superseded() for dataset, _, recorded in sources}
        task.reporter.update(state="writing")
        self._complete()

    async def _open(
        self, stack: AsyncExitStack, dataset: DatasetConfig
    ) -> tuple[DatasetConfig, Journal, Recorded[Prediction]]:
        path = self.task.run.predictions(self.task.spec.model, dataset.abbr)
        identity_file = self.task.run.identity(self.task.spec.model, dataset.abbr)
        settings = infer_settings(self.raw, dataset)
        before = read_identity(identity_file)
        changes = changed_keys(before.settings, settings) if before else []
        if changes and path.exists() and path.stat().st_size:
            self._changed(dataset, changes)
        recorded = stack.enter_context(self._recorded(dataset, before))
        selection = selection_of(dataset, self.task.plan.options, self.repeats)
        served = before.served_model if before and not changes else ""
        self.identity[dataset.abbr] = FileIdentity(settings=settings, selection=selection, served_model=served)
        self.tally[dataset.abbr] = [0, 0, 0]
        write_identity(identity_file, self.identity[dataset.abbr])
        return dataset, await stack.enter_async_context(Journal(path)), recorded

    def _recorded(self, dataset: DatasetConfig, before: FileIdentity | None) -> Recorded[Prediction]:
        """Open what is recorded, by the samples' content where that tells whether an answer is this model's.

        Where the settings are not recorded, or the file is not as it was left, only the hash of each whole question
        does, which takes rendering it. Of a file that never was completed (the run was killed) one answer tells.
        """
        path = self.task.run.predictions(self.task.spec.model, dataset.abbr)
        if before is None or not (before.untouched(path) or before.size < 0):
            return _by_question(path)
        recorded = Recorded(path, Prediction, by="content")
        if before.size < 0 and self._first_is_foreign(dataset, recorded):
            recorded.close()
            return _by_question(path)
        return recorded

    def _first_is_foreign(self, dataset: DatasetConfig, recorded: Recorded[Prediction]) -> bool:
        origin = Origin(self.task.run, self.raw, dataset)
        for sample in samples_of(dataset, self.task.plan.options) if len(recorded) else ():
            for repeat in range(self.repeats):
                if (found := recorded.get(sample.id, repeat, sample.uid)) is not None:
                    return origin.is_foreign(sample, found)
        return False

    def _changed(self, dataset: DatasetConfig, changes: list[str]) -> None:
        what = f"{self.task.spec.model}/{dataset.abbr}"
        if not self.task.plan.options.redo_changed:
            raise ReuseError(
                f"The answers of {what} in this run were asked with other settings ({'; '.join(changes)}).",
                hint="Take back the change, start a new run without --reuse, or ask them again with --redo-changed.",
            )
        path = self.task.run.predictions(self.task.spec.model, dataset.abbr)
        aside = path.with_name(f"{path.name}.before-{self.task.plan.timestamp}")
        path.rename(aside)
        logger.warning("%s: asking again, as settings changed (%s); old file: %s", what, "; ".join(changes), aside.name)

    def _expected(self, dataset: DatasetConfig) -> int:
        from judgebench.datasets.samples import count_of

        return (count_of(dataset, self.task.plan.options) or 0) * self.repeats

    def _jobs(self, dataset: DatasetConfig, journal: Journal, recorded: Recorded[Prediction]) -> Iterator[AnswerJob]:
        """Yield what is still to be asked; a sample's repeats stand together, so that prefix caches profit."""
        options = self.task.plan.options
        params = sampling_params(self.raw, dataset)
        identity = model_identity(self.raw)
        tally = self.tally[dataset.abbr]
        foreign = 0
        for sample in samples_of(dataset, options, self.attachments):
            prompt: Prompt | None = None
            for repeat in range(self.repeats):
                tally[0] += 1
                self.planned += 1
                if recorded.by == "question":
                    prompt = prompt or prompt_for(dataset, sample, self.kind)
                    status = recorded.status(sample.id, repeat, question_uuid(prompt, params, identity, repeat))
                else:
                    status = recorded.status(sample.id, repeat, sample.uid)
                foreign += status == "" and recorded.by == "question" and recorded.holds(sample.id, repeat)
                if status == "ok" or (status == "failed" and not options.retry_failed):
                    self._count(dataset.abbr, ok=status == "ok", kept=True)
                    continue
                prompt = prompt or prompt_for(dataset, sample, self.kind)
                uuid = question_uuid(prompt, params, identity, repeat)
                yield AnswerJob(journal, dataset.abbr, sample, repeat, prompt, params, uuid)
        if foreign:
            warning = "%s: %d recorded answers are another model's, or to another question; these are asked"
            logger.warning(warning, dataset.abbr, foreign)

    async def _ask_all(self, stack: AsyncExitStack, jobs: Iterator[AnswerJob]) -> None:
        options = self.task.plan.options
        client = await stack.enter_async_context(
            open_caching_client(self.config, self.traffic, dedup=options.dedup, cache=options.cache)
        )
        self._check_served(client.model)
        stack.enter_context(report_regularly(self.task.reporter, self.traffic, self._progress))
        jobs = await self._warm_up(client, jobs)

        async def work(job: AnswerJob) -> None:
            about = f"{job.sample.key or job.sample.id}//{job.repeat}"
            reply = await client.ask(self._request(job, about=about, nth=job.repeat))
            if reply.error is not None and reply.error.kind == "cancelled":
                return
            job.journal.append(_prediction(job, with_media_kept(reply, self.attachments)))
            self._count(job.data_abbr, ok=reply.status == "ok", kept=False)
            self._give_up_if_too_many()

        await run_pool(jobs, work, concurrency=self.config.batch_size, schedule=self.schedule, stop=self.task.stop)

    async def _warm_up(self, client: Client, jobs: Iterator[AnswerJob]) -> Iterator[AnswerJob]:
        """Send the first prompts once unrecorded, so that the service's caches are warm; failures do not count.

        Neither is taken from what is known nor kept: the first measured answers would be these, and cost nothing.
        """
        taken: list[AnswerJob] = []
        for _ in range(self.task.plan.options.num_warmups):
            job = next(jobs, None)
            if job is None:
                break
            taken.append(job)
            await behind(client).ask(self._request(job))
        return _chain_all(taken, jobs)

    def _request(self, job: AnswerJob, *, about: str = "", nth: int = 0) -> Request:
        folder = str(self.attachments.folder)
        return Request(prompt=job.prompt, params=job.params, about=about, nth=nth, attachments=folder)

    def _check_served(self, served: str) -> None:
        """Refuse to mix the answers of two models in one file when the config leaves the name to the service."""
        for abbr, identity in self.identity.items():
            if (
                identity.served_model
                and served
                and identity.served_model != served
                and not self.task.plan.options.redo_changed
            ):
                raise ReuseError(
                    f"The answers of {self.task.spec.model}/{abbr} came from the model {identity.served_model!r}, "
                    f"but the service now serves {served!r}.",
                    hint="Serve the same model, start a new run, or accept the mixture with --redo-changed.",
                )
            self.identity[abbr] = _with(identity, served_model=served)
            write_identity(self.task.run.identity(self.task.spec.model, abbr), self.identity[abbr])

    def _count(self, abbr: str, *, ok: bool, kept: bool) -> None:
        self.tally[abbr][1 if ok else 2] += 1
        self.kept += kept
        if ok:
            self.finished += 1
        else:
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

    def _complete(self) -> None:
        task = self.task
        for dataset in task.datasets():
            path = task.run.predictions(task.spec.model, dataset.abbr)
            foreign = set() if task.stop.is_set() else self.foreign[dataset.abbr]
            if foreign:  # else a foreign success would count where the own question failed
                copy_aside(path, foreign, replaced_file(path))
            compact(path, by="item", drop=foreign)
            planned, ok, failed = self.tally[dataset.abbr]
            identity = _with(self.identity[dataset.abbr], planned=planned, ok=ok, failed=failed)
            if not task.stop.is_set() and ok + failed == planned:
                identity = sealed(identity, path)
            write_identity(task.run.identity(task.spec.model, dataset.abbr), identity)
            logger.info("%s/%s: %d planned, %d answered, %d failed", task.spec.model, dataset.abbr, planned, ok, failed)
        total = task.reporter.progress.total if task.stop.is_set() else self.planned
        task.reporter.update(self._progress(), total=max(total, self.planned), figures=self._figures())


def _by_question(path: Path) -> Recorded[Prediction]:
    recorded = Recorded(path, Prediction, by="question")
    recorded.track()
    return recorded


async def run(task: Task) -> None:
    """Run an infer task."""
    await InferRun(task).run()


def _prediction(job: AnswerJob, reply: Reply) -> Prediction:
    return Prediction(
        data_abbr=job.data_abbr,
        id=job.sample.id,
        uid=job.sample.uid,
        repeat=job.repeat,
        uuid=job.uuid,
        origin_prompt=job.prompt,
        gold=job.sample.reference,
        **recorded_reply(reply),
    )


def _with(identity: FileIdentity, **changes: object) -> FileIdentity:
    import msgspec

    return msgspec.structs.replace(identity, **changes)


def _chain(first: AnswerJob, rest: Iterator[AnswerJob]) -> Iterator[AnswerJob]:
    yield first
    yield from rest


def _chain_all(first: list[AnswerJob], rest: Iterator[AnswerJob]) -> Iterator[AnswerJob]:
    yield from first
    yield from rest
