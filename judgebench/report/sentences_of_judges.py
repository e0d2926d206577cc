"""What there is to say of the judges of a run: whether they can be believed, and in which direction they err."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from judgebench.records.diagnostics import Diagnostics, JudgesCompared
from judgebench.records.figures import Metric, Unit
from judgebench.report.schema import ResultFacts, Summary, SummarySentence
from judgebench.report.wording import amount, bracketed, figure, interval, listed, many, rounded, span_of

EVEN = 50.0
"""Share of decided comparisons that the first shown, or the longer, answer wins with a fair judge."""
MOST_PAIRS = 3
"""Pairs of judges that have a sentence each."""
MOST_CORRECTED = 3
"""Corrected scores that have a sentence each."""


def judges(summary: Summary) -> list[SummarySentence]:
    """Say of each judge how far it agrees with the rule, with itself and with the others, and where it leans."""
    by_judge: dict[str, list[ResultFacts]] = {}
    for one in summary.results:
        if one.kind == "result" and one.judge:
            by_judge.setdefault(one.judge, []).append(one)
    found: list[SummarySentence] = []
    pairs = _pairs(summary)
    for judge, results in by_judge.items():
        own = [*_against_the_rule(judge, results), *_orders(_begins(judge), _orders_known(results))]
        found += own
        own_rows = {one.dataset for one in results}
        labelled = any(one.row in own_rows and one.corrected is not None for one in summary.corrected)
        if not own and not labelled and not any(judge in pair for pair in pairs):
            found.append(_nothing_known(judge))
    for model, metrics in _of_tested_judges(summary).items():
        found += _orders(model, metrics)
    return [*found, *_corrected(summary), *_between(pairs)]


def _corrected(summary: Summary) -> list[SummarySentence]:
    """Say what people's labels make of a judge's figures, with the judge's own error in the interval."""
    found = []
    for one in summary.corrected:
        if one.corrected is None or one.corrected.value is None or one.judge.value is None:
            continue
        unit: Unit = "scale" if one.metric == "mean_score" else "percent"
        metric, judge = (msgspec.structs.replace(each, unit=unit) for each in (one.corrected, one.judge))
        name = one.metric.replace("_", " ")
        strong = f"{many(one.labels, 'label')} by people {'makes' if one.labels == 1 else 'make'} {one.model}'s {name} "
        strong += f"on {one.row} {figure(metric)}"
        rest = f"{bracketed(interval(metric))} instead of {figure(judge)}, which is the judge's word alone."
        found.append(SummarySentence(about="judge", strong=strong, rest=rest, dataset=one.row))
    if len(found) > MOST_CORRECTED:
        rest = "; the table of corrected scores has them."
        return [SummarySentence(about="judge", strong=f"People's labels correct {len(found)} scores", rest=rest)]
    return found


def _nothing_known(judge: str) -> SummarySentence:
    rest = ": no rule and no second judge decided about the same items."
    return SummarySentence(
        about="judge", strong=f"Nothing here says whether {called(judge)} can be believed", rest=rest
    )


def called(judge: str) -> str:
    """Return what a judge is called within a sentence; one that is named ``judge`` is just the judge."""
    return "the judge" if judge == "judge" else f"the judge {judge}"


def _begins(judge: str) -> str:
    return f"The{called(judge).removeprefix('the')}"


