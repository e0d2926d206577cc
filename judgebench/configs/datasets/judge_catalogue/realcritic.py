"""RealCritic, as verification: is a given solution right, with the recorded outcome as gold (Tang et al. 2025)."""

from mmengine.config import read_base

from judgebench.datasets import JudgeSamples
from judgebench.metrics import VerifierScore

with read_base():
    from ..judge_benchmarks._direct import DIRECT

about = dict(
    title="RealCritic (verification)",
    source="Z. Tang et al. (2025), RealCritic: Towards Effectiveness-Driven Evaluation of Language Model Critiques, "
    "arXiv:2501.14492",
    published="github tangzhy/RealCritic, data/mix_data/SET/test.jsonl",
    licence="MIT; the authors of GPQA ask not to show its items in plain text",
    size="eight sets: arc-challenge, college_math, gpqa, gsm8k, math, minerva_math, mmlu_stem, olympiadbench",
    columns="`idx`, `question`, `reasoning` (the solution), `pred`, `gt`, `previous_score` (a list of one truth value)",
    asks="whether a solution is right; no reference is shown",
    scored="`agreement` with the recorded outcome, `cohen_kappa`, precision, recall, error rates, rates by set",
    unread="left out and counted; it bounds `agreement`",
    checked="invented rows of the published layout, and judges whose figures are known",
    weaknesses="The project grades a critique by the corrected answer that follows it; here the critic's verdict is "
    "taken by itself. `shareable=False` keeps the texts out of exports, because GPQA is among them.",
)

realcritic_datasets = [
    dict(
        abbr="realcritic",
        type=JudgeSamples,
        path="RealCritic/data/mix_data/{split}/test.jsonl",
        splits=["*"],
        key="{split}/{idx}",
        input_columns=["question"],
        answer_columns=["reasoning"],
        gold_column="previous_score.0",
        gold_labels={"true": "correct", "false": "incorrect"},
        meta_columns=["split"],
        shareable=False,
        method=DIRECT,
        score=dict(type=VerifierScore, group_by="split"),
    )
]
