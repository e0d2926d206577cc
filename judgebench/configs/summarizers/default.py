"""All rows in the order of the run, no averages."""

summarizer = dict(
    attr="accuracy",
    dataset_abbrs=[],  # empty shows every row
    summary_groups=[],
)
