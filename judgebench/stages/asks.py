"""The two ``ask`` functions: one that asks the judge and records, one that replays the recording.

What a judge method is shown of a sample and a prediction is made here too, the same in judge-infer and in extract; and
whether a recorded answer is one to the question that the tested model is asked now (``Origin``).
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec

from judgebench.content.attachments import Attachments, with_media_kept
from judgebench.content.parts import images_in
from judgebench.content.prompts import PromptKind, fit, prompt_for
from judgebench.errors import DataError
from judgebench.identity.questions import (
    FileIdentity,
    question_settings,
    question_uuid,
    read_identity,
    repeated_uuid,
    shared_uuid,
)
from judgebench.judges.core.contract import CallFailedError, Case, NotRecordedError
from judgebench.models.access import configured
from judgebench.models.contract import Client
from judgebench.models.postprocess import postprocessor
from judgebench.records.flow import JudgeCall, Prediction, Prompt, Reply, Request, Sample, recorded_reply
from judgebench.records.run import DatasetConfig, JudgeConfig
from judgebench.store.run_folder import RowFiles

if TYPE_CHECKING:
    from judgebench.stages.constraining import Hold

Postprocessor = Callable[[str], str]


def postprocessor_of(model: dict[str, Any]) -> Postprocessor | None:
    """Return the function of a model's ``pred_postprocessor``, or ``None``."""
    declared = model.get("pred_postprocessor")
    if not declared:
        return None
    return postprocessor(declared, where=f"models.{model['abbr']}.pred_postprocessor")


def case_of(sample: Sample, prediction: Prediction, postprocess: Postprocessor | None) -> Case:
    """Return what a judge method is shown of a prediction."""
    answer = prediction.prediction
    return Case(
        id=sample.id,
        uid=sample.uid,
        repeat=prediction.repeat,
        fields=sample.fields,
        reference=sample.reference,
        answer=postprocess(answer) if postprocess else answer,
        reasoning=prediction.reasoning_content,
        meta=sample.meta,
        truncated=prediction.finish_reason == "length",
        images=images_in(prediction.parts) if prediction.parts else [],
    )


def benchmark_case(sample: Sample, repeat: int) -> Case:
    """Return what the tested judge is shown of an item that brings its answers along."""
    return Case(
        id=sample.id,
        uid=sample.uid,
        repeat=repeat,
        fields=sample.fields,
        reference=sample.reference,
        answer=sample.answers[0] if sample.answers else "",
        baseline=sample.answers[1] if len(sample.answers) > 1 else None,
        answers=sample.answers,
        meta=sample.meta,
    )


def timestamp_of(sample: Sample) -> float | None:
    """Return when a sample is to be asked, in milliseconds; ``None`` where it does not say.

    Raises:
        DataError: What it says is no number (a CSV file holds nothing but text, which is read as one).
    """
    given = sample.meta.get("timestamp")
    if given is None or given == "":
        return None
    try:
        stamp = float(given)
    except (TypeError, ValueError):
        stamp = math.nan
    if not math.isfinite(stamp):
        raise DataError(
            f"The timestamp of item {sample.key or sample.id!r} is {given!r:.60}, which is not a "
            "number of milliseconds.",
            hint="Correct the row, or leave use_timestamp out of the model's config.",
        )
    return stamp


SHARED = 4096
"""Questions that serve all repeats of a sample and are remembered; repeats are judged near each other."""


class StoppedError(Exception):
    """The run stops; the question was not sent."""


class Questions:
    """Gives every question about one item its identity: what is asked, and its repetition number.

    Args:
        judge: The judge whose model is asked.
        kind: Form of the prompts that the model takes.
        attachments: The run's images, from which those of a question are sent; replay needs none.
    """

    def __init__(self, judge: JudgeConfig, kind: PromptKind, *, attachments: Attachments | None = None) -> None:
        self.kind = kind
        self.attachments = attachments
        self.params, self.identity = question_settings(judge.model)
        self.postprocess: Postprocessor | None = postprocessor_of(judge.model)
        self.hold: Hold | None = None
        """Holds replies to the schemas of their questions, where that is wanted and the service does it."""
        self.shared: OrderedDict[tuple[int, str], asyncio.Future[JudgeCall | None]] = OrderedDict()
        """Questions that serve all repeats of a sample, by sample and uuid; ``None`` where it was not asked."""

    def sent(self, params: dict[str, Any]) -> dict[str, Any]:
        """Return the parameters with which a question is sent: its own over the model's."""
        if "schema" not in params:
            return {**self.params, **params}
        own = {**params}
        schema = own.pop("schema")
        own = {**self.params, **own}
        return own if self.hold is None else self.hold(schema, own)

    def seen(self, reply: Reply) -> Reply:
        """Return the reply as methods see it: with the judge model's own postprocessor applied."""
        return msgspec.structs.replace(reply, text=self.postprocess(reply.text)) if self.postprocess else reply


class Recording(Protocol):
    """Finds a call by sample, repeat and what was asked."""

    def get(self, id: int, repeat: int, uuid: str) -> JudgeCall | None:
        """Return the call; ``None`` where it was not made."""
        ...


