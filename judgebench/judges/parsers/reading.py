"""What a verdict parser is, and what it says about one reply.

A parser reads one reply and nothing else: not the question, not the candidate's text, not another reply. It is a pure
function of the reply, so that a recorded run can be read again by a better one. A config names a parser by the module
it lives in (``anchored``) or by the dotted path of its class.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, NamedTuple, Protocol

import msgspec

from judgebench import plugins
from judgebench.records.findings import PooledOutcome, PresentationVerdict, StepVerdict
from judgebench.records.flow import Reply, Verdict


class Reading(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a parser read in one reply.

    Attributes:
        status: ``ok``, or ``unparsed`` where the reply states no verdict, or more than one.
        decision: The decision that the parser's config gives to what was read; ``None`` for plain numbers.
        score: The number that was read.
        reason: Why nothing was read, in a few words.
        span: Start and end in the reply's text of what was read.
        pair: Scores of the first shown and the second shown answer.
        scores: Scores of several answers, in the order in which they were shown.
        probabilities: By decision, from log-probabilities.
        steps: What is said of each step of the answer.
        votes: Of an aggregation: how often each decision was given.
        outcomes: Of an aggregation that pools outcomes: the pool.
        values: The parser's own: further numbers or texts of the same reply, which nobody else reads.
    """

    status: Literal["ok", "unparsed"]
    decision: str | None = None
    score: float | None = None
    reason: str = ""
    span: tuple[int, int] | None = None
    pair: tuple[float, float] | None = None
    scores: list[float] = []
    probabilities: dict[str, float] = {}
    steps: list[StepVerdict] = []
    votes: dict[str, int] = {}
    outcomes: list[PooledOutcome] = []
    values: dict[str, Any] = {}


class VerdictParser(Protocol):
    """Reads verdicts in replies; see the module's docstring.

    A class of this kind also has a ``Config`` struct, from which it is made: the keys of ``parser=dict(type=...)``.
    """

    version: ClassVar[int]
    """Raised whenever the parser reads some text differently than before; part of every result's version."""
    guesses: ClassVar[bool]
    """Whether it decides where nothing is stated. Only parsers that mirror other tools do."""
    needs_logprobs: ClassVar[bool]
    """Whether it reads log-probabilities, so that a service which gives none cannot be used with it."""

    def read(self, reply: Reply) -> Reading:
        """Read one reply; raises for no text, and takes time linear in its length."""
        ...

    def decisions(self) -> list[str]:
        """Return every decision it can give, in the order of its config; empty where it gives numbers only."""
        ...

    def schema(self) -> dict[str, Any] | None:
        """Return the JSON schema of the replies that it reads; ``None`` where they are no JSON."""
        ...

    def identity(self) -> dict[str, Any]:
        """Return what decides its readings, as JSON values."""
        ...


class ConfiguredParser(ABC):
    """A parser that its config decides alone: a new one has a docstring, a ``Config`` and ``read``.

    A class that reads nothing of a reply but its text and ``finish_reason`` says so by ``reads_text_only``, and equal
    replies are then read once. It says so of itself alone: a class made from it says it again.

    The other three class attributes and the three methods are those of ``VerdictParser``; a parser names what differs.

    Args:
        config: The keys of ``parser=dict(type=...)``, an instance of the class's ``Config``.
    """

    version: ClassVar[int] = 1
    guesses: ClassVar[bool] = False
    needs_logprobs: ClassVar[bool] = False
    reads_text_only: ClassVar[bool] = False

    def __init__(self, config: msgspec.Struct) -> None:
        self.config = config

    def decisions(self) -> list[str]:
        """Return the decisions in the order of the config; none, as for numbers, unless a parser says otherwise."""
        return []

    def schema(self) -> dict[str, Any] | None:
        """Return the JSON schema of the replies that it reads, to which ``constrain`` holds a judge; none by default.

        All services take: objects whose keys are all required, with ``additionalProperties: false``; texts, numbers,
        truth values, lists; ``enum``. They take no bounds, lengths or patterns, so a scale is an ``enum``.
        """
        return None

    def identity(self) -> dict[str, Any]:
        """Return name, version and config."""
        return identity_of(self, self.config)

    @abstractmethod
    def read(self, reply: Reply) -> Reading:
        """Read one reply; each parser its own."""


