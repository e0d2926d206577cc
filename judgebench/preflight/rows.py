"""Reads every row that the run is going to use, before anything is paid for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from judgebench.config.schema import DatasetConfig
from judgebench.datasets.open import samples_of
from judgebench.plan.spec import Options
from judgebench.records import Sample
from judgebench.stages.opponents import FileOpponent

LONGEST = 30.0
"""Seconds that reading may take in all (about five million short rows); rows after that are checked as the run reads
them."""
QUIET = 2.0
"""Seconds of reading before it is said what the run waits for."""
_STEP = 1000
"""Rows between two looks at the clock."""


class RowsRead(NamedTuple):
    """What reading the rows gave.

    Attributes:
        first: The first sample of each data set that has any, by abbr.
        findings: A line about each data set that was not read to its end.
    """

    first: dict[str, Sample]
    findings: list[str]


def read_rows(
    datasets: Iterable[DatasetConfig], options: Options, tell: Callable[[str], None], *, longest: float = LONGEST
) -> RowsRead:
    """Read the rows that the options choose, one at a time, and the files of answers that judges compare with.

    Args:
        datasets: The data sets.
        options: Which rows are chosen.
        tell: Takes the line that says what the run waits for, where reading takes long.
        longest: Seconds in all.

    Raises:
        DataError: A row is not what was declared; names file and row.
        MissingDataError: The data are neither on disk nor on the hub.
    """
    first: dict[str, Sample] = {}
    findings: list[str] = []
    began = time.monotonic()
    told = False
    folder = Path(options.data_dir).expanduser() if options.data_dir else None
    for dataset in datasets:
        for baseline in {judge.baseline.path: judge.baseline for judge in dataset.judges if judge.baseline}.values():
            FileOpponent(baseline, folder)
        for number, sample in enumerate(samples_of(dataset, options), 1):
            first.setdefault(dataset.abbr, sample)
            passed = time.monotonic() - began if number % _STEP == 0 or longest <= 0 else 0.0
            if passed > QUIET and not told:
                told = True
                tell(f"preflight: reading the rows of {dataset.abbr!r}, so that a broken one costs nothing")
            if passed > longest:
                findings.append(
                    f"data set {dataset.abbr}: rows 1 to {number} were checked in the {longest:g} s that this may "
                    "take; the others are checked as the run reads them"
                )
                break
    return RowsRead(first, findings)
