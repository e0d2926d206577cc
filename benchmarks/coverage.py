"""How often the 95% intervals of corrected scores hold the truth, on judges whose every verdict people have labelled.

    python -m benchmarks.coverage FILE.jsonl[.gz] [--draws 300] [--rates 0.05 0.1 0.2] [--whole]

FILE has a line for each answer: ``idx`` (the question), ``model``, ``human`` (1, 0 or null) and a column of 1 and 0 for
each judge, as the recordings of "Judging the Judges" do. For every judge and tested model a part of the answers is
drawn, only its labels are used, and the intervals are compared with the share of right answers by all labels;
``--whole`` takes all models together, clustered by question. Without FILE, judges are simulated.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from judgebench.metrics.statistics.misclassification import solved_share
from judgebench.metrics.statistics.prediction_powered import Column, drawn_mean, powered_mean

ESTIMATORS = ("judge alone", "labels alone", "PPI", "PPI++", "corrected", "Rogan-Gladen")


class Cell(NamedTuple):
    """One judge on the answers of one tested model, or of all."""

    name: str
    questions: np.ndarray
    true: Column
    said: Column


def recorded(path: Path, *, whole: bool) -> Iterator[Cell]:
    data = path.read_bytes()
    rows = [json.loads(line) for line in (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines()]
    judges = [name for name in rows[0] if name not in {"idx", "model", "question", "references", "human"}]
    for judge in judges:
        groups: defaultdict[str, list[dict[str, int]]] = defaultdict(list)
        for row in rows:
            if row["human"] is not None and row.get(judge) is not None:
                groups["all" if whole else row["model"]].append(row)
        for model, group in groups.items():
            columns = (np.array([row[key] for row in group]) for key in ("idx", "human", judge))
            questions, true, said = columns
            yield Cell(f"{judge} on {model}", questions, true.astype(float), said.astype(float))


def simulated() -> Iterator[Cell]:
    rng = np.random.default_rng(0)
    for right, accepts, rejects in (
        (0.7, 0.9, 0.8),
        (0.5, 0.7, 0.7),
        (0.8, 0.97, 0.95),
        (0.3, 0.95, 0.6),
        (0.9, 0.9, 0.5),
    ):
        true = (rng.random(1000) < right).astype(float)
        said = np.where(rng.random(1000) < np.where(true == 1, accepts, rejects), true, 1 - true)
        yield Cell(f"{right} {accepts} {rejects}", np.arange(1000), true, said)


def intervals(cell: Cell, taken: np.ndarray) -> dict[str, tuple[float, float, float]]:
    """Return value and interval of every estimator that a draw carries."""
    y, f, rest, size = cell.true[taken], cell.said[taken], cell.said[~taken], len(cell.true)
    chances = np.full(len(y), taken.mean())
    rate = float(cell.said.mean())
    reach = 1.96 * np.sqrt(rate * (1 - rate) / size)
    found = {"judge alone": (rate, rate - reach, rate + reach)}
    parts = (y, f, cell.said, chances, cell.questions[taken], cell.questions)
    for name, mean in (
        ("labels alone", drawn_mean(*parts, weight=0.0, scale=1.0)),
        ("PPI", powered_mean(y, f, rest, weight=1.0)),
        ("PPI++", powered_mean(y, f, rest)),
        ("corrected", drawn_mean(*parts, scale=1.0)),
    ):
        if mean is not None:
            found[name] = (mean.value, mean.low, mean.high)
    share = solved_share(
        rate,
        size,
        rejected_wrong=int(((y == 0) & (f == 0)).sum()),
        wrong=int((y == 0).sum()),
        accepted_right=int(((y == 1) & (f == 1)).sum()),
        right=int((y == 1).sum()),
    )
    if share is not None:
        found["Rogan-Gladen"] = (share.value, share.low, share.high)
    return found


def measure(cells: list[Cell], rate: float, draws: int) -> dict[str, list[tuple[float, float, float, int]]]:
    """Return by estimator and cell: coverage, width and absolute error in percent, and how many draws it carried."""
    rng = np.random.default_rng(1)
    found: dict[str, list[tuple[float, float, float, int]]] = {name: [] for name in ESTIMATORS}
    for cell in cells:
        truth, size = float(cell.true.mean()), len(cell.true)
        sums = {name: [0.0, 0.0, 0.0, 0] for name in ESTIMATORS}
        for _ in range(draws):
            taken = np.zeros(size, dtype=bool)
            taken[rng.choice(size, max(10, round(rate * size)), replace=False)] = True
            for name, (value, low, high) in intervals(cell, taken).items():
                own = sums[name]
                own[0] += low <= truth <= high
                own[1] += min(1.0, high) - max(0.0, low)
                own[2] += abs(value - truth)
                own[3] += 1
        for name, (held, width, error, n) in sums.items():
            if n:
                found[name].append((100 * held / n, 100 * width / n, 100 * error / n, int(n)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--draws", type=int, default=300)
    parser.add_argument("--rates", type=float, nargs="+", default=[0.05, 0.1, 0.2])
    parser.add_argument("--whole", action="store_true")
    args = parser.parse_args()
    cells = list(recorded(args.file, whole=args.whole) if args.file else simulated())
    print(f"{len(cells)} cells of judge and model, {args.draws} draws each, seed 1")
    heads = (f"{name:>10}" for name in ("coverage %", "least %", "width", "error", "refused %"))
    print(f"{'labels':>8}  {'estimator':<14} {' '.join(heads)}")
    for rate in args.rates:
        for name, found in measure(cells, rate, args.draws).items():
            held, width, error, n = (np.array(part) for part in zip(*found, strict=True))
            refused = 100 * (1 - n.sum() / (args.draws * len(cells)))
            print(
                f"{rate:>8.0%}  {name:<14} {held.mean():>10.1f} {held.min():>10.1f} {width.mean():>10.1f} "
                f"{error.mean():>10.2f} {refused:>10.1f}"
            )


if __name__ == "__main__":
    main()
