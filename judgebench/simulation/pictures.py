"""Pictures of a simulation as SVG files: how intervals stand to the truth, and what they hold as items are added."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from judgebench.simulation.estimates import Estimate, estimates
from judgebench.simulation.verdicts import judge_answers
from judgebench.simulation.worlds import SimulatedJudge, SimulatedModel, draw_answers, draw_items, uniforms

_WIDTH, _LEFT, _RIGHT = 720, 190, 20
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#566069}.t{fill:#15181d;font-weight:600}"
    ".holds{stroke:#1f5fbf}.misses{stroke:#b3261e}.truth{stroke:#15181d;stroke-dasharray:4 3}"
    "@media(prefers-color-scheme:dark){text{fill:#a3adb8}.t{fill:#e7eaee}.holds{stroke:#7fb0ff}.misses{stroke:#ff8f85}"
    ".truth{stroke:#e7eaee}}"
)


def intervals_picture(
    model: SimulatedModel, judge: SimulatedJudge, *, sizes: Sequence[int], labels: int, seed: int = 0
) -> str:
    """Return a picture: for each number of items the judge's interval and the corrected one, beside the truth.

    Args:
        model: The tested model.
        judge: The judge.
        sizes: Numbers of items.
        labels: Labels of each corrected interval.
        seed: Of the world; more items hold the fewer ones.
    """
    rows: list[tuple[str, Estimate]] = []
    for n in sizes:
        answers = draw_answers(draw_items(n, seed=seed), model, seed=seed)
        said = judge_answers(answers, judge, seed=seed)
        read = ~np.isnan(said)
        labelled = np.zeros(int(read.sum()), dtype=bool)
        labelled[np.argsort(uniforms(n, seed, "labelled")[read])[:labels]] = True
        found = estimates(answers.right[read].astype(np.float64), said[read], labelled)
        rows += [(f"judge alone, {n:,} items", found["judge alone"])]
        if "corrected" in found:
            rows += [(f"with {labels} labels, {n:,} items", found["corrected"])]
    title = f"95% intervals of the share of right answers; the truth is {100 * model.quality:g}%"
    return _picture(title, rows, model.quality)


def _picture(title: str, rows: Sequence[tuple[str, Estimate]], truth: float) -> str:
    ends = [end for _, (_, low, high) in rows for end in (low, high)]
    low, high = min([*ends, truth]), max([*ends, truth])
    margin = 0.08 * (high - low) or 0.01
    low, high = low - margin, high + margin
    height = 70 + 26 * len(rows)

    def at(value: float) -> float:
        return round(_LEFT + (value - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT), 1)

    size = f'viewBox="0 0 {_WIDTH} {height}" role="img"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} aria-label="{escape(title)}"><style>{_STYLE}</style>',
        f'<text x="8" y="20" class="t">{escape(title)}</text>',
        f'<line x1="{at(truth)}" x2="{at(truth)}" y1="34" y2="{height - 28}" class="truth"/>',
        f'<text x="{at(truth)}" y="{height - 10}" text-anchor="middle">the truth</text>',
    ]
    for number, (name, (value, below, above)) in enumerate(rows):
        y = 48 + 26 * number
        kind = "holds" if below <= truth <= above else "misses"
        said = f"{100 * value:.1f} ({100 * below:.1f} to {100 * above:.1f})"
        parts += [
            f"<g><title>{escape(name)}: {said}</title>",
            f'<text x="8" y="{y + 4}">{escape(name)}</text>',
            f'<line x1="{at(below)}" x2="{at(above)}" y1="{y}" y2="{y}" class="{kind}" stroke-width="3"/>',
            f'<line x1="{at(value)}" x2="{at(value)}" y1="{y - 6}" y2="{y + 6}" class="{kind}" stroke-width="3"/></g>',
        ]
    return "\n".join([*parts, "</svg>", ""])