def parser_of(spec: str | Mapping[str, Any], *, where: str = "parser") -> VerdictParser:
    """Make a parser from its name or from ``dict(type=..., ...)``.

    Args:
        spec: ``"anchored"``, or a dict whose ``type`` is such a name or a dotted path.
        where: The config key, for errors.

    Raises:
        ConfigError: There is no such parser, or a key is unknown or of the wrong type.
    """
    parser: VerdictParser = plugins.made(spec, "parsers", where=where)
    return parser


def unparsed(reason: str) -> Reading:
    """Return the reading of a reply that states no verdict."""
    return Reading(status="unparsed", reason=reason)


def as_verdict(reading: Reading, presentations: Sequence[PresentationVerdict] = (), **details: Any) -> Verdict:
    """Return what was read, or what readings were aggregated into, as a verdict.

    Args:
        reading: What was read.
        presentations: What was read in each presentation.
        details: The method's own.
    """
    ok = reading.status == "ok"
    return Verdict(
        status=reading.status,
        decision=reading.decision if ok else None,
        score=reading.score if ok else None,
        reason=reading.reason,
        span=reading.span if ok else None,
        presentations=list(presentations),
        probabilities=reading.probabilities,
        votes=reading.votes,
        outcomes=reading.outcomes,
        steps=reading.steps,
        details={**own_values(reading), **details},
    )


def own_values(reading: Reading) -> dict[str, Any]:
    """Return what a reading says beside its typed fields, as a presentation and a verdict write it down."""
    if reading.pair is not None:
        return {"first": reading.pair[0], "second": reading.pair[1], **reading.values}
    return {"scores": reading.scores, **reading.values} if reading.scores else reading.values


def identity_of(parser: VerdictParser, config: msgspec.Struct) -> dict[str, Any]:
    """Return a parser's name, version and config as JSON values."""
    named = {"parser": parser_name(parser), "version": parser.version}
    if parser.guesses:
        named["guesses"] = True
    return {**named, **msgspec.to_builtins(config)}


def parser_name(parser: VerdictParser) -> str:
    """Return the name by which configs know a parser: ``FirstMatch`` is ``first_match``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(parser).__name__).lower()


class AnswerPart(NamedTuple):
    """The part of a text that follows its reasoning.

    Attributes:
        text: The part; ``None`` where the reasoning never ends.
        start: Where it starts in the whole text.
    """

    text: str | None
    start: int


_REASONING = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<reasoning>": "</reasoning>",
    "[THINK]": "[/THINK]",
    "<seed:think>": "</seed:think>",
    "◁think▷": "◁/think▷",
    "<|begin_of_thought|>": "<|end_of_thought|>",
    "<|channel|>analysis": "<|channel|>final<|message|>",
}
"""Marks between which models reason, by the mark that opens."""
_MARKED = re.compile("[<\\[◁]")
_TURN = re.compile(
    r"<\|(?:im_end|im_start|eot_id|eom_id|endoftext|end_of_text|end|return|end_of_turn)\|>|<end_of_turn>"
    r"|<start_of_turn>"
    r"|<eos>|<｜end▁of▁sentence｜>|\[/INST\]|</s>"
)
"""What ends a turn, left in the text by services that do not take it out."""


def answer_part(text: str) -> AnswerPart:
    """Leave out a reasoning block that the model's postprocessor has not taken out, and what follows the turn's end.

    Only a block that opens the reply counts; a template may have sent the opening tag itself, so a closing tag alone
    ends reasoning as well.
    """
    if not _MARKED.search(text):
        return AnswerPart(text, 0)
    start = max(
        (place + len(closing) for closing in _REASONING.values() if (place := text.rfind(closing)) >= 0), default=0
    )
    if text[start:].lstrip().startswith(tuple(_REASONING)):
        return AnswerPart(None, len(text))
    for turn in _TURN.finditer(text, start):
        if turn[0] != "</s>" or "<s>" not in text:  # which else strikes through
            return AnswerPart(text[start : turn.start()], start)
    return AnswerPart(text[start:], start)


def silent(reply: Reply) -> Reading:
    """Return the reading of a reply without any text after its reasoning, with the likeliest cause."""
    if reply.finish_reason == "length":
        return unparsed("the reply was cut off before its verdict (finish_reason=length)")
    return unparsed("the reply is empty" if not reply.text.strip() else "the reply ends inside its reasoning")
