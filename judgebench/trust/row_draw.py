"""The draw of a row: checked against what has been labelled, drawn, and written into the run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from judgebench.errors import UsageError
from judgebench.records.draws import Draw, Strategy
from judgebench.store.draws import write_draw
from judgebench.store.run_folder import RunFolder
from judgebench.trust.drawing import candidates, draw
from judgebench.trust.judged import JudgedRow
from judgebench.trust.labelled import LabelBook


def draw_row(
    run: RunFolder,
    row: str,
    rows: Sequence[JudgedRow],
    *,
    n: int,
    strategy: Strategy = "uniform",
    seed: int = 0,
    calibration: float = 0.0,
) -> Draw:
    """Draw answers of a row to be labelled, in the place of its former draw.

    Args:
        run: The run.
        row: The row, one of ``rows``.
        rows: All rows of the run.
        n: How many answers.
        strategy: As of ``drawing.draw``; likewise ``seed`` and ``calibration``.
        seed: Of the random numbers.
        calibration: Share of the questions whose labels are for calibration.

    Raises:
        UsageError: Labels of another draw are there, or the row holds nothing that could be labelled.
        DataError: A draw or a file of labels is damaged.
        DiskError: The draw cannot be written.
    """
    found = candidates(row, rows, strategy)
    if not found:
        raise UsageError(f"The row {row} holds no answer that could be labelled.", hint="Judge it first: jb --reuse")
    dataset = next(one.dataset for one in rows if one.row == row)
    book = LabelBook(run)
    before = next((one for one in book.draws if one.row == row), None)
    if before is not None and {before.strategy, strategy} != {"uniform"} and book.labels(dataset):
        raise UsageError(
            f"The row {row} has labels of a draw ({before.strategy}, {len(before.answers)} answers) already, and a "
            "second one would change how likely they were.",
            hint="Only a uniform draw can be enlarged. Label the rest of the first one: jb label RUN",
        )
    made = Draw(
        row=row,
        dataset=dataset,
        strategy=strategy,
        seed=seed,
        population=len(found),
        answers=draw(found, n=n, strategy=strategy, seed=seed, dataset=dataset, calibration=calibration),
        time=datetime.now().astimezone().isoformat(),
    )
    write_draw(run, made)
    return made
