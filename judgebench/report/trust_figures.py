"""Figures by which a gate asks whether the judge can be believed, by what they are called in conditions."""

from __future__ import annotations

from collections.abc import Sequence

from judgebench.errors import how_many
from judgebench.records.figures import Metric
from judgebench.report.conditions import RowFacts
from judgebench.report.gate_file import AGAIN_RATE, BY_LABELS, JUDGE_SHIFT
from judgebench.store.run_folder import RunFolder
from judgebench.trust.agreement import ResampledFigure, RowAgreement, agreements
from judgebench.trust.askings import askings_of
from judgebench.trust.baselines import Name
from judgebench.trust.comparing import RowComparison
from judgebench.trust.corrected import corrected_scores


def with_labels(run: RunFolder, facts: Sequence[RowFacts], *, figures: bool) -> list[RowFacts]:
    """Return the facts of a run with its corrected scores.

    Args:
        run: The run.
        facts: Of its results.
        figures: Whether what labels say of the judge is wanted too.

    Raises:
        DataError: Labels or verdicts are damaged.
    """
    labelled = (run.path / "labels").is_dir()
    corrected = {(one.model, one.row): one for one in corrected_scores(run)} if labelled else {}
    agreed = {one.row: one for one in agreements(run)} if labelled and figures else {}
    return [
        one
        if one.group
        else one._replace(
            corrected=corrected.get((one.model, one.row)),
            trust={**one.trust, **_by_labels(agreed.get(one.row))} if figures else one.trust,
        )
        for one in facts
    ]


def with_askings(run: RunFolder, facts: Sequence[RowFacts]) -> list[RowFacts]:
    """Return the facts of a run with how often each judge decides otherwise when it is asked again.

    Raises:
        DataError: A file of what was asked again is damaged.
    """
    found = askings_of(run)
    never = Metric(value=None, note="the judge was not asked again: jb compare RUN --again 3 asks it")
    return [
        one
        if one.group
        else one._replace(
            trust={**one.trust, AGAIN_RATE: repeated.rate if (repeated := found.get((one.model, one.row))) else never}
        )
        for one in facts
    ]


def with_shift(facts: Sequence[RowFacts], compared: dict[Name, RowComparison]) -> list[RowFacts]:
    """Return the facts of a run with the judge's shift on the answers that are the same in the baseline."""
    return [
        one if one.group else one._replace(trust={**one.trust, JUDGE_SHIFT: _shift(compared.get((one.model, one.row)))})
        for one in facts
    ]


def _by_labels(found: RowAgreement | None) -> dict[str, Metric]:
    if found is None:
        return {name: Metric(value=None, note="no answer of the row has a label") for name in BY_LABELS}
    test = found.replacement
    tested = "fewer than 30 labelled answers of an annotator are shared with others"
    return {
        "label_agreement": _percent(found.percent, found.labelled),
        "label_kappa": _coefficient(found.kappa, found.labelled),
        "label_ac1": _coefficient(found.ac1, found.labelled),
        "human_ceiling": _exact(found.ceiling, "no answer has labels of several annotators"),
        "winning_rate": _exact(test.winning_rate if test is not None else None, tested),
        "advantage": _exact(test.advantage if test is not None else None, tested),
    }


def _percent(found: ResampledFigure, n: int) -> Metric:
    if found.value is None:
        return Metric(value=None, note="no labelled answer has a verdict")
    ends = found.interval
    return Metric(
        value=100 * found.value,
        n=n,
        ci95=(100 * ends[0], 100 * ends[1]) if ends is not None else None,
        unit="percent",
        better="high",
    )


def _coefficient(found: ResampledFigure, n: int) -> Metric:
    if found.value is None:
        return Metric(value=None, note="it is undefined for these labels")
    return Metric(value=found.value, n=n, ci95=found.interval, unit="coefficient", better="high")


def _exact(value: float | None, why: str) -> Metric:
    """Return a share that is the outcome of a test, or a plain count, and has no interval of its own."""
    if value is None:
        return Metric(value=None, note=why)
    return Metric(value=100 * value, ci95=(100 * value, 100 * value), unit="percent", better="high")


def _shift(found: RowComparison | None) -> Metric:
    if found is None or found.unmoved is None:
        return Metric(
            value=None, note="no answer is the same in the baseline, so nothing shows whether the judge moved"
        )
    factor = 1.0 if found.kind == "score" else 100.0
    shift = found.unmoved.shift
    low, high = (factor * end for end in shift.interval())
    least = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    return Metric(
        value=abs(factor * shift.value),
        n=shift.n,
        ci95=(least, max(abs(low), abs(high))),
        note=f"on {how_many(shift.n, 'answer')} that are the same in the baseline",
        unit="points" if found.kind != "score" else "scale",
        better="low",
    )
