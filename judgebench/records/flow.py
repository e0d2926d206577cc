"""The records that flow through the pipeline, in the order in which they are made.

``Sample`` → ``Reply`` → ``Prediction`` → ``JudgeCall`` → ``Verdict`` → ``TaskResult``.

All are frozen msgspec structs: fast JSON both ways, and errors that name the field. Nothing here does I/O.
JSONL lines keep AISBench's field names where they mean the same (``data_abbr``, ``id``, ``success``, ``uuid``,
``origin_prompt``, ``prediction``, ``gold``).
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from judgebench.records import findings
from judgebench.records.diagnostics import Diagnostics

# what flows is named here, wherever it is written
from judgebench.records.figures import Counts as Counts  # noqa: PLC0414
from judgebench.records.figures import FigureTable
from judgebench.records.figures import Metric as Metric  # noqa: PLC0414
from judgebench.records.figures import Slice as Slice  # noqa: PLC0414

Message = dict[str, Any]
"""One chat message: ``{"role": ..., "content": ...}``."""

Prompt = list[Message] | str
"""A chat prompt (messages) or a completion prompt (text)."""

CallStatus = Literal["ok", "failed"]
VerdictStatus = findings.VerdictStatus


class Sample(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One item of a dataset.

    Attributes:
        id: Row number in the data source, from 0. It never depends on range, order or shuffle.
        uid: Hash of the item's content (16 hex digits).
        fields: Input fields that prompt templates may name.
        reference: The gold answer; several where several forms are accepted; ``None`` where there is none.
        key: The data source's own name of the item, if it has one.
        answers: Answers that the item brings along, for benchmarks of judges: one to grade, two to compare, or more.
        gold: The true decision about those answers (a decision, a score, one for each step); never shown to the judge.
        meta: Further columns (category, level, timestamp, ...), never shown to a model by default.
    """

    id: int
    uid: str
    fields: dict[str, Any]
    reference: str | list[str] | None = None
    key: str | None = None
    answers: list[str] = []
    gold: Any = None
    meta: dict[str, Any] = {}


class Usage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Token counts as the service reported them, in one meaning for all protocols.

    Attributes:
        prompt_tokens: All that was read, from a cache or not.
        completion_tokens: All that was written, reasoning included.
        reasoning_tokens: Of those written, the reasoning.
        cached_tokens: Of those read, what came out of the service's cache.
        cache_write_tokens: Of those read, what the service put into its cache, which some charge more for.
        batch: Whether it was asked in a batch, for which providers charge half.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    batch: bool = False

    @property
    def measured(self) -> bool:
        """Whether the service has counted: what it gives as text, or below 0, is no count and reads as 0."""
        return self.prompt_tokens > 0 or self.completion_tokens > 0


