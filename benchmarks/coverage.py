"""How often the 95% intervals of corrected scores hold the truth, on judges whose every verdict people have labelled.

    python -m benchmarks.coverage [FILE.jsonl[.gz]] [--draws 1000] [--rates 0.05 0.1 0.2] [--each] [--of answers]

FILE has a line for each answer: ``idx`` (the question), ``model``, ``human`` (1, 0 or null) and a column of 1 and 0 for
each judge, as the recordings of "Judging the Judges" do; the share of the judges that accept an answer is one judge
more, which gives scores. In each draw a part of the answers gets its labels, and the intervals are compared with the
truth. Without FILE, judges are simulated: five of known error and one that gives scores, on 1,000 answers. Each
question has one answer, or with ``--answers 4`` four, which are often right together and misjudged together.

There are two truths, and an interval is about one of them. ``--of questions`` (the default): the run is a sample, the
questions are drawn again in each draw, and the truth is that of all questions. ``--of answers``: the run is all there
is, and the truth is what labels on all of its answers would say. ``--each`` takes each tested model by itself.

A mean over the judges outside of 93..97% and a cell (judge, model) below 90% are told, and end with exit code 1, unless
``LISTED`` says why they are to be expected. ``--keep FILE`` writes each cell to FILE as soon as it is measured; the
next run with that file and the same number of draws measures the others only.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import os
import sys
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from judgebench.metrics.corrections.calibrated import calibrated_mean
from judgebench.metrics.corrections.corrected_share import corrected_share
from judgebench.metrics.corrections.cross_fitted import cross_fitted_mean
from judgebench.metrics.corrections.rogan_gladen import solved_by_bootstrap, solved_by_delta
from judgebench.metrics.corrections.stratified import StratumValues, stratified_mean
from judgebench.metrics.statistics.misclassification import solved_share
from judgebench.metrics.statistics.prediction_powered import Column, drawn_mean, powered_mean

PANEL = "panel"
"""Name of the judge whose scores are the shares of the recorded judges that accept an answer."""


class Cell(NamedTuple):
    """One judge on the answers of one tested model, or of all."""

    judge: str
    model: str
    questions: np.ndarray
    models: np.ndarray
    true: Column
    said: Column

    @property
    def scores(self) -> bool:
        """Whether the judge gives scores, and not only 1 and 0."""
        return bool(((self.said != 0) & (self.said != 1)).any())


class Drawn(NamedTuple):
    """The answers of a run, those that have labels, and with which chance they got them."""

    questions: np.ndarray
    models: np.ndarray
    true: Column
    said: Column
    taken: np.ndarray
    chances: Column

    def parts(self) -> tuple[Any, ...]:
        """Return what estimators of drawn labels take."""
        at = self.taken
        return (
            self.true[at], self.said[at], self.said, self.chances[at], self.questions[at], self.questions,
        )  # fmt: skip

    def powered(self) -> tuple[Column, Column, Column]:
        """Return what estimators take that know the answers without a label by themselves."""
        return self.true[self.taken], self.said[self.taken], np.delete(self.said, self.taken)

    def clusters(self) -> np.ndarray:
        """Return the questions of the labelled answers, then of the others."""
        return np.concatenate([self.questions[self.taken], np.delete(self.questions, self.taken)])


def judge_alone(drawn: Drawn) -> Any:
    u, (_, place) = drawn.said, np.unique(drawn.questions, return_inverse=True)
    sums = np.bincount(place, u - u.mean()) / len(u)
    reach = 1.96 * float(np.sqrt(sums @ sums))
    return float(u.mean()), float(u.mean()) - reach, float(u.mean()) + reach


def stratified(drawn: Drawn, by: np.ndarray) -> Any:
    at, rest = drawn.taken, np.delete(np.arange(len(drawn.said)), drawn.taken)
    return stratified_mean(
        {
            name: StratumValues(
                drawn.true[at][by[at] == name],
                drawn.said[at][by[at] == name],
                drawn.said[rest][by[rest] == name],
                drawn.questions[at][by[at] == name],
                drawn.questions[rest][by[rest] == name],
            )
            for name in np.unique(by)
        },
        scale=1.0,
    )


def smoothed(drawn: Drawn) -> Any:
    y, f, u, *_ = drawn.parts()
    counts = {
        "rejected_wrong": int(((y == 0) & (f == 0)).sum()),
        "wrong": int((y == 0).sum()),
        "accepted_right": int(((y == 1) & (f == 1)).sum()),
        "right": int((y == 1).sum()),
    }
    return solved_share(float(u.mean()), len(u), **counts)


def solved(drawn: Drawn, by: Callable[..., Any]) -> Any:
    y, f, u, _, own, every = drawn.parts()
    return by(y, f, u, own, every)


def calibrated(drawn: Drawn) -> Any:
    true, said, rest = drawn.powered()
    found = calibrated_mean(said, true, rest, clusters=drawn.clusters())
    return None if found is None or found.value is None else found


class Estimator(NamedTuple):
    """How one estimator is measured.

    Attributes:
        estimate: Takes a draw and whether the interval is about these answers.
        of: The truths its interval can be about.
        scores: Whether it takes a judge's scores too; ``only`` for those alone.
        unequal: Whether its draw takes twice as many of the rejected answers as of the accepted ones.
    """

    estimate: Callable[[Drawn, bool], Any]
    of: tuple[str, ...] = ("questions",)
    scores: str = ""
    unequal: bool = False


BOTH = ("questions", "answers")
ESTIMATORS = {
    "judge alone": Estimator(lambda d, _: judge_alone(d), BOTH),
    "labels alone": Estimator(lambda d, these: corrected_share(*d.parts(), blind=True, these=these), BOTH),
    "corrected": Estimator(lambda d, these: corrected_share(*d.parts(), these=these), BOTH),
    "corrected, unequal draw": Estimator(lambda d, these: corrected_share(*d.parts(), these=these), BOTH, unequal=True),
    "inverse probability": Estimator(
        lambda d, these: drawn_mean(*d.parts(), weight=0.0, scale=1.0, these=these), BOTH, unequal=True
    ),
    "drawn mean": Estimator(lambda d, these: drawn_mean(*d.parts(), scale=1.0, these=these), BOTH, scores="too"),
    "PPI": Estimator(lambda d, _: powered_mean(*d.powered(), weight=1.0, clusters=d.clusters())),
    "PPI++": Estimator(lambda d, _: powered_mean(*d.powered(), clusters=d.clusters())),
    "PPI++ by model": Estimator(lambda d, _: stratified(d, d.models)),
    "cross-fitted": Estimator(lambda d, _: cross_fitted_mean(*d.powered(), clusters=d.clusters())),
    "calibrated": Estimator(lambda d, _: calibrated(d), scores="only"),
    "Rogan-Gladen smoothed": Estimator(lambda d, _: smoothed(d)),
    "Rogan-Gladen delta": Estimator(lambda d, _: solved(d, solved_by_delta)),
    "Rogan-Gladen bootstrap": Estimator(lambda d, _: solved(d, solved_by_bootstrap)),
}


def recorded(path: Path, *, whole: bool) -> Iterator[Cell]:
    data = path.read_bytes()
    rows = [json.loads(line) for line in (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines()]
    judges = [name for name in rows[0] if name not in {"idx", "model", "question", "references", "human"}]
    for row in rows:
        votes = [row[name] for name in judges if row.get(name) is not None]
        row[PANEL] = sum(votes) / len(votes) if votes else None
    for judge in (*judges, PANEL):
        groups: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in rows:
            if row["human"] is not None and row.get(judge) is not None:
                groups["all" if whole else row["model"]].append(row)
        for model, group in groups.items():
            questions, true, said = (np.array([row[key] for row in group]) for key in ("idx", "human", judge))
            names = np.unique([row["model"] for row in group], return_inverse=True)[1]
            yield Cell(judge, model, questions, names, true.astype(float), said.astype(float))


def simulated(answers: int, size: int = 1000) -> Iterator[Cell]:
    rng = np.random.default_rng(0)
    questions = np.repeat(np.arange(size // answers), answers)
    models = np.tile(np.arange(answers), size // answers)
    for right, accepts, rejects in (
        (0.7, 0.9, 0.8),
        (0.5, 0.7, 0.7),
        (0.8, 0.97, 0.95),
        (0.3, 0.95, 0.6),
        (0.9, 0.9, 0.5),
    ):
        true = alike(right, questions, rng)
        said = np.where(true == 1, alike(accepts, questions, rng), 1 - alike(rejects, questions, rng))
        yield Cell(f"{right} {accepts} {rejects}", "all", questions, models, true, said)
    true = alike(0.7, questions, rng)
    said = np.clip(np.round(10 * true + rng.normal(-2 * true + 2, 3, size)), 0, 10) / 10
    yield Cell("scores", "all", questions, models, true, said)


def alike(share: float, questions: np.ndarray, rng: np.random.Generator) -> Column:
    """Return 1 for about that share of the answers, and 0; half of them go by what their question decides."""
    own, shared = rng.random(len(questions)), rng.random(int(questions.max()) + 1)[questions]
    return np.asarray(np.where(rng.random(len(questions)) < 0.5, own, shared) < share, dtype=float)


def run_of(cell: Cell, of: str, rng: np.random.Generator) -> np.ndarray:
    """Return the answers of a run: all of them, or those to as many questions drawn again; with their questions."""
    if of == "answers":
        return np.column_stack([np.arange(len(cell.true)), cell.questions])
    counts = np.unique(cell.questions, return_counts=True)[1]
    order = np.argsort(cell.questions, kind="stable")
    starts = np.cumsum(counts) - counts
    picked = rng.integers(0, len(counts), len(counts))
    sizes = counts[picked]
    within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.column_stack([order[np.repeat(starts[picked], sizes) + within], np.repeat(np.arange(len(picked)), sizes)])


def labelled(said: Column, rate: float, rng: np.random.Generator, *, unequal: bool) -> tuple[np.ndarray, Column]:
    size = len(said)
    n = max(10, round(rate * size))
    if not unequal:
        return rng.choice(size, n, replace=False), np.full(size, n / size)
    weights = np.where(said >= 0.5, 1.0, 2.0)
    chances = n * weights / weights.sum()
    ends = np.cumsum(np.concatenate([[0.0], chances[(order := rng.permutation(size))]]))
    start = rng.random()
    hit = np.floor(ends[1:] - start) > np.floor(ends[:-1] - start)
    return order[hit], chances


class Measured(NamedTuple):
    """What one estimator did in one cell, in percent: how often it held the truth, how wide and how far off it was."""

    estimator: str
    judge: str
    model: str
    held: float
    width: float
    error: float
    given: float


def measured(cell: Cell, rate: float, draws: int, of: str, only: list[str]) -> list[Measured]:
    truth = float(cell.true.mean())
    found = []
    chosen = {
        name: one
        for name, one in ESTIMATORS.items()
        if name in only and of in one.of and (one.scores in {"too", "only"} if cell.scores else one.scores != "only")
    }
    sums = {name: np.zeros(4) for name in chosen}
    rng = np.random.default_rng([1, zlib.crc32(f"{cell.judge} on {cell.model}".encode())])
    for _ in range(draws):
        answers, questions = run_of(cell, of, rng).T
        runs = {}
        for unequal in (False, True):
            taken, chances = labelled(cell.said[answers], rate, rng, unequal=unequal)
            runs[unequal] = Drawn(
                questions, cell.models[answers], cell.true[answers], cell.said[answers], taken, chances
            )
        for name, one in chosen.items():
            if (mean := one.estimate(runs[one.unequal], of == "answers")) is not None:
                value, low, high = mean if type(mean) is tuple else (mean.value, mean.low, mean.high)
                held = low - 1e-12 <= truth <= high + 1e-12
                sums[name] += (held, min(1.0, high) - max(0.0, low), abs(value - truth), 1)
    for name, (held, width, error, n) in sums.items():
        if n:
            shares = (100 * part / n for part in (held, width, error))
            found.append(Measured(name, cell.judge, cell.model, *shares, 100 * n / draws))
    return found


FEW = "few labels often show no error of a judge that errs, so the interval is too short or of no length"
POOR = (
    "few labels often show a judge that accepts nearly as much wrong as right; these draws are refused, and the others "
    "are no random part"
)
ELSEWHERE = (
    "it takes the labels to be about other answers than the judged ones, which makes it too wide; and where the judge "
    "is so poor that it is often refused, the draws in which it is not are no random part"
)
LISTED = {
    "judge alone": ("it does not know its error", math.inf),
    "Rogan-Gladen smoothed": (ELSEWHERE, math.inf),
    "PPI": (FEW, 100),
    "PPI++": (FEW, 100),
    "PPI++ by model": (FEW, 100),
    "drawn mean": (FEW, 100),
    "inverse probability": (FEW, 100),
    "cross-fitted": (FEW, 100),
    "calibrated": ("a curve through few labels is no curve", 100),
    "Rogan-Gladen delta": (POOR, 100),
    "Rogan-Gladen bootstrap": (POOR, 100),
}
"""Estimators that are known to miss the goal: why, and below how many labels."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--rates", type=float, nargs="+", default=[0.05, 0.1, 0.2])
    parser.add_argument("--each", action="store_true", help="each tested model by itself")
    parser.add_argument("--of", choices=BOTH, default="questions", help="what the truth is about")
    parser.add_argument("--only", nargs="+", choices=list(ESTIMATORS), default=list(ESTIMATORS), metavar="NAME")
    parser.add_argument("--answers", type=int, default=1, help="to each question, where judges are simulated")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="where measured cells are kept for the next run")
    args = parser.parse_args()
    cells = list(recorded(args.file, whole=not args.each) if args.file else simulated(args.answers))
    print(f"{len(cells)} cells of judge and model, {args.draws} draws each, seed 1; the truth is about {args.of}")
    heads = (f"{name:>10}" for name in ("coverage %", "least %", "width", "error", "refused %"))
    print(f"{'labels':>6}  {'estimator':<24} {' '.join(heads)}")
    kept: dict[str, list[Measured]] = {}
    if args.keep and args.keep.exists():
        kept = {key: [Measured(*one) for one in found] for key, found in map(json.loads, args.keep.open())}
    missed: list[str] = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        started = {}
        for rate in args.rates:
            for cell in cells:
                key = json.dumps([rate, cell.judge, cell.model, args.draws, args.of, args.only])
                if key not in kept:
                    started[key] = pool.submit(measured, cell, rate, args.draws, args.of, args.only)
        for future in as_completed(keys := {future: key for key, future in started.items()}):
            kept[keys[future]] = future.result()
            if args.keep:
                with args.keep.open("a") as file:
                    file.write(json.dumps([keys[future], kept[keys[future]]]) + "\n")
    for rate in args.rates:
        by_name: defaultdict[str, list[Measured]] = defaultdict(list)
        for cell in cells:
            for one in kept[json.dumps([rate, cell.judge, cell.model, args.draws, args.of, args.only])]:
                by_name[one.estimator].append(one)
        labels = float(np.mean([rate * len(cell.true) for cell in cells]))
        for name in [name for name in ESTIMATORS if name in by_name]:
            missed += told(name, rate, by_name[name], labels=labels)
    print(*missed, sep="\n")
    return 1 if any(not line.startswith("listed") for line in missed) else 0


def told(name: str, rate: float, found: list[Measured], *, labels: float) -> list[str]:
    held, width, error, given = (np.array(part) for part in zip(*(one[3:] for one in found), strict=True))
    print(
        f"{rate:>6.0%}  {name:<24} {held.mean():>10.1f} {held.min():>10.1f} {width.mean():>10.1f} "
        f"{error.mean():>10.2f} {100 - given.mean():>10.1f}",
        flush=True,
    )
    lines = []
    if not 93 <= held.mean() <= 97:
        lines.append(f"{name}, {rate:.0%}: mean coverage {held.mean():.1f}%")
    low = [one for one in found if one.held < 90]
    if low:
        worst = min(low, key=lambda one: one.held)
        lines.append(f"{name}, {rate:.0%}: {len(low)} cells below 90%, least {worst.judge} on {worst.model}")
    why, enough = LISTED.get(name, ("", 0))
    return [f"listed: {line} ({why})" for line in lines] if labels < enough else lines


if __name__ == "__main__":
    sys.exit(main())
