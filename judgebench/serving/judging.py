"""One case from its request to its judgment, for every door of a served judge."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import msgspec

from judgebench.content.prompts import MissingFieldError
from judgebench.errors import DataError, DiskError
from judgebench.serving.requests import JudgmentRequest
from judgebench.stages.one_judgment import OneJudgment, ReadyJudge, case_by_hand
from judgebench.store.journal import disk_error, open_file


async def judged(judge: ReadyJudge, request: JudgmentRequest) -> OneJudgment:
    """Return the judgment on a case.

    Raises:
        DataError: The case has no answer, lacks a field that the judge shows, or holds what is no image.
        EndpointError: The judge's service can serve nobody.
        LimitReachedError: What may be spent is spent.
    """
    fields, answers, sources = request.shown_fields(), request.shown_answers(), request.sources()
    try:
        if not sources:
            return await judge.judge(case_by_hand(fields, answers, request.reference, [], ""))
        with tempfile.TemporaryDirectory(prefix="jb-serve-") as folder:
            case = case_by_hand(fields, answers, request.reference, sources, folder)
            return await judge.judge(case, folder)
    except MissingFieldError as error:
        where = "'question'" if error.field == "question" else f"'fields': {{'{error.field}': ...}}"
        raise DataError(
            f"The judge {judge.config.abbr!r} shows {{{error.field}}}, which the case does not have.",
            hint=f"Send {where}.",
        ) from error


def labelled(request: JudgmentRequest, label: str) -> dict[str, Any]:
    """Return a case as a line of judgments: what ``jb train judge --data`` and ``jb tune --labels`` read.

    Args:
        request: The case.
        label: The right decision about it.
    """
    answers = request.shown_answers()
    row = {"question": "", **request.shown_fields()}
    if len(answers) == 2:
        row |= {"answer1": answers[0], "answer2": answers[1], "winner": label}
    else:
        row |= {"answer": answers[0], "label": label}
    return row if request.reference is None else {**row, "reference": request.reference}


def append_line(path: Path, record: Any) -> None:
    """Append a record to a file of JSON lines.

    Raises:
        DiskError: It cannot be written.
    """
    try:
        with open_file(path, "ab") as file:
            file.write(msgspec.json.encode(record) + b"\n")
    except OSError as error:
        raise disk_error(path, error) from error


def check_can_append(path: Path) -> None:
    """Refuse a file that cannot be written, before anything is asked.

    Raises:
        DiskError: It cannot.
    """
    try:
        open_file(path, "ab").close()
    except OSError as error:
        raise DiskError(f"{path} cannot be written: {error.strerror or error}.") from error
