"""The two ``ask`` functions: one that asks the judge and records, one that replays the recording."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import msgspec

from judgebench.config.schema import JudgeConfig
from judgebench.judges.asking import CallFailedError, JudgeItem, NotRecordedError
from judgebench.models.contract import Client
from judgebench.models.prompt_kind import fit
from judgebench.records import JudgeCall, Prompt, Reply, Request, recorded_reply
from judgebench.stages.items import Postprocessor, postprocessor_of
from judgebench.stages.prompting import PromptKind
from judgebench.stages.settings import model_identity, sampling_params
from judgebench.store.asked import question_uuid, repeated_uuid, shared_uuid
from judgebench.store.recorded import Recorded

SHARED = 4096
"""Questions that serve all repeats of a sample and are remembered; repeats are judged near each other."""


class StoppedError(Exception):
    """The run stops; the question was not sent."""


class Questions:
    """Gives every question about one item its identity: what is asked, and for the how-manieth time.

    Args:
        judge: The judge whose model is asked.
        kind: Form of the prompts that the model takes.
    """

    def __init__(self, judge: JudgeConfig, kind: PromptKind) -> None:
        self.kind = kind
        self.params = sampling_params(judge.model)
        self.identity = model_identity(judge.model)
        self.postprocess: Postprocessor | None = postprocessor_of(judge.model)
        self.shared: OrderedDict[tuple[int, str], asyncio.Future[JudgeCall | None]] = OrderedDict()
        """Questions that serve all repeats of a sample, by sample and uuid; ``None`` where it was not asked."""

    def seen(self, reply: Reply) -> Reply:
        """Return the reply as methods see it: with the judge model's own postprocessor applied."""
        return msgspec.structs.replace(reply, text=self.postprocess(reply.text)) if self.postprocess else reply


class ItemAsk:
    """What both ways of asking share: identity and numbering of the questions about one item."""

    def __init__(self, questions: Questions, item: JudgeItem, recorded: Recorded[JudgeCall]) -> None:
        self.questions = questions
        self.item = item
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
        sent = {**self.questions.params, **params}
        first = question_uuid(form, sent, self.questions.identity)
        number = self._numbers.get(first, 0)
        self._numbers[first] = number + 1
        return form, sent, repeated_uuid(first, number), number

    def identify_shared(self, prompt: Prompt, params: dict[str, Any]) -> tuple[Prompt, dict[str, Any], str]:
        """Return prompt and parameters as sent, and the uuid of a question that serves all repeats of the sample."""
        form = fit(prompt, self.questions.kind)
        sent = {**self.questions.params, **params}
        return form, sent, shared_uuid(question_uuid(form, sent, self.questions.identity))

    def answer(self, call: JudgeCall) -> Reply:
        """Return a recorded call's reply.

        Raises:
            CallFailedError: The call had failed.
        """
        if call.repeat == self.item.repeat:  # what serves all repeats is a call of the first one alone
            self.calls.append(call)
        reply = call.reply()
        if reply.status != "ok":
            raise CallFailedError(reply)
        return self.questions.seen(reply)


class Subject(NamedTuple):
    """What the questions about one item are about, as the record says it.

    Attributes:
        data_abbr: Abbr of the data set.
        name: The item's key or id, by which recordings of others know it.
        gold: Uuid of the judged prediction; the gold decision in benchmarks of judges.
    """

    data_abbr: str
    name: str
    gold: Any


