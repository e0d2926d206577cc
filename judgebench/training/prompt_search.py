"""The best of several judges, found on one part of the labelled rows and measured on another.

The rows are parted by question. On the first part the candidates race: all look at the same rows, batch by batch, and
one that is clearly behind the leader looks at no more (successive elimination; Even-Dar, Mannor and Mansour, 2006, JMLR
7). The best of the rest is chosen. Its agreement there is the best of many and so too high; what is reported is its
agreement on the second part, which had no say in the choice.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from judgebench.errors import DataError
from judgebench.metrics.statistics.intervals import share_of_worths
from judgebench.metrics.statistics.paired import mcnemar_mid_p, paired_mean
from judgebench.records.figures import Metric
from judgebench.records.flow import Verdict
from judgebench.training.judge_files import JudgmentRow

Look = Callable[[Sequence[JudgmentRow]], Awaitable[list[Verdict]]]
"""Has a judge look at some rows at the same time."""


class CandidateStanding(msgspec.Struct, kw_only=True):
    """How a candidate did in the race.

    Attributes:
        name: Its name.
        right: For each row that it looked at, in order, whether its decision was the row's.
        unread: Rows without a verdict; they count as not right.
        dropped_after: Rows after which it was clearly behind; ``None`` where it stayed to the end.
    """

    name: str
    right: list[bool] = []
    unread: int = 0
    dropped_after: int | None = None

    @property
    def share(self) -> float:
        """Share of the rows whose decision it gave."""
        return sum(self.right) / len(self.right) if self.right else 0.0


class SearchOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a search.

    Attributes:
        standings: All candidates, as they were given.
        chosen: Name of the best; of equal ones the first given.
        tuning_rows: Rows of the race. ``held_out_rows``: of the measurement.
        agreement: Of the chosen one on held-out rows, in percent.
        unread: Held-out rows on which it gave no verdict.
        first: Agreement of the first candidate on held-out rows; ``None`` where it was chosen.
        gain: How much the chosen one is above the first there, in percentage points, with its 95% interval; ``None``
            where it was chosen, or one question alone is held out.
    """

    standings: list[CandidateStanding]
    chosen: str
    tuning_rows: int
    held_out_rows: int
    agreement: Metric
    unread: int
    first: Metric | None = None
    gain: tuple[float, float, float] | None = None


async def search(
    candidates: Mapping[str, Look],
    tuning: Sequence[JudgmentRow],
    held_out: Sequence[JudgmentRow],
    *,
    seed: int = 1,
    batch: int = 20,
    level: float = 0.05,
    say: Callable[[str], None] = lambda _: None,
) -> SearchOutcome:
    """Return the best candidate, and how good it is on rows that did not choose it.

    Args:
        candidates: Judges by name; the first is the one in use.
        tuning: Rows to choose by.
        held_out: Rows to measure with; no question of them may be among the others.
        seed: Order of the rows.
        batch: Rows between two looks at who is behind.
        level: Chance that a candidate as good as the leader is dropped anywhere in the race, at most.
        say: Takes a line about each look.

    Raises:
        DataError: A part has no rows.
        JudgebenchError: A judge cannot be asked.
    """
    if not tuning or not held_out:
        raise DataError(
            f"There are {len(tuning)} rows to choose by and {len(held_out)} held out; both parts need some.",
            hint="Give more labelled questions, or another --held-out.",
        )
    rows = list(tuning)
    random.Random(seed).shuffle(rows)
    standings = [CandidateStanding(name=name, right=[]) for name in candidates]
    looks = -(-len(rows) // batch)
    threshold = level / max(1, looks * (len(standings) - 1))
    for at in range(0, len(rows), batch):
        racing = [one for one in standings if one.dropped_after is None]
        if len(racing) == 1:
            break
        some = rows[at : at + batch]
        found = await asyncio.gather(*(candidates[one.name](some) for one in racing))
        for one, verdicts in zip(racing, found, strict=True):
            one.right += [_agrees(verdict, row) for verdict, row in zip(verdicts, some, strict=True)]
            one.unread += sum(verdict.status != "ok" for verdict in verdicts)
        leader = max(racing, key=lambda one: one.share)
        for one in racing:
            if one is not leader and _behind(one, leader) < threshold:
                one.dropped_after = len(one.right)
        left = sum(one.dropped_after is None for one in standings)
        say(f"{at + len(some)} of {len(rows)} rows: {left} of {len(standings)} candidates left")
    chosen = max((one for one in standings if one.dropped_after is None), key=lambda one: one.share).name
    return await _measured(candidates, standings, chosen, rows, held_out)


async def _measured(
    candidates: Mapping[str, Look],
    standings: list[CandidateStanding],
    chosen: str,
    tuning: Sequence[JudgmentRow],
    held_out: Sequence[JudgmentRow],
) -> SearchOutcome:
    import numpy as np

    first = standings[0].name
    names = [chosen] if chosen == first else [chosen, first]
    found = await asyncio.gather(*(candidates[name](held_out) for name in names))
    right = [
        [float(_agrees(verdict, row)) for verdict, row in zip(verdicts, held_out, strict=True)] for verdicts in found
    ]
    questions = [row.question_id for row in held_out]
    gain = None
    if chosen != first:
        numbers = {question: float(number) for number, question in enumerate(questions)}
        clusters = np.array([numbers[question] for question in questions])
        mean = paired_mean(np.array(right[0]) - np.array(right[1]), clusters, scale=1)
        if mean is not None:
            low, high = mean.interval()
            gain = (100 * mean.value, 100 * low, 100 * high)
    return SearchOutcome(
        standings=standings,
        chosen=chosen,
        tuning_rows=len(tuning),
        held_out_rows=len(held_out),
        agreement=share_of_worths(zip(questions, right[0], strict=True)),
        unread=sum(verdict.status != "ok" for verdict in found[0]),
        first=None if chosen == first else share_of_worths(zip(questions, right[1], strict=True)),
        gain=gain,
    )


def _agrees(verdict: Verdict, row: JudgmentRow) -> bool:
    return verdict.status == "ok" and verdict.decision == row.label


def _behind(one: CandidateStanding, leader: CandidateStanding) -> float:
    """Return the p-value of a candidate that is no worse than the leader on the rows that both have looked at."""
    pairs = list(zip(one.right, leader.right, strict=True))
    only_one, only_leader = sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs)
    return mcnemar_mid_p(only_one, only_leader) if only_leader > only_one else 1.0