class Failure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a call gave no usable reply.

    Attributes:
        kind: Stable class of the fault: ``rate_limit``, ``server``, ``timeout``, ``connection``, ``truncated_stream``,
            ``bad_reply``, ``empty_reply``, ``bad_request``, ``context_length``, ``auth``, ``quota``, ``not_found``,
            ``content_filter``, ``not_answered``, ``cancelled``, ``no_recording``, ``local``.
        message: One sentence, with the start of the service's own error body.
        http_status: HTTP status code where there was one.
    """

    kind: str
    message: str
    http_status: int | None = None


class TokenLogprob(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One generated token with its most likely alternatives (natural logarithms)."""

    token: str
    logprob: float
    top: dict[str, float] = {}


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a model.

    Attributes:
        prompt: Messages for chat services, text for completion services.
        params: Sampling parameters that go into the request body untouched (``temperature``, ``max_tokens``, ...).
        about: What the question is about (``<item>/<presentation>/<number>``); never sent, but recordings may be keyed
            by it.
        nth: Number of the same question asked again on purpose, from 0; never sent, but caches keep them apart.
        place: Which item of which dataset is asked about, and for which repeat; never sent, but batches keep equal
            questions apart by it.
        attachments: Folder of the run's attachments, in which the bytes of the prompt's images are; never sent.
        media: Those bytes by their hash, put in right before the body is made; dialects make data URIs of them.
    """

    prompt: Prompt
    params: dict[str, Any] = {}
    about: str = ""
    nth: int = 0
    place: str = ""
    attachments: str = ""
    media: dict[str, bytes] = {}


class Reply(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of one request, after retries.

    Attributes:
        text: The answer without its reasoning part.
        reasoning: Reasoning text (``<think>`` or ``reasoning_content``), kept apart from the answer.
        finish_reason: As the service said (``stop``, ``length``, ...).
        served_model: The model id in the service's reply.
        fingerprint: ``system_fingerprint`` of the reply.
        latency: Seconds from sending the last try to its last byte.
        first_token: Seconds to the first content of a stream; 0 when not streamed.
        tries: Requests sent for this reply; 0 where it was known already (``--dedup``, ``--cache``).
        waited: Seconds spent waiting between tries.
        logprobs: Log-probabilities of the generated tokens, where asked for and given.
        parts: What the reply holds beside its text: typed parts (``content/parts.py``), tool calls and references to
            media.
        media: The bytes of those media by hash, until they are in the run's store; never in a record.
        extra: Everything else that the service returned with the choice (refusal, ...).
    """

    status: CallStatus
    text: str = ""
    reasoning: str = ""
    finish_reason: str | None = None
    usage: Usage | None = None
    served_model: str = ""
    fingerprint: str = ""
    latency: float = 0.0
    first_token: float = 0.0
    tries: int = 1
    waited: float = 0.0
    logprobs: list[TokenLogprob] | None = None
    error: Failure | None = None
    parts: list[dict[str, Any]] = []
    media: dict[str, bytes] = {}
    extra: dict[str, Any] | None = None