class CallsOfCase:
    """The calls about one item, as the method that has just judged it was answered."""

    def __init__(self) -> None:
        self._calls: dict[str, JudgeCall] = {}

    def put(self, call: JudgeCall) -> None:
        """Take in a call."""
        self._calls[call.uuid] = call

    def __len__(self) -> int:
        return len(self._calls)

    def last_words(self) -> str:
        """Return the end of the last reply; nothing where no call was made."""
        return next((call.reply().text[-80:] for call in reversed(self._calls.values())), "")

    def get(self, id: int, repeat: int, uuid: str) -> JudgeCall | None:  # noqa: ARG002 - part of Recording
        """Return the call that asked what the uuid stands for."""
        return self._calls.get(uuid)


class CaseAsk:
    """What both ways of asking share: identity and numbering of the questions about one item."""

    def __init__(self, questions: Questions, case: Case, recorded: Recording) -> None:
        self.questions = questions
        self.case = case
        self.recorded = recorded
        self.calls: list[JudgeCall] = []
        self._numbers: dict[str, int] = {}

    @property
    def last(self) -> JudgeCall | None:
        """The call that was answered last."""
        return self.calls[-1] if self.calls else None

    def identify(self, prompt: Prompt, params: dict[str, Any]) -> tuple[Prompt, dict[str, Any], str, int]:
        """Return prompt and parameters as sent, the question's uuid, and its number among equal ones."""
        form = fit(prompt, self.questions.kind)
        sent = self.questions.sent(params)
        first = question_uuid(form, sent, self.questions.identity)
        number = self._numbers.get(first, 0)
        self._numbers[first] = number + 1
        return form, sent, repeated_uuid(first, number) if number else first, number

    def identify_shared(self, prompt: Prompt, params: dict[str, Any]) -> tuple[Prompt, dict[str, Any], str]:
        """Return prompt and parameters as sent, and the uuid of a question that serves all repeats of the sample."""
        form = fit(prompt, self.questions.kind)
        sent = self.questions.sent(params)
        return form, sent, shared_uuid(question_uuid(form, sent, self.questions.identity))

    def answer(self, call: JudgeCall) -> Reply:
        """Return a recorded call's reply.

        Raises:
            CallFailedError: The call had failed.
        """
        if call.repeat == self.case.repeat:  # what serves all repeats is a call of the first one alone
            self.calls.append(call)
        reply = call.reply()
        if reply.status != "ok":
            raise CallFailedError(reply)
        return self.questions.seen(reply)


class Subject(NamedTuple):
    """What the questions about one item are about, as the record says it.

    Attributes:
        data_abbr: Abbr of the dataset.
        name: The item's key or id, by which recordings of others know it.
        gold: Uuid of the judged prediction; the gold decision in benchmarks of judges.
    """

    data_abbr: str
    name: str
    gold: Any