def _against_the_rule(judge: str, results: Sequence[ResultFacts]) -> Iterator[SummarySentence]:
    known = [
        (one.model, one.diagnostics, one.diagnostics.agreement)
        for one in results
        if one.diagnostics.agreement is not None and one.diagnostics.agreement.value is not None
    ]
    if not known:
        return
    agreements = sorted((agreement for _, _, agreement in known), key=lambda one: one.value or 0.0)
    worst, answers = agreements[0], sum(one.n for one in agreements)
    if worst.value == 100:
        agrees = f"{_begins(judge)} agrees with the rule on {_all(answers)}"
    elif len(agreements) == 1:
        agrees = f"{_begins(judge)} agrees with the rule on {_percent(worst)} of {many(answers, 'answer')}"
    else:
        ends = span_of([_percent(worst), _percent(agreements[-1])])
        agrees = f"{_begins(judge)} agrees with the rule on {ends} of each model's answers"
    how_sure = bracketed(_interval(worst)) if worst.value != 100 and len(agreements) == 1 else ""
    facts = [diagnostics for _, diagnostics, _ in known]
    strong, clear = _direction([(model, diagnostics) for model, diagnostics, _ in known])
    chance = "" if _beyond_chance(facts) else ", which chance alone could give"
    errors = _errors(facts)
    if clear:
        rest = f": {errors}." if errors else "."
        yield SummarySentence(about="judge", strong=f"{agrees}{how_sure}{chance} and is {strong}", rest=rest)
        return
    if worst.value == 100:
        yield SummarySentence(about="judge", strong=agrees, rest=f"{chance}.")
        return
    rest = f". Whether it is too kind or too strict cannot be told{f': {errors}' if errors else ''}."
    yield SummarySentence(about="judge", strong=f"{agrees}{how_sure}{chance}", rest=rest)


def _percent(metric: Metric) -> str:
    return amount(metric.value or 0.0, "percent")


def _interval(metric: Metric) -> str:
    return interval(msgspec.structs.replace(metric, unit="percent"))


def _all(answers: int) -> str:
    return f"all {answers:,} answers" if answers > 1 else "the only answer"


def _direction(known: Sequence[tuple[str, Diagnostics]]) -> tuple[str, bool]:
    """Return in which direction a judge errs, and whether an interval says so for a model at least."""
    kind: list[tuple[str, Metric]] = []
    strict: list[tuple[str, Metric]] = []
    for model, diagnostics in known:
        shift = diagnostics.score_shift
        if shift is not None and shift.value is not None and shift.ci95 is not None:
            if shift.ci95[0] > 0:
                kind.append((model, shift))
            elif shift.ci95[1] < 0:
                strict.append((model, shift))
    if kind and strict:
        return f"{_to('kind', kind)}, but {_to('strict', strict)}, which distorts their comparison", True
    if not kind and not strict:
        return "", False
    word, found = ("kind", kind) if kind else ("strict", strict)
    if len(known) > 1:
        return _to(word, found), True
    shift = found[0][1]
    return f"too {word} by {amount(abs(shift.value or 0.0), 'points')}{bracketed(_size(shift))}", True


def _to(word: str, found: Sequence[tuple[str, Metric]]) -> str:
    most = max(abs(shift.value or 0.0) for _, shift in found)
    up_to = "up to " if len(found) > 1 else ""
    return f"too {word} to {listed([model for model, _ in found])} by {up_to}{amount(most, 'points')}"


def _size(shift: Metric) -> str:
    """Return the interval of a shift as a size, whatever its direction."""
    ends = sorted(abs(end) for end in shift.ci95 or ())
    return f"95% interval {rounded(ends[0], 'points')} to {rounded(ends[1], 'points')}" if ends else ""


def _beyond_chance(facts: Sequence[Diagnostics]) -> bool:
    """Say whether the agreement of a judge is more than chance gives; where nothing tells, nothing is claimed."""
    known = [one.kappa for one in facts if one.kappa is not None and one.kappa.ci95 is not None]
    return not known or any(one.ci95 is not None and one.ci95[0] > 0 for one in known)


def _errors(facts: Sequence[Diagnostics]) -> str:
    """Return what share of the wrong answers the judge calls right, and of the right ones wrong."""
    tp, fp, fn, tn = (sum(getattr(one, name) or 0 for one in facts) for name in ("tp", "fp", "fn", "tn"))
    parts = []
    if fp + tn:
        parts.append(f"{_share(fp, fp + tn)} of the wrong answers right")
    if tp + fn:
        parts.append(f"{_share(fn, tp + fn)} of the right ones wrong")
    return f"it calls {' and '.join(parts)}" if parts else ""


def _share(count: int, of: int) -> str:
    return amount(100 * count / of, "percent") if count else "none"


