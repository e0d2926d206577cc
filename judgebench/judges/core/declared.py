"""The declared judge: its config names an item's presentations, a prompt for each, a parser and an aggregation.

::

    method=dict(
        type=DeclaredJudge,
        presentations=[dict(name="AB", order="AB", prompt=PROMPT), dict(name="BA", order="BA", prompt=PROMPT)],
        parser=dict(type="anchored", decisions={"A": "A", "B": "B", "C": "tie"}),
        aggregate=dict(type="counter", unread="drop"),
    )

All presentations are asked at the same time. What each reply was read as stands in the verdict's ``presentations``.

What a prompt may show of an item is decided here for all methods: the fields ``{question}``, ``{reference}``,
``{answer}``, ... A candidate's text is data, never instruction. It stands between two fence lines that its author could
not know: the fence is a hash over the item and over the text itself, so a text that holds its own fence cannot be
written, and the same item has the same fence when it is replayed.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Literal, TypeVar

import msgspec

from judgebench.content.parts import Image
from judgebench.content.prompts import as_media, as_text, fields_of, fill, fill_in, is_medium, render
from judgebench.errors import ConfigError
from judgebench.judges.aggregations import PresentationReading, aggregated, aggregation_of, check_weights
from judgebench.judges.core.contract import Ask, Case, JudgeMethod
from judgebench.judges.parsers.reading import Reading, VerdictParser, as_verdict, own_values, parser_of
from judgebench.records.findings import PresentationVerdict, ReadSpan
from judgebench.records.flow import Prompt, Reply, Verdict

T = TypeVar("T")


async def all_of(awaited: Iterable[Awaitable[T]]) -> list[T]:
    """Await questions or verdicts at the same time; where some fail, the others still end (and are recorded) first.

    Raises:
        CallFailedError: A question failed for good.
        NotRecordedError: The recording has no answer to a question.
    """
    begun = list(awaited)
    if len(begun) == 1:
        return [await begun[0]]  # most judges ask once; a task of its own would cost more than reading the reply
    found: list[T] = []
    for outcome in await asyncio.gather(*begun, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome
        found.append(outcome)
    return found


_NOTHING: frozenset[str] = frozenset()
_PAIRED = (("first", "second"), ("first_images", "second_images"))
"""Fields that change places where the second answer is shown first."""
_ANSWERS_IMAGES = ("answer_images", "baseline_images", "first_images", "second_images")
_IN_WORDS = {
    "answer": "text in its answer",
    "answer_images": "picture in its answer",
    "first_images": "picture in its first answer",
    "second_images": "picture in its second answer",
    "baseline_images": "picture in the answer to compare with",
    "reference": "reference answer",
    "baseline": "answer to compare with",
    "second": "answer to compare with",
    "first": "answer to compare with",
}
_PEPPER = "judgebench fence 1"
_OMITTED = "\n[... {count} characters left out ...]\n"


class Showing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an item is shown; keys that judge methods share.

    Attributes:
        question: Template of ``{question}`` over the sample's fields, such as ``"{problem}"``.
        first: Template of ``{first}``, the first of two answers, over the sample's fields and ``{answer}``.
        second: Template of ``{second}``, over the sample's fields and ``{baseline}``.
        show_reasoning: Whether ``{answer}`` also holds the candidate's reasoning.
        max_answer_chars: Longest candidate text that is shown whole; the middle of a longer one is left out, and the
            verdict's details say so. 0 shows everything.
    """

    question: str = "{question}"
    first: str = "{answer}"
    second: str = "{baseline}"
    show_reasoning: bool = False
    max_answer_chars: int = 0


class Shown(msgspec.Struct, frozen=True):
    """An item as a prompt may show it.

    Attributes:
        fields: Fields of prompt templates.
        trimmed: Whether the middle of the candidate's text was left out.
        missing: Needed fields that the item has no value for; a prompt that shows one cannot be asked.
    """

    fields: dict[str, Any]
    trimmed: bool
    missing: frozenset[str]

    @property
    def unjudged(self) -> Verdict | None:
        """The verdict on an item that lacks something that a prompt shows; ``None`` where nothing is missing."""
        lacking = min(self.missing, default="")
        reason = f"the item has no {_IN_WORDS.get(lacking, lacking)}"
        return Verdict(status="not_judged", reason=reason) if lacking else None


