"""What a careful colleague would say of a run, made of its typed facts by rules: no claim that no interval carries.

``better`` is said only where the interval of the difference excludes 0. Two intervals of two models that overlap are no
difference by themselves, and no equality either: over the same items the difference has an interval of its own, which
the summary holds (``ModelDifference``). Names of models, rows and judges are data; who shows a sentence makes it safe.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from judgebench.metrics.comparisons.differences import (
    ModelDifference,
    items_for_width,
    items_needed,
    separate_difference,
)
from judgebench.records.figures import Metric
from judgebench.report.schema import ResultFacts, Summary, SummaryRow, SummarySentence
from judgebench.report.sentences_of_judges import called, judges
from judgebench.report.wording import amount, bracketed, figure, interval, listed, many, span_of

MOST_ROWS = 3
"""Rows of which each has a sentence; of more there is one that counts them."""
WIDE = 5.0
"""Points on either side from which on an interval is told to be wide."""
BY_CHANCE = 0.05
"""Share of equal rows that a 95% interval tells apart."""
_SEEN = {"points": 0.15}
"""By how much a difference must be another one than that of the two figures beside it to be told as one."""
_SEEN_ELSE = 0.015
MOST_NEEDED = 1_000_000
"""More items than this are no advice."""


def sentences(summary: Summary) -> list[SummarySentence]:
    """Return what there is to say, in the order in which a reader wants to know it."""
    found: list[SummarySentence] = []
    for rule in RULES:
        found += rule(summary)
    return found


def who_is_better(summary: Summary) -> list[SummarySentence]:
    """Say of each row who is better than whom; of many rows, how many each model wins."""
    rows = compared_rows(summary)
    if len(rows) > MOST_ROWS:
        return _over_rows(rows, summary)
    return [said for row in rows for said in _better(row, summary)]


def _better(row: ComparedRow, summary: Summary) -> Iterator[SummarySentence]:
    sure = [one for one in row.differences if one.sure]
    if not sure:
        return
    least = min(sure, key=lambda one: one.found.value or 0.0)
    models = len(row.differences)
    if len(sure) == models > 1:
        whom, over = f"each of the {models} other models", f", least of all over {least.second}"
    else:
        whom = listed([one.second for one in sure])
        over = f", least of all over {least.second}" if len(sure) > 1 else ""
    rest = f": {_by_how_much(least, summary)}{over}{_could_turn(least, summary)}."
    yield SummarySentence(
        about="better", strong=f"{row.first} is better than {whom} {row.phrase}", rest=rest, dataset=row.name
    )


def _by_how_much(one: ModelDifference, summary: Summary) -> str:
    if one.kind == "head_to_head":
        held = interval(one.found, comparisons=one.comparisons)
        return f"{one.first} wins {figure(one.found)} of their comparisons{bracketed(held)}"
    value = one.found.value or 0.0
    held = bracketed(interval(one.found, sign=True, comparisons=one.comparisons))
    difference = f"{amount(value, one.found.unit, sign=True)}{held}"
    first, second = (_headline(summary, one.dataset, model) for model in (one.first, one.second))
    if first is None or second is None:
        return difference
    both = f"{one.by.replace('_', ' ')} {figure(first)} against {figure(second)}"
    apart = (first.value or 0.0) - (second.value or 0.0)
    if one.kind == "paired" and abs(value - (-apart if first.better == "low" else apart)) > _SEEN.get(
        one.found.unit, _SEEN_ELSE
    ):
        return f"{both}; over the {many(one.found.n, 'item')} scored for both, {difference}"
    return f"{both}, {difference}"


def _could_turn(one: ModelDifference, summary: Summary) -> str:
    """Say that unscored items could put the other model first, where they could."""
    first, second = (_headline(summary, one.dataset, model) for model in (one.first, one.second))
    if first is None or second is None or first.bounds is None or second.bounds is None:
        return ""
    low = first.better == "low"
    turned = first.bounds[1] > second.bounds[0] if low else first.bounds[0] < second.bounds[1]
    return "; the items without a verdict could turn this round" if turned else ""


def _over_rows(rows: Sequence[ComparedRow], summary: Summary) -> list[SummarySentence]:
    """Say who is better over all rows, and how many rows each model wins, of more than there can be sentences."""
    found = _together(rows, summary)
    won = Counter(row.first for row in rows if all(one.sure for one in row.differences))
    total = len(rows)
    if not won:
        return found
    (best, times), *others = won.most_common()
    two = all(len(row.differences) == 1 for row in rows)
    than = next((one.second for row in rows for one in row.differences if row.first == best), "") if two else ""
    also = [f"{model} on {count}" for model, count in others]
    rest = f"; {listed(also)}" if also else ""
    if two:  # best against all others is held to hold for all at once
        rest += (
            f"; of rows on which both are equal about {math.ceil(BY_CHANCE * total)} in {total} would look so by chance"
        )
    strong = f"{best} is better than {than or 'every other model'} on {times} of {total} rows"
    return [*found, SummarySentence(about="better", strong=strong, rest=f"{rest}.")]


def _together(rows: Sequence[ComparedRow], summary: Summary) -> list[SummarySentence]:
    """Say by how much one of two models is better on average over rows of different datasets.

    The rows are independent samples, so the interval of the mean is made of theirs: half of its width is
    ``sqrt(sum h^2) / k`` of the halves ``h`` of ``k`` rows.

    Source: G. Y. Zou and A. Donner (2008), Statistics in Medicine 27, 1693-1702 (MOVER).
    """
    alone = [one for row in rows for one in row.differences]
    bases = {_base_of(summary, one.dataset) for one in alone}
    units = {(one.by, one.found.unit, one.kind == "head_to_head") for one in alone}
    if len(alone) != len(rows) or len(bases) < len(rows) or len(units) > 1 or alone[0].kind == "head_to_head":
        return []
    first = alone[0].first
    if any(first not in (one.first, one.second) for one in alone) or any(one.found.ci95 is None for one in alone):
        return []
    turned = [one.found.value or 0.0 if one.first == first else -(one.found.value or 0.0) for one in alone]
    halves = [(one.found.ci95[1] - one.found.ci95[0]) / 2 for one in alone if one.found.ci95 is not None]
    mean, half = math.fsum(turned) / len(rows), math.hypot(*halves) / len(rows)
    second = alone[0].second if alone[0].first == first else alone[0].first
    if mean < 0:
        first, second, mean = second, first, -mean
    metric = Metric(value=mean, ci95=(mean - half, mean + half), unit=alone[0].found.unit)
    by_how_much = f": {amount(mean, metric.unit, sign=True)} on average{bracketed(interval(metric, sign=True))}."
    if mean > half:
        strong = f"{first} is better than {second} over all {len(rows)} rows together"
        return [SummarySentence(about="better", strong=strong, rest=by_how_much)]
    strong = f"All {len(rows)} rows together cannot tell {first} from {second}"
    return [SummarySentence(about="unsure", strong=strong, rest=by_how_much)]


def _base_of(summary: Summary, row: str) -> str:
    judge = next((one.judge for one in summary.results if one.dataset == row and one.judge), "")
    return row.removesuffix(f"-{judge}") if judge else row


def what_is_unsure(summary: Summary) -> list[SummarySentence]:
    """Say which models the items do not tell apart, and about how many would."""
    rows = compared_rows(summary)
    if len(rows) > MOST_ROWS:
        unsure = sum(not all(one.sure for one in row.differences) for row in rows)
        if not unsure:
            return []
        which = "the two models" if all(len(row.differences) == 1 for row in rows) else "the best model from all others"
        rest = f" of {len(rows)} rows the items cannot tell {which}{' apart' if which == 'the two models' else ''}."
        return [SummarySentence(about="unsure", strong=f"On {unsure}", rest=rest)]
    return [*_of_different_versions(summary), *(said for row in rows for said in _unsure(row, summary))]


def _unsure(row: ComparedRow, summary: Summary) -> Iterator[SummarySentence]:
    unsure = [one for one in row.differences if not one.sure]
    if not unsure:
        return
    closest = unsure[0]
    if all(one.found.ci95 is None for one in unsure):
        strong = f"{_begins(row.phrase)} it cannot be told whether {row.first} is better than {_either(unsure)}"
        yield SummarySentence(about="unsure", strong=strong, rest=": there is no interval.", dataset=row.name)
        return
    strong = f"{_begins(row.phrase)} {many(closest.found.n, 'item')} cannot tell {row.first} from {_either(unsure)}"
    if len(unsure) > 1:
        strong += f"; the closest is {closest.second}"
    rest = f": {_by_how_much(closest, summary)}.{_more_items(closest)}"
    yield SummarySentence(about="unsure", strong=strong, rest=rest, dataset=row.name)


def _either(unsure: Sequence[ModelDifference]) -> str:
    return listed([one.second for one in unsure], last="or")


def _more_items(one: ModelDifference) -> str:
    if one.items_needed is None:
        return " If they are equal, no number of items tells them apart." if one.found.ci95 is not None else ""
    if one.items_needed > MOST_NEEDED:
        return " The difference is so small that more than a million items would be needed."
    return f" About {one.items_needed:,} items would, if the difference stays as it is."


def _of_different_versions(summary: Summary) -> Iterator[SummarySentence]:
    versions: dict[str, dict[str, str]] = {}
    for one in summary.results:
        if one.kind == "result":
            versions.setdefault(one.dataset, {})[one.model] = one.version
    for row, own in versions.items():
        if len(set(own.values())) > 1:
            strong = f"On {row} the numbers of {listed(list(own))} cannot be compared"
            yield SummarySentence(
                about="unsure", strong=strong, rest=": they were made in different ways, as a note says.", dataset=row
            )


def what_the_only_model_reaches(summary: Summary) -> list[SummarySentence]:
    """Say what a model reaches on the rows that no other model has."""
    rows, phrases = _rows_alone(summary), phrases_of(summary)
    found = []
    for model in dict.fromkeys(model for model, _, _ in rows):
        own = [(row, metric) for one, row, metric in rows if one == model]
        names = {row.metric for row, _ in own}
        if len(names) > 1 and len(own) > MOST_ROWS:
            continue  # the table says it better
        if len(own) > MOST_ROWS:
            ordered = sorted(own, key=lambda one: one[1].value or 0.0)
            ends = span_of([figure(ordered[0][1]), figure(ordered[-1][1])])
            name = names.pop().replace("_", " ")
            strong = f"On {len(own)} rows {model} has {name} {ends}"
            rest = f", lowest on {ordered[0][0].dataset} and highest on {ordered[-1][0].dataset}."
            found.append(SummarySentence(about="score", strong=strong, rest=rest))
            continue
        parts = [
            f"{row.metric.replace('_', ' ')} {figure(metric)} {phrases[row.dataset]}{bracketed(interval(metric))}"
            for row, metric in own
        ]
        found.append(SummarySentence(about="score", strong=f"{model} has {parts[0]}", rest=_further(parts[1:])))
    return found


def _further(parts: Sequence[str]) -> str:
    if not parts:
        return "."
    return f"{''.join(f', {part}' for part in parts[:-1])} and {parts[-1]}."


def how_wide_its_interval_is(summary: Summary) -> list[SummarySentence]:
    """Say how far off the figures of a model alone may be, and about how many items would narrow that down."""
    found = []
    rows = _rows_alone(summary)
    for model in dict.fromkeys(model for model, _, _ in rows):
        wide = [
            ((metric.ci95[1] - metric.ci95[0]) / 2, metric.n)
            for one, _, metric in rows
            if one == model and metric.unit == "percent" and metric.ci95 is not None and metric.n > 1
        ]
        half, n = max(wide, default=(0.0, 0))
        if half <= WIDE:
            continue
        strong = f"{many(n, 'item')} leave up to {amount(half, 'points')} of doubt on either side"
        more = f"; about {items_for_width(half, WIDE, n):,} items would leave {WIDE:.0f}."
        named = f" of {model}'s figures" if len({one for one, _, _ in rows}) > 1 else ""
        found.append(SummarySentence(about="unsure", strong=strong + named, rest=more))
    return found[:MOST_ROWS]


def what_was_not_scored(summary: Summary) -> list[SummarySentence]:
    """Say what has no verdict and why, what that could change, and which results are missing."""
    found = [
        SummarySentence(
            about="unscored",
            strong=f"There is no result for {one.model} on {one.dataset}",
            rest=f": {one.reason.removeprefix('there is no result: ')}.",
            dataset=one.dataset,
        )
        for one in summary.missing
    ]
    if len(found) > MOST_ROWS:
        rest = "; the notes say why."
        found = [SummarySentence(about="unscored", strong=f"{len(found)} planned results are missing", rest=rest)]
    results = [one for one in summary.results if one.kind == "result"]
    counts = [one.counts for one in results]
    planned, scored = _sum(summary, results, "planned"), _sum(summary, results, "ok")
    if not planned:
        return found
    if planned == scored:
        alike = {one.planned for one in counts}
        what = f"All {many(alike.pop(), 'item')}" if len(alike) == 1 and counts[0].planned > 1 else "Every item"
        verb = "were" if what.startswith("All") else "was"
        return [*found, SummarySentence(about="unscored", rest=f"{what} {verb} scored{_cut_off(results)}.")]
    states = [
        (_sum(summary, results, "unparsed"), "reply could not be read", "replies could not be read"),
        (_sum(summary, results, "judge_failed"), "judgment failed", "judgments failed"),
        (_sum(summary, results, "prediction_failed"), "answer failed", "answers failed"),
        (_sum(summary, results, "not_judged"), "answer was not judged", "answers were not judged"),
    ]
    why = listed([many(count, one, more) for count, one, more in states if count], most=4)
    missing = planned - scored
    rows = {one.dataset for one in results if one.counts.planned > one.counts.ok}
    where = f", all on {rows.pop()}" if len(rows) == 1 and len({one.dataset for one in results}) > 1 else ""
    verdicts = f"{missing:,} of {many(planned, 'verdict')} {'is' if missing == 1 else 'are'} missing"
    rest = f": {why}{where}{_cut_off(results)}.{_could_change(summary)}"
    return [*found, SummarySentence(about="unscored", strong=verdicts, rest=rest)]


def _sum(summary: Summary, results: Sequence[ResultFacts], state: str) -> int:
    """Return how many items are in a state; a comparison of a round robin stands in the results of both its models."""
    twice = {
        one.dataset
        for one in summary.rankings
        if one.kind == "comparisons" and not any(entry.baseline for entry in one.models)
    }
    found = [(one.dataset in twice, int(getattr(one.counts, state))) for one in results]
    return sum(count for both, count in found if not both) + sum(count for both, count in found if both) // 2


def _cut_off(results: Sequence[ResultFacts]) -> str:
    """Say how many answers were cut off; a rule and several judges may have looked at the same."""
    answers: dict[tuple[str, str], int] = {}
    for one in results:
        key = (one.model, one.dataset.removesuffix(f"-{one.judge}"))
        answers[key] = max(answers.get(key, 0), one.counts.truncated)
    cut = sum(answers.values())
    return f"; {many(cut, 'answer')} {'was' if cut == 1 else 'were'} cut off at the token limit" if cut else ""


def _could_change(summary: Summary) -> str:
    open_: list[tuple[float, str, str, Metric]] = []
    for row in summary.rows:
        if row.kind != "result" or not row.headline:
            continue
        for model, cell in row.cells.items():
            if cell.metric is not None and cell.metric.value is not None and cell.metric.bounds is not None:
                low, high = cell.metric.bounds
                open_.append((high - low, model, row.dataset, cell.metric))
    if not open_:
        return ""
    width, model, row_name, metric = max(open_, key=lambda one: one[0])
    if width <= 0 or metric.bounds is None:
        return ""
    ends = " to ".join(amount(end, metric.unit) for end in metric.bounds)
    return f" With them {model} could have {ends} {phrases_of(summary)[row_name]}."


class ComparedRow(NamedTuple):
    """A row with several models, ``phrase`` in words, and how its best one stands to the others."""

    name: str
    phrase: str
    first: str
    differences: list[ModelDifference]


def compared_rows(summary: Summary) -> list[ComparedRow]:
    """Return the rows of which something is known about the difference; groups take the place of their parts."""
    groups = [row for row in summary.rows if row.kind == "group" and row.headline]
    found = [differences for row in groups if (differences := _of_group(row))]
    if not found:
        by_row: dict[str, list[ModelDifference]] = {}
        for one in summary.differences:
            by_row.setdefault(one.dataset, []).append(one)
        found = list(by_row.values())
    phrases = phrases_of(summary)
    return [ComparedRow(name := own[0].dataset, phrases.get(name, f"on {name}"), own[0].first, own) for own in found]


def phrases_of(summary: Summary) -> dict[str, str]:
    """Return what each row is about in words: ``on gsm8k by the judge quill``, or ``by the rule`` beside a judge's."""
    judges_of = {one.dataset: one.judge or "" for one in summary.results}
    beside_a_judge = {name.removesuffix(f"-{judge}") for name, judge in judges_of.items() if judge}
    phrases: dict[str, str] = {}
    for row in summary.rows:
        name = row.dataset
        judge = judges_of.get(name, "")
        if judge and name.endswith(f"-{judge}"):
            phrases[name] = f"on {name.removesuffix(f'-{judge}')} by {called(judge)}"
        elif name in beside_a_judge:
            phrases[name] = f"on {name} by the rule"
        else:
            phrases[name] = f"on {name}"
    return phrases


