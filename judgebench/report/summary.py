"""Makes the summary of a run: reads the planned results, arranges the rows, writes every format.

The one caller is the summarize stage; the supervisor prints the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import msgspec

from judgebench.config.schema import SummarizerConfig
from judgebench.metrics.ranked import Ranking, RankingsCompared
from judgebench.metrics.ranking import compare_rankings
from judgebench.report.arrange import arrange
from judgebench.report.current import newest_summary
from judgebench.report.rating_rows import with_ratings
from judgebench.report.rows import Footnotes, facts_of, find_results, result_rows
from judgebench.report.schema import RowSpec, Summary, SummaryFiles
from judgebench.report.writers import as_csv, as_html, as_json, as_markdown, as_text
from judgebench.store.journal import write_atomically
from judgebench.store.layout import RunFolder

__all__ = ["RowSpec", "build_summary", "summarize"]


def summarize(
    run_dir: Path,
    *,
    timestamp: str,
    models: Sequence[str],
    rows: Sequence[RowSpec],
    rankings: Sequence[Ranking] = (),
    summarizer: SummarizerConfig | None = None,
    plan: str = "",
) -> SummaryFiles:
    """Write ``summary/summary_<timestamp>.{csv,md,txt,json,html}`` and return where, with the text for the terminal.

    It takes the place of the newest one before where that says the same, so that there is one for each thing said.

    Args:
        run_dir: The run folder.
        timestamp: Of this invocation.
        models: Columns in order.
        rows: The planned rows in order; a planned result that is not on disk is shown as a gap with its reason.
        rankings: Of rows with several models.
        summarizer: Order and groups; ``None`` shows all rows.
        plan: Name of the plan of this invocation.

    Raises:
        DiskError: A file cannot be written.
    """
    summary = build_summary(
        run_dir,
        timestamp=timestamp,
        models=models,
        rows=rows,
        rankings=rankings,
        summarizer=summarizer,
        plan=plan,
    )
    run = RunFolder(run_dir)
    before = newest_summary(run)
    folder = run.summary
    stem = f"summary_{timestamp}"
    text = as_text(summary)
    contents = {
        "csv": as_csv(summary).encode("utf-8", "backslashreplace"),
        "md": as_markdown(summary).encode("utf-8", "backslashreplace"),
        "txt": text.encode("utf-8", "backslashreplace"),
        "json": as_json(summary),
        "html": as_html(summary).encode("utf-8", "backslashreplace"),
    }
    paths = {ending: folder / f"{stem}.{ending}" for ending in contents}
    for ending, data in contents.items():
        write_atomically(paths[ending], data)
    if before is not None and before.timestamp != timestamp and _says(before) == _says(summary):
        for ending in contents:
            (folder / f"summary_{before.timestamp}.{ending}").unlink(missing_ok=True)
    return SummaryFiles(**paths, text=text, summary=summary)


def build_summary(
    run_dir: Path,
    *,
    timestamp: str,
    models: Sequence[str],
    rows: Sequence[RowSpec],
    rankings: Sequence[Ranking] = (),
    summarizer: SummarizerConfig | None = None,
    plan: str = "",
) -> Summary:
    """Return the summary of a run without writing it; arguments as for ``summarize``."""
    run = RunFolder(run_dir)
    notes = Footnotes()
    found = find_results(run, models, rows)
    ranked = {ranking.dataset: ranking for ranking in rankings}
    table = []
    for row in rows:
        lines = result_rows(row, models, found, notes)
        table += with_ratings(lines, ranked[row.name], models, notes) if row.name in ranked else lines
    facts = facts_of(found)
    arranged = arrange(table, facts, models, summarizer or SummarizerConfig(), notes)
    shown = {(row.dataset) for row in arranged.rows}
    return Summary(
        run=run.timestamp,
        timestamp=timestamp,
        plan=plan,
        models=list(models),
        rows=arranged.rows,
        results=[one for one in [*facts, *arranged.facts] if one.dataset in shown],
        missing=list(found.missing.values()),
        rankings=[ranking for ranking in rankings if ranking.dataset in shown],
        rankings_compared=[one for one in _compared(rankings) if shown.issuperset(one.judges)],
        footnotes=notes.texts,
        remarks=arranged.remarks,
    )


def _says(summary: Summary) -> bytes:
    return as_json(msgspec.structs.replace(summary, timestamp="", plan=""))


def _compared(rankings: Sequence[Ranking]) -> list[RankingsCompared]:
    """Compare every two rankings of one data set; of those of a league and of a baseline too."""
    return [
        compare_rankings(first, second)
        for first, second in combinations(rankings, 2)
        if first.data_abbr == second.data_abbr
    ]
