"""Two runs compared, as a table, in sentences, and as records for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from judgebench.errors import how_many
from judgebench.metrics.statistics.paired import (
    ALPHA,
    LEAST_QUESTIONS,
    PairedMean,
    decided_drop,
    equivalence_p_value,
)
from judgebench.report.results import printable
from judgebench.report.tables import TextTable, number
from judgebench.trust.askings import Askings
from judgebench.trust.comparing import Adjustment, RowComparison

ADJUSTED_BY: dict[Adjustment, str] = {"holm": "Holm", "bh": "Benjamini-Hochberg"}


def compared_table(rows: Sequence[RowComparison], adjust: Adjustment = "holm") -> TextTable:
    """Return one line for each compared row, differences as second minus first."""
    lines = []
    for one in rows:
        factor = _factor(one)
        anchors = one.unmoved
        lines.append(
            [
                _name(one),
                f"{one.aligned}",
                number(factor * one.means[0]),
                number(factor * one.means[1]),
                _with_ends(one.difference, factor),
                f"+{one.gained} -{one.lost}",
                "-" if one.exact is None else _p(one.exact),
                "-" if one.adjusted is None else _p(one.adjusted),
                "-" if anchors is None else f"{anchors.shift.n}",
                "-" if anchors is None else _with_ends(anchors.shift, factor),
                "-" if anchors is None else _with_ends(anchors.rest, factor),
            ]
        )
    headers = [
        "row", "aligned", "first", "second", "difference", "changed", "McNemar p", f"p by {ADJUSTED_BY[adjust]}",
        "same\nanswers", "judge's shift\non them", "difference\nwithout it",
    ]  # fmt: skip
    return TextTable("Second minus first", headers, lines, set(range(1, len(headers))))


def in_sentences(one: RowComparison, margin: float | None = None) -> list[str]:
    """Return what a comparison of one row says, in plain sentences.

    Args:
        one: The row.
        margin: The drop that is allowed, in the metric's unit; ``None`` where nobody asked.
    """
    factor, unit = _factor(one), " points" if one.kind != "score" else ""
    lines = [f"{_name(one)}:"]
    if one.difference is None or one.difference.questions < LEAST_QUESTIONS:
        lines.append(f"  Fewer than {LEAST_QUESTIONS} questions are read in both runs: too few to compare.")
    lines += _about_the_difference(one, factor, unit)
    if one.gained or one.lost:
        test = f" (McNemar's exact p {_p(one.exact)})" if one.exact is not None else ""
        lines.append(f"  Better in the second: {one.gained}; worse: {one.lost}{test}.")
    if one.only_first or one.only_second:
        lines.append(
            f"  Not aligned: {how_many(one.only_first, 'answer')} of the first run and {one.only_second} of the second."
        )
    if one.unread:
        lines.append(f"  Left out: {how_many(one.unread, 'aligned answer')}, unread or failed in one of the runs.")
    lines += _about_the_judge(one, factor, unit)
    for which, side in (("first", one.first), ("second", one.second)):
        if side.again is not None and (which == "first" or side.run != one.first.run or side.row != one.first.row):
            lines.append(f"  {askings_in_words(side.again, f'the {which} run')}")
    if one.corrected is not None:
        fixed = one.corrected
        lines.append(
            f"  By {how_many(fixed.n, 'labelled pair')} the difference is {factor * fixed.value:+.2f}{unit} "
            f"({factor * fixed.low:+.2f}..{factor * fixed.high:+.2f}), the judge's error included."
        )
    if margin is not None and one.difference is not None:
        decision = decided_drop(one.difference, one.unmoved, margin / factor, room=one.room)
        said = {
            "pass": f"Not worse by more than {margin:g}{unit}",
            "fail": f"Worse by more than {margin:g}{unit}",
            "cannot tell": f"Cannot tell whether it is worse by more than {margin:g}{unit}",
        }[decision]
        lines.append(f"  {said}.")
        if equivalence_p_value(one.difference, margin / factor, one.room) <= ALPHA and _enough(one.difference):
            lines.append(f"  As good as each other: they differ by less than {margin:g}{unit} either way.")
    if one.changed:
        lines.append(f"  What differs in how they were made: {'; '.join(one.changed[:_MOST_CHANGES])}.")
        if len(one.changed) > _MOST_CHANGES:
            lines[-1] = f"{lines[-1][:-1]}; and {len(one.changed) - _MOST_CHANGES} more."
    return [f"{'  ' * line.startswith('  ')}{printable(line.strip(), 800)}" for line in lines]


def _about_the_difference(one: RowComparison, factor: float, unit: str) -> list[str]:
    found = one.difference
    if found is None:
        return []
    low, high = (factor * end for end in found.interval())
    way = "No difference can be seen" if low <= 0 <= high else "It went up" if low > 0 else "It went down"
    seen = not low <= 0 <= high
    lines = [f"  {one.metric} {factor * one.means[0]:.2f} -> {factor * one.means[1]:.2f}. {way}: "]
    lines[0] += f"{factor * found.value:+.2f}{unit} (95% interval {low:+.2f}..{high:+.2f})."
    if not seen and found.stderr > 0:
        visible = factor * found.smallest_visible()
        lines.append(f"  A difference of {visible:.2f}{unit} would have been seen 4 times in 5.")
        needed = found.questions_to_see(found.value)
        if needed is not None and found.questions < needed <= _MOST_QUESTIONS:
            more = needed - found.questions
            lines.append(f"  If it is as large as it looks, {more:,} more questions would show it 4 times in 5.")
    doubts = []
    if (drawn := one.resampled()) is not None and (not drawn[0] <= 0 <= drawn[1]) != seen:
        doubts.append(f"resampled questions give {factor * drawn[0]:+.2f}..{factor * drawn[1]:+.2f} (BCa)")
    if one.exact is not None and (one.exact <= ALPHA) != seen:
        doubts.append(f"McNemar's exact p is {_p(one.exact)}")
    if doubts and _enough(found):
        lines.append(f"  Too close to call: {' and '.join(doubts)}.")
    return lines


def _enough(mean: PairedMean) -> bool:
    return mean.questions >= LEAST_QUESTIONS


_MOST_QUESTIONS = 1_000_000
"""Questions beyond which nobody wants to know how many would decide."""
_MOST_CHANGES = 8
"""Differences of settings that are named."""


def flip_lines(one: RowComparison, most: int) -> list[str]:
    """Return the items whose verdict differs, those with the same answer first: nobody but the judge changed there.

    Args:
        one: The row.
        most: How many are named; 0 names none.
    """
    if not most:
        return []
    flips = sorted(one.flips, key=lambda flip: (not flip.same_answer, flip.id, flip.repeat))
    lines = [
        f"  item {flip.id}{f', repeat {flip.repeat}' if flip.repeat else ''}: {flip.first} -> {flip.second}"
        + (" (same answer)" if flip.same_answer else "")
        for flip in flips[:most]
    ]
    return [*lines, f"  and {len(flips) - most} more"] if len(flips) > most else lines


def as_record(one: RowComparison, *, margin: float | None = None, adjust: Adjustment = "holm") -> dict[str, Any]:
    """Return a compared row for programs: shares and their differences in percent and points.

    Args:
        one: The row.
        margin: The difference that does not matter, in the metric's unit; ``None`` where nobody asked.
        adjust: How its p-value is adjusted.
    """
    factor = _factor(one)
    unmoved, corrected, mean = one.unmoved, one.corrected, one.difference
    drawn = one.resampled()
    return {
        "first": {"run": one.first.run, "model": one.first.row.model, "row": one.first.row.row},
        "second": {"run": one.second.run, "model": one.second.row.model, "row": one.second.row.row},
        "metric": one.metric,
        "aligned": one.aligned,
        "only_first": one.only_first,
        "only_second": one.only_second,
        "unread": one.unread,
        "means": [factor * mean if one.difference is not None else None for mean in one.means],
        "difference": _record(one.difference, factor),
        "gained": one.gained,
        "lost": one.lost,
        "mcnemar_exact": one.exact,
        "mcnemar_mid_p": one.mid_p,
        "bootstrap_ci95": None if drawn is None else [factor * end for end in drawn],
        "p_value": one.p_value,
        ADJUSTED_IN_RECORDS[adjust]: one.adjusted,
        "smallest_visible": None if mean is None or not mean.stderr else factor * mean.smallest_visible(),
        "questions_to_see": None if mean is None else mean.questions_to_see(mean.value),
        **_decided(one, margin),
        "anchors": None if unmoved is None else unmoved.shift.n,
        "judge_shift": None if unmoved is None else _record(unmoved.shift, factor),
        "judge_moved": None if unmoved is None else unmoved.moved(),
        "without_shift": None if unmoved is None else _record(unmoved.rest, factor),
        "corrected": None
        if corrected is None
        else {
            "value": factor * corrected.value,
            "ci95": [factor * corrected.low, factor * corrected.high],
            "labels": corrected.n,
        },
        "again": {"first": askings_record(one.first.again), "second": askings_record(one.second.again)},
        "flips": [flip._asdict() for flip in one.flips],
        "changed": one.changed,
    }


ADJUSTED_IN_RECORDS: dict[Adjustment, str] = {"holm": "holm", "bh": "benjamini_hochberg"}


def _decided(one: RowComparison, margin: float | None) -> dict[str, Any]:
    """Return what a margin says: not worse (non-inferior), and equivalent by two one-sided tests."""
    if margin is None or one.difference is None:
        return {}
    within = margin / _factor(one)
    p_value = equivalence_p_value(one.difference, within, one.room)
    return {
        "margin": margin,
        "not_worse": decided_drop(one.difference, one.unmoved, within, room=one.room),
        "equivalent": p_value <= ALPHA and _enough(one.difference),
        "equivalence_p_value": p_value,
    }


def _about_the_judge(one: RowComparison, factor: float, unit: str) -> list[str]:
    found = one.unmoved
    if found is None:
        return ["  No answers are the same in both, so nothing shows whether the judge changed."]
    shift = f"{factor * found.shift.value:+.2f}{unit}"
    ends = "{:+.2f}..{:+.2f}".format(*(factor * end for end in found.shift.interval()))
    if not found.moved():
        return [f"  On the {found.shift.n} answers that are the same in both, the judge did not visibly move ({ends})."]
    low, high = (factor * end for end in found.rest.interval())
    rest = f"{factor * found.rest.value:+.2f}{unit} ({low:+.2f}..{high:+.2f})"
    return [
        f"  THE JUDGE MOVED: on the {found.shift.n} answers that are the same in both, by {shift} ({ends}).",
        f"  Without that, the difference is {rest}, if the judge moved as much on the other answers.",
    ]


def askings_in_words(found: Askings, run: str) -> str:
    """Return what asking a judge again has shown, in a sentence."""
    rate = found.rate
    ends = f" (95% interval {rate.ci95[0]:.2f}..{rate.ci95[1]:.2f})" if rate.ci95 is not None else ""
    return (
        f"Asked again about {how_many(found.items, 'answer')} of {run}, the judge decided otherwise in "
        f"{rate.value or 0.0:.2f}% of pairs of verdicts{ends}."
    )


def askings_table(found: Sequence[Askings]) -> TextTable:
    """Return one line for each row whose judge was asked again."""
    lines = [
        [
            f"{one.row}, {one.model}",
            f"{one.items}",
            f"{one.times}",
            "-" if one.rate.value is None else number(one.rate.value),
            "-" if one.rate.ci95 is None else f"{one.rate.ci95[0]:.2f}..{one.rate.ci95[1]:.2f}",
        ]
        for one in found
    ]
    headers = ["row", "answers", "verdicts\non each", "differ\n(A/A rate, %)", "95% interval"]
    return TextTable("The judge asked again", headers, lines, set(range(1, len(headers))))


def askings_record(found: Askings | None) -> dict[str, Any] | None:
    """Return the same for programs."""
    if found is None:
        return None
    ends = found.rate.ci95
    return {
        "model": found.model,
        "row": found.row,
        "answers": found.items,
        "verdicts_on_each": found.times,
        "aa_rate": found.rate.value,
        "ci95": list(ends) if ends is not None else None,
        "shift_since_the_run": None if found.shift is None else found.shift.value,
    }


def _record(mean: PairedMean | None, factor: float) -> dict[str, Any] | None:
    if mean is None:
        return None
    return {
        "value": factor * mean.value,
        "stderr": factor * mean.stderr,
        "ci95": [factor * end for end in mean.interval()],
        "questions": mean.questions,
        "n": mean.n,
    }


def _name(one: RowComparison) -> str:
    first, second = one.first.row, one.second.row
    row = first.row if first.row == second.row else f"{first.row} -> {second.row}"
    return f"{row}, {first.model if first.model == second.model else f'{first.model} -> {second.model}'}"


def _factor(one: RowComparison) -> float:
    return 1.0 if one.kind == "score" else 100.0


def _with_ends(mean: PairedMean | None, factor: float) -> str:
    if mean is None:
        return "-"
    low, high = mean.interval()
    return f"{factor * mean.value:+.2f} ({factor * low:+.2f}..{factor * high:+.2f})"


def _p(value: float) -> str:
    return f"{value:.3f}" if value >= 0.001 else "<0.001"
