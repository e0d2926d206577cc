"""What a run is going to ask, and what that will take: calls, tokens and price of each stage, before it is sent.

The questions are made as the run makes them: prompts are rendered, and judge methods judge each item with an ``ask``
that sends nothing. So orders, repeats and questions that are known already (in the run, in the cache, or as one of
``--dedup``) are counted, and not reckoned. What cannot be known before is what the replies say and how long they are;
each estimate says on what it stands.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from judgebench.content.parts import in_words, rough_tokens
from judgebench.content.prompts import prompt_for
from judgebench.datasets.samples import PlannedSamples, samples_of
from judgebench.errors import RAISED_BY_OTHERS, DataError, how_many
from judgebench.identity.questions import question_settings, question_uuid, repeats_of
from judgebench.judges.core.contract import CallFailedError, Case, NotRecordedError, method_of
from judgebench.models.access import configured, model_config, prompt_kind
from judgebench.models.contract import ModelConfig, ServiceConfig
from judgebench.preflight.recorded_calls import CachedReplies, MeanTokens, RecordedCalls, in_turn
from judgebench.records.flow import JudgeCall, Prediction, Prompt, Reply, Sample, Usage
from judgebench.records.prices import Price, price_of
from judgebench.records.run import DatasetConfig, JudgeConfig, Options, RunConfig, TaskSpec
from judgebench.stages.asks import CaseAsk, Questions, benchmark_case, case_of, postprocessor_of
from judgebench.stages.compared_models import FileAnswers
from judgebench.store.run_folder import RunFolder

PATIENCE = 5.0
"""Seconds for which the questions of one task are made; the rest is estimated from these."""
GUESS = 256
"""Tokens of a reply of which nothing is known, if its limit is not lower."""
_TOKENIZED = 100
"""Prompts whose tokens are really counted, where a tokenizer is known."""


class StageEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """What a task is going to take.

    Attributes:
        questions: All questions of the task.
        recorded: Those whose replies the run has. ``known``: those that the cache or ``--dedup`` answers.
        calls: Those that are sent.
        prompt_tokens: That they read. ``completion_tokens``: that they write.
        read_from: On what the estimate of the first stands. ``written_from``: of the second.
        margin: How far the second may be off by chance, as a share (95%); 0 where nobody knows.
        covered: Share of the items whose questions were made.
        cost: By the price; ``None`` without one. ``price``: of the model.
    """

    questions: int
    recorded: int
    known: int
    calls: int
    prompt_tokens: float
    completion_tokens: float
    read_from: str
    written_from: str
    margin: float
    covered: float
    cost: float | None
    price: Price | None


class Estimates:
    """Estimates the tasks of a run; use it for all of them, as one file serves several.

    Args:
        config: The resolved configs.
        options: What the command line says.
        run: The run folder, which may not exist.
        patience: Seconds for each task.
    """

    def __init__(self, config: RunConfig, options: Options, run: RunFolder, *, patience: float = PATIENCE) -> None:
        self._config = config
        self._options = options
        self._run = run
        self._patience = patience
        self._cache = CachedReplies(options.cache)
        self._answers: dict[tuple[str, str], RecordedCalls[Prediction]] = {}

    def of(self, task: TaskSpec) -> StageEstimate | None:
        """Return what a task is going to take; ``None`` for one that asks nobody, or whose data are not here.

        Raises:
            DataError: A row cannot be used.
        """
        if task.stage == "infer":
            parts = [self._answering(task, self._config.datasets[abbr]) for abbr in task.datasets]
            return _together([one for one in parts if one is not None])
        if task.stage == "judge":
            dataset = self._config.datasets[task.datasets[0]]
            return self._judging(task, dataset, dataset.judge_of(task.judge, self._config.models[task.model]))
        return None

    def close(self) -> None:
        """Close the cache."""
        self._cache.close()

    def _recorded_answers(self, model: str, dataset: str) -> RecordedCalls[Prediction]:
        if (model, dataset) not in self._answers:
            path = self._run.predictions(model, dataset)
            self._answers[model, dataset] = RecordedCalls(path, Prediction)
        return self._answers[model, dataset]

    def _answering(self, task: TaskSpec, dataset: DatasetConfig) -> StageEstimate | None:
        raw = self._config.models[task.model]
        config, kind = configured(raw)
        params, identity = question_settings(raw, dataset)
        recorded = self._recorded_answers(task.model, dataset.abbr)
        count = _QuestionCount(config, raw, self._options, self._cache, limit=_limit(params))
        repeats = repeats_of(raw)
        for sample in self._samples(dataset, count):
            prompt = prompt_for(dataset, sample, kind.prompt_kind)
            for repeat in range(repeats):
                uuid = question_uuid(prompt, params, identity, repeat)
                known = recorded.get(sample.id, repeat, uuid)
                kept = known is not None and (known.status == "ok" or not self._options.retry_failed)
                count.question(prompt, params, nth=repeat, recorded=kept)
        others = [one.measured for (model, _), one in self._answers.items() if model == task.model]
        return count.estimate(recorded.measured, others) if count.items else None

    def _judging(self, task: TaskSpec, dataset: DatasetConfig, judge: JudgeConfig) -> StageEstimate | None:
        options, tested = self._options, self._config.models[task.model]
        config = model_config(judge.model)
        questions = Questions(judge, prompt_kind(config))
        recorded = RecordedCalls(self._run.predictions(task.model, dataset.abbr, task.judge), JudgeCall)
        count = _QuestionCount(config, judge.model, options, self._cache, limit=_limit(questions.params))
        method, cases = method_of(judge.method), self._cases(task, dataset, judge)
        replies = in_turn(recorded.texts, "")
        found = RecordedCalls(Path(), JudgeCall) if options.rejudge else recorded
        repeats = repeats_of(tested)
        with asyncio.Runner() as runner:
            for sample in self._samples(dataset, count):
                for repeat in range(repeats):
                    if (case := cases(sample, repeat)) is None:
                        continue
                    ask = _CountingAsk(questions, case, found, count, replies, retry_failed=options.retry_failed)
                    with contextlib.suppress(CallFailedError, NotRecordedError, *_OF_THE_METHOD):
                        runner.run(method.judge(case, ask))
            runner.run(method.aclose())
        return count.estimate(recorded.measured, []) if count.items else None

    def _cases(
        self, task: TaskSpec, dataset: DatasetConfig, judge: JudgeConfig
    ) -> Callable[[Sample, int], Case | None]:
        """Return what makes the case of an item: with the recorded answer, else with one that stands for it."""
        if dataset.method is not None:
            return benchmark_case
        tested = self._config.models[task.model]
        postprocess = postprocessor_of(tested)
        own = self._stand_ins(task.model, dataset)
        compared = self._compared(dataset, judge)

        def case(sample: Sample, repeat: int) -> Case | None:
            made = case_of(sample, own(sample, repeat), postprocess)
            if compared is None:
                return made
            other = compared(sample, repeat)
            return msgspec.structs.replace(made, baseline=other) if other is not None else None

        return case

    def _stand_ins(self, model: str, dataset: DatasetConfig) -> Callable[[Sample, int], Prediction]:
        """Return what gives the answer of a model to a sample.

        That is the recorded one, or the one that the cache knows, or in turn one of those recorded; where equal
        questions are asked once, the same to equal questions.
        """
        recorded, raw = self._recorded_answers(model, dataset.abbr), self._config.models[model]
        config, kind = configured(raw)
        params, _ = question_settings(raw, dataset)
        identity = _identity(config)
        texts = in_turn(recorded.texts, " ".join([model] * min(GUESS, _limit(params))))
        once = self._options.dedup and params.get("temperature") == 0
        chosen: dict[str, str] = {}

        def text_for(sample: Sample, repeat: int) -> str:
            if not (once or self._options.cache):
                return next(texts)
            prompt = prompt_for(dataset, sample, kind.prompt_kind)
            known = self._cache.get(question_uuid(prompt, params, identity, repeat))
            if known is not None:
                return known.text
            if not once:
                return next(texts)
            question = question_uuid(prompt, params, identity)
            return chosen.get(question) or chosen.setdefault(question, next(texts))

        def answer(sample: Sample, repeat: int) -> Prediction:
            found = recorded.latest(sample.id, repeat)
            if found is not None and found.status == "ok" and found.uid == sample.uid:
                return found
            return Prediction(
                data_abbr=dataset.abbr,
                id=sample.id,
                uid=sample.uid,
                repeat=repeat,
                success=True,
                status="ok",
                uuid="",
                origin_prompt="",
                prediction=text_for(sample, repeat),
            )

        return answer

    def _compared(self, dataset: DatasetConfig, judge: JudgeConfig) -> Callable[[Sample, int], str | None] | None:
        if judge.baseline is not None:
            folder = Path(self._options.data_dir).expanduser() if self._options.data_dir else None
            file = FileAnswers(judge.baseline, folder)
            return lambda sample, repeat: file.answer(sample, repeat).text
        if not judge.compare_with:
            return None
        other = self._stand_ins(judge.compare_with, dataset)
        repeats = repeats_of(self._config.models[judge.compare_with])
        postprocess = postprocessor_of(self._config.models[judge.compare_with])

        def text(sample: Sample, repeat: int) -> str:
            said = other(sample, repeat % repeats).prediction
            return postprocess(said) if postprocess else said

        return text

    def _samples(self, dataset: DatasetConfig, count: _QuestionCount) -> Iterator[Sample]:
        """Yield the samples for as long as there is patience; the rest is known by its number."""
        planned = PlannedSamples(dataset, self._options).count()
        if planned is None:
            return
        began = time.monotonic()
        seen = 0
        for sample in samples_of(dataset, self._options):
            seen += 1
            yield sample
            if time.monotonic() - began > self._patience:
                break
        count.items, count.share = seen, seen / planned if planned else 1.0


_OF_THE_METHOD = tuple(kind for kind in RAISED_BY_OTHERS if kind is not SystemExit)
"""What a method may raise over a reply that only stands for one."""


class _QuestionCount:
    """Counts the questions of a task, and what those read that will be sent."""

    def __init__(
        self, config: ModelConfig, raw: dict[str, Any], options: Options, cache: CachedReplies, *, limit: int
    ) -> None:
        self.items = 0
        self.share = 1.0
        self._config = config
        self._price = price_of(raw)
        self._options = options
        self._cache = cache
        self._limit = limit
        self._identity = _identity(config)
        self._recorded = self._known = self._calls = 0
        self._rough: list[float] = []
        self._questions: set[str] = set()
        self._tokenizer = _tokenizer(config)
        self._tokens = self._tokens_rough = 0.0
        self._tokenized = 0

    def question(self, prompt: Prompt, params: dict[str, Any], *, nth: int, recorded: bool) -> None:
        """Take in a question."""
        if recorded:
            self._recorded += 1
            return
        if self._is_known(prompt, params, nth):
            self._known += 1
            return
        self._calls += 1
        rough = rough_tokens(prompt)
        self._rough.append(rough)
        if self._tokenizer is not None and self._tokenized < _TOKENIZED:
            self._tokenized += 1
            self._tokens_rough += rough
            self._tokens += self._tokenizer(prompt)

    def _is_known(self, prompt: Prompt, params: dict[str, Any], nth: int) -> bool:
        if self._options.dedup and params.get("temperature") == 0:
            uuid = question_uuid(prompt, params, self._identity)
            if uuid in self._questions:
                return True
            self._questions.add(uuid)
        return self._cache.get(question_uuid(prompt, params, self._identity, nth)) is not None

    def estimate(self, own: MeanTokens, others: list[MeanTokens]) -> StageEstimate:
        """Return what all that takes.

        Args:
            own: What the task's recorded calls have taken.
            others: What those of the same model in other files have taken.
        """
        measured, whose = own, "of this task"
        if not own.calls:
            measured, whose = MeanTokens(), "of the same model in this run"
            for one in others:
                measured.merge(one)
        factor, read_from = self._reading(measured, whose)
        length, written_from, margin = self._writing(measured, whose)
        scale = 1 / self.share if self.share else 1.0
        read = [rough * factor for rough in self._rough]
        cost = None
        if self._price is not None:
            cost = scale * sum(self._price.cost(self._usage(tokens, length, measured)) for tokens in read)
        return StageEstimate(
            questions=round((self._recorded + self._known + self._calls) * scale),
            recorded=round(self._recorded * scale),
            known=round(self._known * scale),
            calls=round(self._calls * scale),
            prompt_tokens=sum(read) * scale,
            completion_tokens=self._calls * length * scale,
            read_from=read_from,
            written_from=written_from,
            margin=margin,
            covered=self.share,
            cost=cost,
            price=self._price,
        )

    def _reading(self, measured: MeanTokens, whose: str) -> tuple[float, str]:
        if measured.calls and measured.rough:
            return measured.read / measured.rough, f"by {how_many(measured.calls, 'prompt')} {whose}"
        if self._tokens_rough:
            return self._tokens / self._tokens_rough, f"by the tokenizer in {self._config.path}"
        return 1.0, "guessed: 4 characters a token"

    def _writing(self, measured: MeanTokens, whose: str) -> tuple[float, str, float]:
        if measured.calls:
            margin = measured.margin
            return (
                measured.written / measured.calls,
                f"by {how_many(measured.calls, 'reply', 'replies')} {whose}",
                margin,
            )
        length = float(min(GUESS, self._limit))
        return length, f"guessed: {length:g} a reply", 0.0

    def _usage(self, read: float, written: float, measured: MeanTokens) -> Usage:
        shares = (measured.read or 1, measured.written or 1)
        return Usage(
            prompt_tokens=round(read),
            completion_tokens=round(written),
            cached_tokens=round(read * measured.cached / shares[0]),
            cache_write_tokens=round(read * measured.stored / shares[0]),
            reasoning_tokens=round(written * measured.reasoning / shares[1]),
            batch=isinstance(self._config, ServiceConfig) and self._config.batch is not None,
        )


class _CountingAsk(CaseAsk):
    """An ``ask`` that sends nothing and counts what would be."""

    def __init__(
        self,
        questions: Questions,
        case: Case,
        recorded: RecordedCalls[JudgeCall],
        count: _QuestionCount,
        replies: Iterator[str],
        *,
        retry_failed: bool,
    ) -> None:
        super().__init__(questions, case, recorded)
        self._count = count
        self._replies = replies
        self._retry_failed = retry_failed

    async def __call__(self, prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:  # noqa: ARG002 - part of Ask
        """Return the recorded reply, or one that stands for it."""
        form, sent, uuid, number = self.identify(prompt, params)
        return self._reply(form, sent, self.recorded.get(self.case.id, self.case.repeat, uuid), number)

    async def once(self, prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:  # noqa: ARG002 - as above
        """Likewise, for a question that serves all repeats of the sample: it is sent with the first."""
        form, sent, uuid = self.identify_shared(prompt, params)
        if self.case.repeat:
            return Reply(status="ok", text=next(self._replies))
        return self._reply(form, sent, self.recorded.get(self.case.id, 0, uuid), 0)

    def _reply(self, form: Prompt, sent: dict[str, Any], known: JudgeCall | None, number: int) -> Reply:
        kept = known is not None and (known.status == "ok" or not self._retry_failed)
        self._count.question(form, sent, nth=number, recorded=kept)
        if known is not None and kept:
            return self.answer(known)
        return self.questions.seen(Reply(status="ok", text=next(self._replies)))


def _together(parts: list[StageEstimate]) -> StageEstimate | None:
    if len(parts) < 2:
        return parts[0] if parts else None
    costs = [one.cost for one in parts]
    summed = {
        name: sum(getattr(one, name) for one in parts)
        for name in ("questions", "recorded", "known", "calls", "prompt_tokens", "completion_tokens")
    }
    return msgspec.structs.replace(
        parts[0],
        **summed,
        read_from=" and ".join(dict.fromkeys(one.read_from for one in parts)),
        written_from=" and ".join(dict.fromkeys(one.written_from for one in parts)),
        margin=max(one.margin for one in parts),
        covered=min(one.covered for one in parts),
        cost=None if None in costs else sum(one for one in costs if one is not None),
    )


def _identity(config: ModelConfig) -> dict[str, str]:
    """Return a model as the cache tells it from others; a service that names its model itself is not found there."""
    return {"type": config.type, "model": config.model, "path": config.path}


def _limit(params: dict[str, Any]) -> int:
    """Return the most tokens that a reply may have."""
    return next((int(params[name]) for name in ("max_tokens", "max_completion_tokens") if params.get(name)), 4096)


def _tokenizer(config: ModelConfig) -> Callable[[Prompt], int] | None:
    """Return what counts the tokens of a prompt, where the model's files are here; the template adds some a message.

    Raises:
        DataError: ``tokenizer.json`` is none.
    """
    file = Path(config.path).expanduser() / "tokenizer.json" if config.path else None
    if file is None or not file.is_file() or importlib.util.find_spec("tokenizers") is None:
        return None
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(file))
    except RAISED_BY_OTHERS as error:  # the package raises no class of its own
        raise DataError(
            f"{file} is no tokenizer that can be read: {error}.", hint="Copy it anew from the model, or remove it."
        ) from error

    def count(prompt: Prompt) -> int:
        text = prompt if isinstance(prompt, str) else in_words(prompt)
        return len(tokenizer.encode(text, add_special_tokens=False)) + 4 * (
            1 if isinstance(prompt, str) else len(prompt)
        )

    return count
