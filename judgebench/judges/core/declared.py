"""The declared judge: its config names an item's presentations, a prompt for each, a parser and an aggregation.

::

    method=dict(
        type=DeclaredJudge,
        presentations=[dict(name="AB", order="AB", prompt=PROMPT), dict(name="BA", order="BA", prompt=PROMPT)],
        parser=dict(type="anchored", decisions={"A": "A", "B": "B", "C": "tie"}),
        aggregate=dict(type="counter", unread="drop"),
    )

All presentations are asked at the same time. What each reply was read as stands in the verdict's ``presentations``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import msgspec

from judgebench.content.prompts import fields_of, fill, render
from judgebench.errors import ConfigError
from judgebench.judges.aggregations import PresentationReading, aggregated, aggregation_of, check_weights
from judgebench.judges.core.contract import Ask, Case, JudgeMethod, all_of
from judgebench.judges.core.showing import Showing, Shown, shown, swapped
from judgebench.judges.parsers.reading import Reading, VerdictParser, as_verdict, own_values, parser_of
from judgebench.records.findings import PresentationVerdict, ReadSpan
from judgebench.records.flow import Prompt, Reply, Verdict

_SHORT = 256
"""Characters up to which a reply's reading is remembered."""
_REMEMBERED = 4096
"""Most readings remembered."""


class Presentation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rendered question about an item.

    Attributes:
        name: Name among the item's presentations; empty for the only one.
        prompt: Messages, or a text for completion services; may name the fields of ``judgebench.judges.core.showing``
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
        if self.config.skip_equal and seen.has_equal_answers(self._needed):
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
