"""The toy benchmark, measured in words, in all and by level."""

from mmengine.config import read_base
from word_count import WordCount

with read_base():
    from .toy_llmjudge import toy_datasets

words_datasets = [
    dict(
        toy_datasets[0],
        abbr="words",
        meta_columns=["level"],
        by=["level"],
        score=dict(type=WordCount, field="question"),
    )
]
toy_datasets = words_datasets
