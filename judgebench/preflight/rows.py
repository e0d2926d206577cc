"""Reads every row that the run is going to use, before anything is paid for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from judgebench.content.attachments import Attachments
from judgebench.datasets.samples import samples_of
from judgebench.errors import ConfigError, nearest
from judgebench.metrics.rates.slices import has_field
from judgebench.records.flow import Sample
from judgebench.records.run import DatasetConfig, Options
from judgebench.stages.compared_models import FileAnswers

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
        first: The first sample of each dataset that has any, by abbr.
        findings: A line about each dataset that was not read to its end.
    """

    first: dict[str, Sample]
    findings: list[str]


def read_rows(
    datasets: Iterable[DatasetConfig],
    options: Options,
    report: Callable[[str], None],
    *,
    attachments: Attachments | None = None,
    longest: float = LONGEST,
) -> RowsRead:
    """Read the rows that the options choose, one at a time, and the files of answers that judges compare with.

    Args:
        datasets: The datasets.
        options: Which rows are chosen.
        report: Takes the line that says what the run waits for, where reading takes long.
        attachments: Where the run keeps the images of the rows.
        longest: Seconds in all.

    Raises:
        ConfigError: A dataset is sliced by a field that its samples do not have.
        DataError: A row is not what was declared; names file and row.
        MissingDataError: The data are neither on disk nor on the hub.
    """
    first: dict[str, Sample] = {}
    findings: list[str] = []
    began = time.monotonic()
    reported = False
    folder = Path(options.data_dir).expanduser() if options.data_dir else None
    for dataset in datasets:
        for baseline in {judge.baseline.path: judge.baseline for judge in dataset.judges if judge.baseline}.values():
            FileAnswers(baseline, folder)
        absent = set(dataset.by)
        for number, sample in enumerate(samples_of(dataset, options, attachments), 1):
            first.setdefault(dataset.abbr, sample)
            if absent:
                absent -= {name for name in absent if has_field(sample, name)}
            passed = time.monotonic() - began if number % _STEP == 0 or longest <= 0 else 0.0
            if passed > QUIET and not reported:
                reported = True
                report(f"preflight: reading the rows of {dataset.abbr!r}, to find broken rows before the first request")
            if passed > longest:
                findings.append(
                    f"dataset {dataset.abbr}: rows 1 to {number} were checked in the {longest:g} s that this may "
                    "take; the others are checked as the run reads them"
                )
                break
        if absent and dataset.abbr in first:
            _check_fields(dataset, absent, first[dataset.abbr])
    return RowsRead(first, findings)


def _check_fields(dataset: DatasetConfig, absent: set[str], sample: Sample) -> None:
    """Refuse a field to slice by that no row has; one that the loader keeps may be in rows that were not read.

    Raises:
        ConfigError: There is such a field.
    """
    kept = dataset.loader.options.get("meta_columns", [])
    unknown = [name for name in dataset.by if name in absent and name not in kept]
    if not unknown:
        return
    known = sorted({*sample.meta, *sample.fields, *kept})
    raise ConfigError(
        f"datasets.{dataset.abbr}.by names the field {unknown[0]!r}, which no sample of the dataset has.",
        hint=f"{nearest(unknown[0], known)}Fields: {', '.join(known) or 'none'}. "
        "The loader keeps further columns as meta_columns=[...].",
    )
