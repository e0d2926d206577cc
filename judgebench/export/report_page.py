"""The report of a run as one HTML file: the page that the newest summary wrote."""

from __future__ import annotations

from typing import TextIO

from judgebench.errors import DiskError, UsageError
from judgebench.export.contract import Job
from judgebench.query.sharing import withheld_by
from judgebench.store.journal import read_file, reason_of
from judgebench.store.run_folder import RunFolder

_STAMP = len("20260101_120000")


def write_report(job: Job, stream: TextIO) -> int:
    """Write the page.

    Returns:
        How many items it is about.

    Raises:
        UsageError: There is no summary, only some items are chosen, or the page was made when texts were still shared.
        DiskError: It cannot be read.
    """
    folder = RunFolder(job.query.path)
    if narrowed := [name for name in ("row", "judge", "model", "where") if getattr(job.chosen, name)]:
        raise UsageError(
            f"The report is about the whole run, so {', '.join(narrowed)} cannot choose a part of it.",
            hint="Leave that out, or export --to site, where it chooses the items.",
        )
    again = f"Make the summary: jb --reuse {job.query.path} --mode viz"
    pages = sorted(folder.summary.glob("summary_*.html"))
    if not pages:
        raise UsageError(f"{job.query.path.name} has no report yet.", hint=again)
    page = pages[-1]
    plans = folder.plans()
    made_with = [plan for plan in plans if plan.stem[:_STAMP] == page.stem.removeprefix("summary_")]
    if job.withheld and not (made_with and all(withheld_by(plan) >= set(job.withheld) for plan in made_with)):
        raise UsageError(
            f"The newest report was made without shareable=False for {', '.join(sorted(job.withheld))}, so it may hold "
            "texts that are not to be handed on.",
            hint=again,
        )
    try:
        stream.write(read_file(page).decode("utf-8", "replace"))
    except OSError as error:
        raise DiskError(f"{page} cannot be read: {reason_of(error)}.") from error
    return job.query.count(job.chosen)
