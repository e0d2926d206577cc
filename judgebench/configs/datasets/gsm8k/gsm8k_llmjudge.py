"""GSM8K test set with a judge model that compares each answer with the reference; the rule scores beside it."""

from mmengine.config import read_base

from judgebench.judges import ReferenceVerifier

with read_base():
    from ...judges._judge_model import judge_model
    from .gsm8k_gen import gsm8k_datasets

gsm8k_datasets[0]["judge_infer_cfg"] = dict(
    judge_model=judge_model,
    method=dict(type=ReferenceVerifier, style="letter"),
)
