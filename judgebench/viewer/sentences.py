"""What a careful colleague would say of a run, made of its typed facts by rules: no claim that no interval carries.

Two intervals that overlap do not show that two models are equal, and none that do not are needed for a difference over
the same questions; so overlap is told as what it is, and ``better`` is said only where the intervals stand apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from judgebench.records.figures import Metric
from judgebench.records.flow import TaskResult
from judgebench.viewer import figures


class Sentence(NamedTuple):
    """A sentence.

    Attributes:
        strong: Its beginning, where that is what matters. ``rest``: the rest of it.
        undecided: A row and two models that a comparison question by question may tell apart.
    """

    strong: str
    rest: str = ""
    undecided: tuple[str, str, str] | None = None


def sentences(results: Sequence[TaskResult]) -> list[Sentence]:
    """Return what there is to say: who is better, whether the judges can be believed, what has no verdict."""
    found: list[Sentence] = []
    by_row: dict[str, list[TaskResult]] = {}
    for result in results:
        by_row.setdefault(result.dataset, []).append(result)
    for row, members in by_row.items():
        found += _ranked(row, members)
    found += _judged(results)
    found += _unscored(results)
    return found


def _ranked(row: str, members: Sequence[TaskResult]) -> Iterator[Sentence]:
    known = [(one.model, metric) for one in members if (metric := _headline(one)) is not None]
    if not known:
        return
    name = members[0].headline
    if len(known) == 1:
        model, metric = known[0]
        if win := _against_even(metric, name):
            yield Sentence(f"{model} {win} on {row}", f": {_said(name, metric)}.")
        else:
            yield Sentence("", f"On {row} {model} has {_said(name, metric)}.")
        return
    low_is_good = known[0][1].better == "low"
    ordered = sorted(known, key=lambda one: one[1].value or 0.0, reverse=not low_is_good)
    (best, first), (next_best, second) = ordered[:2]
    if first.ci95 is None or second.ci95 is None:
        yield Sentence("", f"On {row} {best} has {_said(name, first)}, {next_best} {figures.figure(second)}.")
        return
    apart = first.ci95[1] < second.ci95[0] if low_is_good else first.ci95[0] > second.ci95[1]
    said, other = _said(name, first), f"{figures.figure(second)} ({figures.interval(second)})"
    if apart:
        yield Sentence(
            f"{best} is better than {next_best} on {row}", f": {said} against {other}; the intervals do not overlap."
        )
        return
    spread = abs((first.value or 0.0) - (second.value or 0.0))
    between = f"{figures.number(spread, _unit(first))} apart" if spread else "equal"
    values = f"{figures.figure(first)} and {figures.figure(second)}, {between}"
    few = _items(min(first.n, second.n))
    yield Sentence(
        "",
        f"On {row} the intervals of {best} and {next_best} overlap ({values}): {few} alone do not tell them apart.",
        (row, best, next_best),
    )


def _against_even(metric: Metric, name: str) -> str:
    if name != "win_rate" or metric.ci95 is None:
        return ""
    if metric.ci95[0] > 50:
        return "wins more comparisons than it loses"
    return "loses more comparisons than it wins" if metric.ci95[1] < 50 else ""


def _judged(results: Sequence[TaskResult]) -> Iterator[Sentence]:
    """Say of each judge what the rule says of it, the worst of its results: a mean would hide that one."""
    by_judge: dict[str, list[TaskResult]] = {}
    for result in results:
        if result.judge and result.diagnostics.agreement is not None and result.diagnostics.agreement.value is not None:
            by_judge.setdefault(result.judge, []).append(result)
    for judge, members in by_judge.items():
        found = [one.diagnostics.agreement for one in members if one.diagnostics.agreement is not None]
        agreement = min(found, key=lambda one: one.value or 0.0)
        least = "at least " if len({figures.figure(one) for one in found}) > 1 else ""
        how_sure = f"{figures.interval(agreement)}, n = {agreement.n}"
        yield Sentence(
            "",
            f"The judge {judge} agrees with the rule on {least}{figures.figure(agreement)}% of the answers "
            f"({how_sure}){_direction(members)}.",
        )


def _direction(members: Iterable[TaskResult]) -> str:
    """Return in which direction a judge errs, where an interval says so."""
    kind = harsh = 0.0
    unsure = False
    for one in members:
        shift = one.diagnostics.score_shift
        if shift is None or shift.value is None or shift.ci95 is None:
            continue
        kind = max(kind, shift.value if shift.ci95[0] > 0 else 0.0)
        harsh = min(harsh, shift.value if shift.ci95[1] < 0 else 0.0)
        unsure = unsure or shift.value != 0
    if kind and harsh:
        return " and errs in both directions, by model"
    if kind:
        return f" and is up to {figures.number(kind)} points too kind"
    if harsh:
        return f" and is up to {figures.number(-harsh)} points too strict"
    return "; whether it is too kind or too strict cannot be told from so few" if unsure else ""


def _unscored(results: Sequence[TaskResult]) -> Iterator[Sentence]:
    planned = sum(one.counts.planned for one in results)
    parts = [
        (word, sum(getattr(one.counts, name) for one in results))
        for name, word in figures.STATUS_WORDS.items()
        if name != "ok"
    ]
    lacking = [f"{count} {word}" for word, count in parts if count]
    if not planned:
        return
    if not lacking:
        yield Sentence("", f"All {_items(planned)} were scored.")
    else:
        total = sum(count for _, count in parts)
        yield Sentence(f"{total} of {_items(planned)} have no verdict", f": {', '.join(lacking)}.")


def _headline(result: TaskResult) -> Metric | None:
    metric = result.metrics.get(result.headline)
    return metric if metric is not None and metric.value is not None else None


def _said(name: str, metric: Metric) -> str:
    ends = figures.interval(metric)
    return f"{name.replace('_', ' ')} {figures.figure(metric)}" + (f" (95% interval {ends})" if ends else "")


def _unit(metric: Metric) -> str:
    return metric.unit or "percent"


def _items(count: int) -> str:
    return f"{count:,} item{'s' if count != 1 else ''}"
