"""Records as rows of tables: flat, with one type a column; ``pyarrow`` is imported when a table is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from judgebench.errors import MissingExtraError, UsageError
from judgebench.records.facts import Label, RecordedVerdict
from judgebench.records.flow import Counts, Exchange, JudgeCall, Metric, Prediction, TaskResult

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from judgebench.session.loaded import SampleFacts

_BATCH = 10_000
"""Rows that are held as Python objects at once."""
_EXCHANGE = {
    "model": "string",
    "dataset": "string",
    "id": "int64",
    "uid": "string",
    "repeat": "int64",
    "status": "string",
    "prompt": "string",
    "text": "string",
    "reasoning": "string",
    "finish_reason": "string",
    "served_model": "string",
    "latency": "double",
    "first_token": "double",
    "tries": "int64",
    "waited": "double",
    "prompt_tokens": "int64",
    "completion_tokens": "int64",
    "reasoning_tokens": "int64",
    "error_kind": "string",
    "error": "string",
}
_METRIC = {
    "model": "string",
    "dataset": "string",
    "data_abbr": "string",
    "judge": "string",
    "metric": "string",
    "headline": "bool",
    "value": "double",
    "n": "int64",
    "stderr": "double",
    "ci_low": "double",
    "ci_high": "double",
    "worst": "double",
    "best": "double",
    "note": "string",
    "unit": "string",
    "better": "string",
    "planned": "int64",
    "ok": "int64",
    "unparsed": "int64",
    "judge_failed": "int64",
    "prediction_failed": "int64",
    "not_judged": "int64",
    "truncated": "int64",
}
COLUMNS: dict[str, dict[str, str]] = {
    "results": _METRIC,
    "slices": {**_METRIC, "by": "string", "slice": "string"},
    "samples": {
        "dataset": "string",
        "id": "int64",
        "uid": "string",
        "key": "string",
        "prompt": "string",
        "reference": "string",
        "meta": "string",
    },
    "predictions": {**_EXCHANGE, "reference": "string"},
    "judge_calls": {**_EXCHANGE, "judge": "string", "presentation": "string", "nth": "int64", "judged": "string"},
    "verdicts": {
        "model": "string",
        "dataset": "string",
        "judge": "string",
        "id": "int64",
        "key": "string",
        "repeat": "int64",
        "status": "string",
        "decision": "string",
        "score": "double",
        "reason": "string",
        "rule_status": "string",
        "rule_decision": "string",
        "rule_score": "double",
        "gold": "string",
        "answer": "string",
        "answer_hash": "string",
        "truncated": "bool",
        "presentations": "string",
        "meta": "string",
    },
    "labels": {
        "dataset": "string",
        "model": "string",
        "id": "int64",
        "repeat": "int64",
        "answer_hash": "string",
        "annotator": "string",
        "decision": "string",
        "score": "double",
        "comment": "string",
        "split": "string",
        "probability": "double",
        "blind": "bool",
        "time": "string",
    },
}
"""The columns of each table with their Arrow types."""


def result_rows(result: TaskResult) -> Iterable[dict[str, Any]]:
    """Yield a row for each metric of a result; the counts stand in each."""
    for name, metric in result.metrics.items():
        yield _metric_row(result, name, metric, result.counts)


def slice_rows(result: TaskResult) -> Iterable[dict[str, Any]]:
    """Yield a row for each metric of each slice of a result, with the slice's own counts."""
    for part in result.slices:
        for name, metric in part.metrics.items():
            yield {**_metric_row(result, name, metric, part.counts), "by": part.by, "slice": part.value}


def _metric_row(result: TaskResult, name: str, metric: Metric, counts: Counts) -> dict[str, Any]:
    low, high = metric.ci95 or (None, None)
    worst, best = metric.worst_and_best() or (None, None)
    return {
        "model": result.model,
        "dataset": result.dataset,
        "data_abbr": result.data_abbr,
        "judge": result.judge,
        "metric": name,
        "headline": name == result.headline,
        "value": metric.value,
        "n": metric.n,
        "stderr": metric.stderr,
        "ci_low": low,
        "ci_high": high,
        "worst": worst,
        "best": best,
        "note": metric.note,
        "unit": metric.unit,
        "better": metric.better,
        **msgspec.to_builtins(counts),
    }


def sample_row(sample: SampleFacts) -> dict[str, Any]:
    """Return a sample as a row."""
    texts = {name: _text(getattr(sample, name)) for name in ("prompt", "reference", "meta")}
    return {"dataset": sample.dataset, "id": sample.id, "uid": sample.uid, "key": sample.key, **texts}


