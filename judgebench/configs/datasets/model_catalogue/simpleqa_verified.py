"""SimpleQA Verified, 1,000 questions of SimpleQA that were checked again and balanced by topic (Haas et al. 2025)."""

from mmengine.config import read_base

from judgebench.datasets import JudgeSamples
from judgebench.metrics import AttemptScore

with read_base():
    from judgebench.configs.datasets.model_catalogue.simpleqa import simpleqa_method
    from judgebench.configs.judges._judge_model import judge_model  # the judge's service; edit it in that file

also_called = ["simpleqa-verified", "simpleqa_verified_gen"]

about = dict(
    title="SimpleQA Verified",
    source="L. Haas et al. (2025), SimpleQA Verified: A Reliable Factuality Benchmark to Measure Parametric Knowledge, "
    "arXiv:2509.07968",
    published="hub google/simpleqa-verified, simpleqa_verified.csv",
    licence="MIT",
    size="1,000 questions",
    columns="`original_index`, `problem`, `answer`, `topic`, `answer_type`, `multi_step`, `requires_reasoning`, `urls`",
    asks="the question, and nothing else",
    scored="as SimpleQA; the headline is `f1`, and all figures come by topic and type of answer",
    unread="left out, counted, and in the bounds",
    checked="invented rows of the published layout, and judges whose figures are known",
    weaknesses="The project's own judge takes a number within a range that the answer names; ours is told the same rules "
    "as in SimpleQA, so figures on questions of number may differ.",
)

simpleqa_verified_datasets = [
    dict(
        abbr="simpleqa_verified",
        type=JudgeSamples,
        path="simpleqa_verified/simpleqa_verified.csv",
        hub=dict(path="google/simpleqa-verified", split="eval"),
        key="{original_index}",
        input_columns=["problem"],
        output_column="answer",
        meta_columns=["topic", "answer_type", "multi_step", "requires_reasoning"],
        by=["topic", "answer_type"],
        prompt=[dict(role="user", content="{problem}")],
        score=dict(type=AttemptScore, headline="f1"),
        judge_infer_cfg=dict(judge_model=judge_model, method=simpleqa_method),
    )
]