def shown(case: Case, showing: Showing, *, needed: Collection[str]) -> Shown:
    """Return the fields that prompts may name for an item.

    The sample's own fields come first; ``question``, ``reference``, ``answer``, ``first``, ``second``, ``baseline`` and
    ``fence`` replace fields of the same name. ``question_images`` are all images of the sample in their order, and
    ``answer_images``, ``baseline_images``, ``first_images`` and ``second_images`` those of the answers, as far as the
    sample has no fields of these names.

    Args:
        case: What is judged.
        showing: How it is shown.
        needed: Names that the prompts use; templates of others are not filled in.

    Raises:
        ConfigError: A template names a field that the sample does not have.
    """
    answer, trimmed = _candidate(case, showing)
    raw = {**case.fields, "answer": answer, "baseline": case.baseline or ""}
    lacking = {"reference"} if case.reference is None or case.reference == [] else set()
    lacking |= {"baseline"} if case.baseline is None else set()
    fields = {**raw, "reference": as_reference(case.reference)}
    if case.images or any(name.endswith("_images") for name in needed):
        fields |= _image_fields(case)
        lacking |= {name for name in _ANSWERS_IMAGES if not fields[name]}
        if not answer.strip() and case.images and not set(_ANSWERS_IMAGES) & set(needed):
            lacking.add("answer")
    if "question" in needed:
        fields["question"] = fill_in(showing.question, case.fields, where="method.question")
    if "first" in needed or "second" in needed:
        for name, template in (("first", showing.first), ("second", showing.second)):
            lacking |= {name} if set(fields_of(template)) & lacking else set()
            fields[name] = fill(template, raw, where=f"method.{name}")
    texts = [str(fields[name]) for name in ("answer", "baseline", "first", "second") if name in fields]
    fields["fence"] = fence(case, *texts)
    return Shown(fields, trimmed, frozenset(lacking.intersection(needed)) if lacking else _NOTHING)


def _image_fields(case: Case) -> dict[str, Any]:
    """Return the fields of a case that are images."""
    own = [value for name, value in case.fields.items() if name not in _ANSWERS_IMAGES and is_medium(value, Image)]
    shown_images = [one for value in own for one in as_media(value)]
    images = {
        "question_images": list(dict.fromkeys(shown_images)),
        "answer_images": case.images,
        "baseline_images": case.baseline_images,
        "first_images": case.images,
        "second_images": case.baseline_images,
    }
    return {name: case.fields.get(name, value) for name, value in images.items()}


