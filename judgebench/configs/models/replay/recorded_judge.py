"""A recording as a model: judge replies from a JSONL file, found by item and presentation; no network."""

from judgebench.models import ReplayModel

models = [
    dict(
        type=ReplayModel,
        abbr="recorded-judge",
        path="recorded_judge.jsonl",  # one row per reply; .gz is read too
        item="{item}",  # how a row names its item: the dataset's key, else the row number
        presentation="{presentation}",  # how it names the question about the item, such as AB or BA
        text="text",  # column of what the judge said; a dict by presentation where a row holds several presentations
        logprobs="",  # column of the first token's alternatives, where they were recorded
        finish_reason="",
        keep=[],  # columns by which a parser chooses how to read the reply
        where={},  # only rows whose columns hold these values
        repeated="refuse",  # a second row about the same presentation: refuse, number or last
        null_text="missing",  # a row without text: missing (not judged) or empty (asked, and silent)
        batch_size=1,
    )
]
