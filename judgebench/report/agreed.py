"""Agreement of annotators and judge, and the plan of labels, in sentences."""

from __future__ import annotations

from judgebench.errors import how_many
from judgebench.metrics.statistics.annotators import ALPHA, EPSILON, LEAST_ITEMS
from judgebench.trust.agreement import ResampledFigure, RowAgreement
from judgebench.trust.error_groups import MODEL, GroupedErrors
from judgebench.trust.label_plan import LabelPlan


def agreement_in_words(one: RowAgreement, epsilon: float = EPSILON) -> list[str]:
    """Return what annotators and judge of a row have in common."""
    who = ", ".join(f"{name} ({count})" for name, count in one.annotators.items())
    truth = "the truth" if one.judge else "the annotators"
    if one.judge:
        lines = [f"{one.judge} on {one.row}: {how_many(one.labelled, 'verdict')} on items of which the truth is known"]
    else:
        lines = [f"{one.row}: {how_many(one.labelled, 'labelled answer')} with a verdict; labels by {who}"]
    if one.scores:
        whose = "the true ones" if one.judge else "the annotators'"
        figures = ", ".join(f"{name} {_plain(figure)}" for name, figure in one.scores.items())
        lines.append(f"  the judge's scores and {whose} go together: {figures}")
    else:
        lines.append(
            f"  the judge agrees with {truth}: {_percent(one.percent)}, Cohen's kappa {_plain(one.kappa)}, "
            f"Gwet's AC1 {_plain(one.ac1)}"
        )
    if one.shared:
        lines.append(f"  {how_many(one.shared, 'answer has', 'answers have')} labels of several annotators")
        lines.append(
            f"  Krippendorff's alpha among the annotators {_plain(one.people_alpha)}, "
            f"with the judge as one more {_plain(one.alpha)}"
            + (f"; Fleiss' kappa {_plain(one.fleiss)}" if one.fleiss.value is not None else "")
        )
        if one.ceiling is not None:
            lines.append(f"  an annotator agrees with most of the others in {100 * one.ceiling:.1f}% of the labels")
    found = one.replacement
    if one.judge:
        pass  # the truth is no annotator that one could replace
    elif found is None:
        lines.append(
            f"  whether the judge may replace annotators needs {LEAST_ITEMS} answers with labels of two or more"
        )
    else:
        may = "may" if found.passes else "may not"
        lines.append(
            f"  by the alternative annotator test the judge {may} replace annotators: winning rate "
            f"{found.winning_rate:.2f}, advantage {found.advantage:.2f} (epsilon {epsilon:g})"
        )
    lines += [_errors(found) for found in one.errors if found.by == MODEL or found.tested.p_value <= ALPHA]
    if alike := [
        f"{found.what} by {found.by}" for found in one.errors if found.by != MODEL and found.tested.p_value > ALPHA
    ]:
        lines.append(f"  no visible difference: {', '.join(alike)}")
    if one.risk is not None:
        kept = ", ".join(
            f"{100 * one.risk.accuracy_at(part):.1f}% right of the surest {part:.0%}" for part in (0.8, 0.9, 1.0)
        )
        lines.append(f"  by how sure the judge is: {kept}; area under risk and coverage {one.risk.area:.3f}")
    if one.brier.value is not None:
        lines.append(f"  its sureness: Brier score {_plain(one.brier)}, calibration error {_plain(one.calibration)}")
    return lines


def _errors(found: GroupedErrors) -> str:
    rates = ", ".join(f"{name} {100 * rate:.1f}% of {n}" for name, (rate, n) in found.tested.rates.items())
    unlike = found.tested.p_value <= ALPHA
    if found.by == MODEL:
        meant = "THE JUDGE FAVOURS SOME MODELS" if unlike else "no visible difference between models"
        return f"  {found.what}: {rates}; {meant} (p {found.tested.p_value:.3f})"
    return f"  {found.what} by {found.by}: {rates}; THE JUDGE DOES NOT ERR ALIKE (p {found.tested.p_value:.3f})"


def plan_in_words(one: LabelPlan, half_width: float) -> list[str]:
    """Return what more labels would do for a corrected score."""
    lines = [
        f"{one.row}, {one.model}: {how_many(one.labels, 'label gives', 'labels give')} ±{one.half_width:.1f} points"
    ]
    if one.needed is None:
        lines.append(
            f"  ±{half_width:g} is not possible about questions like these: labels on all of these answers leave "
            f"±{one.least:.1f}, and only more questions less"
        )
    elif one.needed <= one.labels:
        lines.append(f"  that is enough for ±{half_width:g}")
    else:
        lines.append(f"  {one.needed - one.labels} more give ±{half_width:g}: jb label draw RUN --n {one.needed}")
    if one.accepting is not None:
        lines.append(
            f"  for Rogan-Gladen the best split gives {one.accepting:.0%} of them to answers that the judge accepts"
        )
    return lines


def _percent(figure: ResampledFigure) -> str:
    if figure.value is None:
        return "undefined"
    ends = f" ({100 * figure.interval[0]:.1f}..{100 * figure.interval[1]:.1f})" if figure.interval else ""
    return f"{100 * figure.value:.1f}%{ends}"


def _plain(figure: ResampledFigure) -> str:
    if figure.value is None:
        return "undefined (one decision only)"
    ends = f" ({figure.interval[0]:.2f}..{figure.interval[1]:.2f})" if figure.interval else ""
    return f"{figure.value:.2f}{ends}"
