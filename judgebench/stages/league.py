"""The result of one model in a league: what its games against all others come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from judgebench.metrics.battles import Battle
from judgebench.metrics.clustered import share_metric, share_of
from judgebench.metrics.ranked import RankedModel, Ranking, rating_metrics
from judgebench.pair_labels import FLIPPED
from judgebench.records import Counts, Metric, TaskResult
from judgebench.stages.evidence import DOUBTFUL, Spent
from judgebench.stages.peers import agreement_of
from judgebench.store.asked import short_hash

ORDERS = ("consistency", "first_shown_rate", "longer_preferred")


class Meeting(NamedTuple):
    """Two models' comparisons.

    Attributes:
        result: The player's result.
        opponent: The model that it was compared with.
        battles: The scored comparisons.
    """

    result: TaskResult
    opponent: str
    battles: list[Battle]


def league_result(
    entry: RankedModel, meetings: Sequence[Meeting], ranking: Ranking, *, row: str, league: str, plan: str
) -> TaskResult:
    """Return a model's result over all that it met.

    Judge calls are counted where they are recorded, with the player of each pair, so that sums over models are right.

    Args:
        entry: Its place in the ranking.
        meetings: Those that it took part in.
        ranking: Of the whole league.
        row: Name of the league's row.
        league: Abbr of the judge as the config declares it.
        plan: Name of the plan that makes it.
    """
    results = [one.result for one in meetings]
    counts = Counts(**{name: sum(getattr(one.counts, name) for one in results) for name in Counts.__struct_fields__})
    first = results[0]
    identity = {key: value for key, value in first.identity.items() if key != "members"}
    identity["judge"] = {key: value for key, value in first.identity["judge"].items() if key != "compare_with"}
    identity["models"] = sorted(one.model for one in ranking.models)
    return TaskResult(
        model=entry.model,
        dataset=row,
        data_abbr=first.data_abbr,
        judge=league,
        version=short_hash(identity),
        mode=first.mode,
        headline="win_rate",
        metrics=_metrics(entry, counts, [battle for one in meetings for battle in one.battles]),
        counts=counts,
        plan=plan,
        identity=identity,
        health=_health(entry.model, meetings, counts),
        usage=_usage([one.result for one in meetings if one.result.model == entry.model]),
        notes=list(dict.fromkeys(note for one in results for note in one.notes)),
    )


def _metrics(entry: RankedModel, counts: Counts, battles: Sequence[Battle]) -> dict[str, Metric]:
    win_rate = entry.win_rate or Metric(value=None)
    if counts.planned and win_rate.value is not None:
        # what is not scored may be lost, or won; games weigh alike in the bounds
        share = win_rate.value / 100 * entry.games
        open_ = counts.planned - entry.games
        ends = (100 * share / counts.planned, 100 * (share + open_) / counts.planned)
        win_rate = msgspec.structs.replace(win_rate, bounds=ends)
    missing = counts.planned - entry.games
    tie_rate = share_of([float(one.outcome == 0.5) for one in battles], [one.item for one in battles], missing=missing)
    found = {"win_rate": win_rate, "tie_rate": tie_rate}
    return found | rating_metrics(entry)


def _health(model: str, meetings: Sequence[Meeting], counts: Counts) -> dict[str, Any]:
    results = [one.result for one in meetings]
    planned = counts.planned or 1
    found: dict[str, Any] = {
        "unparsed_share": 100 * counts.unparsed / planned,
        "truncated_share": 100 * counts.truncated / planned,
    }
    for name in ORDERS:
        parts = [
            (msgspec.convert(one.result.health[name], Metric), len({battle.item for battle in one.battles}))
            for one in meetings
            if name in one.result.health
        ]
        if parts:
            found[name] = msgspec.to_builtins(_pooled(parts))
    doubtful = [doubt for one in results for doubt in one.health.get("doubtful", [])]
    if doubtful:
        found["doubtful"] = doubtful[:DOUBTFUL]
    reasons: Counter[str] = Counter()
    for one in results:
        reasons.update(one.health.get("unscored_reasons", {}))
    if reasons:
        found["unscored_reasons"] = dict(reasons.most_common(10))
    between = _between(model, meetings)
    return found | ({"between_judges": between} if between else {})


def _pooled(parts: Sequence[tuple[Metric, int]]) -> Metric:
    """Return one share over the games against all opponents.

    The same questions are asked of each opponent, so the parts are no independent samples: the error is what it is if
    they move together, the mean of theirs, which is the most it can be.

    Args:
        parts: The share of each meeting, and how many items it is about; its trials (views, repeats) are clustered by
            them.
    """
    known = [(part, items) for part, items in parts if part.value is not None]
    n = sum(part.n for part, _ in known)
    if not n:
        return parts[0][0]
    share = sum((part.value or 0.0) / 100 * part.n for part, _ in known) / n
    errors = [part.stderr for part, _ in known]
    stderr = None
    if None not in errors:
        stderr = sum((part.stderr or 0.0) / 100 * part.n for part, _ in known) / n
    clusters = max(max(1, min(part.n, items)) for part, items in known)
    return share_metric(min(1.0, share), stderr, clusters=clusters, n=n)


def _between(model: str, meetings: Sequence[Meeting]) -> list[dict[str, Any]]:
    """Return how far the league's judge and others agree about a model's games, in the model's frame."""
    pooled: dict[tuple[str, str], Counter[tuple[str, str]]] = {}
    for one in meetings:
        part = f"-vs-{one.opponent}"
        for entry in one.result.health.get("between_judges", []):
            names = tuple(name.removesuffix(part) for name in entry["judges"])
            table = pooled.setdefault((names[0], names[1]), Counter())
            for *labels, count in entry.get("labels", []):
                seen = [FLIPPED.get(label, label) for label in labels] if one.opponent == model else labels
                table[seen[0], seen[1]] += count
    return [{"judges": list(names), **agreement_of(table)} for names, table in pooled.items()]


def _usage(results: Sequence[TaskResult]) -> dict[str, Any]:
    """Return the judge's calls of all of a player's games; its own answers were made once for all of them."""
    found: dict[str, Any] = {}
    judge: Spent | None = None
    for one in results:
        if "model" in one.usage:
            found["model"] = one.usage["model"]
        if "judge" in one.usage:
            judge = judge or Spent()
            judge.merge(Spent.of(one.usage["judge"]))
    return found | ({"judge": judge.told()} if judge is not None else {})
