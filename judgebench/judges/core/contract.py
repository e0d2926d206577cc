"""The contract between a judge method and the stage that runs it, and how methods and their parts are made of configs.

A judge method is one async function over one case. It never knows whether its questions go to a service (judge-infer)
or are answered from the recording (extract)::

    class MyMethod(JudgeMethod):
        class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
            ...                                  # the keys of ``method=dict(type=MyMethod, ...)``

        def __init__(self, config: Config) -> None: ...

        async def judge(self, case: Case, ask: Ask) -> Verdict: ...

        def identity(self) -> dict[str, Any]: ...

A rule-based check is a method that never asks. Methods must be deterministic: the same case and the same replies give
the same questions and the same verdict, because extract runs them again on the recording.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar, get_args

import msgspec

from judgebench import plugins
from judgebench.content.parts import Image
from judgebench.judges.parsers.reading import VerdictParser
from judgebench.records.findings import BiasFindings, PresentationVerdict, StepVerdict
from judgebench.records.flow import Prompt, Reply, Verdict, VerdictStatus

if TYPE_CHECKING:
    from judgebench.judges.rules.answers import Extractor
    from judgebench.records.run import Typed

T = TypeVar("T")


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What a judge method is shown.

    Attributes:
        id: ``Sample.id``.
        uid: ``Sample.uid``.
        repeat: Repetition of the tested model's answer.
        fields: The sample's input fields.
        reference: The gold answer, or several accepted ones.
        answer: The tested model's answer without reasoning.
        reasoning: Its reasoning, shown to a judge only where the method's config says so.
        meta: The sample's further columns.
        truncated: Whether the answer was cut off by the token limit.
        baseline: The answer it is compared with, for comparisons.
        answers: All answers of the item, where there are more than two.
        images: References to the images of the answer, where it holds some.
        baseline_images: Those of the answer that it is compared with.
        verdicts: What other judges decided about the same answer, by abbr; for panels.
    """

    id: int
    uid: str
    repeat: int
    fields: dict[str, Any]
    reference: str | list[str] | None
    answer: str
    reasoning: str = ""
    meta: dict[str, Any] = {}
    truncated: bool = False
    baseline: str | None = None
    answers: list[str] = []
    images: list[Image] = []
    baseline_images: list[Image] = []
    verdicts: dict[str, Verdict] = {}