class Exchange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One question put to a model and what came of it: a line of ``predictions/**/*.jsonl``.

    From ``finish_reason`` on its fields are those of ``Reply``, written out again: a struct has the fields of its base
    first, and a line begins with the item that it is about.

    Attributes:
        data_abbr: Abbr of the dataset.
        id: ``Sample.id``.
        uid: ``Sample.uid``.
        repeat: Number of the independent repetition, from 0.
        success: ``status == "ok"`` (AISBench's name).
        uuid: Hash of what was asked (32 hex digits): prompt, parameters, model identity, repeat.
        origin_prompt: The prompt as sent.
        prediction: The answer without reasoning.
        reasoning_content: The reasoning part.
        gold: The reference for predictions; the ``uuid`` of the judged prediction for judge calls.
        parts: What came beside the text: tool calls, and media that are in the run's ``attachments/``.
    """

    data_abbr: str
    id: int
    uid: str
    repeat: int = 0
    success: bool
    status: CallStatus
    uuid: str
    origin_prompt: Prompt
    prediction: str
    reasoning_content: str = ""
    gold: Any = None
    finish_reason: str | None = None
    usage: Usage | None = None
    served_model: str = ""
    fingerprint: str = ""
    latency: float = 0.0
    first_token: float = 0.0
    tries: int = 1
    waited: float = 0.0
    logprobs: list[TokenLogprob] | None = None
    error: Failure | None = None
    parts: list[dict[str, Any]] = []
    extra: dict[str, Any] | None = None

    def reply(self) -> Reply:
        """Return the recorded reply, as it was handed to the one who asked."""
        return Reply(
            status=self.status,
            text=self.prediction,
            reasoning=self.reasoning_content,
            finish_reason=self.finish_reason,
            usage=self.usage,
            served_model=self.served_model,
            fingerprint=self.fingerprint,
            latency=self.latency,
            first_token=self.first_token,
            tries=self.tries,
            waited=self.waited,
            logprobs=self.logprobs,
            error=self.error,
            parts=self.parts,
            extra=self.extra,
        )


def recorded_reply(reply: Reply) -> dict[str, Any]:
    """Return the fields of an ``Exchange`` that tell what came back; ``Exchange.reply`` is the way back.

    The media of the reply are in the run's store already (``content.attachments.with_media_kept``).
    """
    assert not reply.media
    return {
        "success": reply.status == "ok",
        "status": reply.status,
        "prediction": reply.text,
        "reasoning_content": reply.reasoning,
        "finish_reason": reply.finish_reason,
        "usage": reply.usage,
        "served_model": reply.served_model,
        "fingerprint": reply.fingerprint,
        "latency": reply.latency,
        "first_token": reply.first_token,
        "tries": reply.tries,
        "waited": reply.waited,
        "logprobs": reply.logprobs,
        "error": reply.error,
        "parts": reply.parts,
        "extra": reply.extra,
    }


class Prediction(Exchange, frozen=True, kw_only=True, omit_defaults=True):
    """An answer of the tested model; one per sample × repeat."""


class JudgeCall(Exchange, frozen=True, kw_only=True, omit_defaults=True):
    """One question to the judge; one per ``ask`` of a judge method.

    Attributes:
        presentation: Which rendered question about the item this is (an order, a criterion, ...); empty for the only
            one.
        nth: Number of the same question asked again within one item, from 0.
    """

    presentation: str = ""
    nth: int = 0


class Verdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The decision about one prediction, or why there is none.

    Attributes:
        status: ``ok`` or why there is no decision. Only ``ok`` carries a decision or a score.
        decision: ``correct`` / ``incorrect`` / ``invalid`` for checks; ``A`` / ``B`` / ``tie`` ... for comparisons.
        score: A number on the method's scale, where it gives one.
        reason: Why the status is not ``ok``, in a few words.
        span: Start and end of the text from which the decision was read, in the last reply.
        answer: The candidate's final answer as extracted by a rule, where the method extracts one.
        presentations: What the judge said in each presentation.
        probabilities: By decision, where they were read from log-probabilities.
        votes: How often each decision was voted for, where several were asked.
        outcomes: What a comparison pools, where its method counts strong decisions more than once.
        steps: What was said of each step of the answer.
        bias: What a bias test found.
        equal_answers: Whether nobody was asked, because the two answers are equal.
        settled_by: Which part of a cascade has decided.
        details: The method's own: whatever else it found, JSON values only. Written down, and read by nobody else.
    """

    status: VerdictStatus
    decision: str | None = None
    score: float | None = None
    reason: str = ""
    span: tuple[int, int] | None = None
    answer: str | None = None
    presentations: list[findings.PresentationVerdict] = []
    probabilities: dict[str, float] = {}
    votes: dict[str, int] = {}
    outcomes: list[findings.PooledOutcome] = []
    steps: list[findings.StepVerdict] = []
    bias: findings.BiasFindings | None = None
    equal_answers: bool = False
    settled_by: findings.Settler | None = None
    details: dict[str, Any] = {}


class TaskResult(msgspec.Struct, frozen=True, kw_only=True):
    """All that ``results/<model>/<dataset>[-<judge>].json`` says.

    Attributes:
        dataset: Row name in the summary: ``<dataset>`` or ``<dataset>-<judge>``.
        version: Short hash of all that decides the score (prompt, judge prompt, parser, evaluator, data).
        identity: The parts of the version, by name, so that two results can be compared.
        headline: Name of the metric that stands for the result.
        metrics: By name, the headline first.
        slices: The metrics in parts, by the fields that the dataset's ``by`` names.
        table: How the summary shows its figures in parts, if they have a table of their own.
        plan: Name of the plan that made it, ``configs/<plan>.json``; a newer plan with a task for it makes it stale.
        diagnostics: What tells whether the judge can be trusted.
    """

    model: str
    dataset: str
    data_abbr: str
    judge: str | None
    version: str
    mode: str
    headline: str
    metrics: dict[str, Metric]
    counts: Counts
    slices: list[Slice] = []
    table: FigureTable | None = None
    plan: str = ""
    identity: dict[str, Any] = {}
    diagnostics: Diagnostics = Diagnostics()
    usage: dict[str, Any] = {}
    notes: list[str] = []
    details: list[dict[str, Any]] | None = None
