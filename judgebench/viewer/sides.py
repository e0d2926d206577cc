"""The sides of a comparison as addresses name them, what can be chosen, and what `jb compare` says of two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from judgebench.errors import JudgebenchError, visible
from judgebench.metrics.statistics.paired import LEAST_QUESTIONS, PairedMean
from judgebench.store.run_folder import RunFolder
from judgebench.trust.comparing import RowComparison, compare_runs
from judgebench.viewer import figures
from judgebench.viewer.aligned import Aligned, Side, align
from judgebench.viewer.library import KnownRun
from judgebench.viewer.site import MissingError, ViewerSite

SIDES_AT_MOST = 8


class SideChoice(NamedTuple):
    """One side that can be chosen: its value in the address, and how it reads."""

    value: str
    words: str


def side_named(site: ViewerSite, runs: Sequence[KnownRun], value: str, other: Side | None) -> Side | None:
    """Return the side that an address names: ``run``, ``run|model`` or ``run|model|row``.

    What it leaves open is taken as on the other side as far as the run has it, else as something that differs.

    Raises:
        MissingError: There is no such run, model or row.
    """
    key, _, rest = value.partition("|")
    model, _, row = rest.partition("|")
    if not key and other is None:
        return None
    run = next((one for one in runs if one.key == key), None) if key else None
    if key and run is None:
        raise MissingError(f"There is no run {visible(key)[:80]!r} among those that this viewer was given.")
    if run is None:
        assert other is not None
        run = run_before(runs, other.run) or other.run
    asks = site.query(run)
    rows = [one for one in asks.rows if one.model == (model or one.model) and one.row == (row or one.row)]
    if not rows:
        if not rest:
            return None
        raise MissingError(f"The run {run.name} has no row {visible(rest)[:80]!r}.")
    if other is None:
        return Side(run, asks, rows[0].row, rows[0].model)
    same_run = run.folder == other.run.folder

    def likeness(source: Any) -> tuple[bool, bool, bool]:
        same = (source.row, source.model) == (other.row, other.model)
        return not (same_run and same), source.row == other.row, source.model == other.model

    best = max(rows, key=likeness)
    return Side(run, asks, best.row, best.model)


def named_sides(site: ViewerSite, runs: Sequence[KnownRun], values: Sequence[str], other: Side) -> list[Side]:
    """Return the further sides that an address names, at most ``SIDES_AT_MOST`` less two of them.

    Raises:
        MissingError: There is no such run, model or row.
    """
    found = [side_named(site, runs, value, other) for value in values[: SIDES_AT_MOST - 2]]
    return [side for side in found if side is not None]


def run_before(runs: Sequence[KnownRun], run: KnownRun) -> KnownRun | None:
    """Return the run with the same datasets that came before; of none, one that came after."""
    like = [one for one in runs if one.folder != run.folder and set(one.datasets) & set(run.datasets)]
    older = [one for one in like if one.started < run.started]
    return older[0] if older else like[-1] if like else None


def value_of(side: Side | None) -> str:
    """Return how an address names a side."""
    return f"{side.run.key}|{side.model}|{side.row}" if side is not None else ""


def choices_of(
    site: ViewerSite, runs: Sequence[KnownRun], first: Sequence[KnownRun]
) -> list[tuple[str, list[SideChoice]]]:
    """Return what can be chosen, by run: the rows of the chosen runs, of the others the run as a whole."""
    found = []
    keys = {one.key for one in first}
    for run in runs[:200]:
        sources = site.query(run).rows if run.key in keys else []
        rows = [SideChoice(f"{run.key}|{one.model}|{one.row}", f"{one.model} · {one.row}") for one in sources]
        found.append((run.name, rows or [SideChoice(run.key, "the whole run")]))
    return found


def _compared(first: Side, second: Side) -> RowComparison | None:
    """Return the figures that ``jb compare`` gives; ``None`` where the two say nothing of one kind."""
    runs = [RunFolder(side.run.folder) for side in (first, second)]
    names = [first.row, second.row], [first.model, second.model]
    try:
        return compare_runs(runs[0], runs[1], rows=names[0], models=names[1])[0]
    except JudgebenchError:
        return None


def put_side_by_side(site: ViewerSite, first: Side, second: Side) -> tuple[Aligned, RowComparison | None]:
    """Return two sides item by item, and the figures that ``jb compare`` gives; ``None`` where it gives none."""

    def make() -> tuple[Aligned, RowComparison | None]:
        return align(first, second), _compared(first, second)

    keys = [(side.run.folder, side.model, side.row) for side in (first, second)]
    return site.kept(
        ("first", *keys),
        first.asks,
        first.row,
        lambda: site.kept(("second", *keys), second.asks, second.row, make),
    )


def with_ends(mean: PairedMean, factor: float, unit: str) -> tuple[str, str]:
    """Return a difference in words, and its interval with the number of questions, where they carry one."""
    value = _signed(factor * mean.value, unit)
    if mean.questions < LEAST_QUESTIONS:
        return value, f"{mean.questions} questions: too few for an interval"
    if mean.stderr <= 0:  # no interval of the width 0: what did not happen may still happen
        return value, f"alike on all {mean.questions:,} questions"
    low, high = (_signed(factor * end, unit) for end in mean.interval())
    return value, f"{low} to {high}, {mean.questions:,} questions"


def _signed(value: float, unit: str) -> str:
    text = figures.number(value, unit)
    return f"+{text}" if value > 0 else text