class RecordingAsk(ItemAsk):
    """Asks the judge what is not yet recorded, and records every reply.

    Args:
        subject: What the questions are about, for the record.
        client: Gives the judge service, opened when the first question is really sent.
        record: Takes each finished call.
        retry_failed: Whether calls that failed in an earlier attempt are asked again.
        stopped: Says whether no further request may be sent.
        earlier: Finds a reply to the same question that is recorded elsewhere, by sample, repeat and uuid.
    """

    def __init__(
        self,
        questions: Questions,
        item: JudgeItem,
        recorded: Recorded[JudgeCall],
        *,
        client: Callable[[], Awaitable[Client]],
        subject: Subject,
        record: Callable[[JudgeCall], None],
        retry_failed: bool,
        stopped: Callable[[], bool],
        earlier: Callable[[int, int, str], JudgeCall | None] = lambda *_: None,
    ) -> None:
        super().__init__(questions, item, recorded)
        self._earlier = earlier
        self._client = client
        self._subject = subject
        self._record = record
        self._retry_failed = retry_failed
        self._stopped = stopped
        self._of_view: Counter[str] = Counter()
        self.answered: list[tuple[dict[str, Any], bool]] = []
        """Parameters of each question of this item, and whether its reply came with log-probabilities."""

    async def __call__(self, prompt: Prompt, *, view: str = "", **params: Any) -> Reply:
        """Return the judge's reply, from the recording where it is known."""
        form, sent, uuid, number = self.identify(prompt, params)
        about = f"{self._subject.name}/{view}/{self._of_view[view]}"
        self._of_view[view] += 1
        known = self.recorded.get(self.item.id, self.item.repeat, uuid)
        if known is not None and (known.status == "ok" or not self._retry_failed):
            return self.answer(known)
        if (known := self._earlier(self.item.id, self.item.repeat, uuid)) is not None:
            known = msgspec.structs.replace(known, gold=self._subject.gold, view=view, nth=number)
            self._record(known)
            return self.answer(known)
        if self._stopped():
            raise StoppedError
        reply = await self._sent(Request(prompt=form, params=sent, about=about, nth=number))
        call = self._call(form, uuid, reply, view=view, number=number, repeat=self.item.repeat)
        self._record(call)
        self.answered.append((sent, reply.logprobs is not None))
        return self.answer(call)

    async def once(self, prompt: Prompt, *, view: str = "", **params: Any) -> Reply:
        """Return the reply to a question that serves all repeats of the sample; it is recorded under repeat 0."""
        form, sent, uuid = self.identify_shared(prompt, params)
        known = self.recorded.get(self.item.id, 0, uuid)
        if known is not None and (known.status == "ok" or not self._retry_failed):
            return self.answer(known)
        if (known := self._earlier(self.item.id, 0, uuid)) is not None:
            known = msgspec.structs.replace(known, gold=self._subject.gold, view=view)
            self._record(known)
            return self.answer(known)
        shared, place = self.questions.shared, (self.item.id, uuid)
        while place in shared:
            found = await asyncio.shield(shared[place])
            if found is not None:
                return self.answer(found)
        if self._stopped():
            raise StoppedError
        mine = shared[place] = asyncio.get_running_loop().create_future()
        call: JudgeCall | None = None
        try:
            about = f"{self._subject.name}/{view}/0"
            reply = await self._sent(Request(prompt=form, params=sent, about=about))
            call = self._call(form, uuid, reply, view=view, number=0, repeat=0)
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
        reply = await client.ask(request)
        if reply.error is not None and reply.error.kind == "cancelled":
            raise StoppedError
        if reply.error is not None and reply.error.kind == "no_recording":
            raise NotRecordedError(reply.error.message)
        return reply

    def _call(self, prompt: Prompt, uuid: str, reply: Reply, *, view: str, number: int, repeat: int) -> JudgeCall:
        return JudgeCall(
            data_abbr=self._subject.data_abbr,
            id=self.item.id,
            uid=self.item.uid,
            repeat=repeat,
            uuid=uuid,
            origin_prompt=prompt,
            gold=self._subject.gold,
            **recorded_reply(reply),
            view=view,
            nth=number,
        )


class ReplayAsk(ItemAsk):
    """Answers from the recording alone."""

    async def __call__(self, prompt: Prompt, *, view: str = "", **params: Any) -> Reply:  # noqa: ARG002 - part of Ask
        """Return the recorded reply.

        Raises:
            NotRecordedError: The question was never asked.
            CallFailedError: It was asked and failed.
        """
        _, _, uuid, _ = self.identify(prompt, params)
        return self._replayed(self.recorded.get(self.item.id, self.item.repeat, uuid))

    async def once(self, prompt: Prompt, *, view: str = "", **params: Any) -> Reply:  # noqa: ARG002 - as above
        """Return the recorded reply to a question that serves all repeats of the sample."""
        _, _, uuid = self.identify_shared(prompt, params)
        return self._replayed(self.recorded.get(self.item.id, 0, uuid))

    def _replayed(self, known: JudgeCall | None) -> Reply:
        if known is None:
            raise NotRecordedError
        return self.answer(known)
