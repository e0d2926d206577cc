"""Folds that turn scores of single answers into a preference."""

from __future__ import annotations

from collections.abc import Sequence

from judgebench.judges.folds import NO_WEIGHT, FoldConfig, ViewReading
from judgebench.judges.grammars.reading import Reading, unparsed


def higher_score(views: Sequence[ViewReading], config: FoldConfig) -> Reading:
    """Prefer the higher grade: ``A`` if ``s_1 - s_2 > margin``, ``B`` if ``s_2 - s_1 > margin``, else a tie.

    For judges that grade each answer by itself (LLMBar's rating judges, Zeng et al. 2024; Prometheus on chosen and
    rejected answers, Kim et al. 2024). The first half of the views belongs to the first answer, the second half to the
    second; each answer's grade is their mean by weight, over repeats too. In a config:
    ``fold=dict(type="judgebench.judges.score_folds.higher_score", ...)``.
    """
    names = list(dict.fromkeys(one.view for one in views))
    if len(names) < 2 or len(names) % 2:
        return unparsed("a view of one of the two answers is missing")
    means = []
    for half in (names[: len(names) // 2], names[len(names) // 2 :]):
        own = [one for one in views if one.view in half]
        known = [(one.weight, one.reading.score) for one in own if one.reading.score is not None]
        if len(known) < len(own):
            return unparsed("a view has no score")
        weight = sum(one for one, _ in known)
        if weight <= 0:
            return unparsed(NO_WEIGHT)
        means.append(sum(one * score for one, score in known) / weight)
    apart = means[0] - means[1]
    label = "A" if apart > config.margin else "B" if apart < -config.margin else config.tie
    return Reading(status="ok", label=label, score=apart, values={"first": means[0], "second": means[1]})
