"""GEdit-Bench: a model edits pictures, and a judge rates the edits as VIEScore does: SC, PQ and sqrt(SC * PQ), 0 to 10
(Liu et al. 2025)."""

from mmengine.config import read_base

from judgebench.datasets import HubDataset

with read_base():
    from judgebench.configs.judges.pictures.picture_edit import judges

gedit_datasets = [
    dict(
        abbr="gedit",
        type=HubDataset,
        path="gedit/gedit.jsonl",
        hub=dict(path="stepfun-ai/GEdit-Bench", split="train"),
        id_column="key",
        input_columns=["instruction"],
        image_columns=["input_image_raw"],
        rename=dict(instruction="question", input_image_raw="picture"),
        meta_columns=["task_type", "instruction_language"],
        prompt=[
            dict(
                role="user",
                content=[dict(type="image", image="{picture}"), dict(type="text", text="Edit the picture: {question}")],
            )
        ],
        by=["instruction_language", "task_type"],  # English and Chinese, eleven kinds of edits
        metrics=["judgebench.metrics.scores.aspect_score.AspectScore"],
        judge_infer_cfg=dict(judge_model=judges[0]["judge_model"], method=judges[0]["method"]),
    )
]