class RecordingAsk(CaseAsk):
    """Asks the judge what is not yet recorded, and records every reply.

    Args:
        subject: What the questions are about, for the record.
        client: Gives the judge service, opened when the first question is really sent.
        record: Takes each finished call.
        retry_failed: Whether calls that failed in an earlier attempt are asked again.
        stopped: Says whether no further request may be sent.
        reused: Finds a reply to the same question that is recorded elsewhere, by sample, repeat and uuid.
    """

    def __init__(
        self,
        questions: Questions,
        case: Case,
        recorded: Recording,
        *,
        client: Callable[[], Awaitable[Client]],
        subject: Subject,
        record: Callable[[JudgeCall], None],
        retry_failed: bool,
        stopped: Callable[[], bool],
        reused: Callable[[int, int, str], JudgeCall | None] = lambda *_: None,
    ) -> None:
        super().__init__(questions, case, recorded)
        self._reused = reused
        self._client = client
        self._subject = subject
        self._record = record
        self._retry_failed = retry_failed
        self._stopped = stopped
        self._of_presentation: Counter[str] = Counter()
        self.answered: list[tuple[dict[str, Any], bool]] = []
        """Parameters of each question of this item, and whether its reply came with log-probabilities."""
        self.made = CallsOfCase()

    def answer(self, call: JudgeCall) -> Reply:
        """Return a call's reply, and keep the call: the method must ask the same when it runs again.

        Raises:
            CallFailedError: The call had failed.
        """
        self.made.put(call)
        return super().answer(call)

    async def __call__(self, prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:
        """Return the judge's reply, from the recording where it is known."""
        form, sent, uuid, number = self.identify(prompt, params)
        about = f"{self._subject.name}/{presentation}/{self._of_presentation[presentation]}"
        self._of_presentation[presentation] += 1
        known = self.recorded.get(self.case.id, self.case.repeat, uuid)
        if known is not None and (known.status == "ok" or not self._retry_failed):
            return self.answer(known)
        if (known := self._reused(self.case.id, self.case.repeat, uuid)) is not None:
            known = msgspec.structs.replace(known, gold=self._subject.gold, presentation=presentation, nth=number)
            self._record(known)
            return self.answer(known)
        if self._stopped():
            raise StoppedError
        place = f"{self._subject.data_abbr}/{self.case.id}/{self.case.repeat}"
        reply = await self._sent(Request(prompt=form, params=sent, about=about, nth=number, place=place))
        call = self._call(form, uuid, reply, presentation=presentation, number=number, repeat=self.case.repeat)
        self._record(call)
        self.answered.append((sent, reply.logprobs is not None))
        return self.answer(call)

    async def once(self, prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:
        """Return the reply to a question that serves all repeats of the sample; it is recorded under repeat 0."""
        form, sent, uuid = self.identify_shared(prompt, params)
        known = self.recorded.get(self.case.id, 0, uuid)
        if known is not None and (known.status == "ok" or not self._retry_failed):
            return self.answer(known)
        if (known := self._reused(self.case.id, 0, uuid)) is not None:
            known = msgspec.structs.replace(known, gold=self._subject.gold, presentation=presentation)
            self._record(known)
            return self.answer(known)
        shared, place = self.questions.shared, (self.case.id, uuid)
        while place in shared:
            found = await asyncio.shield(shared[place])
            if found is not None:
                return self.answer(found)
        if self._stopped():
            raise StoppedError
        mine = shared[place] = asyncio.get_running_loop().create_future()
        call: JudgeCall | None = None
        try:
            about = f"{self._subject.name}/{presentation}/0"
            sample = f"{self._subject.data_abbr}/{self.case.id}"
            reply = await self._sent(Request(prompt=form, params=sent, about=about, place=sample))
            call = self._call(form, uuid, reply, presentation=presentation, number=0, repeat=0)
            self._record(call)
        finally:
            # The other repeats are told in any case; where this one was not asked, one of them asks.
            if call is None:
                del shared[place]
            mine.set_result(call)
            while len(shared) > SHARED and next(iter(shared.values())).done():
                shared.popitem(last=False)
        return self.answer(call)

    async def _sent(self, request: Request) -> Reply:
        client = await self._client()
        kept = self.questions.attachments
        if kept is not None:
            request = msgspec.structs.replace(request, attachments=str(kept.folder))
        reply = await client.ask(request)
        if reply.error is not None and reply.error.kind == "cancelled":
            raise StoppedError
        if reply.error is not None and reply.error.kind == "no_recording":
            raise NotRecordedError(reply.error.message)
        return reply if kept is None else with_media_kept(reply, kept)

    def _call(
        self, prompt: Prompt, uuid: str, reply: Reply, *, presentation: str, number: int, repeat: int
    ) -> JudgeCall:
        return JudgeCall(
            data_abbr=self._subject.data_abbr,
            id=self.case.id,
            uid=self.case.uid,
            repeat=repeat,
            uuid=uuid,
            origin_prompt=prompt,
            gold=self._subject.gold,
            **recorded_reply(reply),
            presentation=presentation,
            nth=number,
        )


class ReplayAsk(CaseAsk):
    """Answers from the recording alone."""

    async def __call__(self, prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:  # noqa: ARG002 - part of Ask
        """Return the recorded reply.

        Raises:
            NotRecordedError: The question was never asked.
            CallFailedError: It was asked and failed.
        """
        _, _, uuid, _ = self.identify(prompt, params)
        return self._replayed(self.recorded.get(self.case.id, self.case.repeat, uuid))

    async def once(self, prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:  # noqa: ARG002 - as above
        """Return the recorded reply to a question that serves all repeats of the sample."""
        _, _, uuid = self.identify_shared(prompt, params)
        return self._replayed(self.recorded.get(self.case.id, 0, uuid))

    def _replayed(self, known: JudgeCall | None) -> Reply:
        if known is None:
            raise NotRecordedError
        return self.answer(known)


class Origin:
    """Knows answers of another model, or to another question, by the hash that each carries of what was asked.

    Making the hash takes rendering the question, so a file that is as it was when it was completed is trusted.

    Args:
        files: The files of the answers.
        model: The tested model's config.
        dataset: The dataset.
    """

    def __init__(self, files: RowFiles, model: dict[str, Any], dataset: DatasetConfig) -> None:
        self._file_identity: FileIdentity | None = read_identity(files.identity)
        self._trusted = self._file_identity is not None and self._file_identity.untouched(files.predictions)
        if not self._trusted:
            self._dataset = dataset
            self._kind = configured(model).kind.prompt_kind
            self._params, self._identity = question_settings(model, dataset)

    def is_foreign(self, sample: Sample, prediction: Prediction) -> bool:
        """Say whether an answer is another model's, or to another question."""
        if self._trusted:
            return False
        if not self._identity["model"] and self._file_identity is not None and prediction.served_model:
            served = self._file_identity.served_model  # the config leaves the name to the service
            if served and served != prediction.served_model:
                return True
        prompt = prompt_for(self._dataset, sample, self._kind)
        return prediction.uuid != question_uuid(prompt, self._params, self._identity, prediction.repeat)
