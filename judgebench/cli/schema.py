"""``jb schema [RECORD]``: the JSON Schema of what a run folder holds, made from the records themselves."""

from __future__ import annotations

from typing import Any, NamedTuple


class Described(NamedTuple):
    """A record that has a schema.

    Attributes:
        module: Where its type is defined. ``type``: name of the type there.
        file: Where such records stand in a run folder.
        lines: Whether one stands on each line of the file.
    """

    module: str
    type: str
    file: str
    lines: bool = True


RECORDS = {
    "prediction": Described("judgebench.records.flow", "Prediction", "predictions/<model>/<dataset>.jsonl"),
    "judge-call": Described("judgebench.records.flow", "JudgeCall", "predictions/<model>/<dataset>-<judge>.jsonl"),
    "verdict": Described("judgebench.records.facts", "RecordedVerdict", "verdicts/<model>/<row>.jsonl"),
    "label": Described("judgebench.records.facts", "Label", "labels/<dataset>.jsonl"),
    "draw": Described("judgebench.records.draws", "Draw", "labels/draws/<row>.json", lines=False),
    "result": Described("judgebench.records.flow", "TaskResult", "results/<model>/<row>.json", lines=False),
    "run": Described("judgebench.records.manifest", "RunManifest", "run.json", lines=False),
    "baseline": Described("judgebench.records.baseline", "BaselineFile", "jb gate --baseline FILE.json", lines=False),
    "event": Described("judgebench.records.events", "Event", "events.jsonl, jb --json"),
}
"""By the name that ``jb schema`` takes."""


def schema_of(record: str) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a record.

    Raises:
        UnknownNameError: There is no such record.
    """
    import importlib

    import msgspec

    from judgebench.errors import UnknownNameError

    if record not in RECORDS:
        raise UnknownNameError(
            f"There is no record {record!r} that has a schema.", hint=f"Name one of: {', '.join(RECORDS)}."
        )
    described = RECORDS[record]
    kind = getattr(importlib.import_module(described.module), described.type)
    where = " in a run folder of judgebench" if "jb gate" not in described.file else ""
    about = f"{'One line' if described.lines else 'All'} of {described.file}{where}."
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": record, "description": about}
    return {**head, **msgspec.json.schema(kind)}


def run(argv: list[str]) -> int:
    """Print a schema, or which there are; returns the exit code."""
    import json

    from judgebench.cli.console import columns
    from judgebench.cli.parser import Parser

    parser = Parser(prog="jb schema", description="Print the JSON Schema of a record, or the records that have one.")
    parser.add_argument("record", nargs="?", default="", metavar="RECORD", help=f"one of {', '.join(RECORDS)}")
    args = parser.parse_all(argv)
    if args.record:
        print(json.dumps(schema_of(args.record), indent=2))
    else:
        print(columns([(name, described.file) for name, described in RECORDS.items()]))
    return 0