class Ask(Protocol):
    """Puts one question to the judge model; may be awaited any number of times, in parallel or in turn."""

    async def __call__(self, prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:
        """Return the judge's reply; its status is always ``ok``.

        Args:
            prompt: Messages, or text for completion services.
            presentation: Name of this question among the questions about the item.
            **params: Sampling parameters over those of the judge model's config. ``schema`` is none of them: it is the
                JSON schema of the reply, to which the service holds it where the judge's ``constrain`` says so.

        Raises:
            CallFailedError: The service gave no usable reply, after retries.
            NotRecordedError: The recording has no answer to this question.
        """
        ...


async def ask_once(ask: Ask, prompt: Prompt, *, presentation: str = "", **params: Any) -> Reply:
    """Put a question about the sample itself, whose reply serves all repeats of the tested model's answer.

    It is asked once for all of them where ``ask`` has a method ``once`` with its own signature, as those of the stages
    have; any other ``ask`` is asked as always. Arguments and errors are those of ``Ask``.
    """
    put: Ask = getattr(ask, "once", ask)
    return await put(prompt, presentation=presentation, **params)


class CallFailedError(Exception):
    """A question to the judge failed for good. Methods may catch it (a panel with a quorum does)."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.error.message if reply.error else "the judge call failed")
        self.reply = reply


class NotRecordedError(Exception):
    """The recording has no answer to a question, so the item is ``not_judged``."""


async def all_of(awaited: Iterable[Awaitable[T]]) -> list[T]:
    """Await questions or verdicts at the same time; where some fail, the others still end (and are recorded) first.

    Raises:
        CallFailedError: A question failed for good.
        NotRecordedError: The recording has no answer to a question.
    """
    begun = list(awaited)
    if len(begun) == 1:
        return [await begun[0]]  # most judges ask once; a task of its own would cost more than reading the reply
    import asyncio

    found: list[T] = []
    for outcome in await asyncio.gather(*begun, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome
        found.append(outcome)
    return found


class JudgeMethod(ABC):
    """Base class of all judge methods, shipped ones and users' own; see the module's docstring.

    What a method can do besides ``judge`` and ``identity`` has a default here, so that whoever runs a method need not
    ask what it is.

    Attributes:
        asks: False for rule-based checks and panels: they need no judge model and no judge-infer task.
        aggregates_verdicts: Whether it reads ``item.verdicts``, as a panel does.
        needs_logprobs: Whether it reads log-probabilities, so that a service which gives none is refused.
        holds_workers: Whether it waits for worker processes of its own, so that several items are checked at a time.
        decisions: The decisions that it can give, in order.
        scale: The ends of its scores' scale, ``None`` where they are not declared; they bound a mean.
        parsers: What reads its replies, where that is the same for all of them.
    """

    Config: ClassVar[type[msgspec.Struct]]
    asks: ClassVar[bool] = True
    aggregates_verdicts: ClassVar[bool] = False
    needs_logprobs: bool = False
    holds_workers: bool = False
    decisions: Sequence[str] = ()
    scale: tuple[float, float] | None = None
    parsers: Sequence[VerdictParser] = ()

    def __init_subclass__(cls) -> None:
        """Give a method that inherits its ``Config`` one of its own, so that ``Mine.Config()`` says whose it is."""
        super().__init_subclass__()
        inherited = getattr(cls, "Config", None)
        if inherited is not None and "Config" not in vars(cls):
            named = {"__module__": cls.__module__, "__qualname__": f"{cls.__qualname__}.Config"}
            cls.Config = type(inherited)("Config", (inherited,), {**named, "__doc__": inherited.__doc__})

    @property
    def offers_schema(self) -> bool:
        """Whether a question of it comes with the JSON schema of its reply, to which ``constrain`` can hold a judge."""
        return any(parser.schema() is not None for parser in self.parsers)

    @abstractmethod
    async def judge(self, case: Case, ask: Ask) -> Verdict:
        """Decide about one item; raises nothing of its own for text it cannot read."""

    @abstractmethod
    def identity(self) -> dict[str, Any]:
        """Return what decides the verdict (prompts, parser, aggregation, names with versions), as JSON values."""

    def prompts(self, case: Case) -> list[tuple[str, Prompt]]:  # noqa: ARG002 - methods that know them need it
        """Return its first questions, rendered, as ``(presentation, prompt)`` pairs; none where they cannot be told."""
        return []

    def notes(self) -> list[str]:
        """Return what a reader of its results must know, one sentence each."""
        return []

    async def aclose(self) -> None:  # noqa: B027 - most methods hold nothing
        """End what it holds (worker processes)."""


_STATUSES = get_args(VerdictStatus)
LARGEST_SCORE = 1e15
"""Beyond it sums of scores lose what they are made of, and squares soon leave what a file can hold."""
MOST_VOTES = 0xFFFF
"""Votes for one decision."""


def checked(verdict: Verdict) -> Verdict:
    """Return a method's verdict if it is one that can be counted and written.

    Raises:
        TypeError: It is none.
        ValueError: It has a status that there is not, its score is no finite number, its decision is no text that a
            file can hold, or what it found beside them has not the form that its field declares.
    """
    if not isinstance(verdict, Verdict):
        raise TypeError(f"the method returned {type(verdict).__name__}, and a Verdict was expected")
    if verdict.status not in _STATUSES:
        raise ValueError(f"the verdict has the status {verdict.status!r:.40}, and there are {', '.join(_STATUSES)}")
    if verdict.score is not None and not -LARGEST_SCORE <= verdict.score <= LARGEST_SCORE:
        raise ValueError(f"the score {verdict.score!r:.40} is no finite number")
    if verdict.decision is not None:
        verdict.decision.encode()
    if verdict.presentations or verdict.votes or verdict.outcomes or verdict.steps or verdict.bias is not None:
        _check_findings(verdict)
    return verdict


def _check_findings(verdict: Verdict) -> None:
    """Refuse findings that a metric could not count.

    Raises:
        TypeError: Steps or what a bias test found are something else.
        ValueError: One has not the form that its field declares.
    """
    for one in verdict.presentations:
        fitting = (
            isinstance(one, PresentationVerdict)
            and one.status in _STATUSES
            and (one.decision is None or isinstance(one.decision, str))
            and (one.score is None or -LARGEST_SCORE <= one.score <= LARGEST_SCORE)
        )
        if not fitting:
            raise ValueError(f"a presentation of the verdict is {one!r:.80}, and a PresentationVerdict was expected")
    for decision, count in verdict.votes.items():
        if not isinstance(count, int) or not 0 <= count <= MOST_VOTES:
            raise ValueError(f"the votes for {decision!r:.40} are {count!r:.40}, not a number from 0 to {MOST_VOTES}")
    for outcome in verdict.outcomes:
        if not 0 <= outcome.outcome <= 1 or not 0 <= outcome.weight <= LARGEST_SCORE:
            raise ValueError(f"the verdict pools {outcome!r:.80}: an outcome is from 0 to 1, a weight 0 or more")
    strange = next((one for one in verdict.steps if not isinstance(one, StepVerdict)), None)
    if strange is not None:
        raise TypeError(f"a step of the verdict is {strange!r:.80}, and a StepVerdict was expected")
    if verdict.bias is not None and not isinstance(verdict.bias, BiasFindings):
        raise TypeError(f"the verdict's bias is {type(verdict.bias).__name__}, and BiasFindings were expected")


def lacks_logprobs(method: JudgeMethod, answered: Sequence[tuple[Mapping[str, Any], bool]]) -> bool:
    """Say whether a method that reads log-probabilities got none where it asked for them.

    Args:
        method: Any method; a method made of others may put questions that need none, whose replies say nothing.
        answered: Sampling parameters of each question, and whether its reply came with log-probabilities.
    """
    if not method.needs_logprobs:
        return False
    reads_all = bool(method.parsers) and all(parser.needs_logprobs for parser in method.parsers)
    given = [came for params, came in answered if reads_all or params.get("logprobs")]
    return bool(given) and not any(given)


def method_of(typed: Typed, *, where: str = "method") -> JudgeMethod:
    """Make the judge method that a config declares.

    Raises:
        ConfigError: There is no such type, it is no judge method, or a key is unknown or of the wrong type.
    """
    return method_from(typed.type, typed.options, where=where)


def method_from(type_name: str, options: Mapping[str, Any], *, where: str) -> JudgeMethod:
    """Make a judge method from the name of its type and its keys.

    Raises:
        ConfigError: As ``method_of``.
    """
    made: JudgeMethod = plugins.make(type_name, options, "judges", where=where)
    return made


def extractor_of(typed: Typed, *, where: str = "extractor") -> Extractor:
    """Make the answer rule that a config declares.

    Raises:
        ConfigError: There is no such type, it is no rule, or a key is unknown or of the wrong type.
    """
    return extractor_from(typed.type, typed.options, where=where)


def extractor_from(type_name: str, options: Mapping[str, Any], *, where: str) -> Extractor:
    """Make an answer rule from the name of its type and its keys.

    Raises:
        ConfigError: As ``extractor_of``.
    """
    made: Extractor = plugins.make(type_name, options, "extractors", where=where)
    return made


def how_read(identity: Mapping[str, Any]) -> dict[str, str]:
    """Return ``parser``, ``aggregate`` and ``unread`` of a method and of the judges inside it, outermost first.

    Several of a kind are parted by `` / ``. A kind of which there is none is left out: a method that asks once and
    aggregates nothing has no ``aggregate``, and its item is unparsed where its reply cannot be read.

    Args:
        identity: What ``identity()`` of a judge method gives.
    """
    found: dict[str, dict[str, None]] = {"parser": {}, "aggregate": {}, "unread": {}}
    for kind, name in _named(identity):
        found[kind][name] = None
    return {kind: " / ".join(names) for kind, names in found.items() if names}


def _named(part: Any) -> Iterator[tuple[str, str]]:
    if isinstance(part, list):
        for one in part:
            yield from _named(one)
    if not isinstance(part, Mapping):
        return
    if isinstance(part.get("parser"), str):
        yield "parser", part["parser"]
        return  # what a parser is made of is its own business
    aggregate, unread = part.get("aggregate"), part.get("unread")
    if isinstance(aggregate, Mapping):
        yield "aggregate", str(aggregate.get("type", "")).rpartition(".")[2]
        unread = aggregate.get("unread")
    if isinstance(unread, Mapping):
        yield "unread", ", ".join(f"{presentation}: {choice}" for presentation, choice in unread.items())
    elif isinstance(unread, str | int | float):
        yield "unread", str(unread)
    for key, value in part.items():
        if key not in {"aggregate", "unread"}:
            yield from _named(value)
