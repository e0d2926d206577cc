"""The declared judge method: views of an item, a prompt per view, a grammar, a named fold. No code to write.

::

    method=dict(
        type=Viewed,
        views=[dict(name="AB", order="AB", prompt=PROMPT), dict(name="BA", order="BA", prompt=PROMPT)],
        grammar=dict(type="anchored", labels={"A": "A", "B": "B", "C": "tie"}),
        fold=dict(type="counter", unread="drop"),
    )

All views are asked at the same time. What each reply was read as stands in the verdict's ``details["views"]``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import msgspec

from judgebench.errors import ConfigError
from judgebench.judges import load
from judgebench.judges.asking import Ask, JudgeItem, JudgeMethod
from judgebench.judges.folds import ViewReading, check_weights, fold_views
from judgebench.judges.grammars.reading import Grammar, Reading, as_verdict, reads_text_only
from judgebench.judges.showing import Showing, Shown, shown, swapped
from judgebench.judges.together import all_of
from judgebench.prompts import fields_of, fill, render
from judgebench.records import Prompt, Reply, Verdict

_SHORT = 256
"""Characters up to which a reply's reading is remembered."""
_REMEMBERED = 4096
"""Most readings remembered."""


class View(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rendered question about an item.

    Attributes:
        name: Name among the item's views; empty for the only one.
        prompt: Messages, or a text for completion services; may name the fields of ``judgebench.judges.showing`` and of
            the sample.
        order: ``BA`` shows the second answer first, and its verdict is mirrored before the fold.
        fields: Further fields for this view's prompt (a criterion, a rubric); values may name the sample's fields.
        weight: Weight in means and pools (``mean_score``, ``weighted_pool``, ``logprob_mean``, ``higher_score``).
        grammar: Grammar of this view alone.
        params: Sampling parameters of this view alone, over those of the method.
    """

    prompt: list[dict[str, Any]] | str
    name: str = ""
    order: Literal["", "AB", "BA"] = ""
    fields: dict[str, str] = {}
    weight: float = 1.0
    grammar: dict[str, Any] | str | None = None
    params: dict[str, Any] = {}


class Viewed(JudgeMethod):
    """Asks every view of an item, reads each reply by the grammar and folds the readings into one decision.

    With one view and ``fold=dict(type="first", unread="unparsed")`` it is a judge that is asked once. A plain text as
    prompt makes a completion judge, and with ``params=dict(logprobs=..., max_tokens=1)`` and the grammar
    ``logprob_of_label`` one that is read by its probabilities.
    """

    class Config(Showing, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """Keys of ``method=dict(type=Viewed, ...)``, beside those of ``Showing``.

        Attributes:
            views: The questions; names must differ.
            grammar: Name of a grammar, or ``dict(type=..., ...)``.
            fold: ``dict(type=<name>, unread=<choice>, ...)``.
            repeats: How many times every view is asked.
            params: Sampling parameters of every question, over those of the judge model.
            skip_equal: Label of an item whose two answers are equal, which is then not asked; empty asks all the same.
        """

        views: list[View]
        grammar: dict[str, Any] | str
        fold: dict[str, Any]
        repeats: int = 1
        params: dict[str, Any] = msgspec.field(default_factory=dict)
        skip_equal: str = ""

    version: ClassVar[int] = 1

    def __init__(self, config: Config) -> None:
        names = [view.name for view in config.views]
        if not names or len(set(names)) != len(names):
            raise ConfigError("method.views: there must be at least one view, and their names must differ.")
        if config.repeats < 1:
            raise ConfigError(f"method.repeats: must be 1 or more, not {config.repeats}.")
        self.config = config
        self._fold, self._fold_config = load.fold_of(config.fold, where="method.fold")
        shared = load.grammar_of(config.grammar, where="method.grammar")
        self._grammars = {
            view.name: shared
            if view.grammar is None
            else load.grammar_of(view.grammar, where=f"method.views[{number}].grammar")
            for number, view in enumerate(config.views)
        }
        self._text_only = {name: reads_text_only(grammar) for name, grammar in self._grammars.items()}
        self._readings: dict[tuple[str, str, str | None], Reading] = {}
        texts: list[Prompt] = [text for view in config.views for text in (view.prompt, *view.fields.values())]
        self._needed = frozenset(name for text in texts for name in fields_of(text))
        self._check_unread_names(names)
        weights = [view.weight for view in config.views]
        check_weights(weights, [self._fold_config.type], where="method.views")
        if not any(weights):
            raise ConfigError("method.views: all weights are 0, so no view would count.", hint="Give one a weight.")
        self.grammars = list(self._grammars.values())
        self.needs_logprobs = any(grammar.needs_logprobs for grammar in self.grammars)
        self.labels = list(dict.fromkeys(label for grammar in self.grammars for label in grammar.labels()))
        self.scale = self._scale()

    def _scale(self) -> tuple[float, float] | None:
        """Return the ends of the scale of its verdicts' scores, where its grammars declare one that the fold keeps."""
        scales = [scale_of(grammar) for grammar in self._grammars.values()]
        ordered = any(view.order for view in self.config.views)
        if ordered or None in scales or self._fold_config.type not in _KEEP_THE_SCALE:
            return None
        unread = self._fold_config.unread
        stand_ins = [
            one for one in (unread.values() if isinstance(unread, dict) else [unread]) if not isinstance(one, str)
        ]
        ends = [end for scale in scales if scale is not None for end in scale]
        return min([*ends, *stand_ins]), max([*ends, *stand_ins])

    def grammar(self, view: str = "") -> Grammar:
        """Return the grammar that reads a view's replies.

        Raises:
            KeyError: There is no such view.
        """
        return self._grammars[view]

    def identity(self) -> dict[str, Any]:
        """Return prompts, grammars, fold and what an unread view counts as."""
        config = msgspec.to_builtins(self.config)
        for key in ("grammar", "fold"):
            config.pop(key)
        for view in config["views"]:
            view["grammar"] = self._grammars[view["name"]].identity()
        return {
            "method": "viewed",
            "version": self.version,
            **config,
            "fold": msgspec.to_builtins(self._fold_config),
        }

    def prompts(self, item: JudgeItem) -> list[tuple[str, Prompt]]:
        """Return the rendered prompt of every view, for a look before anything is sent.

        Raises:
            ConfigError: A prompt names a field that does not exist.
        """
        return [(view.name, prompt) for view, prompt in self._questions(shown(item, self.config, needed=self._needed))]

    async def judge(self, item: JudgeItem, ask: Ask) -> Verdict:
        """Ask all views at once and fold what their replies say.

        Raises:
            ConfigError: A prompt names a field that does not exist.
        """
        seen = shown(item, self.config, needed=self._needed)
        if (unjudged := seen.unjudged) is not None:
            return unjudged
        if self.config.skip_equal and seen.fields.get("first", "") == seen.fields.get("second"):
            return Verdict(status="ok", label=self.config.skip_equal, details={"equal_answers": True})
        questions = [
            (view, repeat, prompt) for view, prompt in self._questions(seen) for repeat in range(self.config.repeats)
        ]
        replies = await all_of(
            ask(prompt, view=view.name, **{**self.config.params, **view.params}) for view, _, prompt in questions
        )
        readings = [
            ViewReading(
                view=view.name,
                order=view.order,
                repeat=repeat,
                weight=view.weight,
                reading=self._read(view.name, reply),
            )
            for (view, repeat, _), reply in zip(questions, replies, strict=True)
        ]
        decision = fold_views(readings, self._fold, self._fold_config)
        details: dict[str, Any] = {"answer_trimmed": True} if seen.trimmed else {}
        return verdict_of(decision, readings, replies, details)

    def _read(self, view: str, reply: Reply) -> Reading:
        """Return what a view's grammar reads; short replies repeat and are read once where only text counts."""
        grammar = self._grammars[view]
        if len(reply.text) > _SHORT or not self._text_only[view]:
            return grammar.read(reply)
        key = (view, reply.text, reply.finish_reason)
        known = self._readings.get(key)
        if known is None:
            known = grammar.read(reply)
            if len(self._readings) < _REMEMBERED:
                self._readings[key] = known
        return known

    def _questions(self, seen: Shown) -> list[tuple[View, Prompt]]:
        return [(view, self._rendered(view, seen.fields, number)) for number, view in enumerate(self.config.views)]

    @staticmethod
    def _rendered(view: View, fields: dict[str, Any], number: int) -> Prompt:
        where = f"method.views[{number}]"
        if view.order == "BA":
            fields = swapped(fields)
        further = {name: fill(text, fields, where=f"{where}.fields.{name}") for name, text in view.fields.items()}
        return render(view.prompt, {**fields, **further}, where=f"{where}.prompt")

    def _check_unread_names(self, names: Sequence[str]) -> None:
        if isinstance(self._fold_config.unread, dict):
            strange = sorted(set(self._fold_config.unread) - set(names))
            if strange:
                raise ConfigError(f"method.fold.unread: there is no view {strange[0]!r} (views: {', '.join(names)}).")


_KEEP_THE_SCALE = frozenset({"first", "mean_score", "median_score", "min_score", "max_score"})


def scale_of(grammar: Grammar) -> tuple[float, float] | None:
    """Return the ends of the scale that a grammar's config declares, by ``low`` and ``high`` or by ``points``."""
    keys = grammar.identity()
    if keys.get("count", 1) != 1:
        return None  # several numbers, of which the score is the difference or the greatest
    points = keys.get("points")
    stated = list(points.values()) if isinstance(points, dict) else [keys.get("low"), keys.get("high")]
    ends = [float(end) for end in stated if isinstance(end, int | float)]
    return (min(ends), max(ends)) if ends and len(ends) == len(stated) else None


def verdict_of(
    decision: Reading, readings: Sequence[ViewReading], replies: Sequence[Reply], details: dict[str, Any]
) -> Verdict:
    """Return the verdict on an item, with what was read in every view.

    The span is that of a single view; with several, each view's own stands in the details.
    """
    views = [_as_detail(one, reply) for one, reply in zip(readings, replies, strict=True)]
    only = readings[0].reading if len(readings) == 1 else None
    span = only.span if only else None
    return as_verdict(msgspec.structs.replace(decision, span=span), **{**details, **decision.values, "views": views})


def _as_detail(one: ViewReading, reply: Reply) -> dict[str, Any]:
    read = one.reading
    detail: dict[str, Any] = {"view": one.view, "repeat": one.repeat, "status": read.status}
    if one.order:
        detail["order"] = one.order
    if read.label:
        detail["label"] = read.label
    if read.score is not None:
        detail["score"] = read.score
    if read.reason:
        detail["reason"] = read.reason
    if read.span:
        detail["span"] = list(read.span)
    if read.values:
        detail["values"] = read.values
    if reply.finish_reason == "length":
        detail["cut_off"] = True
    return detail
