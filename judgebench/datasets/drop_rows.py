"""DROP in its two published layouts: the hub's rows, and the rows of OpenAI's simple-evals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from judgebench.datasets.columns import Row, SourceConfig
from judgebench.datasets.judge_samples import JudgeSamples, JudgeSamplesConfig
from judgebench.errors import DataError

GOLDS = "golds"
"""Meta column of the accepted answers, each a list of spans."""
_FORMS = "accepted"


class DropRowsConfig(JudgeSamplesConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys of ``type=DropRows``: those of ``JudgeSamples``."""

    def further_columns(self) -> dict[str, Any]:
        """Return the columns of the accepted answers; rows of simple-evals have ``ref_text`` instead."""
        answer = "number, date or spans; or a column ref_text of answers joined by | in its place"
        return super().further_columns() | {"answer": answer}


class DropRows(JudgeSamples):
    """Takes the accepted answers out of ``answer`` and ``validated_answers``, or out of ``ref_text``.

    The reference has each as one text, its spans parted by ``; ``.
    """

    Config: ClassVar[type[JudgeSamplesConfig]] = DropRowsConfig

    def rows(self, data_dir: Path | None) -> Iterator[Row]:
        """Yield the rows with their accepted answers.

        Raises:
            DataError: A row has none.
        """
        for row in super().rows(data_dir):
            golds = _of_ref_text(row) if "ref_text" in row.values else _published(row)
            forms = ["; ".join(spans) for spans in golds]
            yield row._replace(values={**row.values, GOLDS: golds, _FORMS: forms})

    def _columns(self) -> SourceConfig:
        own = super()._columns()
        return msgspec.structs.replace(own, output_column=_FORMS, meta_columns=[*own.meta_columns, GOLDS])


def _of_ref_text(row: Row) -> list[list[str]]:
    text = row.values["ref_text"]
    golds = [[form.strip()] for form in text.split("|") if form.strip()] if isinstance(text, str) else []
    if not golds:
        raise DataError(f"{row.place}: the column 'ref_text' must hold answers joined by '|', not {text!r:.60}.")
    return golds


def _published(row: Row) -> list[list[str]]:
    candidates = [row.values.get("answer")]
    validated = row.values.get("validated_answers")
    if isinstance(validated, Mapping) and isinstance(validated.get("number"), list):
        columns = [validated.get(name) for name in ("number", "date", "spans")]
        if not all(isinstance(one, list) and len(one) == len(validated["number"]) for one in columns):
            raise DataError(f"{row.place}: the lists in 'validated_answers' must be equally long.")
        candidates += [dict(zip(("number", "date", "spans"), one, strict=True)) for one in zip(*columns, strict=True)]
    found: list[list[str]] = []
    for candidate in candidates:
        spans = _spans(candidate)
        if spans is None:
            raise DataError(f"{row.place}: the answer {candidate!r:.60} has no number, date or spans.")
        if spans and spans not in found:
            found.append(spans)
    if not found:
        raise DataError(f"{row.place}: the row has no accepted answer.")
    return found


def _spans(answer: Any) -> list[str] | None:
    """Return an answer's spans; a number or a date is one; none where it is blank, ``None`` for no answer."""
    if not isinstance(answer, Mapping):
        return None
    number, spans, date = answer.get("number"), answer.get("spans"), answer.get("date")
    if number not in (None, ""):
        return [str(number)]
    if isinstance(spans, list) and spans:
        return [str(span) for span in spans]
    if not isinstance(date, Mapping):
        return None
    said = " ".join(str(date.get(part) or "") for part in ("day", "month", "year")).strip()
    return [said] if said else []
