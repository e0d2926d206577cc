"""What ``run.json`` says: what was asked for, what stands where, and how it ended."""

from __future__ import annotations

from typing import Literal

import msgspec

RunState = Literal["running", "waiting", "interrupted", "failed", "done", "killed"]
"""``running`` is also what a run says that was killed, until the next invocation finds that out: nobody holds its
``.lock`` then."""


class ManifestModel(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A tested model, or the model of a judge.

    Attributes:
        abbr: Short name.
        type: Its class.
        model: What the service calls it, or the place of its weights.
    """

    abbr: str
    type: str = ""
    model: str = ""


class ManifestJudge(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A judge of a dataset.

    Attributes:
        abbr: Short name.
        dataset: Abbr of the dataset whose answers it looks at.
        method: Class of its method.
        model: The model that it asks; none for rules and panels.
        compare_with: With whose answers it compares. ``members``: whose verdicts it aggregates.
    """

    abbr: str
    dataset: str
    method: str
    model: ManifestModel | None = None
    compare_with: str = ""
    members: list[str] = []


class ManifestRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One result, and where its files are or will be, relative to the run folder.

    Attributes:
        model: Abbr of the tested model.
        row: Name of the row. ``dataset``, ``judge``: of what it is made; no judge where a rule scores.
        predictions: Answers of the tested model; empty where the items bring the answers along.
        judge_calls: Calls of the judge; empty where nobody is asked.
        verdicts: One line an item. ``result``: the figures.
        comparisons: Behind the result of a judge that compares.
    """

    model: str
    row: str
    dataset: str
    judge: str = ""
    predictions: str = ""
    judge_calls: str = ""
    verdicts: str
    result: str
    comparisons: str = ""


class Invocation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One ``jb`` that worked on the run.

    Attributes:
        command: The command line, secrets redacted.
        mode: Which stages it ran.
        plan: Its plan. ``config``: its resolved config; both relative to the run folder.
        summary: The summary that it wrote, for programs; empty where it wrote none.
        judgebench: Version of judgebench. ``python``: of Python.
        host: Name of the machine. ``pid``: of the process.
        started: When, in ISO 8601. ``ended``: likewise; empty while it runs, or if it was killed.
        state: How it stands.
        exit_code: Of the command; null while it runs, or if it was killed.
    """

    command: list[str]
    mode: str
    plan: str
    config: str
    summary: str = ""
    judgebench: str
    python: str
    host: str = ""
    pid: int = 0
    started: str
    ended: str = ""
    state: RunState
    exit_code: int | None = None


class RunManifest(msgspec.Struct, frozen=True, kw_only=True):
    """All that ``run.json`` says; the first two keys mark the folder as a run.

    Attributes:
        format: Version of the run folder's format.
        kind: Always ``judgebench run``.
        run: Name of the run: the time of its first invocation.
        state: Of the newest invocation. ``exit_code``: likewise.
        models: Tested models. ``judges``: judges. ``datasets``: abbrs of the datasets. All of the newest invocation.
        rows: Every result that was asked for, by any invocation.
        invocations: Every ``jb`` that worked on the run, oldest first.
        events: File of what the display was told.
    """

    format: int
    kind: Literal["judgebench run"] = "judgebench run"
    run: str
    state: RunState
    exit_code: int | None = None
    models: list[ManifestModel] = []
    judges: list[ManifestJudge] = []
    datasets: list[str] = []
    rows: list[ManifestRow] = []
    invocations: list[Invocation] = []
    events: str = "events.jsonl"
