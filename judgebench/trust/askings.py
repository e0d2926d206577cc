"""The same judge about the same answers, several times: how often it decides otherwise (the A/A rate).

``jb compare RUN --again N`` asks, and keeps what came of it in ``again/<dataset>/`` of the run: a run whose tested
models give each answer N times. Whoever shows a difference, or decides about one, reads here how much of it the judge
makes alone.
"""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

from judgebench.errors import ReuseError
from judgebench.metrics.statistics.intervals import share_of
from judgebench.metrics.statistics.paired import PairedMean, paired_mean
from judgebench.metrics.statistics.prediction_powered import column
from judgebench.records.figures import Metric
from judgebench.records.manifest import ManifestRow
from judgebench.store.manifest import read_manifest
from judgebench.store.run_folder import RunFolder
from judgebench.trust.how_made import identity_of
from judgebench.trust.judged import JudgedAnswer, JudgedRow, read_row


class Askings(NamedTuple):
    """What asking a judge again shows, for one row.

    Attributes:
        model: The tested model. ``row``: the row.
        items: Answers about which it was asked again. ``times``: verdicts about each, the run's own among them.
        rate: How often two verdicts about one answer differ, in percent with interval; unread is a verdict of its own.
        shift: By how much the later verdicts are above the run's own, 0..1 (scores: on their scale); ``None`` where too
            few are read.
    """

    model: str
    row: str
    items: int
    times: int
    rate: Metric
    shift: PairedMean | None


def folder_of(run: RunFolder, dataset: str) -> Path:
    """Return the folder of what was asked again about a dataset."""
    return run.path / "again" / dataset


def askings_of(run: RunFolder) -> dict[tuple[str, str], Askings]:
    """Return what asking again has shown, by model and row; rows that were never asked again are not in it.

    Raises:
        ReuseError: It is no run.
        DataError: A file is damaged.
    """
    found = {(one.model, one.row): askings_about(run, one) for one in read_manifest(run).rows}
    return {name: one for name, one in found.items() if one is not None}


def askings_about(run: RunFolder, one: ManifestRow) -> Askings | None:
    """Return what asking again about one row has shown.

    ``None`` where nobody did, or where the row has another judge or other answers by now.

    Raises:
        DataError: A file is damaged.
    """
    again = RunFolder(folder_of(run, one.dataset))
    if not again.verdicts(one.model, one.row).exists() or not run.verdicts(one.model, one.row).exists():
        return None
    try:
        theirs = next((row for row in read_manifest(again).rows if (row.model, row.row) == (one.model, one.row)), None)
    except ReuseError:
        return None
    if theirs is None or _judge(identity_of(again, theirs)) != _judge(identity_of(run, one)):
        return None
    return askings_between(read_row(run, one), read_row(again, theirs))


def askings_between(first: JudgedRow, again: JudgedRow) -> Askings | None:
    """Return what later verdicts about the same answers show; ``None`` where there are none.

    Args:
        first: The run's own.
        again: The later ones, by number of the asking as the repeat.
    """
    later: dict[int, list[JudgedAnswer]] = {}
    for (id, _), answer in sorted(again.answers.items()):
        before = first.answers.get((id, 0))
        if before is not None and answer.answer_hash == before.answer_hash and answer.status not in _NOT_JUDGED:
            later.setdefault(id, []).append(answer)
    if not later:
        return None
    ids, differ, shifts = [], [], []
    for id, answers in later.items():
        every = [first.answers[id, 0], *answers]
        pairs = list(combinations([_said(one) for one in every], 2))
        ids.append(id)
        differ.append(sum(one != other for one, other in pairs) / len(pairs))
        worths = [first.worth(one.decision, one.score) if one.status == "ok" else None for one in every]
        known = [worth for worth in worths[1:] if worth is not None]
        if worths[0] is not None and known:
            shifts.append((id, sum(known) / len(known) - worths[0]))
    shift = paired_mean(column([one for _, one in shifts]), column([id for id, _ in shifts])) if shifts else None
    times = 1 + max(len(answers) for answers in later.values())
    return Askings(first.model, first.row, len(later), times, share_of(differ, ids), shift)


_NOT_JUDGED = {"not_judged", "prediction_failed", "judge_failed"}


def _judge(identity: dict[str, Any]) -> Any:
    return identity.get("judge") or identity.get("method")


def _said(one: JudgedAnswer) -> tuple[str, str | None, float | None]:
    return one.status, one.decision, one.score