Orders = dict[str, list[Metric]]
"""What is known of how a judge takes the order and length of two answers, by name."""
_ORDERS = ("consistency", "first_shown_rate", "longer_preferred")


def _orders_known(results: Sequence[ResultFacts]) -> Orders:
    found: Orders = {}
    for name in _ORDERS:
        metrics: list[Metric | None] = [getattr(one.diagnostics, name) for one in results]
        found[name] = [one for one in metrics if one is not None and one.value is not None]
    return found


def _of_tested_judges(summary: Summary) -> dict[str, Orders]:
    """Return what benchmarks of judges measure of the judges under test."""
    tested = {(one.model, one.dataset) for one in summary.results if one.kind == "result" and not one.judge}
    found: dict[str, Orders] = {}
    for row in summary.rows:
        for model, cell in row.cells.items():
            metric = cell.metric
            if row.metric not in _ORDERS or (model, row.dataset) not in tested:
                continue
            if metric is not None and metric.value is not None:
                found.setdefault(model, {name: [] for name in _ORDERS})[row.metric].append(metric)
    return found


def _orders(subject: str, known_of: Orders) -> Iterator[SummarySentence]:
    """Say whether a judge of pairs sticks to its decision in the other order, and what it leans to."""
    parts = []
    consistent = known_of["consistency"]
    if consistent:
        changed = sorted(100 - (one.value or 0.0) for one in consistent)
        ends = span_of([amount(changed[0], "percent"), amount(changed[-1], "percent")])
        parts.append(f"decides otherwise on {ends} of the pairs when the answers change places")
    for name, what in (("first_shown_rate", "the answer shown first"), ("longer_preferred", "the longer answer")):
        known = known_of[name]
        above = [one for one in known if one.ci95 is not None and one.ci95[0] > EVEN]
        below = [one for one in known if one.ci95 is not None and one.ci95[1] < EVEN]
        if bool(above) == bool(below):
            continue
        furthest = max(above or below, key=lambda one: abs((one.value or 0.0) - EVEN))
        against = "" if above else "against "
        share = f"which wins {_percent(furthest)}{bracketed(_interval(furthest))}"
        parts.append(f"leans {against if not above else 'to '}{what}, {share}")
    if parts:
        yield SummarySentence(about="judge", strong=f"{subject} {parts[0]}", rest=_further(parts[1:]))


def _further(parts: Sequence[str]) -> str:
    if not parts:
        return "."
    return f"{''.join(f'; it {part}' for part in parts)}."


def _pairs(summary: Summary) -> dict[tuple[str, str], list[JudgesCompared]]:
    """Return what is known of every two judges; both results of a pair may tell of it."""
    found: dict[tuple[str, str], dict[tuple[str, str], JudgesCompared]] = {}
    for one in summary.results:
        dataset = one.dataset.removesuffix(f"-{one.judge}")
        for pair in one.diagnostics.between_judges:
            if one.kind == "result" and pair.agreement is not None:
                names = (min(pair.judges), max(pair.judges))
                found.setdefault(names, {}).setdefault((dataset, one.model), pair)
    return {names: list(pairs.values()) for names, pairs in found.items()}


def _between(pairs: dict[tuple[str, str], list[JudgesCompared]]) -> Iterator[SummarySentence]:
    if len(pairs) > MOST_PAIRS:
        every = sorted(one.agreement or 0.0 for own in pairs.values() for one in own)
        ends = span_of([amount(every[0], "percent"), amount(every[-1], "percent")])
        count = len({name for names in pairs for name in names})
        yield SummarySentence(about="judge", rest=f"Every two of the {count} judges agree on {ends} of the answers.")
        return
    for (first, second), own in pairs.items():
        every = sorted(one.agreement or 0.0 for one in own)
        ends = span_of([amount(every[0], "percent"), amount(every[-1], "percent")])
        of = many(own[0].n, "answer") if len(own) == 1 else "each model's answers"
        yield SummarySentence(about="judge", rest=f"The judges {first} and {second} agree on {ends} of {of}.")
