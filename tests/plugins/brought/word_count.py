"""A metric of one's own with a table: how many words the answers have, in all and by what the verdict says of them."""

from __future__ import annotations

from statistics import fmean, stdev
from typing import ClassVar

import msgspec

from judgebench.metrics.contract import FigureKind, Measure
from judgebench.records.figures import FigureTable, TableColumn
from judgebench.records.flow import Metric


class WordCount(Measure):
    """Mean number of words of the question, the scored items' and in parts by decision."""

    class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
        """``field`` is the input field whose words are counted."""

        field: str = "question"

    figures: ClassVar = {"words": FigureKind("count", None)}

    def __init__(self, config):
        self.config = config
        self.words = {}

    def add(self, sample, repeat, verdict, rule=None):
        if verdict.status == "ok":
            self.words.setdefault(verdict.decision, []).append(len(sample.fields[self.config.field].split()))

    def merge(self, later):
        for decision, counts in later.words.items():
            self.words.setdefault(decision, []).extend(counts)

    def table(self):
        columns = [
            TableColumn(header="words", figure="words"),
            TableColumn(header="95% interval", figure="words", show="interval"),
        ]
        return FigureTable(title="Words by decision", part="decision", columns=columns)

    def result(self):
        every = [count for counts in self.words.values() for count in counts]
        parts = {f"words/{decision}": mean(counts) for decision, counts in sorted(self.words.items())}
        return {"words": mean(every), **parts}

    def identity(self):
        return {"score": "word-count", "version": 1, "field": self.config.field}


def mean(counts):
    if len(counts) < 2:
        return Metric(value=float(counts[0]) if counts else None, n=len(counts))
    error = stdev(counts) / len(counts) ** 0.5
    return Metric(
        value=fmean(counts),
        n=len(counts),
        stderr=error,
        ci95=(fmean(counts) - 1.96 * error, fmean(counts) + 1.96 * error),
    )