def _begins(text: str) -> str:
    return text[:1].upper() + text[1:]


def _of_group(row: SummaryRow) -> list[ModelDifference]:
    """Return how the best model of a group stands to the others, by the intervals of their averages alone."""
    known = {
        model: cell.metric
        for model, cell in row.cells.items()
        if cell.metric is not None and cell.metric.value is not None
    }
    better = next((metric.better for metric in known.values()), None)
    if len(known) < 2 or better is None:
        return []
    first, *others = sorted(known, key=lambda model: known[model].value or 0.0, reverse=better == "high")
    found = []
    for other in others:
        apart = separate_difference(known[first], known[other], comparisons=len(others))
        open_ = apart.ci95 is not None and apart.ci95[0] <= 0
        needed = items_needed(apart.value or 0.0, apart.ci95, apart.n) if open_ and apart.ci95 is not None else None
        found.append(
            ModelDifference(
                dataset=row.dataset, by=row.metric, first=first, second=other, kind="separate", found=apart,
                comparisons=len(others), items_needed=needed,
            )
        )  # fmt: skip
    return found


def _rows_alone(summary: Summary) -> list[tuple[str, SummaryRow, Metric]]:
    """Return model, row and figure of the rows that only one model has; groups take the place of their parts."""
    compared = {row.name for row in compared_rows(summary)}
    headlines = [row for row in summary.rows if row.headline and row.dataset not in compared]
    groups = [row for row in headlines if row.kind == "group"]
    found = []
    for row in groups or headlines:
        known = [(model, cell.metric) for model, cell in row.cells.items() if _has_value(cell.metric)]
        if len(known) == 1:
            model, metric = known[0]
            found.append((model, row, metric or Metric(value=None)))
    return found


def _has_value(metric: Metric | None) -> bool:
    return metric is not None and metric.value is not None


def _headline(summary: Summary, dataset: str, model: str) -> Metric | None:
    for row in summary.rows:
        if row.dataset == dataset and row.headline and (cell := row.cells.get(model)) is not None:
            return cell.metric if _has_value(cell.metric) else None
    return None


Rule = Callable[[Summary], Sequence[SummarySentence]]

RULES: tuple[Rule, ...] = (
    who_is_better,
    what_the_only_model_reaches,
    what_is_unsure,
    how_wide_its_interval_is,
    judges,
    what_was_not_scored,
)
"""In the order in which their sentences stand."""
