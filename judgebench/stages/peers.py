"""Judges of one data set beside each other: the members of a panel, and how far two judges agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from judgebench.config.schema import DatasetConfig, JudgeConfig
from judgebench.judges.asking import JudgeItem
from judgebench.judges.load import method_of
from judgebench.metrics.agreement import cohen_kappa, percent_agreement, scott_pi
from judgebench.records import Verdict

Judging = Callable[[JudgeItem], Awaitable[Verdict]]
"""Derives one judge's verdict on an item from its recorded calls."""


def asks(dataset: DatasetConfig, judge: str) -> bool:
    """Whether a row's verdicts need a judge that is asked."""
    if not judge:
        return dataset.method is not None
    return method_of(_named(dataset, judge).method).asks


def peers_of(dataset: DatasetConfig, judge: str, model: str) -> list[JudgeConfig]:
    """Return the judges whose verdicts are derived beside those of a row, on a tested model's answers.

    For a panel these are its members. Of the judges that look at the same thing the last one in the config has all
    others beside it, so that the agreement of every two is counted once, and every verdict derived twice at most.
    """
    if not judge:
        return []
    own = _named(dataset, judge)
    if own.members:
        return [_named(dataset, abbr) for abbr in own.members]
    alike = [
        one for one in dataset.judges if not one.members and one.looks_at(model) and _compared(one) == _compared(own)
    ]
    return alike[:-1] if alike[-1:] == [own] else []


MOST_CELLS = 64
"""Cells of a table of labels up to which a result holds it."""


def agreement_of(pairs: Counter[tuple[str, str]]) -> dict[str, Any]:
    """Return how many answers two judges both decided, their agreement in percent, kappa and pi."""
    return {
        "n": pairs.total(),
        "agreement": _percent(pairs),
        "kappa": cohen_kappa(pairs),
        "scott_pi": scott_pi(pairs),
    }


class Agreements:
    """Counts how two judges label the same answers, for every two of the judges that are told of."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[str, str], Counter[tuple[str, str]]] = {}

    def add(self, verdicts: Mapping[str, Verdict]) -> None:
        """Take in the verdicts on one answer, by judge; only labels count, and only where both could be read."""
        said = {name: verdict.label for name, verdict in verdicts.items() if verdict.status == "ok" and verdict.label}
        names = list(verdicts)
        for place, first in enumerate(names):
            for second in names[place + 1 :]:
                pairs = self._pairs.setdefault((first, second), Counter())
                if first in said and second in said:
                    pairs[str(said[first]), str(said[second])] += 1

    def merge(self, later: Agreements) -> None:
        """Take in what was counted over the answers that follow."""
        for judges, pairs in later._pairs.items():
            self._pairs.setdefault(judges, Counter()).update(pairs)

    def health(self) -> list[dict[str, Any]]:
        """Return one entry for every two judges: how many answers both decided, agreement in percent, Cohen's kappa."""
        return [
            {
                "judges": list(names),
                **agreement_of(pairs),
                **(
                    {"labels": [[*labels, count] for labels, count in pairs.items()]}
                    if len(pairs) <= MOST_CELLS
                    else {}
                ),
            }
            for names, pairs in self._pairs.items()
        ]


async def verdicts_of(judges: Sequence[tuple[str, Judging]], item: JudgeItem) -> dict[str, Verdict]:
    """Return each judge's verdict on an item."""
    return {name: await judging(item) for name, judging in judges}


def _percent(pairs: Counter[tuple[str, str]]) -> float | None:
    share = percent_agreement(pairs)
    return 100 * share if share is not None else None


def _named(dataset: DatasetConfig, abbr: str) -> JudgeConfig:
    return next(judge for judge in dataset.judges if judge.abbr == abbr)


def _compared(judge: JudgeConfig) -> tuple[str, str]:
    return judge.compare_with, judge.baseline.path if judge.baseline else ""