def verdict_row(model: str, dataset: str, judge: str, verdict: RecordedVerdict) -> dict[str, Any]:
    """Return a verdict as a row; a rule's own row has no judge."""
    rule = verdict.rule
    return {
        "model": model,
        "dataset": dataset,
        "judge": judge,
        **{
            name: getattr(verdict, name)
            for name in ("id", "key", "repeat", "status", "decision", "score", "reason", "answer", "answer_hash")
        },
        "rule_status": rule.status if rule else None,
        "rule_decision": rule.decision if rule else None,
        "rule_score": rule.score if rule else None,
        "gold": _text(verdict.gold),
        "truncated": verdict.truncated,
        "presentations": _text(verdict.presentations),
        "meta": _text(verdict.meta),
    }


def label_row(dataset: str, label: Label) -> dict[str, Any]:
    """Return a label as a row."""
    return {"dataset": dataset, **msgspec.structs.asdict(label)}


def prediction_row(model: str, record: Prediction) -> dict[str, Any]:
    """Return a prediction as a row."""
    return {**_exchange_row(model, record), "reference": _text(record.gold)}


def call_row(model: str, judge: str, record: JudgeCall) -> dict[str, Any]:
    """Return a judge call as a row; ``judged`` is the ``uuid`` of the prediction that was judged."""
    own = {"judge": judge, "presentation": record.presentation, "nth": record.nth, "judged": _text(record.gold)}
    return {**_exchange_row(model, record), **own}


def _exchange_row(model: str, record: Exchange) -> dict[str, Any]:
    usage, error = record.usage, record.error
    return {
        "model": model,
        "dataset": record.data_abbr,
        "id": record.id,
        "uid": record.uid,
        "repeat": record.repeat,
        "status": record.status,
        "prompt": _text(record.origin_prompt),
        "text": record.prediction,
        "reasoning": record.reasoning_content,
        "finish_reason": record.finish_reason,
        "served_model": record.served_model,
        "latency": record.latency,
        "first_token": record.first_token,
        "tries": record.tries,
        "waited": record.waited,
        "prompt_tokens": usage.prompt_tokens if usage else None,
        "completion_tokens": usage.completion_tokens if usage else None,
        "reasoning_tokens": usage.reasoning_tokens if usage else None,
        "error_kind": error.kind if error else None,
        "error": error.message if error else None,
    }


def _text(value: Any) -> str | None:
    """Return a text as it is and anything else as JSON."""
    return value if value is None or isinstance(value, str) else msgspec.json.encode(value).decode("utf-8")


def arrow_table(name: str, rows: Iterable[dict[str, Any]]) -> pa.Table:
    """Return rows as an Arrow table.

    Raises:
        UsageError: There is no such table.
        MissingExtraError: ``pyarrow`` is not installed.
    """
    if name not in COLUMNS:
        raise UsageError(f"There is no table {name!r}.", hint=f"Tables: {', '.join(COLUMNS)}.")
    return table_of(COLUMNS[name], rows)


def table_of(columns: Mapping[str, str], rows: Iterable[dict[str, Any]]) -> pa.Table:
    """Return rows as an Arrow table.

    Args:
        columns: Names with the types, as Arrow names them.
        rows: A value for each column.

    Raises:
        MissingExtraError: ``pyarrow`` is not installed.
    """
    try:
        import pyarrow as pa
    except ImportError as error:
        raise _missing("pyarrow") from error
    schema = pa.schema([(column, pa.type_for_alias(kind)) for column, kind in columns.items()])
    left = iter(rows)
    batches = []
    while batch := list(islice(left, _BATCH)):
        batches.append(pa.RecordBatch.from_pylist(batch, schema=schema))
    return pa.Table.from_batches(batches, schema=schema)


def data_frame(table: pa.Table) -> pd.DataFrame:
    """Return an Arrow table as a data frame.

    Raises:
        MissingExtraError: ``pandas`` is not installed.
    """
    try:
        import pandas as pd  # noqa: F401 - pyarrow imports it by itself, with an error of its own
    except ImportError as error:
        raise _missing("pandas") from error
    return table.to_pandas()


def polars_frame(table: pa.Table) -> pl.DataFrame:
    """Return an Arrow table as a data frame of polars.

    Raises:
        MissingExtraError: ``polars`` is not installed.
    """
    try:
        import polars as pl
    except ImportError as error:
        raise _missing("polars") from error
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    return frame


def _missing(package: str) -> MissingExtraError:
    return MissingExtraError(
        f"The package {package!r} is needed for tables and is not installed.", hint=f"Install it: pip install {package}"
    )
