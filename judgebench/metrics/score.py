"""The score of a benchmark of judges: a formula over items with gold and the verdicts of the judge under test.

A score is a class with a ``Config``; a data set names it by ``score=dict(type=..., ...)``. It sees one item after
another and gives named metrics at the end, the headline first. What a verdict without a decision counts as is the
score's own named choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

import msgspec

from judgebench import plugins
from judgebench.config.schema import Typed
from judgebench.records import Metric, Sample, Verdict


class Score(Protocol):
    """See the module's docstring.

    A score may further have ``right(sample, verdict)``, which says whether the judge is right about an item (``None``
    where nothing can tell); several judges under test then play each other item by item.
    """

    Config: ClassVar[type[msgspec.Struct]]

    def add(self, sample: Sample, repeat: int, verdict: Verdict) -> None:
        """Take in the verdict about one item; each (item, repeat) once."""
        ...

    def result(self) -> dict[str, Metric]:
        """Return the figures by name, the headline first."""
        ...

    def identity(self) -> dict[str, Any]:
        """Return what decides the figures (formula, what an unread verdict counts as), as JSON values."""
        ...


def score_of(typed: Typed) -> Score:
    """Make the score that a data set's config declares.

    Raises:
        ConfigError: There is no such type, it is no score, or a key is unknown or of the wrong type.
    """
    made: Score = plugins.make(typed.type, typed.options, "scores", where="score")
    return made


def conventions(method: Mapping[str, Any], score: Mapping[str, Any]) -> str:
    """Return in one line by which named choices a benchmark's figures came about, for its result and its summary.

    Args:
        method: Identity of the judge method (grammars, fold, what an unread view counts as).
        score: Identity of the score.
    """
    fold = method.get("fold") or {}
    views = method.get("views") or []
    grammars = dict.fromkeys(view["grammar"].get("grammar", "?") for view in views if "grammar" in view)
    parts = {
        "grammar": " / ".join(grammars),
        "fold": str(fold.get("type", "")).rpartition(".")[2],
        "unread view": fold.get("unread", ""),
        "score": score.get("score", ""),
        "headline": score.get("headline", ""),
        "unread item": score.get("unread", ""),
        "tie": score.get("ties", ""),
    }
    return ", ".join(f"{name}: {value}" for name, value in parts.items() if value not in ("", None))