def swapped(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with the two answers, and the pictures that belong to them, in each other's place."""
    pairs = [(one, other) for one, other in _PAIRED if one in fields and other in fields]
    if not pairs:
        return fields
    return {**fields, **{one: fields[other] for pair in pairs for one, other in (pair, pair[::-1])}}


def as_reference(reference: str | list[str] | None) -> str:
    """Return the gold answer as a judge is shown it; several accepted forms stand in a list that says so."""
    if reference is None:
        return ""
    if isinstance(reference, str):
        return reference
    if len(reference) == 1:
        return reference[0]
    return "any one of these is right:\n" + "\n".join(f"- {as_text(form)}" for form in reference)


def fence(case: Case, *texts: str) -> str:
    """Return the line that stands before and after a candidate's text: reproducible, and in none of the texts.

    The answers of two models have one fence, whichever of them is the tested one: the question about them is the same.
    """
    if case.baseline is not None:
        texts = tuple(sorted(texts))
    seed = "\0".join([_PEPPER, case.uid, str(case.repeat), *texts])
    number = 0
    while True:
        digest = hashlib.sha256("\0".join([str(number), seed]).encode("utf-8", "surrogatepass")).hexdigest()
        mark = f"=== {digest[:20]} ==="
        for text in texts:
            if mark in text:
                break
        else:
            return mark
        number += 1


def _candidate(case: Case, showing: Showing) -> tuple[str, bool]:
    text = case.answer
    if showing.show_reasoning and case.reasoning:
        text = f"{case.reasoning}\n\n{text}"
    most = showing.max_answer_chars
    if most <= 0 or len(text) <= most:
        return text, False
    head = most // 2
    tail = most - head
    return f"{text[:head]}{_OMITTED.format(count=len(text) - most)}{text[len(text) - tail :]}", True


_SHORT = 256
"""Characters up to which a reply's reading is remembered."""
_REMEMBERED = 4096
"""Most readings remembered."""


class Presentation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rendered question about an item.

    Attributes:
        name: Name among the item's presentations; empty for the only one.
        prompt: Messages, or a text for completion services; may name the fields of ``judgebench.judges.core.declared``
            and of the sample.
        order: ``BA`` shows the second answer first, and its verdict is mirrored before the aggregation.
        fields: Further fields for this presentation's prompt (a criterion, a rubric); values may name the sample's
            fields.
        weight: Weight in means and pools (``mean_score``, ``weighted_pool``, ``logprob_mean``, ``higher_score``).
        parser: Verdict parser of this presentation alone.
        params: Sampling parameters of this presentation alone, over those of the method.
    """

    prompt: list[dict[str, Any]] | str
    name: str = ""
    order: Literal["", "AB", "BA"] = ""
    fields: dict[str, str] = {}
    weight: float = 1.0
    parser: dict[str, Any] | str | None = None
    params: dict[str, Any] = {}


class DeclaredJudge(JudgeMethod):
    """Asks every presentation of an item, reads each reply by the parser and aggregates the readings into one decision.

    With one presentation and ``aggregate=dict(type="first", unread="unparsed")`` it is a judge that is asked once. A
    plain text as prompt makes a completion judge, and with ``params=dict(logprobs=..., max_tokens=1)`` and the parser
    ``logprob_of_decision`` one that is read by its probabilities.
    """

    class Config(Showing, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``method=dict(type=DeclaredJudge, ...)``, beside those of ``Showing``.

        Attributes:
            presentations: The questions; names must differ.
            parser: Name of a parser, or ``dict(type=..., ...)``.
            aggregate: ``dict(type=<name>, unread=<choice>, ...)``.
            repeats: How many times every presentation is asked.
            params: Sampling parameters of every question, over those of the judge model.
            skip_equal: Decision of an item whose two answers are equal, which is then not asked; empty asks all the
                same.
        """

        presentations: list[Presentation]
        parser: dict[str, Any] | str
        aggregate: dict[str, Any]
        repeats: int = 1
        params: dict[str, Any] = msgspec.field(default_factory=dict)
        skip_equal: str = ""

    version: ClassVar[int] = 1

    def __init__(self, config: Config) -> None:
        names = [presentation.name for presentation in config.presentations]
        if not names or len(set(names)) != len(names):
            raise ConfigError(
                "method.presentations: there must be at least one presentation, and their names must differ."
            )
        if config.repeats < 1:
            raise ConfigError(f"method.repeats: must be 1 or more, not {config.repeats}.")
        self.config = config
        self._aggregation, self._aggregation_config = aggregation_of(config.aggregate, where="method.aggregate")
        shared = parser_of(config.parser, where="method.parser")
        self._parsers = {
            presentation.name: shared
            if presentation.parser is None
            else parser_of(presentation.parser, where=f"method.presentations[{number}].parser")
            for number, presentation in enumerate(config.presentations)
        }
        self._text_only = {name: reads_text_only(parser) for name, parser in self._parsers.items()}
        self._keywords = {one.name: self._keywords_of(one) for one in config.presentations}
        self._parser_identities = {name: parser.identity() for name, parser in self._parsers.items()}
        self._readings: dict[tuple[str, str, str | None], Reading] = {}
        texts: list[Prompt] = [
            text
            for presentation in config.presentations
            for text in (presentation.prompt, *presentation.fields.values())
        ]
        self._needed = frozenset(name for text in texts for name in fields_of(text))
        self._check_unread_names(names)
        weights = [presentation.weight for presentation in config.presentations]
        if any(weight != 1 for weight in weights):
            check_weights(weights, [self._aggregation_config.type], where="method.presentations")
        if not any(weights):
            raise ConfigError(
                "method.presentations: all weights are 0, so no presentation would count.", hint="Give one a weight."
            )
        self.parsers = list(self._parsers.values())
        self.needs_logprobs = any(parser.needs_logprobs for parser in self.parsers)
        self.decisions = list(dict.fromkeys(decision for parser in self.parsers for decision in parser.decisions()))
        self.scale = self._scale()

    def _keywords_of(self, presentation: Presentation) -> dict[str, Any]:
        """Return what ``ask`` is given beside a presentation's prompt: parameters, and the schema of the reply."""
        params = {**self.config.params, **presentation.params}
        schema = self._parsers[presentation.name].schema()
        return params if schema is None else {**params, "schema": schema}

    def _scale(self) -> tuple[float, float] | None:
        """Return the ends of the scale of its scores, where its parsers declare one that the aggregation keeps."""
        scales = [scale_of(keys) for keys in self._parser_identities.values()]
        ordered = any(presentation.order for presentation in self.config.presentations)
        if ordered or None in scales or self._aggregation_config.type not in _KEEP_THE_SCALE:
            return None
        unread = self._aggregation_config.unread
        stand_ins = [
            one for one in (unread.values() if isinstance(unread, dict) else [unread]) if not isinstance(one, str)
        ]
        ends = [end for scale in scales if scale is not None for end in scale]
        return min([*ends, *stand_ins]), max([*ends, *stand_ins])

    def parser(self, presentation: str = "") -> VerdictParser:
        """Return the parser that reads a presentation's replies.

        Raises:
            KeyError: There is no such presentation.
        """
        return self._parsers[presentation]

    def identity(self) -> dict[str, Any]:
        """Return prompts, parsers, aggregation and what an unread presentation counts as."""
        config = msgspec.to_builtins(self.config)
        for key in ("parser", "aggregate"):
            config.pop(key)
        for presentation in config["presentations"]:
            presentation["parser"] = self._parser_identities[presentation["name"]]
        return {
            "method": "declared_judge",
            "version": self.version,
            **config,
            "aggregate": msgspec.to_builtins(self._aggregation_config),
        }

    def prompts(self, case: Case) -> list[tuple[str, Prompt]]:
        """Return the rendered prompt of every presentation, for a look before anything is sent.

        Raises:
            ConfigError: A prompt names a field that does not exist.
        """
        return [
            (presentation.name, prompt)
            for presentation, prompt in self._questions(shown(case, self.config, needed=self._needed))
        ]

    async def judge(self, case: Case, ask: Ask) -> Verdict:
        """Ask all presentations at once and aggregate what their replies say.

        Raises:
            ConfigError: A prompt names a field that does not exist.
        """
        seen = shown(case, self.config, needed=self._needed)
        if (unjudged := seen.unjudged) is not None:
            return unjudged
        if self.config.skip_equal and self._are_equal(seen):
            return Verdict(status="ok", decision=self.config.skip_equal, equal_answers=True)
        questions = [
            (presentation, repeat, prompt)
            for presentation, prompt in self._questions(seen)
            for repeat in range(self.config.repeats)
        ]
        replies = await all_of(
            ask(prompt, presentation=presentation.name, **self._keywords[presentation.name])
            for presentation, _, prompt in questions
        )
        readings = [
            PresentationReading(
                presentation=presentation.name,
                order=presentation.order,
                repeat=repeat,
                weight=presentation.weight,
                reading=self._read(presentation.name, reply),
            )
            for (presentation, repeat, _), reply in zip(questions, replies, strict=True)
        ]
        combined = aggregated(readings, self._aggregation, self._aggregation_config)
        details: dict[str, Any] = {"answer_trimmed": True} if seen.trimmed else {}
        return verdict_of(combined, readings, replies, details)

    def _are_equal(self, seen: Shown) -> bool:
        """Whether two answers are equal as far as the prompts show them; of pictures, byte for byte."""
        shown_pairs = [pair for pair in _PAIRED if set(pair) & self._needed]
        return bool(shown_pairs) and all(seen.fields[one] == seen.fields[other] for one, other in shown_pairs)

    def _read(self, presentation: str, reply: Reply) -> Reading:
        """Return what a presentation's parser reads; short replies repeat and are read once where only text counts."""
        parser = self._parsers[presentation]
        if len(reply.text) > _SHORT or not self._text_only[presentation]:
            return parser.read(reply)
        key = (presentation, reply.text, reply.finish_reason)
        known = self._readings.get(key)
        if known is None:
            known = parser.read(reply)
            if len(self._readings) < _REMEMBERED:
                self._readings[key] = known
        return known

    def _questions(self, seen: Shown) -> list[tuple[Presentation, Prompt]]:
        return [
            (presentation, self._rendered(presentation, seen.fields, number))
            for number, presentation in enumerate(self.config.presentations)
        ]

    @staticmethod
    def _rendered(presentation: Presentation, fields: dict[str, Any], number: int) -> Prompt:
        where = f"method.presentations[{number}]"
        if presentation.order == "BA":
            fields = swapped(fields)
        further = {
            name: fill(text, fields, where=f"{where}.fields.{name}") for name, text in presentation.fields.items()
        }
        return render(presentation.prompt, {**fields, **further}, where=f"{where}.prompt")

    def _check_unread_names(self, names: Sequence[str]) -> None:
        if isinstance(self._aggregation_config.unread, dict):
            strange = sorted(set(self._aggregation_config.unread) - set(names))
            if strange:
                raise ConfigError(
                    f"method.aggregate.unread: there is no presentation {strange[0]!r}; "
                    f"the presentations are {', '.join(names)}."
                )


def reads_text_only(parser: VerdictParser) -> bool:
    """Whether a parser's own class says that text and ``finish_reason`` of a reply decide its reading."""
    return bool(vars(type(parser)).get("reads_text_only", False))


_KEEP_THE_SCALE = frozenset({"first", "mean_score", "median_score", "min_score", "max_score", "geometric_mean"})


def scale_of(keys: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the ends of the scale that a parser's identity names, by ``low`` and ``high`` or by ``points``."""
    if keys.get("count", 1) != 1:
        return None  # several numbers, of which the score is the difference or the greatest
    points = keys.get("points")
    stated = list(points.values()) if isinstance(points, dict) else [keys.get("low"), keys.get("high")]
    ends = [float(end) for end in stated if isinstance(end, int | float)]
    return (min(ends), max(ends)) if ends and len(ends) == len(stated) else None


def verdict_of(
    combined: Reading, readings: Sequence[PresentationReading], replies: Sequence[Reply], details: dict[str, Any]
) -> Verdict:
    """Return the verdict on an item, with what was read in every presentation.

    The span is that of a single presentation; with several, each presentation has its own.
    """
    presentations = [_as_verdict(one, reply) for one, reply in zip(readings, replies, strict=True)]
    only = readings[0].reading if len(readings) == 1 else None
    span = only.span if only else None
    return as_verdict(msgspec.structs.replace(combined, span=span), presentations, **details)


def _as_verdict(one: PresentationReading, reply: Reply) -> PresentationVerdict:
    read = one.reading
    return PresentationVerdict(
        presentation=one.presentation,
        repeat=one.repeat,
        order=one.order,
        status=read.status,
        decision=read.decision or None,
        score=read.score,
        reason=read.reason,
        span=ReadSpan(start=read.span[0], end=read.span[1]) if read.span else None,
        truncated=reply.finish_reason == "length",
        probabilities=read.probabilities,
        values=own_values(read),
    )
