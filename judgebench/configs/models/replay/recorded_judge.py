"""A recording as a model: judge replies from a JSONL file, found by item and view; no network."""

from judgebench.models import ReplayModel

models = [
    dict(
        type=ReplayModel,
        abbr="recorded-judge",
        path="recorded_judge.jsonl",  # one row per reply; .gz is read too
        item="{item}",  # how a row names its item: the data set's key, else the row number
        view="{view}",  # how it names the question about the item, such as AB or BA
        text="text",  # column of what the judge said; a dict by view where a row holds several views
        logprobs="",  # column of the first token's alternatives, where they were recorded
        finish_reason="",
        keep=[],  # columns by which a grammar chooses how to read the reply
        where={},  # only rows whose columns hold these values
        repeated="refuse",  # a second row about the same view: refuse, number or last
        null_text="missing",  # a row without text: missing (not judged) or empty (asked, and silent)
        batch_size=1,
    )
]
